import { setTimeout as delay } from "node:timers/promises";
import { NO_SUMS, type Figure, type Finding, type MeetingSums } from "../core/proof.ts";
import { waits } from "../engine/run-waits.ts";
import type { ProofReport } from "../queries/proof.ts";
import type { Alert, Run, RunState } from "../ports/run-store.ts";
import { SYNC_NAMES } from "../core/policy.ts";
import type { OffSync } from "../queries/schedule.ts";
import type { RunReport } from "../queries/status.ts";
import type { ApiClient } from "../surfaces/client.ts";
import { proveAndMend } from "../surfaces/proving.ts";

/** Told about each run while it goes on; for bars and log lines. */
export type Watcher = {
  started(run: Run): void;
  progressed(report: RunReport): void;
  ended(report: RunReport): void;
};

export type Proof = MeetingSums & {
  readonly source_as_of: string | null;
  /** Differences by name, the gravest first; 500 at most. */
  readonly unexplained: readonly string[];
  /** All of them, named or not. */
  readonly unexplained_count: number;
};

export type OneShot = {
  readonly reports: readonly RunReport[];
  readonly proof: Proof;
  /** Each figure by two paths, and what else the proof says. */
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
  /** What its proofs found, with what was done about it. */
  readonly findings: readonly Finding[];
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

/** Make every sync once whose vendor is on, in order, its continuations included; then prove the whole. */
export async function runOnce(client: ApiClient, watcher: Watcher): Promise<OneShot> {
  const reports: RunReport[] = [];
  const { off } = await client.status();
  for (const sync of SYNC_NAMES.filter(
    (name) => name !== "verify" && name !== "cleanup" && off.every((one) => one.sync !== name),
  )) {
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
  const proved = await proveAndMend(client, true, (runId) => ended(client, runId, watcher));
  reports.push(...proved.reports);
  const { alerts, totals } = await client.status();
  await forgetEnded(client);
  const { proof, findings } = proved.report;
  const { figures = [], notes = [] } = proof?.state ?? {};
  return {
    reports,
    proof: proofOf(proved.report),
    figures,
    notes,
    findings,
    alerts,
    off,
    quarantined: totals.quarantined,
  };
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

/** The proof in the words of the report. One that did not come to its end proves nothing. */
function proofOf({ proof, sourceAsOfMs }: ProofReport): Proof {
  const { sums, named, differences } = proof?.state ?? { sums: NO_SUMS, named: [], differences: 0 };
  const isEnded = proof?.endedMs != null;
  return {
    ...sums,
    source_as_of: sourceAsOfMs === null ? null : new Date(sourceAsOfMs).toISOString(),
    unexplained: isEnded ? named : [...named, "the proof did not come to its end"],
    unexplained_count: differences + (isEnded ? 0 : 1),
  };
}
