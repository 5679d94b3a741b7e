import { MEND_PAUSE_MS, OWED_PAGES_PAUSE_MS, PROOF_AGAIN_AFTER_MS } from "../../core/policy.ts";
import type { Mender } from "../../core/proof.ts";
import type { Ports } from "../../ports/ports.ts";
import type { SyncName } from "../../ports/run-store.ts";

/**
 * Syncs whose runs have a finding to mend, then `verify` if a proof is due: by the clock, to go on with one, or to look again
 * at what was mended. The first proof comes a day after the first run: until then there is little to
 * prove.
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
  const isOn =
    sync === "vectors" || (sync === "fireflies" ? source !== null : notion?.databases[sync] != null);
  if (!isOn || !(await isLaneOpen(ports, sync))) return false;
  const last = await runs.lastEnded(sync);
  const pauseMs = last?.state === "succeeded" ? OWED_PAGES_PAUSE_MS : MEND_PAUSE_MS;
  return world.nowMs() - (last?.endedMs ?? 0) >= pauseMs;
}

async function isProofDue(ports: Ports, isMended: boolean): Promise<boolean> {
  const { proofs, runs, scheduleMs, world } = ports;
  if (!(await isLaneOpen(ports, "verify"))) return false;
  const nowMs = world.nowMs();
  const last = await runs.lastEnded("verify");
  const sinceMs = last?.queuedMs ?? (await proofs.firstRunMs()) ?? nowMs;
  if (last?.continues === true || nowMs - sinceMs >= scheduleMs.verify) return true;
  if (last === null) return false;
  return isMended && nowMs - (last.endedMs ?? nowMs) >= PROOF_AGAIN_AFTER_MS;
}

async function isLaneOpen({ runs, world }: Ports, sync: SyncName): Promise<boolean> {
  const lane = await runs.lane(sync);
  return lane.notBeforeMs === null || lane.notBeforeMs <= world.nowMs();
}
