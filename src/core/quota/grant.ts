/** Whether a call may be made, by what it is made for. Source: design 6 (lanes of use); law 8. Pure. */
import { atTime, budgetOf, type CallUse, type QuotaRate, type QuotaState } from "../quota.ts";
import { releaseMs, reserveFor, type Reserves } from "./reserve.ts";

/** What goes for the calls of one vendor. */
export type QuotaPlan = {
  /** What the configuration says of the budget; null: nothing, so only the vendor's own figures count. */
  readonly rate: QuotaRate | null;
  /** How often the vendor is looked at by the clock, ms: what calls are kept for. */
  readonly checkEveryMs: number;
};

/** A call that is to be made. */
export type CallAsked = QuotaPlan & { readonly nowMs: number; readonly use: CallUse };

/**
 * Whether a call may go out now, and what the counter is then; or when it may, and why not now: a named time, no budget
 * for anybody, or what is left is kept for more urgent calls.
 */
export type Grant =
  | { readonly ok: true; readonly state: QuotaState }
  | { readonly ok: false; readonly notBeforeMs: number; readonly why: "named" | "budget" | "reserved" };

/**
 * Take one call out of the budget, before the call is made: a crash in the middle costs a call at most, never a
 * refusal. A use may take a call only while what remains after it covers what is kept for all better uses until the window
 * ends. The time that a refusal names is the first at which the same call would be granted if nobody made another. Pure.
 */
export function takeCall(state: QuotaState, asked: CallAsked): Grant {
  const { nowMs, use } = asked;
  if (nowMs < state.notBeforeMs) return { ok: false, notBeforeMs: state.notBeforeMs, why: "named" };
  const opened = atTime(state, asked.rate, nowMs);
  const taken = { ok: true, state: { ...opened, used: opened.used + 1 } } as const;
  const reserves = reservesOf(opened, asked);
  if (reserves === null) return taken;
  const remaining = reserves.budget - opened.used;
  const { windowEndsMs } = reserves;
  if (remaining <= 0) return { ok: false, notBeforeMs: windowEndsMs, why: "budget" };
  if (reserveFor(use, reserves, nowMs) < remaining) return taken;
  return { ok: false, notBeforeMs: releaseMs(use, reserves, remaining, nowMs), why: "reserved" };
}

/**
 * How many calls a use may make at once, and if none, when the first. Null calls: as many as it likes, for no budget is
 * known. Pure.
 */
export function callsLeft(
  state: QuotaState,
  asked: CallAsked,
): { readonly calls: number | null; readonly notBeforeMs: number | null } {
  const { nowMs, use } = asked;
  const grant = takeCall(state, asked);
  if (!grant.ok) return { calls: 0, notBeforeMs: grant.notBeforeMs };
  const opened = atTime(state, asked.rate, nowMs);
  const reserves = reservesOf(opened, asked);
  if (reserves === null) return { calls: null, notBeforeMs: null };
  const kept = reserveFor(use, reserves, nowMs);
  return { calls: reserves.budget - opened.used - kept, notBeforeMs: null };
}

function reservesOf(opened: QuotaState, { rate, checkEveryMs }: QuotaPlan): Reserves | null {
  const budget = budgetOf(opened, rate);
  const { windowEndsMs } = opened;
  return budget === null || windowEndsMs === null ? null : { budget, windowEndsMs, checkEveryMs };
}
