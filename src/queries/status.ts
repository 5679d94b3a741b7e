import { IDS_SHOWN_MAX, SYNC_NAMES } from "../core/policy.ts";
import { PHASES } from "../core/proof.ts";
import type { IndexRow } from "../core/embedding-plan.ts";
import type { Ports } from "../ports/ports.ts";
import type { Alert, AttemptRow, Lane, Run, SyncName } from "../ports/run-store.ts";
import type { RunCounts } from "../core/report.ts";
import { readOpenRebuild, readProgress as rebuildProgress, type RebuildStatus } from "./rebuild.ts";

export type Status = {
  readonly nowMs: number;
  readonly unfinished: readonly Run[];
  readonly last: readonly Run[];
  readonly lanes: readonly Lane[];
  /** Syncs that cannot be made as things are configured, and why, in a sentence. */
  readonly off: readonly OffSync[];
  readonly alerts: readonly Alert[];
  readonly owedDocuments: number;
  readonly source: { readonly ids: number; readonly asOfMs: number | null };
  readonly totals: Awaited<ReturnType<Ports["records"]["totals"]>>;
  /** Vector indexes in use: the live one, and one that is built or emptied beside it. */
  readonly indexes: readonly IndexRow[];
  /** What is made anew at the moment; null as a rule. */
  readonly rebuild: RebuildStatus | null;
};

/** Where everything stands now. Reads only. */
export async function readStatus(ports: Ports): Promise<Status> {
  const { runs, records, world, registry } = ports;
  const [indexes, rebuild] = await Promise.all([registry.rows(), readOpenRebuild(ports)]);
  const [unfinished, lanes, alerts, { owed: owedDocuments }, source, totals, ...last] = await Promise.all([
    runs.unfinished(),
    runs.lanes(),
    runs.openAlerts(),
    records.owedCount(world.nowMs()),
    records.sourceCount(),
    records.totals(),
    ...SYNC_NAMES.map((sync) => runs.lastEnded(sync)),
  ]);
  return {
    nowMs: world.nowMs(),
    unfinished: unfinished.items,
    last: last.filter((run) => run !== null),
    lanes: lanes.items,
    off: offSyncs(ports),
    alerts: alerts.items,
    owedDocuments,
    source,
    totals,
    indexes: indexes.items,
    rebuild,
  };
}

/** A sync whose vendor is not configured. */
export type OffSync = { readonly sync: SyncName; readonly reason: string };

/** Off is no failure: with the real key of one vendor the other may have none. */
function offSyncs({ source, notion }: Ports): OffSync[] {
  const tables = (["clients", "projects"] as const).map((sync) => {
    if (notion === null) return { sync, reason: `${sync} is off: no NOTION_TOKEN is set` };
    const variable = `NOTION_${sync.toUpperCase()}_DATABASE_ID`;
    return notion.databases[sync] === null
      ? { sync, reason: `${sync} is off: neither ${variable} nor notion.${sync}.database names its database` }
      : null;
  });
  const meetings =
    source === null
      ? { sync: "fireflies" as const, reason: "fireflies is off: no FIREFLIES_API_KEY is set" }
      : null;
  return [meetings, ...tables].filter((off) => off !== null);
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
};

/** Everything a person asks of one run; null if there is no such run. At most IDS_SHOWN_MAX of each list. */
export async function readReport(ports: Ports, runId: string): Promise<RunReport | null> {
  const { runs } = ports;
  const run = await runs.run(runId);
  if (run === null) return null;
  const [counts, progress, setAside, attempts] = await Promise.all([
    runs.counts(runId),
    readProgress(ports, run),
    runs.setAside(runId, IDS_SHOWN_MAX),
    runs.troubles(runId, IDS_SHOWN_MAX),
  ]);
  return { run, counts, progress, setAside: setAside.items, troubles: attempts.items };
}

/** How far an unfinished run has come; null once it has ended. */
async function readProgress(ports: Ports, run: Run): Promise<Progress | null> {
  if (run.endedMs !== null) return null;
  if (run.rebuild !== null) {
    const rebuild = await ports.rebuilds.rebuild(run.rebuild.id);
    if (rebuild === null) return null;
    const { done, total } = await rebuildProgress(ports, rebuild);
    return { unit: "meetings", done, total };
  }
  if (run.sync === "fireflies") {
    const { seen } = await ports.runs.counts(run.id);
    const key = ports.source === null ? null : await ports.runs.vendorKey(ports.source.keyName);
    const { lastCeilingMs } = await ports.records.discoveries();
    return {
      unit: "meetings",
      done: seen,
      total: lastCeilingMs === null ? (key?.meetingsEstimate ?? null) : null,
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
