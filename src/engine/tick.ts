import {
  ALERT_RUN_MS,
  FORGET_RUNS_PER_TICK,
  OWED_PAGES_PAUSE_MS,
  VECTORS_RETRY_AFTER_MS,
} from "../core/policy.ts";
import { laneOf, runName } from "../core/rebuild.ts";
import type { RunEngine } from "../ports/run-engine.ts";
import type { Priority, Run, SyncName, Trigger } from "../ports/run-store.ts";
import type { Ports } from "../ports/ports.ts";
import { dueForProof } from "./proving/due.ts";
import { continueRebuild, dueRebuild } from "./rebuilding.ts";

/**
 * One beat of the clock: take up runs that a restart left behind, start what is due, drop what the step engine still
 * keeps of ended runs. May come late, twice, or two at a time.
 */
export async function tick(ports: Ports, engine: RunEngine): Promise<void> {
  await reviveUnfinished(ports, engine, { afterRestart: false });
  const rebuild = await dueRebuild(ports);
  const lane = rebuild === null ? null : laneOf(rebuild.what);
  // A long rebuild and the sync of its lane take turns, so that neither keeps the other waiting.
  const isTurn = lane !== null && (await ports.runs.lastInLane(lane))?.rebuild === null;
  const schedule = { trigger: "schedule", priority: "normal" } as const;
  if (rebuild !== null && isTurn) await continueRebuild(ports, engine, rebuild);
  if (await isDue(ports, "fireflies")) await startRun(ports, engine, { sync: "fireflies", ...schedule });
  for (const sync of ["clients", "projects"] as const)
    if (await isTableDue(ports, sync)) await startRun(ports, engine, { sync, ...schedule });
  if (await areVectorsDue(ports)) await startRun(ports, engine, { sync: "vectors", ...schedule });
  for (const sync of await dueForProof(ports)) await startRun(ports, engine, { sync, ...schedule });
  if (rebuild !== null && !isTurn && (await isIdle(ports, lane)))
    await continueRebuild(ports, engine, rebuild);
  await forgetEnded(ports, engine);
}

async function isIdle({ runs }: Ports, lane: SyncName | null): Promise<boolean> {
  return (await runs.unfinished()).items.every((run) => run.sync !== lane);
}

/**
 * Queue a run and hand it to the engine. While the lane has an unfinished run, that one is returned and nothing starts.
 */
export async function startRun(
  ports: Ports,
  engine: RunEngine,
  request: { sync: SyncName; trigger: Trigger; priority: Priority; preview?: Run["preview"] },
): Promise<{ run: Run; created: boolean }> {
  const { world, runs } = ports;
  const queued = await runs.queue({ preview: null, ...request, id: world.newId(), queuedMs: world.nowMs() });
  // A rebuild that waited its turn in this lane has it now.
  const isWaiting = queued.run.rebuild !== null && queued.run.state === "queued";
  if (queued.created || isWaiting) await engine.start(queued.run.id);
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
  const { runs, world } = ports;
  const { items } = await runs.unfinished();
  for (const run of items) {
    // A lane carries one run at a time, oldest first.
    if (items.find((other) => other.sync === run.sync) !== run) continue;
    await noticeLong(ports, run);
    if (!afterRestart && (await runs.isLeaseHeld(run, world.realNowMs()))) continue;
    await runs.raiseEpoch(run.id);
    const state = await engine.revive(run.id);
    if (state === "revived") continue;
    // Read again: a run that has begun meanwhile must not begin a second time with nothing remembered.
    if (state === "lost" && (await runs.run(run.id))?.startedMs === null) {
      // The crash came between the row and the engine's start; or the instance failed before its first step, and then
      // its id is taken: starting it again without forgetting it would start nothing, and block the lane for ever.
      await engine.forget([run.id]);
      await engine.start(run.id);
      continue;
    }
    const lost = await runs.closeLost(run.id, world.nowMs());
    const detail = `run ${run.id} was lost by the step engine`;
    if (lost)
      await runs.raiseAlert(
        { id: world.newId(), kind: "run_lost", subject: runName(run), detail },
        world.nowMs(),
      );
    // The next run of a rebuild goes on from its cursor; a preview is for whoever asked for it to ask for again.
    if (lost && run.trigger !== "recovery" && run.rebuild === null && run.preview === null) {
      await startRun(ports, engine, { sync: run.sync, trigger: "recovery", priority: run.priority });
    }
  }
}

/** Too long is noticed while it lasts, not only at the end. Source: requirements, "Alert Conditions". */
async function noticeLong({ runs, world }: Ports, run: Run): Promise<void> {
  const lastsMs = run.startedRealMs === null ? 0 : world.realNowMs() - run.startedRealMs;
  if (lastsMs <= ALERT_RUN_MS) return;
  const detail = `run ${run.id} has been going on for ${Math.round(lastsMs / 60_000)} minutes`;
  await runs.raiseAlert(
    { id: world.newId(), kind: "run_too_long", subject: runName(run), detail },
    world.nowMs(),
  );
}

async function isDue(ports: Ports, sync: "fireflies"): Promise<boolean> {
  if (ports.source === null || !(await isLaneOpen(ports, sync))) return false;
  const last = await ports.runs.lastEnded(sync);
  if (last === null || last.continues) return true;
  // A run that parked until a time that has come goes on at once.
  if (last.state === "parked" && last.notBeforeMs !== null) return true;
  return ports.world.nowMs() - last.queuedMs >= ports.scheduleMs[sync];
}

/** By the clock; or rows were written in D1, or pages wait whose time has come. */
async function isTableDue(ports: Ports, sync: "clients" | "projects"): Promise<boolean> {
  const { notion, runs, scheduleMs, tables, world } = ports;
  if (notion === null || notion.databases[sync] === null || !(await isLaneOpen(ports, sync))) return false;
  const last = await runs.lastEnded(sync);
  if (last === null || last.continues) return true;
  if (last.state === "parked" && last.notBeforeMs !== null) return true;
  const nowMs = world.nowMs();
  if (nowMs - last.queuedMs >= scheduleMs[sync]) return true;
  if (nowMs - (last.endedMs ?? nowMs) < OWED_PAGES_PAUSE_MS) return false;
  const owed = await tables.owedCount(sync, nowMs);
  return owed.pages > 0;
}

/** Something is owed, or a dead id is due for another look; after a run that did not succeed, only after a pause. */
async function areVectorsDue({ runs, records, world }: Ports): Promise<boolean> {
  const nowMs = world.nowMs();
  const owed = (await records.owedCount(nowMs)).due > 0 || (await records.deadDue(nowMs, 1)).items.length > 0;
  if (!owed || !(await isLaneOpen({ runs, world }, "vectors"))) return false;
  const last = await runs.lastEnded("vectors");
  return last === null || last.state === "succeeded" || nowMs - (last.endedMs ?? 0) >= VECTORS_RETRY_AFTER_MS;
}

async function isLaneOpen(ports: Pick<Ports, "runs" | "world">, sync: SyncName): Promise<boolean> {
  const lane = await ports.runs.lane(sync);
  return lane.notBeforeMs === null || lane.notBeforeMs <= ports.world.nowMs();
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
