import { PRIORITIES } from "../core/policy.ts";
import { waits } from "../engine/run-waits.ts";
import type { Priority, Run } from "../ports/run-store.ts";
import type { RunReport } from "../queries/status.ts";

/** Runs of one sync that are followed: a backfill continues itself every 1,000 meetings, a lost run is recovered once. */
export const FOLLOWED_RUNS_MAX = 1_000;

/** How a sync is followed: `first` asks for it, `next` asks again, `follow` sees a run to its end. Ids are those of runs. */
export type Following = {
  readonly first: () => Promise<string>;
  readonly next: () => Promise<string>;
  readonly follow: (runId: string) => Promise<RunReport>;
  /** How urgently it was asked for. */
  readonly asked: Priority;
};

/**
 * See a sync to its end: the run that was asked for, and those that continue it. What waits for a time is left to the clock:
 * nobody waits at a terminal for that.
 *
 * @returns reports of all the runs, oldest first
 */
export async function followToEnd({ first, next, follow, asked }: Following): Promise<readonly RunReport[]> {
  const reports = [await follow(await first())];
  while (reports.length < FOLLOWED_RUNS_MAX && isToFollow((reports.at(-1) as RunReport).run, asked))
    reports.push(await follow(await next()));
  return reports;
}

/** Whether what was asked for is not done with this run. */
function isToFollow(run: Run, asked: Priority): boolean {
  if (isOther(run, asked)) return true;
  return !waits(run) && (run.continues || isLost(run));
}

/** A rebuild, a dry run or a more urgent run that was under way in this lane went first. */
function isOther({ rebuild, preview, priority }: Run, asked: Priority): boolean {
  const isMoreUrgent = PRIORITIES.indexOf(priority) < PRIORITIES.indexOf(asked);
  return rebuild !== null || preview?.mode === "dry_run" || isMoreUrgent;
}

/** The recovery of a lost run is queued with it; starting the sync again joins it. */
export function isLost(run: Run): boolean {
  return run.state === "failed" && (run.detail ?? "").startsWith("lost:");
}
