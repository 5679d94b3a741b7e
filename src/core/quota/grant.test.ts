import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../durations.ts";
import { QUOTA_KEPT_PER_DAY } from "../policy.ts";
import { CALL_USES, QUOTA_UNKNOWN, type CallUse, type QuotaState } from "../quota.ts";
import { callsLeft, takeCall, type CallAsked } from "./grant.ts";

const MIDNIGHT_MS = Date.UTC(2026, 5, 1);
const aDay = (state: Partial<QuotaState> = {}): QuotaState => ({
  ...QUOTA_UNKNOWN,
  budget: 50,
  windowEndsMs: MIDNIGHT_MS + DAY_MS,
  windowMs: DAY_MS,
  ...state,
});
const aCall = (use: CallUse, nowMs: number, change: Partial<CallAsked> = {}): CallAsked => ({
  use,
  nowMs,
  rate: null,
  checkEveryMs: HOUR_MS,
  ...change,
});

/** Take calls until one is refused. */
function spend(state: QuotaState, asked: CallAsked): { state: QuotaState; calls: number } {
  let calls = 0;
  for (let current = state; ; calls += 1) {
    const grant = takeCall(current, asked);
    if (!grant.ok) return { state: current, calls };
    current = grant.state;
  }
}

const aUse = fc.constantFrom(...CALL_USES);
const aBudget = fc.integer({ min: 1, max: 300 });
const aMoment = fc.integer({ min: 0, max: DAY_MS - 1 }).map((ms) => MIDNIGHT_MS + ms);
const anEvery = fc.constantFrom(10 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 7 * DAY_MS);

