import type { RunReport } from "../queries/status.ts";
import type { OneShot, Proof } from "./one-shot.ts";

/** Exit codes. Source: design, doors. */
export const EXIT = { succeeded: 0, findings: 1, usage: 2, failed: 3 } as const;

/** What `--json` prints: field names are part of the product's interface. */
export type OutcomeJson = {
  readonly ok: boolean;
  readonly data_dir: string;
  readonly runs: readonly RunJson[];
  readonly proof: { readonly ok: boolean; readonly meetings: Proof };
  readonly problems: readonly string[];
  /** Open alerts, oldest first. */
  readonly alerts: readonly { readonly kind: string; readonly subject: string; readonly detail: string }[];
};

type RunJson = {
  readonly run_id: string;
  readonly sync: string;
  readonly trigger: string;
  readonly state: string;
  readonly detail: string | null;
  readonly not_before: string | null;
  readonly counts: RunReport["counts"];
  readonly source_count: number | null;
  readonly destination_count: number | null;
  readonly api_calls: number;
  readonly retries: number;
  readonly duration_ms: number | null;
  readonly embedded_chunks: number;
  readonly checks: NonNullable<RunReport["run"]["result"]>["checks"];
};

/** The outcome of a one-shot as data. `problems` are lines of an input file that were left out. */
export function outcomeJson(
  { reports, proof, alerts }: OneShot,
  dataDir: string,
  problems: readonly string[],
): OutcomeJson {
  // Without a complete listing on record, nothing is proven, however well the rest agrees.
  const accounted = proof.source === proof.records + proof.pending + proof.quarantined;
  const proofOk = proof.unexplained.length === 0 && proof.source_as_of !== null && accounted;
  const outcome = {
    data_dir: dataDir,
    runs: reports.map(runJson),
    proof: { ok: proofOk, meetings: proof },
    problems,
    alerts: alerts.map(({ kind, subject, detail }) => ({ kind, subject, detail })),
  };
  return { ok: exitCode({ ok: false, ...outcome }) === EXIT.succeeded, ...outcome };
}

/** The exit code of an outcome: the worst of its runs, its proof and its input. */
export function exitCode(outcome: OutcomeJson): number {
  const states = new Set(outcome.runs.map((run) => run.state));
  // Parked without a time means until a person acts, such as a key that was refused: nothing will go on by itself.
  const stuck = outcome.runs.some((run) => run.state === "parked" && run.not_before === null);
  if (states.has("failed") || stuck) return EXIT.failed;
  // What a parked run did not reach is owed, not lost: the proof is judged when it has gone on.
  const parked = states.has("parked");
  const findings = states.has("succeeded_with_findings") || outcome.problems.length > 0;
  if (findings || (!outcome.proof.ok && !parked)) return EXIT.findings;
  return EXIT.succeeded;
}

function runJson({ run, counts }: RunReport): RunJson {
  return {
    run_id: run.id,
    sync: run.sync,
    trigger: run.trigger,
    state: run.state,
    detail: run.detail,
    not_before: run.notBeforeMs === null ? null : new Date(run.notBeforeMs).toISOString(),
    counts,
    source_count: run.sourceCount,
    destination_count: run.destinationCount,
    api_calls: run.result?.apiCalls ?? 0,
    retries: run.result?.retries ?? 0,
    duration_ms: run.durationMs,
    embedded_chunks: run.result?.embeddedChunks ?? 0,
    checks: run.result?.checks ?? [],
  };
}
