import { DAY_MS } from "../core/durations.ts";
import { isCut } from "../core/report-week.ts";
import { stageOf, STAGES, type Stage } from "../core/report-stages.ts";
import type { ErrorRow, OperationRow, Queries, RunRows, Week, WeekRows } from "../core/report-figures.ts";
import { recommendationsFrom, type Evidence, type Recommendation } from "../core/recommendations.ts";
import { resolutionOf, type Resolution } from "../core/resolutions.ts";
import { successMetrics, type Metric } from "../core/success-metrics.ts";
import type { Forecast } from "../core/quota/forecast.ts";
import type { Headroom } from "../core/headroom.ts";
import { isScheduled, retryMs } from "../core/schedule.ts";
import type { Ports } from "../ports/ports.ts";
import type { Run } from "../ports/run-store.ts";
import { readHeadroom } from "./headroom.ts";
import { readBudgets, readForecast, type BudgetStatus } from "./forecast.ts";
import { readReport, type RunReport } from "./status.ts";
import { readWebhooks } from "./webhooks.ts";

/** Version of the form below. A field may be added within a version; one that goes, or changes its meaning, makes a new one. */
const SCHEMA = 1;

/** Time by stage; real ms of work, and world ms of the stage `wait`. */
export type StageFigures = { readonly stage: Stage; readonly times: number; readonly ms: number };

/** An error, and how it came to its end. */
export type ResolvedError = ErrorRow & { readonly resolution: Resolution };

type Common<Rows> = {
  readonly schema: typeof SCHEMA;
  /** World ms at which it was read. */
  readonly madeMs: number;
  /** Answers of the queries, by name (core/report-figures.ts says what each column is). */
  readonly figures: Rows;
  /** The text of each query with its values in place: given to the database, it yields the rows of the same name in `figures`. */
  readonly queries: Queries<Rows>;
  /** `*_operations` by stage, in the order of the work; only stages that took part. */
  readonly stages: readonly StageFigures[];
  /** `*_errors`, newest first, each with its resolution; at most 50. */
  readonly errors: readonly ResolvedError[];
  readonly recommendations: readonly Recommendation[];
  /** How much room each store has; the database and a disk as they are now, the others from `storage_samples`. */
  readonly storage: readonly Headroom[];
  readonly budgets: readonly BudgetStatus[];
};

/**
 * The whole report of one run, as `syncctl report <run> --json` and `GET /api/runs/{id}/report` give it: what `GET
 * /api/runs/{id}` says of the run, and its figures with the queries that yield them.
 */
export type FullRunReport = RunReport &
  Common<RunRows> & {
    readonly kind: "run";
    /** World ms at which the sync is tried again before its next due time, because this run failed; null: it is not. */
    readonly againMs: number | null;
  };

/** The report of seven days, as `syncctl report week --json` and `GET /api/report/week` give it. */
export type WeekReport = Common<WeekRows> & {
  readonly kind: "week";
  readonly week: Week;
  /** Whether the week is so old that cleanup may have deleted logs of it: its figures are what is left, then. */
  readonly isCut: boolean;
  /** The success metrics of the requirements. */
  readonly metrics: readonly Metric[];
  /** When a backfill that goes on will be done; null as a rule. */
  readonly forecast: Forecast | null;
  readonly withoutWebhooks: readonly string[];
};

/** The report of one run, running ones included; null if there is no such run. */
export async function readRunReport(ports: Ports, runId: string): Promise<FullRunReport | null> {
  const report = await readReport(ports, runId);
  if (report === null) return null;
  const nowMs = ports.world.nowMs();
  const [{ rows, queries }, storage, budgets, againMs] = await Promise.all([
    ports.reports.run(report.run.id, nowMs),
    readHeadroom(ports),
    readBudgets(ports),
    againAfter(ports, report.run),
  ]);
  const evidence: Evidence = {
    span: "run",
    elapsedMs: rows.run_time[0]?.elapsedMs ?? null,
    waits: rows.run_waits,
    calls: rows.run_calls,
    operations: rows.run_operations,
    busiest: [],
    quarantine: rows.run_quarantine_reasons,
    dataAge: null,
    withoutWebhooks: [],
    syncs: [],
    storage: usedOf(storage),
    proof: null,
  };
  return {
    ...report,
    schema: SCHEMA,
    kind: "run",
    madeMs: nowMs,
    figures: rows,
    queries,
    stages: stagesOf(rows.run_operations),
    errors: resolved(rows.run_errors),
    recommendations: recommendationsFrom(evidence),
    storage,
    budgets,
    againMs,
  };
}

