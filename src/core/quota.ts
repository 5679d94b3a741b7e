/** What one vendor key has left. Times are world ms. A budget of null is not known yet. */
export type QuotaState = {
  readonly budget: number | null;
  readonly used: number;
  readonly windowEndsMs: number | null;
  readonly notBeforeMs: number;
};

/** What a reply said about the budget of the key that was used. */
export type QuotaReading = {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly windowEndsMs: number | null;
};

/** What calls are made for, the first to be served first. Source: design 6, quota lanes of use. */
const CALL_USES = ["webhook", "fresh", "manual", "reconcile", "backfill"] as const;
export type CallUse = (typeof CALL_USES)[number];

export const QUOTA_UNKNOWN: QuotaState = { budget: null, used: 0, windowEndsMs: null, notBeforeMs: 0 };

/** A budget that is known without the vendor saying so: so many calls from the first one on, for so long. */
export type QuotaRate = { readonly calls: number; readonly windowMs: number };

/** Whether a call may go out now, and what the counter is then. */
export type Grant =
  | { readonly ok: true; readonly state: QuotaState }
  | { readonly ok: false; readonly notBeforeMs: number; readonly why: "named" | "budget" };

/**
 * Take one call out of the budget, before the call is made: a crash in the middle costs a call at most, never a
 * refusal. The window of a budget that has ended is opened anew; one of a known rate begins with its first call. Pure.
 */
export function takeCall(state: QuotaState, nowMs: number, rate?: QuotaRate): Grant {
  if (nowMs < state.notBeforeMs) return { ok: false, notBeforeMs: state.notBeforeMs, why: "named" };
  const rolled = state.windowEndsMs !== null && nowMs >= state.windowEndsMs;
  const rested = rolled ? { ...state, used: 0, windowEndsMs: null } : state;
  const current = rate === undefined ? rested : withRate(rested, rate, nowMs);
  if (current.budget !== null && current.windowEndsMs !== null && current.used >= current.budget) {
    return { ok: false, notBeforeMs: current.windowEndsMs, why: "budget" };
  }
  return { ok: true, state: { ...current, used: current.used + 1 } };
}

function withRate(state: QuotaState, { calls, windowMs }: QuotaRate, nowMs: number): QuotaState {
  const isOpen = state.windowEndsMs !== null;
  return {
    ...state,
    budget: calls,
    used: isOpen ? state.used : 0,
    windowEndsMs: isOpen ? state.windowEndsMs : nowMs + windowMs,
  };
}

/**
 * The counter after a reply. The vendor's own figures win over ours where it gives them; a reply without them changes
 * nothing ("absent" means unknown, not unlimited). `notBeforeMs` only ever moves forward. Pure.
 */
export function afterReply(state: QuotaState, reading: QuotaReading, notBeforeMs: number | null): QuotaState {
  const used =
    reading.limit !== null && reading.remaining !== null ? reading.limit - reading.remaining : state.used;
  return {
    budget: reading.limit ?? state.budget,
    used,
    windowEndsMs: reading.windowEndsMs ?? state.windowEndsMs,
    notBeforeMs: Math.max(state.notBeforeMs, notBeforeMs ?? 0),
  };
}
