import { MEND_PAUSE_MS, OWED_PAGES_PAUSE_MS, PROOF_AGAIN_AFTER_MS } from "../../core/policy.ts";
import type { Mender } from "../../core/proof.ts";
import type { Ports } from "../../ports/ports.ts";
import type { SyncName } from "../../ports/run-store.ts";

/**
 * Syncs whose runs have a finding to mend, then `verify` if a proof is due: by the clock, to go on with one, or to look again
 * at what was mended. The first proof waits until everything has come once.
 */
export async function dueForProof(ports: Ports): Promise<SyncName[]> {
  const { proofs, world } = ports;
  const { menders, repaired } = await proofs.open(world.nowMs());
  const due: SyncName[] = [];
  for (const mender of menders) if (await mayMend(ports, mender)) due.push(mender);
  if (await isProofDue(ports, repaired > 0)) due.push("verify");
  return due;
}

/** A run that did not succeed must not be begun at every beat. */
async function mayMend(ports: Ports, sync: Mender): Promise<boolean> {
  const { runs, source, notion, world } = ports;
  const isOn = sync === "vectors" || (sync === "fireflies" ? source !== null : notion?.databases[sync] != null);
  if (!isOn || !(await isLaneOpen(ports, sync))) return false;
  const last = await runs.lastEnded(sync);
  const pauseMs = last?.state === "succeeded" ? OWED_PAGES_PAUSE_MS : MEND_PAUSE_MS;
  return world.nowMs() - (last?.endedMs ?? 0) >= pauseMs;
}

async function isProofDue(ports: Ports, isMended: boolean): Promise<boolean> {
  const { runs, scheduleMs, world } = ports;
  if (!(await isLaneOpen(ports, "verify"))) return false;
  const nowMs = world.nowMs();
  const last = await runs.lastEnded("verify");
  if (last === null) return isSettled(ports);
  if (last.continues || nowMs - last.queuedMs >= scheduleMs.verify) return true;
  return isMended && nowMs - (last.endedMs ?? nowMs) >= PROOF_AGAIN_AFTER_MS;
}

/** Whether there is something to prove: every sync that is on has ended once, and nothing is under way. */
async function isSettled({ runs, source, notion }: Ports): Promise<boolean> {
  if ((await runs.unfinished()).items.length > 0) return false;
  const on = [
    ...(source === null ? [] : (["fireflies", "vectors"] as const)),
    ...(["clients", "projects"] as const).filter((name) => notion?.databases[name] != null),
  ];
  const ended = await Promise.all(on.map((sync) => runs.lastEnded(sync)));
  return on.length > 0 && ended.every((run) => run !== null && !run.continues);
}

async function isLaneOpen({ runs, world }: Ports, sync: SyncName): Promise<boolean> {
  const lane = await runs.lane(sync);
  return lane.notBeforeMs === null || lane.notBeforeMs <= world.nowMs();
}
