import { describe, expect, it } from "vitest";
import { overlapMs, tellsArrivals } from "./arrivals.ts";
import {
  ARRIVAL_GAP_MAX_MS,
  ARRIVAL_OVERLAP_MIN_MS,
  ARRIVALS_MIN,
  FRESH_OVERLAP_MS,
  FRESH_OVERLAP_SHORT_MS,
  LIST_PAGE_ROWS_MAX,
} from "./policy.ts";

describe("overlapMs", () => {
  const HOUR_MS = 3_600_000;
  const busy = (count: number, longMs: number | null): number =>
    overlapMs({ recent: LIST_PAGE_ROWS_MAX, arrivals: { count, longMs } });

  it("is a week while one page covers that", () => {
    const arrivals = { count: ARRIVALS_MIN, longMs: 1 };
    expect(overlapMs({ recent: LIST_PAGE_ROWS_MAX - 1, arrivals })).toBe(FRESH_OVERLAP_MS);
  });

  it("follows measured delays only once enough were measured, within bounds", () => {
    expect(busy(ARRIVALS_MIN - 1, 40 * HOUR_MS)).toBe(FRESH_OVERLAP_SHORT_MS);
    expect(busy(ARRIVALS_MIN, 40 * HOUR_MS)).toBe(40 * HOUR_MS);
    expect(busy(ARRIVALS_MIN, 1)).toBe(ARRIVAL_OVERLAP_MIN_MS);
    expect(busy(ARRIVALS_MIN, null)).toBe(FRESH_OVERLAP_SHORT_MS);
    expect(busy(ARRIVALS_MIN, 90 * 24 * HOUR_MS)).toBe(FRESH_OVERLAP_MS);
  });
});

describe("tellsArrivals", () => {
  const of = (kind: string, sinceMs: number | null) => ({ discovery: { kind }, sinceMs });

  it("leaves out what a backfill finds, and what is found after a pause of our own", () => {
    expect(tellsArrivals(of("backfill", 0), 1)).toBe(false);
    expect(tellsArrivals(of("fresh", 0), ARRIVAL_GAP_MAX_MS)).toBe(true);
    expect(tellsArrivals(of("fresh", 0), ARRIVAL_GAP_MAX_MS + 1)).toBe(false);
    expect(tellsArrivals(of("sweep", null), 1e12)).toBe(true);
    expect(tellsArrivals(of("fresh", 1e12), 1e12 + ARRIVAL_GAP_MAX_MS)).toBe(true);
    expect(tellsArrivals(of("fresh", 1e12), 1e12 + ARRIVAL_GAP_MAX_MS + 1)).toBe(false);
    expect(tellsArrivals(of("fresh", null), 1e12), "nothing was listed before it").toBe(false);
  });
});
