import { EXIT } from "../surfaces/exit-codes.ts";
import { FAULTS, isLeftBy, type Figure, type Finding } from "../core/proof.ts";
import type { OffSync } from "../queries/schedule.ts";
import type { RunReport } from "../queries/status.ts";
import { setAsideCount } from "../surfaces/cut-lists.ts";
import type { OneShot, Proof } from "./one-shot.ts";

/** What `--json` prints: field names are part of the product's interface. */
export type OutcomeJson = {
  readonly ok: boolean;
  /** Why there is no outcome, as one sentence; null in an outcome. */
  readonly error: string | null;
  readonly data_dir: string;
  readonly runs: readonly RunJson[];
  readonly proof: {
    readonly ok: boolean;
    readonly meetings: Proof;
    /** Each figure by two paths: the ledger's, and the store's own. */
    readonly figures: readonly Figure[];
    readonly notes: readonly string[];
    /** What its proofs found; `verified`: a later one saw it mended. */
    readonly findings: readonly FindingJson[];
  };
  readonly problems: readonly string[];
  /** Syncs that were left out, for their vendor is not configured. */
  readonly off: readonly OffSync[];
  /** Open alerts, oldest first. */
  readonly alerts: readonly { readonly kind: string; readonly subject: string; readonly detail: string }[];
};

type FindingJson = {
  readonly domain: string;
  readonly what: string;
  readonly subject: string;
  readonly cause: string;
  readonly repair: string | null;
  readonly verified: boolean;
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
  /** When the backfill will be done (world time) and in how many calls, of a run that waits with it; null as a rule. */
  readonly backfill: { readonly calls: number | null; readonly done_by: string | null } | null;
  readonly duration_ms: number | null;
  readonly embedded_chunks: number;
  /** Items that were not brought through, the first of them by name, and how many there are. */
  readonly set_aside: readonly {
    readonly item_id: string;
    readonly verdict: string;
    readonly reason: string | null;
  }[];
  readonly set_aside_count: number;
  readonly checks: NonNullable<RunReport["run"]["result"]>["checks"];
};

/** The outcome of a one-shot as data. `problems` are lines of an input file that were left out. */
export function outcomeJson(
  { reports, proof, figures, notes, findings, alerts, off, quarantined }: OneShot,
  dataDir: string,
  problems: readonly string[],
): OutcomeJson {
  // Without a complete listing on record, nothing is proven, however well the rest agrees; where Fireflies is off there is
  // nothing to list.
  const isListed = proof.source_as_of !== null || off.some(({ sync }) => sync === "fireflies");
  const proofOk = proof.unexplained_count === 0 && isListed && isAccounted(proof);
  const outcome = {
    error: null,
    data_dir: dataDir,
    runs: reports.map((report) => runJson(report, quarantined)),
    proof: { ok: proofOk, meetings: proof, figures, notes, findings: findings.map(findingJson) },
    problems,
    off,
    alerts: alerts.map(({ kind, subject, detail }) => ({ kind, subject, detail })),
  };
  return { ok: exitCode({ ok: false, ...outcome }) === EXIT.succeeded, ...outcome };
}

function findingJson({ domain, kind, subject, cause, repair, verifiedMs }: Finding): FindingJson {
  return { domain, what: FAULTS[kind].words, subject, cause, repair, verified: verifiedMs !== null };
}

/** The exit code of an outcome: the worst of its runs, its proof and its input. */
export function exitCode(outcome: OutcomeJson): number {
  const states = new Set(outcome.runs.map((run) => run.state));
  // Parked without a time means until a person acts, such as a key that was refused: nothing will go on by itself.
  const stuck = outcome.runs.some((run) => run.state === "parked" && run.not_before === null);
  if (states.has("failed") || stuck) return EXIT.failed;
  const findings = states.has("succeeded_with_findings") || outcome.problems.length > 0;
  if (findings || (!outcome.proof.ok && !isOwed(outcome))) return EXIT.findings;
  return EXIT.succeeded;
}

/** Every meeting of the source is a record, or set aside. */
function isAccounted(proof: Proof): boolean {
  return proof.source === proof.records + proof.pending + proof.quarantined;
}

/** Whether all that is missing is what a parked run did not reach: owed, not lost, and judged when it has gone on. */
function isOwed({ runs, proof: { meetings } }: OutcomeJson): boolean {
  // A run that did what is urgent and waits for its share of the budget with the rest is no success of the rest.
  const parked = (["fireflies", "vectors"] as const).filter((sync) =>
    runs.some((run) => run.sync === sync && (run.state === "parked" || run.not_before !== null)),
  );
  // Those without a name are no graver than the last that has one.
  const isExplained = meetings.unexplained.every((difference) =>
    parked.some((sync) => isLeftBy(sync, difference)),
  );
  const isListing = (difference: string): boolean => !isLeftBy("vectors", difference);
  const isListingOpen =
    parked.includes("fireflies") && (meetings.source_as_of === null || meetings.unexplained.some(isListing));
  return isExplained && (isListingOpen || (meetings.source_as_of !== null && isAccounted(meetings)));
}

function runJson(report: RunReport, quarantined: number): RunJson {
  const { run, counts, setAside, forecast } = report;
  const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    run_id: run.id,
    sync: run.sync,
    trigger: run.trigger,
    state: run.state,
    detail: run.detail,
    not_before: isoOf(run.notBeforeMs),
    counts,
    source_count: run.sourceCount,
    destination_count: run.destinationCount,
    api_calls: run.result?.apiCalls ?? 0,
    retries: run.result?.retries ?? 0,
    backfill: forecast === null ? null : { calls: forecast.calls, done_by: isoOf(forecast.doneMs) },
    duration_ms: run.durationMs,
    embedded_chunks: run.result?.embeddedChunks ?? 0,
    set_aside: setAside.map(({ itemId, verdict, reason }) => ({ item_id: itemId, verdict, reason })),
    set_aside_count: setAsideCount(report, quarantined),
    checks: run.result?.checks ?? [],
  };
}
