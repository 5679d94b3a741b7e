import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetOf, checkBlock, FRESH_QUOTA, PLANS, type QuotaState, takeCall } from "./quota.ts";

const DAY_MS = 86_400_000;
const MIDNIGHT_MS = Date.UTC(2026, 4, 8);

describe("the budget of calls", () => {
  it("never allows more than the limit in a window, and never a call before the instant it named", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 300 });
    fc.assert(
      fc.property(
        fc.constantFrom(...PLANS),
        fc.option(fc.integer({ min: 0, max: 40 })),
        steps,
        (plan, perDay, gaps) => {
          const budget = budgetOf(plan, perDay);
          let state: QuotaState = FRESH_QUOTA;
          let nowMs = MIDNIGHT_MS;
          let namedMs = 0;
          const taken = new Map<number, number>();
          for (const gap of gaps) {
            nowMs += gap;
            const block = checkBlock(state, nowMs);
            expect(block.verdict).toBe(nowMs < namedMs ? "early" : "ok");
            const call = block.verdict === "early" ? block : takeCall(block.state, budget, nowMs);
            state = call.state;
            namedMs = state.blockedUntilMs;
            if (call.verdict !== "ok") {
              expect(namedMs).toBeGreaterThan(nowMs);
              continue;
            }
            const count = (taken.get(state.windowStartMs) ?? 0) + 1;
            taken.set(state.windowStartMs, count);
            expect(count).toBeLessThanOrEqual(budget.limit);
          }
        },
      ),
    );
  });

  it("starts a day at midnight UTC whenever the first call came", () => {
    const budget = budgetOf("free", null);
    const { state } = takeCall(FRESH_QUOTA, budget, MIDNIGHT_MS + DAY_MS - 1);
    expect(state).toMatchObject({ windowStartMs: MIDNIGHT_MS, used: 1 });
    expect(takeCall(state, budget, MIDNIGHT_MS + DAY_MS).state).toMatchObject({
      windowStartMs: MIDNIGHT_MS + DAY_MS,
      used: 1,
    });
  });
});
