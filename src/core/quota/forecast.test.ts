import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../durations.ts";
import { LIST_OVERLAP_ROWS, LIST_PAGE_ROWS_MAX } from "../policy.ts";
import { QUOTA_UNKNOWN } from "../quota.ts";
import { callsToList, forecastBackfill, type Outlook } from "./forecast.ts";

const MIDNIGHT_MS = Date.UTC(2026, 5, 1);
const NOTHING = { pages: 0, rows: 0 };

const anOutlook = (change: Partial<Outlook> = {}): Outlook => ({
  quota: { ...QUOTA_UNKNOWN, budget: 50, used: 1, windowEndsMs: MIDNIGHT_MS + DAY_MS, windowMs: DAY_MS },
  plan: { rate: null, checkEveryMs: HOUR_MS },
  nowMs: MIDNIGHT_MS,
  lookedMs: MIDNIGHT_MS,
  isRunning: true,
  ...change,
});

describe("callsToList", () => {
  it("is what the pages of a listing come to, the empty one at its end included", () => {
    expect([752, 167, 50, 49, 0].map(callsToList)).toEqual([17, 5, 3, 2, 2]);
    fc.assert(
      fc.property(fc.nat(5_000), (rows) => {
        let [calls, skip, shown] = [0, 0, LIST_PAGE_ROWS_MAX];
        for (; shown === LIST_PAGE_ROWS_MAX; skip += LIST_PAGE_ROWS_MAX - LIST_OVERLAP_ROWS) {
          shown = Math.min(LIST_PAGE_ROWS_MAX, rows - skip);
          calls += 1;
        }
        expect(callsToList(rows)).toBe(calls + 1);
      }),
    );
  });
});

describe("forecastBackfill", () => {
  it("says of 752 meetings and 50 calls a day: 17 calls, done at once, wherever in the day it begins", () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const nowMs = MIDNIGHT_MS + hour * HOUR_MS;
      expect(forecastBackfill(NOTHING, 752, anOutlook({ nowMs, lookedMs: nowMs }))).toEqual({
        meetings: 752,
        calls: 17,
        pages: 0,
        callsPerDay: null,
        doneMs: nowMs,
      });
    }
  });

  it("spreads 5,000 meetings over days, and says how many calls a day they get", () => {
    const forecast = forecastBackfill(NOTHING, 5_000, anOutlook());
    expect(forecast).toMatchObject({ calls: 108, pages: 0 });
    const days = ((forecast.doneMs ?? 0) - MIDNIGHT_MS) / DAY_MS;
    expect(days).toBeGreaterThan(3);
    expect(days).toBeLessThan(5);
    expect(forecast.callsPerDay).toBe(Math.round(108 / days));
  });

  it("counts what has come as done, up to the page that shows that nothing follows", () => {
    const after = (pages: number, rows: number): number | null =>
      forecastBackfill({ pages, rows }, 752, anOutlook()).calls;
    expect(Array.from({ length: 15 }, (_, n) => after(n, n * 50))).toEqual(
      Array.from({ length: 15 }, (_, n) => 17 - n),
    );
    expect(after(16, 752 + 15 * LIST_OVERLAP_ROWS)).toBe(1);
  });

  it("knows the end of nothing where the account does not say how much it has", () => {
    expect(forecastBackfill({ pages: 3, rows: 150 }, null, anOutlook())).toEqual({
      meetings: null,
      calls: null,
      pages: 3,
      callsPerDay: null,
      doneMs: null,
    });
  });

  it("waits for the next look when no run is going on, and for the next minute when one is", () => {
    const nowMs = MIDNIGHT_MS + 10 * MINUTE_MS;
    expect(forecastBackfill(NOTHING, 90, anOutlook({ nowMs, isRunning: false })).doneMs).toBe(
      MIDNIGHT_MS + HOUR_MS,
    );
    const quota = { ...QUOTA_UNKNOWN, budget: 60, windowEndsMs: nowMs + MINUTE_MS, windowMs: MINUTE_MS };
    const { doneMs } = forecastBackfill(NOTHING, 5_000, anOutlook({ quota, nowMs }));
    expect(doneMs).toBe(nowMs + MINUTE_MS);
  });

  it("counts the look at the newest that comes between two runs of a long backfill", () => {
    const nowMs = MIDNIGHT_MS + 10 * MINUTE_MS;
    const quota = { ...QUOTA_UNKNOWN, budget: 60, windowEndsMs: nowMs + MINUTE_MS, windowMs: MINUTE_MS };
    const minutes = (meetings: number, calls: number): number => {
      const forecast = forecastBackfill(NOTHING, meetings, anOutlook({ quota, nowMs }));
      expect(forecast.calls).toBe(calls);
      return ((forecast.doneMs ?? 0) - nowMs) / MINUTE_MS;
    };
    expect([minutes(5_230, 113), minutes(5_270, 114)], "118 calls in two windows, 5 of them looks").toEqual([
      1, 2,
    ]);
  });

  it("begins again when its share comes again, where the clock looks seldom", () => {
    const nowMs = MIDNIGHT_MS + 10 * MINUTE_MS;
    const seldom = { rate: null, checkEveryMs: 7 * DAY_MS };
    expect(forecastBackfill(NOTHING, 90, anOutlook({ nowMs, isRunning: false, plan: seldom })).doneMs).toBe(
      MIDNIGHT_MS + HOUR_MS,
    );
    expect(forecastBackfill(NOTHING, 2, anOutlook()).calls, "a page, and one that shows the end").toBe(2);
  });

  it("names no date for what takes more looks than it follows", () => {
    const quota = { ...QUOTA_UNKNOWN, budget: 2, windowEndsMs: MIDNIGHT_MS + DAY_MS, windowMs: DAY_MS };
    expect(forecastBackfill(NOTHING, 900_000, anOutlook({ quota })).doneMs).toBeNull();
  });
});
