import { failureOf, type Failure } from "../core/errors.ts";
import {
  ALERT_API_ERRORS,
  ALERT_API_ERRORS_WINDOW_MS,
  ALERT_RUN_MS,
  ANNOUNCED_RETRY_AFTER_MS,
  FORGET_RUNS_PER_TICK,
  OWED_PAGES_PAUSE_MS,
  PRIORITIES,
  REQUESTS_FORGOTTEN_PER_TICK,
  REQUESTS_KEPT_MS,
  SYNC_NAMES,
  SHARE_LOOK_MS,
  VECTORS_RETRY_AFTER_MS,
} from "../core/policy.ts";
import { laneOf, runName } from "../core/rebuild.ts";
import { elapsedMs, isDue, isScheduled, retryMs } from "../core/schedule.ts";
import type { Ports } from "../ports/ports.ts";
import type { Glance, Queued, RunRequest } from "../ports/request-store.ts";
import type { RunEngine } from "../ports/run-engine.ts";
import type { NewAlert, Priority, Run, SyncName, Trigger } from "../ports/run-store.ts";
import { dueForProof } from "./proving/due.ts";
import { isLaneOpen } from "./lanes.ts";
import { asksVendors } from "./run-alerts.ts";
import { waits } from "./run-waits.ts";
import { continueRebuild, dueRebuild } from "./rebuilding.ts";
import { lanesWithoutRoom, unlessFull, watchStorage, type Roomless } from "./storage-beat.ts";
import { tellAlerts } from "./telling.ts";
import { announcedSyncs } from "./webhook-beat.ts";

/** What came of a beat beside its work: why people could not be told of alerts; null as a rule. */
export type Beat = { readonly untold: Failure | null };

/**
 * One beat of the clock: take up runs that a restart left behind, start what is due or was asked for, drop what ended runs
 * left, and at last tell people of alerts, which takes ALERT_SEND_MS at most and fails no beat. A beat that fails tells them
 * all the same: what fails it may be what they are to hear of. May come late, twice, or two at a time. With nothing due it
 * reads D1 once and writes nothing.
 */
export async function tick(ports: Ports, engine: RunEngine): Promise<Beat> {
  let hasNotices = true;
  let told: Failure | null = null;
  try {
    ({ hasNotices } = await beat(ports, engine));
  } finally {
    told = hasNotices ? await untold(ports) : null;
  }
  return { untold: told };
}