/** What a later run of the sync has answered is not to come any more. */
async function againAfter({ runs, scheduleMs, world }: Ports, run: Run): Promise<number | null> {
  if (run.rebuild !== null || !isScheduled(run.sync)) return null;
  const againMs = retryMs(scheduleMs, run.sync, run);
  if (againMs === null || againMs < world.nowMs()) return null;
  return (await runs.lastEnded(run.sync))?.id === run.id ? againMs : null;
}

/**
 * The report of a week.
 *
 * @param hasSecret whether Fireflies' webhook secret is set
 */
export async function readWeekReport(ports: Ports, week: Week, hasSecret: boolean): Promise<WeekReport> {
  const [{ rows, queries }, storage, budgets, webhooks, last] = await Promise.all([
    ports.reports.week(week),
    readHeadroom(ports),
    readBudgets(ports),
    readWebhooks(ports, hasSecret),
    ports.runs.lastEnded("fireflies"),
  ]);
  const withoutWebhooks = webhooks.items
    .filter(({ state }) => state === "not set up" || state === "waits for you")
    .map(({ vendor }) => vendor);
  const evidence: Evidence = {
    span: "week",
    elapsedMs: rows.week_runs.reduce((total, { elapsedMs }) => total + elapsedMs, 0),
    waits: rows.week_waits,
    calls: rows.week_calls,
    operations: rows.week_operations,
    busiest: busiestDays(rows, budgets),
    quarantine: rows.quarantine_standing,
    dataAge: rows.week_data_age_all[0] ?? null,
    withoutWebhooks,
    syncs: rows.week_runs,
    storage: usedOf(storage),
    proof: proofAge(rows, week),
  };
  const madeMs = ports.world.nowMs();
  const isOld = isCut(week, madeMs);
  return {
    schema: SCHEMA,
    kind: "week",
    madeMs,
    week,
    isCut: isOld,
    figures: rows,
    queries,
    metrics: successMetrics(rows, isOld),
    stages: stagesOf(rows.week_operations),
    errors: resolved(rows.week_errors),
    recommendations: recommendationsFrom(evidence),
    storage,
    budgets,
    forecast: await readForecast(ports, last),
    withoutWebhooks,
  };
}

/** The database, where its room is known. */
function usedOf(storage: readonly Headroom[]): Evidence["storage"] {
  const d1 = storage.find(({ store }) => store === "d1");
  if (d1 === undefined || d1.used === null || d1.room === null) return null;
  return { usedBytes: d1.used, maxBytes: d1.used + d1.room };
}

/** The fullest day of each vendor whose budget is one of a day; a budget of a minute says nothing of a day. */
function busiestDays(
  { week_calls_by_day: days }: WeekRows,
  budgets: readonly BudgetStatus[],
): Evidence["busiest"] {
  return budgets.flatMap(({ vendor, budget, windowMs }) => {
    if (budget === null || windowMs === null || windowMs < DAY_MS) return [];
    const calls = Math.max(0, ...days.filter(({ party }) => party === vendor).map((day) => day.calls));
    return [{ party: vendor, calls, budget }];
  });
}

function proofAge({ last_complete_proof: [row] }: WeekRows, { toMs, sync }: Week): Evidence["proof"] {
  const sinceMs = row?.endedMs ?? row?.firstRunMs ?? null;
  if (sinceMs === null || (sync !== null && sync !== "verify")) return null;
  return { ageMs: toMs - sinceMs, isFirst: row?.endedMs == null };
}

function stagesOf(operations: readonly OperationRow[]): StageFigures[] {
  return STAGES.flatMap((stage) => {
    const parts = operations.filter(({ operation }) => stageOf(operation) === stage);
    const times = parts.reduce((sum, part) => sum + part.times, 0);
    const ms = parts.reduce((sum, part) => sum + part.ms, 0);
    return parts.length === 0 ? [] : [{ stage, times, ms }];
  });
}

function resolved(errors: readonly ErrorRow[]): ResolvedError[] {
  return errors.map((row) => ({ ...row, resolution: resolutionOf(row) }));
}
