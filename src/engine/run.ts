import { failureOf, type Failure } from "../core/errors.ts";
import { ALERT_API_ERRORS_WINDOW_MS, LEASE_TERM_MS } from "../core/policy.ts";
import { runName, type RebuildName } from "../core/rebuild.ts";
import { sumOperations, type Check, type RunResult } from "../core/report.ts";
import type { Fence, Run, RunState, SyncName } from "../ports/run-store.ts";
import type { Steps } from "../ports/steps.ts";
import { RunEnded } from "./durably.ts";
import { asksVendor } from "./lanes.ts";
import { endOf } from "./making-way.ts";
import { preflight } from "./preflight.ts";
import { rowsBefore, rowsKept } from "./row-counts.ts";
import type { Ports } from "../ports/ports.ts";
import type { Pipeline, PipelineOutcome, RunContext } from "./run-context.ts";
import { alertsAtEnd, isVerdict, isWhole, type End } from "./run-alerts.ts";
import { silences } from "./source-silence.ts";

/** Syncs by name, and what makes things anew. */
export type Pipelines = Readonly<Record<SyncName | `rebuild ${RebuildName}`, Pipeline>>;

const NOTHING: PipelineOutcome = {
  continues: false,
  sourceCount: null,
  destinationCount: null,
  failedCount: 0,
  findings: [],
};

/**
 * One run from lease to ledger: lease, preflight, pipeline, verification, alerts, close.
 *
 * Runs again from its first line after every crash; what its steps remember is not done twice. Each life of a run takes
 * a new token, so whatever an earlier life still has under way can no longer write (protocols 1).
 */
export async function executeRun(
  ports: Ports,
  steps: Steps,
  runId: string,
  pipelines: Pipelines,
): Promise<void> {
  const run = await ports.runs.run(runId);
  // Not a step on purpose: the epoch names the lease step, so it must be read anew in each life.
  if (run === null || run.endedMs !== null) return;
  const lease = await steps.do(`lease:${run.epoch}`, () => acquire(ports, run));
  if (lease === null) return;
  const { fence, expiresRealMs, lane } = lease;
  const context: RunContext = {
    ports,
    steps,
    run,
    fence,
    spent: [],
    unreached: new Map(),
    thrown: new Map(),
    lease: { expiresRealMs },
    lacksRoom: null,
    yieldsTo: null,
  };
  const end = await work(context, pipelines[runName(run)], lane);
  if (end === null) return;
  const state = await steps.do("close", () => unlessSuperseded(() => close(context, end)));
  // What was announced is in a hurry: whoever takes it on from here need not wait for the next minute.
  if (run.trigger === "webhook" && state === "succeeded") await ports.wake();
}

/** Whoever lost the lane at the very end writes nothing either, and trying again would not bring it back. */
async function unlessSuperseded(work: () => Promise<RunState>): Promise<RunState | null> {
  try {
    return await work();
  } catch (error) {
    if (failureOf(error).kind === "superseded") return null;
    throw error;
  }
}

/** Null leaves the run to whoever holds the lane: the tick starts it again when the lane is free. */
async function acquire(
  ports: Ports,
  run: Run,
): Promise<{ fence: Fence; expiresRealMs: number; lane: Waiting } | null> {
  const { runs, world } = ports;
  const realNowMs = world.realNowMs();
  const taken = await runs.acquireLease(run, { startedMs: world.nowMs(), realNowMs, termMs: LEASE_TERM_MS });
  if (taken === null) return null;
  const { notBeforeMs, reason, keyName } = taken.lane;
  // What one key has to wait for does not hold another one back.
  const sameKey = keyName === null || keyName === keyNameOf(ports, run.sync);
  // Nor does it hold back a rebuild, which asks no vendor, and has a time of its own.
  const waits = run.rebuild === null && sameKey && notBeforeMs !== null && notBeforeMs > world.nowMs();
  const lane = waits ? { untilMs: notBeforeMs, reason: reason ?? "waiting" } : null;
  return { fence: taken.fence, expiresRealMs: realNowMs + LEASE_TERM_MS, lane };
}

/** Name of the key that a sync asks its vendor with; null if it asks none. */
function keyNameOf({ source, notion }: Ports, sync: SyncName): string | null {
  if (!asksVendor(sync)) return null;
  return (sync === "fireflies" ? source?.keyName : notion?.tables.keyName) ?? null;
}

/** What the lane was waiting for when the run took it; null as a rule. */
type Waiting = { readonly untilMs: number; readonly reason: string } | null;

