import type { Glance } from "../ports/request-store.ts";
import type { SyncName } from "../ports/run-store.ts";

/** Whether a lane waits for no time that is still to come; world ms. */
export function isLaneOpen({ lanes }: Glance, sync: SyncName, nowMs: number): boolean {
  return (lanes.find(({ lane }) => lane === sync)?.notBeforeMs ?? 0) <= nowMs;
}

/** Whether a sync brings something from a vendor, or to one; the others only look after what is here. */
export function asksVendor(sync: SyncName): sync is Exclude<SyncName, "vectors" | "verify" | "cleanup"> {
  return sync !== "vectors" && sync !== "verify" && sync !== "cleanup";
}
