import { setTimeout as delay } from "node:timers/promises";
import { NO_SUMS, type Figure, type Finding, type MeetingSums } from "../core/proof.ts";
import type { ProofReport } from "../queries/proof.ts";
import type { Alert, Run, RunState } from "../ports/run-store.ts";
import { channelTroubles } from "../surfaces/alert-lines.ts";
import { SYNC_NAMES } from "../core/policy.ts";
import type { OffSync } from "../queries/schedule.ts";
import type { RunReport } from "../queries/status.ts";
import type { ApiClient } from "../surfaces/client.ts";
import { FOLLOWED_RUNS_MAX, followToEnd, isLost } from "../surfaces/following.ts";
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
  /** Why people could not be told of them, in sentences. */
  readonly untold: readonly string[];
  /** Syncs that were left out, for their vendor is not configured. */
  readonly off: readonly OffSync[];
  /** Meetings in quarantine when all was over, of whatever run. */
  readonly quarantined: number;
};

const POLL_MS = 100;
/** Each call forgets twenty runs or so; a one-shot leaves two, or as many as a backfill has continuations. */
const FORGET_CALLS_MAX = 100;
const UNFINISHED: ReadonlySet<RunState> = new Set(["queued", "running"]);

/** Make every sync once whose vendor is on, in order, its continuations included; then prove the whole. */
export async function runOnce(client: ApiClient, watcher: Watcher): Promise<OneShot> {
  const reports: RunReport[] = [];
  const { off } = await client.status();
  for (const sync of SYNC_NAMES.filter(
    (name) => name !== "verify" && name !== "cleanup" && off.every((one) => one.sync !== name),
  )) {
    const again = async (): Promise<string> => (await client.start(sync)).run_id;
    const follow = (runId: string): Promise<RunReport> => ended(client, runId, watcher);
    reports.push(...(await followToEnd({ first: again, next: again, follow, asked: "normal" })));
  }
  reports.push(...(await finishRebuild(client, watcher)));
  const proved = await proveAndMend(client, true, (runId) => ended(client, runId, watcher));
  reports.push(...proved.reports);
  // Nobody keeps the clock of a one-shot, and an alert must not wait for the next.
  await client.tellAlerts();
  const { alerts, channels, totals } = await client.status();
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
    untold: channels.length === 0 ? [] : channelTroubles(channels),
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
  for (let runs = 0; runs < FOLLOWED_RUNS_MAX; runs += 1) {
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
