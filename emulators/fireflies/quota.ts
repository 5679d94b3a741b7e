/** What the account pays for. Source: reference: Fireflies docs, "Limits". */
export const PLANS = ["free", "pro", "business"] as const;
export type Plan = (typeof PLANS)[number];

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** World time added to a block by each call that comes before the instant named. Source: N8N client, observed. */
const EARLY_CALL_PENALTY_MS = 30_000;

/** How many calls a window of `windowMs` world milliseconds allows. A day runs from 00:00 UTC, a minute from its first call. */
export type Budget = { limit: number; windowMs: number };

/** Calls taken in the current window, and the instant before which nothing is answered. World epoch ms. */
export type QuotaState = { windowStartMs: number; used: number; blockedUntilMs: number };

export const FRESH_QUOTA: QuotaState = { windowStartMs: 0, used: 0, blockedUntilMs: 0 };

/**
 * The budget of a plan; a daily override replaces it whatever the plan.
 *
 * Pro is documented with 50 and with 500 calls a day; the smaller is the harder test. Source: reference, section 4.
 */
export function budgetOf(plan: Plan, quotaPerDay: number | null): Budget {
  if (quotaPerDay !== null) return { limit: quotaPerDay, windowMs: DAY_MS };
  return plan === "business" ? { limit: 60, windowMs: MINUTE_MS } : { limit: 50, windowMs: DAY_MS };
}

/** The state at `nowMs`: a window that has ended is replaced by a fresh one. */
export function rolledOver(state: QuotaState, budget: Budget, nowMs: number): QuotaState {
  const isDaily = budget.windowMs === DAY_MS;
  const dayStartMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  if (isDaily)
    return state.windowStartMs === dayStartMs ? state : { ...state, windowStartMs: dayStartMs, used: 0 };
  const isOver = nowMs >= state.windowStartMs + budget.windowMs;
  return isOver ? { ...state, windowStartMs: nowMs, used: 0 } : state;
}

/** What happens to a call: `early` came before an instant that an earlier reply named, `spent` found the budget used up. */
export type QuotaVerdict = { state: QuotaState; verdict: "ok" | "early" | "spent" };

/** Refuse an early call and lengthen the block. Comes before anything else that may happen to a call. */
export function checkBlock(state: QuotaState, nowMs: number): QuotaVerdict {
  if (nowMs >= state.blockedUntilMs) return { state, verdict: "ok" };
  const blockedUntilMs = state.blockedUntilMs + EARLY_CALL_PENALTY_MS;
  return { state: { ...state, blockedUntilMs }, verdict: "early" };
}

/** Count one call against the budget, or block until the window ends. */
export function takeCall(before: QuotaState, budget: Budget, nowMs: number): QuotaVerdict {
  const state = rolledOver(before, budget, nowMs);
  if (state.used < budget.limit) return { state: { ...state, used: state.used + 1 }, verdict: "ok" };
  const blockedUntilMs = Math.max(state.blockedUntilMs, state.windowStartMs + budget.windowMs);
  return { state: { ...state, blockedUntilMs }, verdict: "spent" };
}

/** The `x-ratelimit-*-api` headers; reset is world seconds. Source: reference, live headers. */
export function rateLimitHeaders(state: QuotaState, budget: Budget, nowMs: number): Record<string, string> {
  const resetMs = Math.max(state.windowStartMs + budget.windowMs, state.blockedUntilMs) - nowMs;
  const remaining = nowMs < state.blockedUntilMs ? 0 : Math.max(0, budget.limit - state.used);
  return {
    "x-ratelimit-limit-api": String(budget.limit),
    "x-ratelimit-remaining-api": String(remaining),
    "x-ratelimit-reset-api": String(Math.max(0, Math.ceil(resetMs / 1_000))),
  };
}
