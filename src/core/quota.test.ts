import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./durations.ts";
import { afterReply, atTime, budgetOf, QUOTA_UNKNOWN, useIn, type QuotaState } from "./quota.ts";

const MIDNIGHT_MS = Date.UTC(2026, 5, 1);
const aQuota = (state: Partial<QuotaState>): QuotaState => ({ ...QUOTA_UNKNOWN, ...state });

describe("afterReply", () => {
  const silent = { limit: null, remaining: null, windowEndsMs: null };
  const at = (nowMs: number, notBeforeMs: number | null = null) => ({ nowMs, notBeforeMs });

  it("believes the vendor's figures over its own", () => {
    const reading = { limit: 500, remaining: 480, windowEndsMs: MIDNIGHT_MS };
    expect(afterReply(aQuota({ budget: 50, used: 3 }), reading, at(MIDNIGHT_MS - 2 * HOUR_MS))).toEqual({
      budget: 500,
      used: 20,
      windowEndsMs: MIDNIGHT_MS,
      windowMs: DAY_MS,
      notBeforeMs: 0,
    });
  });

  it("takes absent headers for unknown, not for unlimited", () => {
    const before = aQuota({ budget: 50, used: 50, windowEndsMs: 9_000, windowMs: MINUTE_MS });
    expect(afterReply(before, silent, at(0))).toEqual(before);
  });

  it("never moves a named time back", () => {
    expect(afterReply(aQuota({ notBeforeMs: 500 }), silent, at(0, 400)).notBeforeMs).toBe(500);
    expect(afterReply(aQuota({ notBeforeMs: 500 }), silent, at(0, 600)).notBeforeMs).toBe(600);
  });

  it("tells a day from a minute by how far away its end is, and remembers a day in its last minute", () => {
    const seen = (state: QuotaState, limit: number, leftMs: number): number | null =>
      afterReply(state, { limit, remaining: 1, windowEndsMs: 1_000 + leftMs }, at(1_000)).windowMs;
    expect(seen(QUOTA_UNKNOWN, 60, 40_000)).toBe(MINUTE_MS);
    expect(seen(QUOTA_UNKNOWN, 50, 20 * MINUTE_MS)).toBe(DAY_MS);
    const daily = aQuota({ budget: 50, windowMs: DAY_MS });
    expect(seen(daily, 50, 40_000)).toBe(DAY_MS);
    expect(seen(daily, 60, 40_000), "another limit is another plan").toBe(MINUTE_MS);
  });
});

describe("atTime", () => {
  it("follows a day that has ended with the next, whole days on", () => {
    const before = aQuota({ budget: 50, used: 50, windowEndsMs: MIDNIGHT_MS, windowMs: DAY_MS });
    expect(atTime(before, null, MIDNIGHT_MS - 1)).toEqual(before);
    expect(atTime(before, null, MIDNIGHT_MS)).toMatchObject({ used: 0, windowEndsMs: MIDNIGHT_MS + DAY_MS });
    expect(atTime(before, null, MIDNIGHT_MS + 2.5 * DAY_MS)).toMatchObject({
      used: 0,
      windowEndsMs: MIDNIGHT_MS + 3 * DAY_MS,
    });
  });

  it("ends a configured day at midnight UTC, and a minute a minute after its first call", () => {
    const noonMs = MIDNIGHT_MS + DAY_MS / 2;
    const ends = (windowMs: number): number | null =>
      atTime(QUOTA_UNKNOWN, { calls: 9, windowMs }, noonMs).windowEndsMs;
    expect(ends(DAY_MS)).toBe(MIDNIGHT_MS + DAY_MS);
    expect(ends(MINUTE_MS)).toBe(noonMs + MINUTE_MS);
  });
});

describe("budgetOf", () => {
  it("is the smaller of what the vendor says and what is configured", () => {
    const said = aQuota({ budget: 50, windowMs: DAY_MS });
    expect(budgetOf(said, null)).toBe(50);
    expect(budgetOf(said, { calls: 30, windowMs: DAY_MS })).toBe(30);
    expect(budgetOf(said, { calls: 500, windowMs: DAY_MS })).toBe(50);
    expect(budgetOf(QUOTA_UNKNOWN, { calls: 30, windowMs: DAY_MS })).toBe(30);
    expect(budgetOf(QUOTA_UNKNOWN, null)).toBeNull();
  });

  it("is the vendor's where the configuration counts by another window", () => {
    expect(budgetOf(aQuota({ budget: 60, windowMs: MINUTE_MS }), { calls: 50, windowMs: DAY_MS })).toBe(60);
  });
});

describe("useIn", () => {
  it("brings work that has time forward where a person asks with urgency, and nothing else", () => {
    expect(useIn({ trigger: "manual", priority: "urgent" }, "backfill")).toBe("manual");
    expect(useIn({ trigger: "manual", priority: "high" }, "reconcile")).toBe("manual");
    expect(useIn({ trigger: "manual", priority: "urgent" }, "fresh")).toBe("fresh");
    expect(useIn({ trigger: "manual", priority: "normal" }, "backfill")).toBe("backfill");
    expect(useIn({ trigger: "schedule", priority: "urgent" }, "backfill")).toBe("backfill");
  });
});