describe("takeCall", () => {
  it("counts a call before it is made", () => {
    expect(takeCall(aDay({ used: 3 }), aCall("fresh", MIDNIGHT_MS))).toMatchObject({
      ok: true,
      state: { used: 4 },
    });
  });

  it("refuses before the named time, and allows at it", () => {
    const named = aDay({ notBeforeMs: MIDNIGHT_MS + 100 });
    expect(takeCall(named, aCall("webhook", MIDNIGHT_MS + 99))).toEqual({
      ok: false,
      notBeforeMs: MIDNIGHT_MS + 100,
      why: "named",
    });
    expect(takeCall(named, aCall("webhook", MIDNIGHT_MS + 100)).ok).toBe(true);
  });

  it("refuses above the budget until the window ends, then starts a new one", () => {
    const used = aDay({ used: 50 });
    const endMs = MIDNIGHT_MS + DAY_MS;
    expect(takeCall(used, aCall("webhook", endMs - 1))).toEqual({
      ok: false,
      notBeforeMs: endMs,
      why: "budget",
    });
    expect(takeCall(used, aCall("webhook", endMs))).toMatchObject({
      ok: true,
      state: { used: 1, windowEndsMs: endMs + DAY_MS },
    });
  });

  it("leaves 20 of 50 calls a day to a backfill at midnight: 752 meetings take 17", () => {
    expect(spend(aDay(), aCall("backfill", MIDNIGHT_MS)).calls).toBe(20);
    expect(callsLeft(aDay(), aCall("backfill", MIDNIGHT_MS))).toEqual({ calls: 20, notBeforeMs: null });
  });

  it("says why a call waits, and that none are left until then", () => {
    const kept = spend(aDay(), aCall("backfill", MIDNIGHT_MS)).state;
    const refused = takeCall(kept, aCall("backfill", MIDNIGHT_MS));
    expect(refused).toMatchObject({ ok: false, why: "reserved" });
    const { notBeforeMs } = refused as { notBeforeMs: number };
    expect(callsLeft(kept, aCall("backfill", MIDNIGHT_MS))).toEqual({ calls: 0, notBeforeMs });
    expect(callsLeft(aDay({ used: 5 }), aCall("backfill", MIDNIGHT_MS)).calls, "what was used counts").toBe(
      15,
    );
  });

  it("keeps nothing of a budget whose window has no end that is known", () => {
    const undated = { ...QUOTA_UNKNOWN, budget: 2, used: 2 };
    expect(takeCall(undated, aCall("backfill", MIDNIGHT_MS))).toMatchObject({ ok: true, state: { used: 3 } });
    expect(callsLeft(undated, aCall("backfill", MIDNIGHT_MS)).calls).toBeNull();
    const unlimited = aDay({ budget: null });
    expect(callsLeft(unlimited, aCall("backfill", MIDNIGHT_MS)).calls).toBeNull();
  });

  it("lets a backfill take nearly all of a minute: whoever comes next waits no longer than that", () => {
    const minute = { ...QUOTA_UNKNOWN, budget: 60, windowEndsMs: 40_000, windowMs: MINUTE_MS };
    expect(spend(minute, aCall("backfill", 0)).calls).toBe(59);
  });

  it("keeps nothing where no budget is known", () => {
    expect(callsLeft(QUOTA_UNKNOWN, aCall("backfill", 0))).toEqual({ calls: null, notBeforeMs: null });
  });

  it("never grants more calls in a window than the budget, whoever asks and when", () => {
    const steps = fc.array(fc.tuple(aUse, fc.integer({ min: 0, max: 2 * HOUR_MS })), { maxLength: 200 });
    fc.assert(
      fc.property(steps, aBudget, fc.boolean(), (asked, budget, isConfigured) => {
        const rate = isConfigured ? { calls: budget, windowMs: DAY_MS } : null;
        let state = isConfigured ? QUOTA_UNKNOWN : aDay({ budget });
        let nowMs = MIDNIGHT_MS;
        const granted = new Map<number, number>();
        for (const [use, gapMs] of asked) {
          nowMs += gapMs;
          const grant = takeCall(state, aCall(use, nowMs, { rate }));
          if (!grant.ok) continue;
          state = grant.state;
          const day = Math.floor(nowMs / DAY_MS);
          granted.set(day, (granted.get(day) ?? 0) + 1);
        }
        for (const calls of granted.values()) expect(calls).toBeLessThanOrEqual(budget);
      }),
    );
  });

  it("names exactly the first moment at which the call is free, within the window", () => {
    fc.assert(
      fc.property(aUse, aBudget, aMoment, anEvery, (use, budget, nowMs, checkEveryMs) => {
        const { state } = spend(aDay({ budget }), aCall(use, nowMs, { checkEveryMs }));
        const refused = takeCall(state, aCall(use, nowMs, { checkEveryMs }));
        if (refused.ok) throw new Error("a call was to be refused");
        const { notBeforeMs } = refused;
        expect(notBeforeMs).toBeGreaterThan(nowMs);
        expect(notBeforeMs).toBeLessThanOrEqual(MIDNIGHT_MS + DAY_MS);
        expect(takeCall(state, aCall(use, notBeforeMs - 1, { checkEveryMs })).ok).toBe(false);
        expect(takeCall(state, aCall(use, notBeforeMs, { checkEveryMs })).ok).toBe(true);
      }),
    );
  });

  it("grants a better use whatever it grants a worse one, and later whatever it grants now", () => {
    fc.assert(
      fc.property(
        aUse,
        fc.tuple(aBudget, fc.nat(300)),
        aMoment,
        aMoment,
        (use, [budget, used], oneMs, otherMs) => {
          const state = aDay({ budget, used: Math.min(used, budget) });
          const [nowMs, laterMs] = [Math.min(oneMs, otherMs), Math.max(oneMs, otherMs)];
          if (!takeCall(state, aCall(use, nowMs)).ok) return;
          const better = CALL_USES.slice(0, CALL_USES.indexOf(use));
          for (const one of better) expect(takeCall(state, aCall(one, nowMs)).ok, one).toBe(true);
          expect(takeCall(state, aCall(use, laterMs)).ok, "later").toBe(true);
        },
      ),
    );
  });

  it("refuses no look by the clock and no wake-up that is kept for, however greedy the rest is", () => {
    const aGreed = fc.array(fc.tuple(fc.constantFrom("manual", "reconcile", "backfill"), aMoment), {
      maxLength: 60,
    });
    const aPhase = fc.integer({ min: 0, max: HOUR_MS - 1 });
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 300 }), aGreed, aPhase, (budget, greed, phaseMs) => {
        const looks = Array.from({ length: 24 }, (_, n): [CallUse, number] => [
          "fresh",
          MIDNIGHT_MS + n * HOUR_MS + phaseMs,
        ]);
        const wakeUps = Array.from({ length: QUOTA_KEPT_PER_DAY.webhook }, (_, n): [CallUse, number] => [
          "webhook",
          MIDNIGHT_MS + (n * DAY_MS) / 8,
        ]);
        let state = aDay({ budget });
        const order = [...(greed as [CallUse, number][]), ...looks, ...wakeUps].toSorted(
          (a, b) => a[1] - b[1],
        );
        for (const [use, nowMs] of order) {
          if (use === "fresh" || use === "webhook") {
            const grant = takeCall(state, aCall(use, nowMs));
            expect(grant, `${use} at ${new Date(nowMs).toISOString()}`).toMatchObject({ ok: true });
            if (grant.ok) state = grant.state;
          } else state = spend(state, aCall(use, nowMs)).state;
        }
      }),
    );
  });

  it("wastes no call: what nobody better took is free before the window ends", () => {
    fc.assert(
      fc.property(aBudget, anEvery, (budget, checkEveryMs) => {
        let state = aDay({ budget });
        for (let nowMs = MIDNIGHT_MS; nowMs < MIDNIGHT_MS + DAY_MS; nowMs += 10 * MINUTE_MS)
          state = spend(state, aCall("backfill", nowMs, { checkEveryMs })).state;
        // The looks that may still come in the last minutes.
        expect(budget - state.used).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("lets a backfill go on, slowly, with a budget that does not even suffice for the looks", () => {
    for (const budget of [2, 3, 4, 10, 24, 30]) {
      const look = takeCall(aDay({ budget }), aCall("fresh", MIDNIGHT_MS));
      if (!look.ok) throw new Error("the first look was refused");
      expect(spend(look.state, aCall("backfill", MIDNIGHT_MS)).calls, `${budget}`).toBeGreaterThan(0);
    }
  });
});
