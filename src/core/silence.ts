/** When a source that answers says too little: what no error shows. Pure. Source: design, numbers; peers, "zero is implausible". */
import { HOUR_MS } from "./durations.ts";
import {
  NORM_DAY_MS,
  NORM_COUNT_MIN,
  NORM_LAG_MS,
  NORM_SHARE_MIN,
  NORM_WEEKS_MIN,
  SILENCE_MS_MIN,
  SILENCE_TIMES_MAX,
  NORM_STEP_MS,
} from "./policy.ts";

/**
 * Meetings on record by the moment that each took place, not by when it was first seen: a backfill sees years of them in
 * one hour. A day is 24 hours up to now less NORM_LAG_MS, so that it needs no time zone.
 */
export type Arrivals = {
  /** World ms; null without any. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** Meetings of the last day and since, then of the same day one week before, two weeks before, ... */
  readonly days: readonly number[];
  /** Meetings that every listing of the newest days must show. */
  readonly listed: number;
  /** Longest pause between two meetings of the weeks of the norm, the one that lasts left out, ms; null: not known. */
  readonly longestPauseMs: number | null;
};

/**
 * Whether the newest meeting is older than is to be expected.
 *
 * @returns the sentence of an alert, or null
 */
export function silenceOf(arrivals: Arrivals, nowMs: number): string | null {
  const { newestMs, longestPauseMs } = arrivals;
  if (newestMs === null || longestPauseMs === null || !isNormKnown(arrivals, nowMs)) return null;
  const silenceMs = nowMs - newestMs;
  if (silenceMs <= Math.max(SILENCE_MS_MIN, longestPauseMs * SILENCE_TIMES_MAX)) return null;
  const hours = (ms: number): number => Math.round(ms / HOUR_MS);
  return `the newest meeting is ${hours(silenceMs)} hours old; the longest pause of the weeks before was ${hours(longestPauseMs)} hours`;
}

/**
 * Whether nothing was seen where there is something as a rule: the whole listing was empty although meetings of its days
 * are on record, or the last day has none and the same day of the weeks before had some.
 *
 * @param seenCount meetings that the run took on
 * @returns the sentence of an alert, or null
 */
export function zeroOf(arrivals: Arrivals, seenCount: number, nowMs: number): string | null {
  const { days, listed } = arrivals;
  if (seenCount === 0 && listed > 0)
    return `the source showed no meeting at all; ${listed} of the last days are on record`;
  const [last = 0, ...before] = days;
  const norm = before.slice(0, weeksKnown(arrivals, nowMs));
  if (last > 0 || norm.length < NORM_WEEKS_MIN || !isUsual(norm)) return null;
  const hours = (NORM_DAY_MS + NORM_LAG_MS) / HOUR_MS;
  return `no meeting for ${hours} hours; the same day of the weeks before had ${norm.join(", ")}`;
}

/** Whether a day of the norm has meetings as a rule. */
function isUsual(norm: readonly number[]): boolean {
  const busyCount = norm.filter((count) => count > 0).length;
  const sum = norm.reduce((all, count) => all + count, 0);
  return busyCount >= norm.length * NORM_SHARE_MIN && sum >= norm.length * NORM_COUNT_MIN;
}

function isNormKnown(arrivals: Arrivals, nowMs: number): boolean {
  return weeksKnown(arrivals, nowMs) >= NORM_WEEKS_MIN;
}

/** How many weeks before the last day lie wholly within what is on record. */
function weeksKnown({ oldestMs }: Arrivals, nowMs: number): number {
  if (oldestMs === null) return 0;
  return Math.max(0, Math.floor((nowMs - NORM_LAG_MS - NORM_DAY_MS - oldestMs) / NORM_STEP_MS));
}
