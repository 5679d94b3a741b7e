import { IDS_SHOWN_MAX, SWEEP_PERIOD_MS, SYNC_NAMES } from "../core/policy.ts";
import { PHASES } from "../core/proof.ts";
import { TABLES, type TableName } from "../core/records/table.ts";
import type { IndexRow } from "../core/embedding-plan.ts";
import type { Ports } from "../ports/ports.ts";
import type { Alert, AttemptRow, Lane, Run } from "../ports/run-store.ts";
import type { RunCounts } from "../core/report.ts";
import { readChannels, type ChannelStatus } from "./alerts.ts";
import type { Headroom } from "../core/headroom.ts";
import { readHeadroom } from "./headroom.ts";
import { offSyncs, readSchedule, type OffSync, type SyncSchedule } from "./schedule.ts";
import type { Forecast } from "../core/quota/forecast.ts";
import { readBudgets, readForecast, type BudgetStatus } from "./forecast.ts";
import { readOpenRebuild, readProgress as rebuildProgress, type RebuildStatus } from "./rebuild.ts";

export type TableTotals = { readonly sync: TableName } & Awaited<ReturnType<Ports["tables"]["totals"]>>;

export type Status = {
  readonly nowMs: number;
  readonly unfinished: readonly Run[];
  readonly last: readonly Run[];
  readonly lanes: readonly Lane[];
  /** Of every sync: when it is due next, what holds it back, and what was asked for. */
  readonly schedule: readonly SyncSchedule[];
  /** Syncs that cannot be made as things are configured, and why, in a sentence. */
  readonly off: readonly OffSync[];
  readonly alerts: readonly Alert[];
  /** How people are told of them; empty: they are only shown. */
  readonly channels: readonly ChannelStatus[];
  readonly owedDocuments: number;
  readonly source: { readonly ids: number; readonly asOfMs: number | null };
  readonly totals: Awaited<ReturnType<Ports["records"]["totals"]>>;
  /** Pages and rows of each table, what of them stands aside, and what waits for a person. */
  readonly tables: readonly TableTotals[];
  /** How the sweep of the past stands; times are world ms. */
  readonly sweep: Awaited<ReturnType<Ports["deletions"]["sweeps"]>> & { readonly periodMs: number };
  /** Vector indexes in use: the live one, and one that is built or emptied beside it. */
  readonly indexes: readonly IndexRow[];
  /** What is made anew at the moment; null as a rule. */
  readonly rebuild: RebuildStatus | null;
  /** Calls that the keys in use have left. */
  readonly budgets: readonly BudgetStatus[];
  /** When the backfill will be done; null when there is none. */
  readonly forecast: Forecast | null;
  /** How full the stores are, and when they will be. */
  readonly headroom: readonly Headroom[];
};

const TABLE_NAMES = Object.values(TABLES).map(({ name }) => name);

/** Where everything stands now. Reads only. */
export async function readStatus(ports: Ports): Promise<Status> {
  const { runs, records, world, registry, deletions } = ports;
  const [indexes, rebuild, budgets, sweeps, headroom, tables] = await Promise.all([
    registry.rows(),
    readOpenRebuild(ports),
    readBudgets(ports),
    deletions.sweeps(),
    readHeadroom(ports),
    Promise.all(TABLE_NAMES.map(async (sync) => ({ sync, ...(await ports.tables.totals(sync)) }))),
  ]);
  const [unfinished, lanes, alerts, { owed: owedDocuments }, source, totals, ...last] = await Promise.all([
    runs.unfinished(),
    runs.lanes(),
    runs.openAlerts(),
    records.owedCount(world.nowMs()),
    records.sourceCount(),
    records.totals(),
    ...SYNC_NAMES.map((sync) => runs.lastEnded(sync)),
  ]);
  const ofMeetings = (run: Run | null): boolean => run?.sync === "fireflies" && run.rebuild === null;
  const ended = last.filter((run) => run !== null);
  const meetingsRun = unfinished.items.find(ofMeetings) ?? last.find(ofMeetings) ?? null;
  return {
    nowMs: world.nowMs(),
    schedule: await readSchedule(ports, {
      lanes: lanes.items,
      unfinished: unfinished.items,
      alerts: alerts.items,
      last: ended,
    }),
    unfinished: unfinished.items,
    last: ended,
    lanes: lanes.items,
    off: offSyncs(ports),
    alerts: alerts.items,
    channels: await readChannels(ports),
    owedDocuments,
    source,
    totals,
    tables,
    sweep: { ...sweeps, periodMs: SWEEP_PERIOD_MS },
    indexes: indexes.items,
    rebuild,
    budgets,
    forecast: await readForecast(ports, meetingsRun),
    headroom,
  };
}