/** Tell people what is due. @returns why the ledger did not let us; the next beat tries again */
export async function untold(ports: Ports): Promise<Failure | null> {
  try {
    await tellAlerts(ports);
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

async function beat(ports: Ports, engine: RunEngine): Promise<Glance> {
  let seen = await look(ports);
  if (seen.unfinished.length > 0) {
    await takeUp(ports, engine, { items: seen.unfinished, afterRestart: false });
    seen = await look(ports);
  }
  const room = await lanesWithoutRoom(ports, seen);
  const wanted = seen.isRebuilding ? await dueRebuild(ports) : null;
  const rebuild = wanted !== null && room.held.has(`rebuild ${wanted.what}`) ? null : wanted;
  const lane = rebuild === null ? null : laneOf(rebuild.what);
  // A long rebuild and the sync of its lane take turns, so that neither keeps the other waiting.
  const isTurn = lane !== null && (await ports.runs.lastInLane(lane))?.rebuild === null;
  if (rebuild !== null && isTurn) await continueRebuild(ports, engine, rebuild);
  // Runs that are about to begin: what was announced may be answered by them.
  const begun = new Set(seen.unfinished.filter((run) => run.startedMs === null).map((run) => run.sync));
  for (const sync of SYNC_NAMES) {
    const wish = wishFor(ports, sync, seen, room);
    if (wish === null) continue;
    await begin(ports, engine, { sync, ...wish });
    begun.add(sync);
  }
  for (const sync of seen.hasInbox ? await announcedSyncs(ports) : [])
    if (!begun.has(sync) && !room.held.has(sync) && (await mayTakeUp(ports, sync, seen)))
      await begin(ports, engine, { sync, ...ANNOUNCED });
  for (const sync of await dueForProof(ports, seen))
    if (!room.held.has(sync)) await begin(ports, engine, { sync, ...SCHEDULED });
  if (rebuild !== null && !isTurn && (await isIdle(ports, lane)))
    await continueRebuild(ports, engine, rebuild);
  if (seen.hasEnded) await forgetEnded(ports, engine);
  if (seen.hasOldRequests) await ports.requests.forget(oldMs(ports), REQUESTS_FORGOTTEN_PER_TICK);
  await watchStorage(ports, seen);
  return seen;
}

/** Where not even the row of a run can be written, an alert says so; what is due stays due. */
async function begin(ports: Ports, engine: RunEngine, wanted: { sync: SyncName } & Wish): Promise<void> {
  await unlessFull(ports, wanted.sync, () => startRun(ports, engine, wanted));
}

function look(ports: Ports): Promise<Glance> {
  const channels = ports.channels.usable.map(({ name }) => name);
  return ports.requests.glance(ports.world.nowMs(), oldMs(ports), channels);
}

function oldMs({ world }: Ports): number {
  return world.nowMs() - REQUESTS_KEPT_MS;
}

/** Somebody waits for what was announced; on its lane it comes after what is due by the clock. */
const ANNOUNCED = { trigger: "webhook", priority: "high" } as const;

/** A lane that only a person can help, or whose last run failed, is not tried at every beat. */
async function mayTakeUp(ports: Ports, sync: SyncName, seen: Glance): Promise<boolean> {
  if (!isLaneOpen(seen, sync, ports.world.nowMs())) return false;
  const last = await ports.runs.lastInLane(sync);
  // It waits for its share of the budget, and what is announced with it.
  if (last !== null && last.state === "parked" && (last.notBeforeMs ?? 0) > ports.world.nowMs()) return false;
  const isStuck = last?.state === "failed" || (last?.state === "parked" && last.notBeforeMs === null);
  return !isStuck || ports.world.nowMs() - (last.endedMs ?? 0) >= ANNOUNCED_RETRY_AFTER_MS;
}

async function isIdle({ runs }: Ports, lane: SyncName | null): Promise<boolean> {
  return (await runs.unfinished()).items.every((run) => run.sync !== lane);
}

/** Who asks for a run, and how urgently. */
type Wish = Pick<RunRequest, "trigger" | "priority">;

/** The run that a sync is to have now; null as a rule. What was asked for comes before the schedule, and answers it too. */
function wishFor(ports: Ports, sync: SyncName, seen: Glance, room: Roomless): Wish | null {
  if (!isOn(ports, sync) || room.held.has(sync) || !isLaneOpen(seen, sync, ports.world.nowMs())) return null;
  const last = seen.last.find((run) => run.sync === sync);
  // What a run has left open because its share of a budget is used up waits with it; whoever asks anew does not.
  const hasTime = last !== undefined && last.continues && continuesMs(last) > ports.world.nowMs();
  const asked = seen.waiting.find(
    (one) => one.sync === sync && one.preview === null && !(hasTime && one.askedMs <= last.queuedMs),
  );
  const wish = asked ?? (room.again.has(sync) || isSyncDue(ports, sync, seen) ? SCHEDULED : null);
  // A run that is as urgent answers it, or is to end first.
  const isBusy = seen.unfinished.some(
    (run) =>
      run.sync === sync &&
      wish !== null &&
      PRIORITIES.indexOf(run.priority) <= PRIORITIES.indexOf(wish.priority),
  );
  return isBusy ? null : wish;
}

const SCHEDULED = { trigger: "schedule", priority: "normal" } as const;

/** Whether there is anything to ask: with no key or no database a sync is off. */
function isOn({ source, notion }: Ports, sync: SyncName): boolean {
  if (sync === "fireflies") return source !== null;
  if (sync === "clients" || sync === "projects") return notion !== null && notion.databases[sync] !== null;
  return true;
}

/** By the clock; or a run is to be gone on with; or something is owed. */
function isSyncDue(ports: Ports, sync: SyncName, seen: Glance): boolean {
  const nowMs = ports.world.nowMs();
  const last = seen.last.find((run) => run.sync === sync);
  const sinceEndMs = elapsedMs(last?.endedMs ?? nowMs, nowMs);
  if (sync === "vectors")
    return (
      (seen.owesVectors || isLost(last)) &&
      (last === undefined || last.state === "succeeded" || sinceEndMs >= VECTORS_RETRY_AFTER_MS)
    );
  if (isScheduled(sync)) {
    // There is little to clean up before the first week is over.
    const sinceMs = sync === "cleanup" ? seen.firstRunMs : null;
    const handledMs = seen.handledMs[sync] ?? sinceMs;
    if (sync === "cleanup" && handledMs === null) return false;
    if (sync === "verify" && handledMs === null) return false;
    if (isDue(ports.scheduleMs, sync, { handledMs, nowMs })) return true;
    const againMs = last === undefined ? null : retryMs(ports.scheduleMs, sync, last);
    if (againMs !== null && againMs <= nowMs) return true;
  }
  if (last === undefined) return false;
  // One that took on enough goes on, and one that parked until a time that has come.
  if (last.continues && continuesMs(last) <= nowMs) return true;
  if (!last.continues && last.state === "parked" && last.notBeforeMs !== null) return true;
  return seen.owedTables.includes(sync) && sinceEndMs >= OWED_PAGES_PAUSE_MS;
}

/** Its alert is closed by a run that ends well, and where nothing is owed nobody else would make one. */
function isLost(run: Run | undefined): boolean {
  return run?.state === "failed" && (run.detail ?? "").startsWith("lost:");
}

/** When a run is gone on with: at once; or when its budget has calls again, but not more often than SHARE_LOOK_MS. */
function continuesMs(run: Run): number {
  return waits(run) ? Math.max(run.notBeforeMs ?? 0, run.queuedMs + SHARE_LOOK_MS) : 0;
}

/**
 * Queue a run and hand it to the engine. While the lane has an unfinished run that is as urgent, that one is returned and
 * nothing starts; a less urgent one makes way at its next batch. What a person or a webhook asks for is a request in the
 * ledger, so that no crash forgets it.
 */
export async function startRun(
  ports: Ports,
  engine: RunEngine,
  wanted: { sync: SyncName; trigger: Trigger; priority: Priority; preview?: Run["preview"] },
): Promise<Queued> {
  const { world, requests } = ports;
  // What a webhook wants stands in the inbox until it is read.
  const isAsked = wanted.trigger === "manual";
  const queued = await requests.queue(
    { preview: null, ...wanted, id: world.newId(), queuedMs: world.nowMs() },
    isAsked ? world.newId() : null,
  );
  // A rebuild that waited its turn in this lane has it now.
  const isWaiting = queued.run.rebuild !== null && queued.run.state === "queued";
  if (queued.isNext && (queued.created || isWaiting)) await engine.start(queued.run.id);
  return queued;
}

/**
 * Take up every unfinished run. One that the engine lost is closed as failed, and a run with trigger recovery goes on from
 * the checkpoint; a lost recovery is left to the schedule. Each revival raises the run's epoch, so that a former life
 * can no longer write; a run that is going on after all does not notice.
 *
 * @param afterRestart true when the engine is known to have dropped everything, so held leases mean nothing
 */
export async function reviveUnfinished(
  ports: Ports,
  engine: RunEngine,
  { afterRestart }: { afterRestart: boolean },
): Promise<void> {
  const { items } = await ports.runs.unfinished();
  await takeUp(ports, engine, { items, afterRestart });
}

async function takeUp(
  ports: Ports,
  engine: RunEngine,
  { items, afterRestart }: { readonly items: readonly Run[]; readonly afterRestart: boolean },
): Promise<void> {
  const { runs, world } = ports;
  for (const run of items) {
    // A lane carries one run at a time; the others come after it.
    if (items.find((other) => other.sync === run.sync) !== run) continue;
    await noticeLong(ports, run);
    await noticeErrors(ports, run);
    if (!afterRestart && (await runs.isLeaseHeld(run, world.realNowMs()))) continue;
    await runs.raiseEpoch(run.id);
    const state = await engine.revive(run.id);
    if (state === "revived") continue;
    // Read again: a run that has begun meanwhile must not begin a second time with nothing remembered.
    if ((await runs.run(run.id))?.startedMs === null) {
      // The crash came between the row and the engine's start; or the instance found the lane taken, or failed before its
      // first step, and then its id is taken: starting it again without forgetting it would start nothing, and block the
      // lane for ever.
      await engine.forget([run.id]);
      await engine.start(run.id);
      continue;
    }
    const detail = `run ${run.id} was lost by the step engine`;
    const alert = { id: world.newId(), kind: "run_lost", subject: runName(run), detail } as const;
    const lost = await unlessFull(ports, run.sync, () => runs.closeLost(run.id, alert, world.nowMs()));
    // The next run of a rebuild goes on from its cursor; a preview is for whoever asked for it to ask for again.
    if (lost === true && run.trigger !== "recovery" && run.rebuild === null && run.preview === null) {
      await startRun(ports, engine, { sync: run.sync, trigger: "recovery", priority: run.priority });
    }
  }
}

/** Too long is noticed while it lasts, not only at the end. Source: requirements, "Alert Conditions". */
async function noticeLong(ports: Ports, run: Run): Promise<void> {
  const lastsMs = run.startedRealMs === null ? 0 : ports.world.realNowMs() - run.startedRealMs;
  if (lastsMs <= ALERT_RUN_MS) return;
  const detail = `run ${run.id} has been going on for ${Math.round(lastsMs / 60_000)} minutes`;
  await raise(ports, { kind: "run_too_long", subject: runName(run), detail });
}

/** So are failed calls; a run whose calls no vendor answers has nothing else to show. Source: requirements, "Alert Conditions". */
async function noticeErrors(ports: Ports, run: Run): Promise<void> {
  const { runs, world } = ports;
  const subject = runName(run);
  if (run.startedMs === null || !asksVendors(subject)) return;
  const failed = await runs.failedCalls(world.nowMs() - ALERT_API_ERRORS_WINDOW_MS);
  if (failed <= ALERT_API_ERRORS) return;
  const detail = `${failed} failed calls in 5 minutes`;
  await raise(ports, { kind: "api_errors", subject, detail });
}

async function raise(ports: Ports, alert: Omit<NewAlert, "id">): Promise<void> {
  const { runs, world } = ports;
  const open = [{ ...alert, id: world.newId() }];
  await unlessFull(ports, "storage", () => runs.updateAlerts(null, world.nowMs(), { open, close: [] }));
}

/**
 * Drop what the step engine still keeps of ended runs: files that nothing else would ever remove.
 *
 * @returns how many runs it was, at most FORGET_RUNS_PER_TICK; more wait for the next call
 */
export async function forgetEnded(ports: Ports, engine: RunEngine): Promise<number> {
  const { items } = await ports.runs.undeletedInstances(FORGET_RUNS_PER_TICK);
  if (items.length === 0) return 0;
  await engine.forget(items);
  await ports.runs.markInstancesDeleted(items);
  return items.length;
}
