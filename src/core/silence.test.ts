import { describe, expect, it } from "vitest";
import { NORM_DAY_MS, NORM_LAG_MS, NORM_STEP_MS } from "./policy.ts";
import { silenceOf, zeroOf, type Arrivals } from "./silence.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 5, 3, 18);

/** Five weeks of history, the newest meeting seven hours old, unless changed. */
const arrivals = (change: Partial<Arrivals> = {}): Arrivals => ({
  oldestMs: NOW_MS - 36 * DAY_MS,
  newestMs: NOW_MS - 7 * HOUR_MS,
  days: [2, 3, 5, 4, 6],
  listed: 9,
  longestPauseMs: 64 * HOUR_MS,
  ...change,
});
const aged = (hours: number): Partial<Arrivals> => ({ newestMs: NOW_MS - hours * HOUR_MS });

describe("a source is silent", () => {
  it("when its newest meeting is older than one and a half times the longest pause of the weeks before", () => {
    expect(silenceOf(arrivals(aged(96)), NOW_MS)).toBe(null);
    expect(silenceOf(arrivals(aged(97)), NOW_MS)).toBe(
      "the newest meeting is 97 hours old; the longest pause of the weeks before was 64 hours",
    );
  });

  it("never within a day, however busy it was", () => {
    expect(silenceOf(arrivals({ ...aged(24), longestPauseMs: HOUR_MS }), NOW_MS)).toBe(null);
    expect(silenceOf(arrivals({ ...aged(25), longestPauseMs: HOUR_MS }), NOW_MS)).not.toBe(null);
  });

  it("not before there are three weeks to compare with, nor where no pause is known", () => {
    expect(silenceOf(arrivals({ ...aged(200), oldestMs: NOW_MS - 22 * DAY_MS }), NOW_MS)).toBe(null);
    expect(silenceOf(arrivals({ ...aged(200), longestPauseMs: null }), NOW_MS)).toBe(null);
    expect(silenceOf(arrivals({ oldestMs: null, newestMs: null }), NOW_MS)).toBe(null);
    expect(silenceOf(arrivals({ ...aged(200), oldestMs: null }), NOW_MS)).toBe(null);
    expect(silenceOf(arrivals({ ...aged(200), oldestMs: NOW_MS + 90 * DAY_MS }), NOW_MS)).toBe(null);
  });
});

describe("a run saw zero", () => {
  it("when the last day has no meeting and the same day of the weeks before had some", () => {
    expect(zeroOf(arrivals(), 20, NOW_MS)).toBe(null);
    expect(zeroOf(arrivals({ days: [0, 3, 5, 4, 6] }), 20, NOW_MS)).toBe(
      "no meeting for 30 hours; the same day of the weeks before had 3, 5, 4, 6",
    );
  });

  it.each([
    ["one holiday among four weeks is still a norm", [0, 3, 0, 4, 6], true],
    ["a day that is often empty is none", [0, 3, 0, 4, 0], false],
    ["a day on which one is usual is none: no meeting is nothing rare then", [0, 1, 2, 1, 2], false],
    ["a day on which there are two as a rule is one", [0, 2, 2, 2, 2], true],
    ["a day with many now and then is none", [0, 9, 0, 9, 0], false],
    ["a weekend is none", [0, 0, 0, 0, 0], false],
  ])("%s", (_, days, isOne) => {
    expect(zeroOf(arrivals({ days }), 20, NOW_MS) !== null).toBe(isOne);
  });

  it("counts only weeks that are wholly on record, and needs three", () => {
    const days = [0, 3, 5, 4, 0];
    expect(zeroOf(arrivals({ days, oldestMs: NOW_MS - 24 * DAY_MS }), 20, NOW_MS)).toContain("3, 5, 4");
    expect(zeroOf(arrivals({ days, oldestMs: NOW_MS - 22 * DAY_MS }), 20, NOW_MS)).toBe(null);
  });

  it("counts a week from the moment that it lies wholly on record", () => {
    const days = [0, 3, 5, 4, 0];
    const wholeMs = NOW_MS - NORM_LAG_MS - NORM_DAY_MS - 3 * NORM_STEP_MS;
    expect(zeroOf(arrivals({ days, oldestMs: wholeMs }), 20, NOW_MS)).not.toBe(null);
    expect(zeroOf(arrivals({ days, oldestMs: wholeMs + 1 }), 20, NOW_MS)).toBe(null);
    expect(silenceOf(arrivals({ ...aged(200), oldestMs: wholeMs }), NOW_MS)).not.toBe(null);
    expect(silenceOf(arrivals({ ...aged(200), oldestMs: wholeMs + 1 }), NOW_MS)).toBe(null);
  });

  it("when the whole listing is empty and meetings of its days are on record, on any day of the week", () => {
    const young = { oldestMs: NOW_MS - 2 * DAY_MS, days: [0, 0, 0, 0, 0] };
    expect(zeroOf(arrivals({ ...young, listed: 3 }), 0, NOW_MS)).toBe(
      "the source showed no meeting at all; 3 of the last days are on record",
    );
    expect(zeroOf(arrivals({ ...young, listed: 0 }), 0, NOW_MS)).toBe(null);
  });
});