/** Work done and to do, for bars; an estimate, never proof. */
type Progress = {
  readonly unit: "meetings" | "pages" | "chunks";
  readonly done: number;
  readonly total: number | null;
};

export type RunReport = {
  readonly run: Run;
  /** Of a run in progress: what is counted so far, and what waits. */
  readonly counts: RunCounts;
  /** Of a run in progress. */
  readonly progress: Progress | null;
  readonly setAside: readonly {
    readonly itemId: string;
    readonly verdict: string;
    readonly reason: string | null;
  }[];
  /** Attempts that did not succeed, with what happened next. */
  readonly troubles: readonly AttemptRow[];
  /** Of a run of the backfill that is going on, or that waits for its share of the budget: when it will be done. */
  readonly forecast: Forecast | null;
};

/** Everything a person asks of one run; null if there is no such run. At most IDS_SHOWN_MAX of each list. */
export async function readReport(ports: Ports, runId: string): Promise<RunReport | null> {
  const { runs } = ports;
  const run = await runs.run(runId);
  if (run === null) return null;
  const [counts, progress, setAside, attempts, forecast] = await Promise.all([
    runs.counts(runId),
    readProgress(ports, run),
    runs.setAside(runId, IDS_SHOWN_MAX),
    runs.troubles(runId, IDS_SHOWN_MAX),
    goesOn(run, ports.world.nowMs()) ? readForecast(ports, run) : null,
  ]);
  return { run, counts, progress, setAside: setAside.items, troubles: attempts.items, forecast };
}

/** Whether what a run says of the future is still to come. */
function goesOn({ sync, rebuild, endedMs, continues, notBeforeMs }: Run, nowMs: number): boolean {
  if (sync !== "fireflies" || rebuild !== null) return false;
  return endedMs === null || ((continues || notBeforeMs !== null) && (notBeforeMs ?? nowMs) >= nowMs);
}

/** How far an unfinished run has come; null once it has ended, and where nothing tells. */
async function readProgress(ports: Ports, run: Run): Promise<Progress | null> {
  if (run.endedMs !== null || run.sync === "cleanup") return null;
  if (run.rebuild !== null) {
    const rebuild = await ports.rebuilds.rebuild(run.rebuild.id);
    if (rebuild === null) return null;
    const { done, total } = await rebuildProgress(ports, rebuild);
    return { unit: "meetings", done, total };
  }
  if (run.sync === "fireflies") {
    const { seen } = await ports.runs.counts(run.id);
    const key = ports.source === null ? null : await ports.runs.vendorKey(ports.source.keyName);
    const { backfilledMs } = await ports.records.discoveries();
    return {
      unit: "meetings",
      done: seen,
      total: backfilledMs === null ? (key?.meetingsEstimate ?? null) : null,
    };
  }
  if (run.sync === "verify") return proofProgress(ports);
  if (run.sync !== "vectors") {
    const { seen } = await ports.runs.counts(run.id);
    return { unit: "pages", done: seen, total: null };
  }
  const { documents, chunks, sent } = await ports.records.vectorProgress(run.startedMs ?? run.queuedMs);
  const { owed } = await ports.records.owedCount(ports.world.nowMs());
  // Documents not cut yet are taken to have as many chunks as the others.
  return {
    unit: "chunks",
    done: sent,
    total: documents === 0 ? null : Math.round((chunks / documents) * Math.max(owed, documents)),
  };
}

/** Meetings are most of the work of a proof. */
async function proofProgress({ proofs }: Ports): Promise<Progress> {
  const [proof, total] = await Promise.all([proofs.proof(null), proofs.sightingCount()]);
  const { phase, taken } = proof?.state ?? { phase: "again", taken: 0 };
  const isBefore = PHASES.indexOf(phase) < PHASES.indexOf("meetings");
  if (phase === "meetings") return { unit: "meetings", done: taken, total };
  return { unit: "meetings", done: isBefore ? 0 : total, total };
}
