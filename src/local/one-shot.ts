import { setTimeout as delay } from "node:timers/promises";
import type { ProofPart } from "../queries/proof.ts";
import type { Alert, Run, RunState } from "../ports/run-store.ts";
import { SYNC_NAMES } from "../core/policy.ts";
import type { OffSync } from "../queries/schedule.ts";
import type { RunReport, Status } from "../queries/status.ts";
import type { ApiClient } from "../surfaces/client.ts";

/** Told about each run while it goes on; for bars and log lines. */
export type Watcher = {
  started(run: Run): void;
  progressed(report: RunReport): void;
  ended(report: RunReport): void;
};

export type Proof = Omit<ProofPart, "unexplained" | "unexplainedCount"> & {
  readonly source_as_of: string | null;
  /** Differences by name; at most 50 of every hundred meetings. */
  readonly unexplained: readonly string[];
  /** All of them, named or not. */
  readonly unexplained_count: number;
};

export type OneShot = {
  readonly reports: readonly RunReport[];
  readonly proof: Proof;
  readonly alerts: readonly Alert[];
  /** Syncs that were left out, for their vendor is not configured. */
  readonly off: readonly OffSync[];
  /** Meetings in quarantine when all was over, of whatever run. */
  readonly quarantined: number;
};

const POLL_MS = 100;
/** Runs of one sync: a backfill continues itself every 1,000 meetings, a lost run is recovered once. */
const RUNS_MAX = 1_000;
/** Each call forgets twenty runs or so; a one-shot leaves two, or as many as a backfill has continuations. */
const FORGET_CALLS_MAX = 100;
const UNFINISHED: ReadonlySet<RunState> = new Set(["queued", "running"]);

/** Whether a run was for something else than the sync itself, or one that somebody wanted sooner. */
function isOther({ rebuild, preview, priority }: Run): boolean {
  return rebuild !== null || preview?.mode === "dry_run" || priority === "urgent" || priority === "high";
}

/** Whether a run ended before a time that it waits for; one that made way waits for none. */
function waits({ notBeforeMs, endedMs }: Run): boolean {
  return notBeforeMs !== null && notBeforeMs > (endedMs ?? 0);
}

/** Make every sync once whose vendor is on, in order, its continuations included; then prove the whole. */
export async function runOnce(client: ApiClient, watcher: Watcher): Promise<OneShot> {
  const reports: RunReport[] = [];
  const { off } = await client.status();
  for (const sync of SYNC_NAMES.filter((name) => off.every((one) => one.sync !== name))) {
    for (let runs = 0; runs < RUNS_MAX; runs += 1) {
      const { run_id: runId } = await client.start(sync);
      const report = await ended(client, runId, watcher);
      reports.push(report);
      // What waits for a time is for a later start: nobody waits at a terminal for that.
      if (waits(report.run) && !isOther(report.run)) break;
      // A rebuild, a dry run or a more urgent run that was under way in this lane went first.
      if (!report.run.continues && !isLost(report.run) && !isOther(report.run)) break;
    }
  }
  reports.push(...(await finishRebuild(client, watcher)));
  const proof = await proveAll(client, await client.status());
  const { unexplained, source, records, chunks, vectors } = proof;
  await client.proofVerdict({ unexplained, source, records, chunks, vectors });
  const { alerts, totals } = await client.status();
  await forgetEnded(client);
  return { reports, proof, alerts, off, quarantined: totals.quarantined };
}

/** A one-shot has no clock that would ever do it. What is left after FORGET_CALLS_MAX waits for the next one. */
async function forgetEnded(client: ApiClient): Promise<void> {
  for (let calls = 0; calls < FORGET_CALLS_MAX; calls += 1) {
    if ((await client.forgetEnded()).forgotten === 0) return;
  }
}

/** Carry a rebuild that somebody asked for to its end, as far as it goes now. */
async function finishRebuild(client: ApiClient, watcher: Watcher): Promise<RunReport[]> {
  const reports: RunReport[] = [];
  for (let runs = 0; runs < RUNS_MAX; runs += 1) {
    const { rebuild, nowMs } = await client.status();
    // What it waits for has a name; nobody waits at a terminal for that.
    if (rebuild === null || (rebuild.rebuild.notBeforeMs ?? 0) > nowMs) break;
    const { run_id: runId } = await client.continueRebuild(rebuild.rebuild.id);
    const report = await ended(client, runId, watcher);
    reports.push(report);
    if (!report.run.continues && !isLost(report.run)) break;
  }
  return reports;
}

/** The recovery of a lost run is queued with it; starting the sync again joins it. */
function isLost(run: Run): boolean {
  return run.state === "failed" && (run.detail ?? "").startsWith("lost:");
}

async function ended(client: ApiClient, runId: string, watcher: Watcher): Promise<RunReport> {
  let report = await client.run(runId);
  watcher.started(report.run);
  while (UNFINISHED.has(report.run.state)) {
    await delay(POLL_MS);
    report = await client.run(runId);
    watcher.progressed(report);
  }
  watcher.ended(report);
  return report;
}

/** Proof of everything, page by page, so that no single request grows with what is stored. */
async function proveAll(client: ApiClient, { source, totals }: Status): Promise<Proof> {
  const sum = {
    source: 0,
    raw: 0,
    records: 0,
    documents: 0,
    chunks: 0,
    vectors: 0,
    pending: 0,
    quarantined: 0,
    unexplainedCount: 0,
  };
  const unexplained: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { part: ProofPart; cursor: string | null } = await client.proofPage(cursor);
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += page.part[name];
    unexplained.push(...page.part.unexplained);
    cursor = page.cursor;
  } while (cursor !== null);
  const { unexplainedCount, ...figures } = sum;
  // Rows that stand in D1 without ever having been shown by the source.
  const strays = Math.abs(totals.records - sum.records);
  if (strays > 0) unexplained.push(`${strays} rows of meetings were never sighted`);
  return {
    ...figures,
    source_as_of: source.asOfMs === null ? null : new Date(source.asOfMs).toISOString(),
    unexplained,
    unexplained_count: unexplainedCount + strays,
  };
}
