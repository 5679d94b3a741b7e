import { DAY_MS } from "../../core/durations.ts";
import { MEND_PAUSE_MS, OWED_PAGES_PAUSE_MS, PROOF_AGAIN_AFTER_MS } from "../../core/policy.ts";
import type { Mender } from "../../core/proof.ts";
import { elapsedMs } from "../../core/schedule.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Glance } from "../../ports/request-store.ts";
import type { SyncName } from "../../ports/run-store.ts";
import { isLaneOpen } from "../lanes.ts";

/**
 * What proofs ask for beside the schedule: syncs whose runs have a finding to mend, and `verify` to look again at what was
 * mended. One read, if there are findings at all.
 *
 * @param seen what this beat has seen of lanes and runs
 */
export async function dueForProof(ports: Ports, seen: Glance): Promise<SyncName[]> {
  const { proofs, world } = ports;
  const nothing = { menders: [], repairedMs: null };
  const { menders, repairedMs } = seen.hasFindings ? await proofs.open(world.nowMs()) : nothing;
  const due: SyncName[] = menders.filter((mender) => mayMend(ports, mender, seen));
  if (isProofDue(ports, repairedMs, seen)) due.push("verify");
  return due;
}

/** A run that did not succeed must not be begun at every beat. */
function mayMend({ source, notion, world }: Ports, sync: Mender, seen: Glance): boolean {
  const isOn =
    sync === "vectors" || (sync === "fireflies" ? source !== null : notion?.databases[sync] != null);
  const nowMs = world.nowMs();
  if (!isOn || !isLaneOpen(seen, sync, nowMs)) return false;
  const last = seen.last.find((run) => run.sync === sync);
  // What waits for its share of a budget has none for this either.
  if (last?.state === "parked" && (last.notBeforeMs ?? 0) > nowMs) return false;
  const pauseMs = last?.state === "succeeded" ? OWED_PAGES_PAUSE_MS : MEND_PAUSE_MS;
  return elapsedMs(last?.endedMs ?? 0, nowMs) >= pauseMs;
}

/** The first proof comes a day after the first run: until then there is little to prove. */
function isProofDue({ world }: Ports, repairedMs: number | null, seen: Glance): boolean {
  const nowMs = world.nowMs();
  if (!isLaneOpen(seen, "verify", nowMs)) return false;
  const last = seen.last.find((run) => run.sync === "verify");
  if (last !== undefined) {
    // What was mended since, or it would be looked at again for ever.
    const isMended = repairedMs !== null && repairedMs >= last.queuedMs;
    return isMended && elapsedMs(last.endedMs ?? nowMs, nowMs) >= PROOF_AGAIN_AFTER_MS;
  }
  return seen.firstRunMs !== null && elapsedMs(seen.firstRunMs, nowMs) >= DAY_MS;
}
