/** What of a budget is kept for calls that may still come, so that work that has time never takes it. Pure. */
import { DAY_MS } from "../durations.ts";
import { QUOTA_KEPT_PER_DAY, QUOTA_KEPT_SHARE_MAX } from "../policy.ts";
import { CALL_USES, type CallUse } from "../quota.ts";

/** A budget within its window. Times are world ms. */
export type Reserves = {
  readonly budget: number;
  readonly windowEndsMs: number;
  /** How often the vendor is looked at by the clock: each look costs a call. */
  readonly checkEveryMs: number;
};

/**
 * Calls that are kept for all uses better than this one until the window ends. Falls to 0 with the window, so that nothing
 * is wasted if nothing better comes; at most QUOTA_KEPT_SHARE_MAX of the budget, so that where it does not suffice for
 * everything, what has time goes on slowly and not never. Pure.
 */
export function reserveFor(
  use: CallUse,
  { budget, windowEndsMs, checkEveryMs }: Reserves,
  nowMs: number,
): number {
  const leftMs = Math.max(0, windowEndsMs - nowMs);
  const kept = (perDay: number): number => Math.round((perDay * leftMs) / DAY_MS);
  const demand: Readonly<Record<CallUse, number>> = {
    webhook: kept(QUOTA_KEPT_PER_DAY.webhook),
    // Whenever the next look comes: one more than are sure.
    fresh: Math.ceil(leftMs / checkEveryMs),
    manual: kept(QUOTA_KEPT_PER_DAY.manual),
    // Until the backfill is over there is nothing to hold against the source.
    reconcile: 0,
    backfill: 0,
  };
  const better = CALL_USES.slice(0, CALL_USES.indexOf(use));
  const wanted = better.reduce((sum, one) => sum + demand[one], 0);
  return Math.min(wanted, Math.floor((budget - 1) * QUOTA_KEPT_SHARE_MAX));
}

/**
 * The first ms at which so little is kept that one of the remaining calls is free for a use. What is kept never grows
 * within a window, so halving finds it. Pure.
 *
 * @param remaining calls left in the window, at least 1, all of them kept at `nowMs`
 */
export function releaseMs(use: CallUse, reserves: Reserves, remaining: number, nowMs: number): number {
  let keptMs = nowMs;
  let freeMs = reserves.windowEndsMs;
  while (freeMs - keptMs > 1) {
    const middleMs = keptMs + Math.floor((freeMs - keptMs) / 2);
    if (reserveFor(use, reserves, middleMs) < remaining) freeMs = middleMs;
    else keptMs = middleMs;
  }
  return freeMs;
}
