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

  it("goes by how far away the end is, not by when it is, and by what was seen before if it is near", () => {
    const nowMs = MIDNIGHT_MS + 17;
    const seen = (state: QuotaState, limit: number | null, leftMs: number | null): number | null => {
      const windowEndsMs = leftMs === null ? null : nowMs + leftMs;
      return afterReply(state, { limit, remaining: 1, windowEndsMs }, at(nowMs)).windowMs;
    };
    const short = aQuota({ budget: 60, windowMs: MINUTE_MS });
    expect(seen(QUOTA_UNKNOWN, 60, MINUTE_MS)).toBe(MINUTE_MS);
    expect(seen(QUOTA_UNKNOWN, 60, MINUTE_MS + 1)).toBe(DAY_MS);
    expect(seen(short, 60, HOUR_MS)).toBe(MINUTE_MS);
    expect(seen(short, 60, HOUR_MS + 1)).toBe(DAY_MS);
    expect(seen(aQuota({ budget: 50, windowMs: DAY_MS }), null, 40_000), "no limit is no other plan").toBe(
      DAY_MS,
    );
    expect(seen(short, 60, null), "nothing is said of an end").toBe(MINUTE_MS);
  });

  it("counts by itself where the vendor gives one figure of two", () => {
    const before = aQuota({ budget: 50, used: 7 });
    expect(afterReply(before, { ...silent, limit: 40 }, at(0))).toMatchObject({ budget: 40, used: 7 });
    expect(afterReply(before, { ...silent, remaining: 40 }, at(0))).toMatchObject({ budget: 50, used: 7 });
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

  it("ends each day at the hour at which the vendor's last one ended, and a minute where it is asked for", () => {
    const endsMs = MIDNIGHT_MS + 10.5 * HOUR_MS;
    const nowMs = MIDNIGHT_MS + 3 * DAY_MS + 17;
    const daily = aQuota({ windowEndsMs: endsMs, windowMs: DAY_MS });
    expect(atTime(daily, null, nowMs).windowEndsMs).toBe(endsMs + 3 * DAY_MS);
    expect(atTime(daily, null, nowMs + 11 * HOUR_MS).windowEndsMs).toBe(endsMs + 4 * DAY_MS);
    const short = aQuota({ windowEndsMs: endsMs, windowMs: MINUTE_MS });
    expect(atTime(short, null, nowMs).windowEndsMs).toBe(nowMs + MINUTE_MS);
  });

  it("forgets what was counted with the window that it was counted in, and only then", () => {
    expect(atTime(aQuota({ used: 7 }), null, MIDNIGHT_MS)).toEqual(aQuota({ used: 7 }));
    expect(atTime(aQuota({ used: 7, windowEndsMs: 1 }), null, MIDNIGHT_MS)).toEqual(aQuota({ used: 0 }));
    expect(atTime(aQuota({ used: 7, windowMs: MINUTE_MS }), null, MIDNIGHT_MS)).toMatchObject({ used: 0 });
    const rate = { calls: 9, windowMs: MINUTE_MS };
    expect(atTime(aQuota({ used: 7 }), rate, MIDNIGHT_MS)).toMatchObject({ used: 0 });
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
    const undated = aQuota({ budget: 50 });
    expect(budgetOf(undated, { calls: 30, windowMs: DAY_MS }), "its window is not known").toBe(30);
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
