import type { Proof } from "../../core/proof.ts";
import type { Ports } from "../../ports/ports.ts";
import type { RunEngine } from "../../ports/run-engine.ts";
import type { Run } from "../../ports/run-store.ts";
import { startRun } from "../tick.ts";

/**
 * Ask for a proof, and start its run. One that a run is at is that one, made complete if it was not; one that was left in the
 * middle begins anew, for what it looked at may have changed.
 *
 * @param isComplete of everything; else of what changed, of a slice of the rest, and of what was found and is open
 */
export async function askForProof(
  ports: Ports,
  engine: RunEngine,
  isComplete: boolean,
): Promise<{ proof: Proof; run: Run; created: boolean }> {
  const { proofs, runs, world } = ports;
  const { items } = await runs.unfinished();
  const isUnderWay = items.some(({ sync }) => sync === "verify");
  const proof = await proofs.ask({
    id: world.newId(),
    mode: isComplete ? "complete" : "daily",
    isAnew: !isUnderWay,
    nowMs: world.nowMs(),
  });
  const asked = { sync: "verify", trigger: "manual", priority: "normal" } as const;
  return { proof, ...(await startRun(ports, engine, asked)) };
}
