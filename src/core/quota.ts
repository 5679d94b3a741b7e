import { DAY_MS, HOUR_MS, MINUTE_MS } from "./durations.ts";

/**
 * What one vendor key has left. Times are world ms. `budget` is what the vendor said, null while it has said nothing;
 * `windowMs` is how long a window of it lasts, null while that is not known.
 */
export type QuotaState = {
  readonly budget: number | null;
  readonly used: number;
  readonly windowEndsMs: number | null;
  readonly windowMs: number | null;
  readonly notBeforeMs: number;
};

/** What a reply said about the budget of the key that was used. */
export type QuotaReading = {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly windowEndsMs: number | null;
};

/** What calls are made for, the first to be served first. Source: design 6, quota lanes of use. */
export const CALL_USES = ["webhook", "fresh", "manual", "reconcile", "backfill"] as const;
export type CallUse = (typeof CALL_USES)[number];

export const QUOTA_UNKNOWN: QuotaState = {
  budget: null,
  used: 0,
  windowEndsMs: null,
  windowMs: null,
  notBeforeMs: 0,
};

/** A budget that is known without the vendor saying so, from the configuration: so many calls in so long. */
export type QuotaRate = { readonly calls: number; readonly windowMs: number };

/** A vendor with a budget. */
export type Vendor = "fireflies" | "notion";

/**
 * The budget that goes for a key: the vendor's and the configured one, whichever is smaller; the vendor's alone if they
 * count by different windows. Null: unknown. Pure.
 */
export function budgetOf({ budget, windowMs }: QuotaState, rate: QuotaRate | null): number | null {
  if (rate === null) return budget;
  if (budget === null) return rate.calls;
  return windowMs === null || windowMs === rate.windowMs ? Math.min(budget, rate.calls) : budget;
}

/** The counter at a time: a window that has ended is followed by the next, if its length is known. Pure. */
export function atTime(state: QuotaState, rate: QuotaRate | null, nowMs: number): QuotaState {
  const { windowEndsMs } = state;
  if (windowEndsMs !== null && nowMs < windowEndsMs) return state;
  const windowMs = state.windowMs ?? rate?.windowMs ?? null;
  // Without an end nothing was ever counted against one.
  const used = windowEndsMs === null && windowMs === null ? state.used : 0;
  if (windowMs === null) return { ...state, used, windowEndsMs: null };
  return { ...state, used, windowEndsMs: endOfWindow(windowMs, windowEndsMs, nowMs) };
}

/** A day ends where the vendor's last one ended, else at midnight UTC; a shorter window begins with its first call. */
function endOfWindow(windowMs: number, lastEndMs: number | null, nowMs: number): number {
  if (windowMs < DAY_MS) return nowMs + windowMs;
  const phaseMs = (lastEndMs ?? 0) % windowMs;
  return Math.floor((nowMs - phaseMs) / windowMs) * windowMs + windowMs + phaseMs;
}

/**
 * The counter after a reply. The vendor's own figures win over ours where it gives them; a reply without them changes
 * nothing ("absent" means unknown, not unlimited). `notBeforeMs` only ever moves forward. Pure.
 *
 * @param replied world ms of the reply, and the time that it named, if it did
 */
export function afterReply(
  state: QuotaState,
  reading: QuotaReading,
  { nowMs, notBeforeMs }: { nowMs: number; notBeforeMs: number | null },
): QuotaState {
  const used =
    reading.limit !== null && reading.remaining !== null ? reading.limit - reading.remaining : state.used;
  return {
    budget: reading.limit ?? state.budget,
    used,
    windowEndsMs: reading.windowEndsMs ?? state.windowEndsMs,
    windowMs: windowSeen(state, reading, nowMs),
    notBeforeMs: Math.max(state.notBeforeMs, notBeforeMs ?? 0),
  };
}

/**
 * The length of a window, which no vendor says, from how far away its end is: more than an hour is a day. Less may be the
 * end of a day as well, so what was seen before stands, unless the limit is another one: then the plan is.
 */
function windowSeen(state: QuotaState, reading: QuotaReading, nowMs: number): number | null {
  if (reading.windowEndsMs === null) return state.windowMs;
  const leftMs = reading.windowEndsMs - nowMs;
  if (leftMs > HOUR_MS) return DAY_MS;
  const isOtherPlan = reading.limit !== null && reading.limit !== state.budget;
  const before = isOtherPlan ? null : state.windowMs;
  return before ?? (leftMs > MINUTE_MS ? DAY_MS : MINUTE_MS);
}

/**
 * What a call of a run is made for: what its pipeline says; but a run that a person asked for with urgency comes before the
 * work that has time. Pure.
 */
export function useIn(
  { trigger, priority }: { readonly trigger: string; readonly priority: string },
  use: CallUse,
): CallUse {
  const isUrgent = trigger === "manual" && (priority === "urgent" || priority === "high");
  return isUrgent && CALL_USES.indexOf(use) > CALL_USES.indexOf("manual") ? "manual" : use;
}
