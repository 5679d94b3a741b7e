/** Length of a window, in world milliseconds. Source: vendor docs, "Request limits" (newest wording). */
const WINDOW_MS = 60_000;

/** Why a connection that has spent its window is refused. Source: vendor docs, "Request limits". */
export const CONNECTION_LIMIT = "public_api_request_rate_limit";

/** What one token has spent of its window, and until when an earlier reply told it to wait. */
export type TokenBudget = {
  readonly windowStartMs: number;
  readonly used: number;
  /** Requests before this instant are refused. */
  readonly blockedUntilMs: number;
  readonly blockReason: string;
  /** Requests before this instant are noted as early: a 429 or 529 named it. */
  readonly namedUntilMs: number;
};

export const FRESH_BUDGET: TokenBudget = {
  windowStartMs: 0,
  used: 0,
  blockedUntilMs: 0,
  blockReason: CONNECTION_LIMIT,
  namedUntilMs: 0,
};

export type Taken = {
  readonly budget: TokenBudget;
  readonly early: boolean;
  /** Null: go on. Otherwise the request is refused. */
  readonly refusal: { readonly reason: string; readonly untilMs: number } | null;
};

/**
 * Take one request of the budget at `nowMs`.
 *
 * A window begins with the first request after the last one ended, and may be spent in a burst. Refused requests cost
 * nothing. Pure.
 *
 * @param perWindow null for no limit
 */
export function takeRequest(before: TokenBudget, perWindow: number | null, nowMs: number): Taken {
  const early = nowMs < before.namedUntilMs;
  if (nowMs < before.blockedUntilMs) {
    return { budget: before, early, refusal: { reason: before.blockReason, untilMs: before.blockedUntilMs } };
  }
  const isOver = nowMs >= before.windowStartMs + WINDOW_MS;
  const window = isOver ? { ...before, windowStartMs: nowMs, used: 0 } : before;
  if (perWindow !== null && window.used >= perWindow) {
    const untilMs = window.windowStartMs + WINDOW_MS;
    const budget = blocked(window, untilMs, CONNECTION_LIMIT);
    return { budget, early, refusal: { reason: budget.blockReason, untilMs } };
  }
  return { budget: { ...window, used: window.used + 1 }, early, refusal: null };
}

/** The budget after a reply that refuses everything until an instant. */
export function blocked(budget: TokenBudget, untilMs: number, reason: string): TokenBudget {
  return {
    ...budget,
    blockedUntilMs: untilMs,
    blockReason: reason,
    namedUntilMs: Math.max(budget.namedUntilMs, untilMs),
  };
}