async function work(context: RunContext, pipeline: Pipeline, lane: Waiting): Promise<End | null> {
  let checks: Check[] = [];
  try {
    stayParked(lane);
    checks = await preflight(context);
    const before = await rowsBefore(context);
    const outcome = await pipeline(context);
    const ended = endOf(context, outcome);
    return { ...ended, failure: null, exhausted: false, outcome, checks, rowsBefore: before };
  } catch (error) {
    const { next, failure } = error instanceof RunEnded ? error : defectOf(error);
    if (failure.kind === "superseded") return null;
    const parked = next.do === "park";
    return {
      state: parked ? "parked" : "failed",
      detail: failure.detail,
      notBeforeMs: parked ? next.untilMs : null,
      failure,
      exhausted: next.do === "halt" && next.exhausted,
      yieldedTo: null,
      // Its share of a budget comes again by itself: that is no park of the lane, which others may still need.
      outcome: { ...NOTHING, continues: failure.kind === "reserved" },
      checks,
      rowsBefore: null,
    };
  }
}

/** What no step classified is our own fault, or a ledger that could not be written: the run ends, and says so. */
function defectOf(error: unknown): Pick<RunEnded, "failure" | "next"> {
  return { failure: failureOf(error), next: { do: "halt", alert: true, exhausted: false } };
}

/** A lane that waits for a named time goes on waiting, without a call, whoever asks. */
function stayParked(lane: Waiting): void {
  if (lane === null) return;
  const { untilMs, reason } = lane;
  const failure: Failure = { kind: "not_yet", party: "engine", detail: reason, notBeforeMs: untilMs };
  throw new RunEnded(failure, { do: "park", untilMs, alert: false });
}

async function close(context: RunContext, end: End): Promise<RunState> {
  const { ports, run, fence } = context;
  const { runs, records, world } = ports;
  if (context.unreached.size > 0)
    await runs.markUnreached(
      fence,
      run.id,
      Array.from(context.unreached, ([id, line]) => ({ id, line })),
      end.state === "parked",
    );
  const summary = await runs.summary(run.id, {
    windowMs: ALERT_API_ERRORS_WINDOW_MS,
    parksUntilMs: end.outcome.continues ? null : end.notBeforeMs,
  });
  // The close was committed, and its reply was lost.
  if (summary.endedState !== null) return summary.endedState;
  const { counts, calls, retries } = summary;
  const embeddedChunks = run.sync === "vectors" ? await records.embeddedCount(run.id) : 0;
  const kept = await rowsKept(context, end.rowsBefore, counts);
  const checks = [...end.checks, ...(end.outcome.checks ?? []), ...verification(end), ...kept.checks];
  const findings = findingsOf(end, counts);
  const unproven = findings.length > 0 || checks.some((check) => !check.ok && isVerdict(check));
  const state = end.state === "succeeded" && unproven ? "succeeded_with_findings" : end.state;
  const durationMs = world.realNowMs() - (summary.startedRealMs ?? world.realNowMs());
  const result: RunResult = {
    counts,
    apiCalls: calls,
    retries,
    embeddedChunks,
    checks,
    operations: sumOperations(context.spent),
    findings,
    rows: kept.rows,
  };
  const { continues } = end.outcome;
  const hasListed = end.state === "succeeded" && !continues && isWhole(run);
  const silent = hasListed ? await silences(context, counts.seen) : [];
  const alerts = alertsAtEnd(context, end, { durationMs, checks, silent, ...summary });
  await runs.updateAlerts(fence, world.nowMs(), alerts);
  const { isAwaited } = await runs.closeRun(fence, run.id, {
    state,
    endedMs: world.nowMs(),
    durationMs,
    notBeforeMs: end.notBeforeMs,
    detail: end.detail,
    sourceCount: end.outcome.sourceCount,
    destinationCount: end.outcome.destinationCount,
    continues,
    result,
    laneKeyName: keyNameOf(ports, run.sync),
    yieldedTo: end.yieldedTo,
    leavesRest: end.outcome.leavesRest ?? false,
  });
  const isNews = ports.channels.usable.length > 0 && alerts.open.length + alerts.close.length > 0;
  // Whoever waits for the lane, or is to be told of an alert, need not wait for the minute.
  if (isNews || isAwaited || (continues && (end.notBeforeMs ?? 0) <= world.nowMs())) await ports.wake();
  return state;
}

function findingsOf({ outcome }: End, { failed }: RunResult["counts"]): string[] {
  return [...outcome.findings, ...(failed > 0 ? [`${failed} items of this run failed`] : [])];
}

/** Source against destination, where the run knows both. Source: requirements, "Post-Sync Verification". */
function verification(end: End): Check[] {
  const { sourceCount, destinationCount, failedCount } = end.outcome;
  if (sourceCount === null || destinationCount === null) return [];
  return [
    {
      name: "counts",
      ok: sourceCount === destinationCount + failedCount,
      expected: sourceCount,
      actual: failedCount === 0 ? destinationCount : `${destinationCount} and ${failedCount} failed`,
    },
  ];
}
