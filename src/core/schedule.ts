import { MINUTE_MS } from "./durations.ts";
import {
  CLOCK_SLACK_MS,
  SCHEDULE_MS,
  SCHEDULE_STAGGER_MS,
  SELDOM_RETRY_AFTER_MS,
  SELDOM_RETRY_UNTIL_MS,
} from "./policy.ts";

/** A sync that falls due by the clock. */
export type ScheduledName = keyof typeof SCHEDULE_MS;

/** How often each sync falls due, world ms, whole minutes. */
export type Schedule = Readonly<Record<ScheduledName, number>>;

const WEEK_MINUTES = 7 * 24 * 60;

/** Those that are scheduled, as they are listed. */
const NAMES = Object.keys(SCHEDULE_MS) as ScheduledName[];

/** Whether a name is of a sync that falls due by the clock. */
export function isScheduled(name: string): name is ScheduledName {
  return Object.hasOwn(SCHEDULE_MS, name);
}

/**
 * The latest due time that has come, world ms. Pure.
 *
 * Due times stand on a grid: multiples of the period since 1970, each sync shifted by its stagger. Where two would fall on
 * one minute, the rarer keeps it and the other comes in the next minute that is free; so no two ever share one, whatever
 * the periods are. Source: design 6, "staggered so that no two fall on one minute".
 */
export function lastDueMs(schedule: Schedule, name: ScheduledName, nowMs: number): number {
  const rivals = rarerThan(schedule, name);
  const period = minutesOf(schedule, name);
  let slot = slotBefore(schedule, name, Math.floor(nowMs / MINUTE_MS));
  // A slot whose minute is taken up to now has not come yet; one before it has. No minute is put off for more than a week.
  let minute = freeFrom(schedule, rivals, slot);
  while (minute * MINUTE_MS > nowMs) {
    slot -= period;
    minute = freeFrom(schedule, rivals, slot);
  }
  return minute * MINUTE_MS;
}

/** The first due time after a world time, world ms. Pure. */
export function nextDueMs(schedule: Schedule, name: ScheduledName, nowMs: number): number {
  const rivals = rarerThan(schedule, name);
  const slot = slotBefore(schedule, name, Math.floor(nowMs / MINUTE_MS));
  const minute = freeFrom(schedule, rivals, slot);
  // The slot after the last one that has come lies ahead.
  const dueMinute =
    minute * MINUTE_MS > nowMs ? minute : freeFrom(schedule, rivals, slot + minutesOf(schedule, name));
  return dueMinute * MINUTE_MS;
}

/**
 * Whether a sync is due: a due time has come since the last that was handled, however many they are. After a clock was set
 * back, what was handled lies in the future and says nothing: then it is due once. Pure.
 *
 * @param handledMs when a run was last queued; null: none ever
 */
export function isDue(
  schedule: Schedule,
  name: ScheduledName,
  { handledMs, nowMs }: { readonly handledMs: number | null; readonly nowMs: number },
): boolean {
  if (handledMs === null || handledMs > nowMs + CLOCK_SLACK_MS) return true;
  return handledMs < lastDueMs(schedule, name, nowMs);
}

/**
 * When the last run of a sync, if it failed, is tried again before the next due time, world ms; null: it is not. One that
 * comes often enough needs no such try, and after a few the next due time is waited for, so none fails every day for ever.
 * Pure.
 */
export function retryMs(
  schedule: Schedule,
  name: ScheduledName,
  last: { readonly state: string; readonly queuedMs: number; readonly endedMs: number | null },
): number | null {
  const { state, queuedMs, endedMs } = last;
  if (state !== "failed" || endedMs === null || schedule[name] <= SELDOM_RETRY_AFTER_MS) return null;
  const againMs = endedMs + SELDOM_RETRY_AFTER_MS;
  return againMs <= lastDueMs(schedule, name, queuedMs) + SELDOM_RETRY_UNTIL_MS ? againMs : null;
}

/** How long ago something was, ms; for ever, if it lies in the future: then the clock was set back since. Pure. */
export function elapsedMs(sinceMs: number, nowMs: number): number {
  return sinceMs > nowMs + CLOCK_SLACK_MS ? Number.POSITIVE_INFINITY : nowMs - sinceMs;
}

/**
 * Two syncs that would leave no minute for a third, or for each other; null if every one finds its minutes. Pure.
 *
 * @returns the sync that would never fall due, and those that fall due too often for it
 */
export function crowdedOut(schedule: Schedule): { name: ScheduledName; by: ScheduledName[] } | null {
  for (const name of NAMES) {
    const rivals = rarerThan(schedule, name);
    const share = rivals.reduce((sum, rival) => sum + 1 / minutesOf(schedule, rival), 0);
    // Thirds do not add up to one exactly.
    if (share > 1 - 1e-9) return { name, by: rivals.filter((rival) => minutesOf(schedule, rival) < 60) };
  }
  return null;
}

function minutesOf(schedule: Schedule, name: ScheduledName): number {
  return Math.max(1, Math.round(schedule[name] / MINUTE_MS));
}

/** Those that keep their minute where this one would fall on it; of two with one period the later listed. */
function rarerThan(schedule: Schedule, name: ScheduledName): ScheduledName[] {
  const own = minutesOf(schedule, name);
  return NAMES.filter((other) => {
    const period = minutesOf(schedule, other);
    return period > own || (period === own && NAMES.indexOf(other) > NAMES.indexOf(name));
  });
}

/** The last minute up to this one that stands on the grid of a sync. */
function slotBefore(schedule: Schedule, name: ScheduledName, minute: number): number {
  const period = minutesOf(schedule, name);
  const shift = (SCHEDULE_STAGGER_MS[name] / MINUTE_MS) % period;
  return Math.floor((minute - shift) / period) * period + shift;
}

/** The first minute from this one on that none of the rivals takes. */
function freeFrom(schedule: Schedule, rivals: readonly ScheduledName[], minute: number): number {
  let free = minute;
  while (free - minute < WEEK_MINUTES && isTaken(schedule, rivals, free)) free += 1;
  return free;
}

function isTaken(schedule: Schedule, rivals: readonly ScheduledName[], minute: number): boolean {
  return rivals.some((rival) => fallsOn(schedule, rival, minute));
}

/** Whether a sync comes in this minute: on its grid, or put off from minutes before that were all taken. */
function fallsOn(schedule: Schedule, name: ScheduledName, minute: number): boolean {
  const rivals = rarerThan(schedule, name);
  if (isTaken(schedule, rivals, minute)) return false;
  let from = minute;
  while (slotBefore(schedule, name, from) !== from) {
    from -= 1;
    if (minute - from >= WEEK_MINUTES || !isTaken(schedule, rivals, from)) return false;
  }
  return true;
}
