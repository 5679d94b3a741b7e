import { askForProof } from "../../src/engine/proving/asking.ts";
import { executeRun } from "../../src/engine/run.ts";
import { startRun } from "../../src/engine/tick.ts";
import { lookAtMeetings, type Looked } from "../../src/engine/proving/meetings.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { readProof } from "../../src/queries/proof.ts";
import { readReport, readStatus, type RunReport } from "../../src/queries/status.ts";
import { proveAndMend, type Proved } from "../../src/surfaces/proving.ts";
import { freshSteps, type Workspace } from "./workspace.ts";

/** What `syncctl verify` does, without the program around it; and the states of its runs. */
export async function verified(
  space: Workspace,
  { isComplete = true, ports = space.ports }: { isComplete?: boolean; ports?: Ports } = {},
): Promise<Proved & { readonly states: readonly string[]; readonly found: readonly string[] }> {
  const door = {
    status: () => readStatus(ports),
    askProof: async (complete: boolean) => {
      const { run, proof, created } = await askForProof(ports, space.engine, complete);
      return { run_id: run.id, proof_id: proof.id, created };
    },
    start: async (sync: string) => {
      const asked = { sync: sync as "verify", trigger: "manual", priority: "normal" } as const;
      const { run, created } = await startRun(ports, space.engine, asked);
      return { run_id: run.id, request_id: null, created, waits: null };
    },
    proof: (sinceMs: number | null) => readProof(ports, sinceMs),
  };
  const follow = async (id: string): Promise<RunReport> => {
    await executeRun(ports, freshSteps(space.world), id, PIPELINES);
    // Each run at a moment of its own.
    space.world.advance(1_000);
    const report = await readReport(ports, id);
    if (report === null) throw new Error("the run is gone");
    return report;
  };
  const proved = await proveAndMend(door, isComplete, follow);
  return {
    ...proved,
    states: proved.reports.map(({ run }) => `${run.sync} ${run.state}`),
    found: proved.report.findings.map(({ kind, subject }) => `${kind} ${subject}`).toSorted(),
  };
}

/** Look at every meeting, as a proof does. */
export async function lookedAt(ports: Pick<Ports, "proofs" | "records" | "raw" | "index">): Promise<Looked> {
  const { items } = await ports.proofs.meetings({ after: "", limit: 1_000 });
  return lookAtMeetings(ports, { timed: (_operation, work) => work() }, items);
}
