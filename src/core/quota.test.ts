import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterReply, QUOTA_UNKNOWN, takeCall, type QuotaState } from "./quota.ts";

const aQuota = (state: Partial<QuotaState>): QuotaState => ({ ...QUOTA_UNKNOWN, ...state });

describe("takeCall", () => {
  it("counts a call before it is made", () => {
    expect(takeCall(aQuota({ used: 3 }), 10)).toMatchObject({ ok: true, state: { used: 4 } });
  });

  it("refuses before the named time, and allows at it", () => {
    expect(takeCall(aQuota({ notBeforeMs: 100 }), 99)).toEqual({ ok: false, notBeforeMs: 100, why: "named" });
    expect(takeCall(aQuota({ notBeforeMs: 100 }), 100).ok).toBe(true);
  });

  it("refuses above the budget until the window ends, then starts a new one", () => {
    const used = aQuota({ budget: 50, used: 50, windowEndsMs: 1_000 });
    expect(takeCall(used, 999)).toEqual({ ok: false, notBeforeMs: 1_000, why: "budget" });
    expect(takeCall(used, 1_000)).toMatchObject({ ok: true, state: { used: 1, windowEndsMs: null } });
  });

  it("never grants more calls in a window than the budget, whatever the order of events", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5)), fc.integer({ min: 1, max: 20 }), (steps, budget) => {
        let state = aQuota({ budget, windowEndsMs: 1_000 });
        let granted = 0;
        for (const [index] of steps.entries()) {
          const grant = takeCall(state, index);
          if (!grant.ok) continue;
          granted += 1;
          state = grant.state;
        }
        expect(granted).toBe(Math.min(budget, steps.length));
      }),
    );
  });
});

describe("afterReply", () => {
  it("believes the vendor's figures over its own", () => {
    const reading = { limit: 500, remaining: 480, windowEndsMs: 9_000 };
    expect(afterReply(aQuota({ budget: 50, used: 3 }), reading, null)).toEqual({
      budget: 500,
      used: 20,
      windowEndsMs: 9_000,
      notBeforeMs: 0,
    });
  });

  it("takes absent headers for unknown, not for unlimited", () => {
    const before = aQuota({ budget: 50, used: 50, windowEndsMs: 9_000 });
    expect(afterReply(before, { limit: null, remaining: null, windowEndsMs: null }, null)).toEqual(before);
  });

  it("never moves a named time back", () => {
    const none = { limit: null, remaining: null, windowEndsMs: null };
    expect(afterReply(aQuota({ notBeforeMs: 500 }), none, 400).notBeforeMs).toBe(500);
    expect(afterReply(aQuota({ notBeforeMs: 500 }), none, 600).notBeforeMs).toBe(600);
  });
});
