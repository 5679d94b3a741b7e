import { nextSweep, windowOf } from "../core/sweep.ts";
import { USE_OF_LISTING, type Beginning, type Listing } from "../core/plan.ts";
import {
  ABSENCE_LOOK_AGAIN_MS,
  ABSENCE_NEIGHBOURS,
  SWEEP_MARGIN_MS,
  SWEEP_WINDOW_ROWS,
  SWEEP_WINDOWS_PER_RUN,
} from "../core/policy.ts";
import { shareOpensMs } from "./budget.ts";
import { listThrough, type Choose } from "./listings.ts";
import type { RunContext } from "./run-context.ts";
import type { Progress } from "./source-commit.ts";

/** What of the past was listed again. */
export type Swept = {
  /** Windows that came to their end, as listings. */
  readonly windows: readonly Listing[];
  /** True if calls were lacking for what was due. */
  readonly waits: boolean;
  /** True if the run has taken on as much as it may. */
  readonly isFull: boolean;
};

/**
 * Sweep closed windows of the past that are due, as far as left-over calls reach.
 *
 * @param toMs lower bound of the newest days, which the run has listed already; world ms
 */
export async function sweep(context: RunContext, progress: Progress, toMs: number | null): Promise<Swept> {
  const windows: Listing[] = [];
  for (let n = 0; n < SWEEP_WINDOWS_PER_RUN; n += 1) {
    const { facts } = progress;
    // A look is not repeated within a run: what it found stands in the ledger.
    const looks = n === 0 ? (facts?.looks ?? 0) : 0;
    const due = (nowMs: number): ReturnType<typeof nextSweep> =>
      nextSweep(progress.standing, { backfilledMs: facts?.backfilledMs ?? null, toMs, looks, nowMs });
    if (facts === null || due(context.run.ceilingMs) === null) break;
    const choose: Choose = (_facts, now) => windowFor(context, progress, due(context.run.ceilingMs), now);
    const ended = await listThrough(context, progress, choose);
    if (ended.as === "complete") windows.push(ended.listing);
    else if (ended.as !== "nothing")
      return { windows, waits: ended.as === "waits", isFull: ended.as === "full" };
  }
  return { windows, waits: false, isFull: false };
}

async function windowFor(
  context: RunContext,
  { standing }: Progress,
  due: ReturnType<typeof nextSweep>,
  now: Beginning,
): Promise<Listing | null> {
  const { deletions, world } = context.ports;
  if (due === null) return null;
  if (due.do === "go_on") return due.listing;
  if (due.do === "window") {
    const window = await deletions.windowBelow(due.toMs, SWEEP_WINDOW_ROWS, SWEEP_MARGIN_MS);
    return windowOf(standing, window, due.cycle.startedMs, now);
  }
  // Marked as looked for before it is listed, or one that no page can cover would be looked for in every run; so not without
  // a call for it.
  if ((await shareOpensMs(context, USE_OF_LISTING.sweep)) !== null) return null;
  const around = await deletions.windowAround({
    absentBeforeMs: world.nowMs() - ABSENCE_LOOK_AGAIN_MS,
    neighbours: ABSENCE_NEIGHBOURS,
  });
  if (around === null) return null;
  await deletions.markLooked(context.fence, around.id, world.nowMs());
  return windowOf(standing, around, null, now);
}
