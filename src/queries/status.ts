import { IDS_SHOWN_MAX } from "../core/policy.ts";
import type { Ports } from "../ports/ports.ts";
import type { Alert, AttemptRow, Lane, Run } from "../ports/run-store.ts";
import type { RunCounts } from "../core/report.ts";

export type Status = {
  readonly nowMs: number;
  readonly unfinished: readonly Run[];
  readonly last: readonly Run[];
  readonly lanes: readonly Lane[];
  readonly alerts: readonly Alert[];
  readonly owedDocuments: number;
  readonly source: { readonly ids: number; readonly asOfMs: number | null };
  readonly totals: Awaited<ReturnType<Ports["records"]["totals"]>>;
};

/** Where everything stands now. Reads only. */
export async function readStatus({ runs, records, world }: Ports): Promise<Status> {
  const [unfinished, lanes, alerts, owedDocuments, source, totals, fireflies, vectors] = await Promise.all([
    runs.unfinished(),
    runs.lanes(),
    runs.openAlerts(),
    records.owedCount(),
    records.sourceCount(),
    records.totals(),
    runs.lastEnded("fireflies"),
    runs.lastEnded("vectors"),
  ]);
  return {
    nowMs: world.nowMs(),
    unfinished: unfinished.items,
    last: [fireflies, vectors].filter((run) => run !== null),
    lanes: lanes.items,
    alerts: alerts.items,
    owedDocuments,
    source,
    totals,
  };
}

export type RunReport = {
  readonly run: Run;
  /** Of a run in progress: what is counted so far, and what waits. */
  readonly counts: RunCounts;
  /** Items the run expects in all, where that can be known; for the time left. */
  readonly expected: number | null;
  readonly setAside: readonly {
    readonly itemId: string;
    readonly verdict: string;
    readonly reason: string | null;
  }[];
  /** Attempts that did not succeed, with what happened next. */
  readonly troubles: readonly AttemptRow[];
};

/** Everything a person asks of one run; null if there is no such run. At most IDS_SHOWN_MAX of each list. */
export async function readReport({ runs, records }: Ports, runId: string): Promise<RunReport | null> {
  const run = await runs.run(runId);
  if (run === null) return null;
  const unfinished = run.endedMs === null;
  const [counts, owed, setAside, attempts] = await Promise.all([
    runs.counts(runId),
    unfinished && run.sync === "vectors" ? records.owedCount() : null,
    runs.setAside(runId, IDS_SHOWN_MAX),
    runs.troubles(runId, IDS_SHOWN_MAX),
  ]);
  const expected = owed === null ? null : owed + counts.seen;
  return { run, counts, expected, setAside: setAside.items, troubles: attempts.items };
}
