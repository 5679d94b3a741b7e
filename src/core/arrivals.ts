/** How far back the newest days reach: meetings are transcribed late, and dated by when they were held. Pure. Source: protocols 3. */
import {
  ARRIVAL_GAP_MAX_MS,
  ARRIVAL_OVERLAP_MIN_MS,
  ARRIVALS_MIN,
  FRESH_OVERLAP_MS,
  FRESH_OVERLAP_SHORT_MS,
  LIST_PAGE_ROWS_MAX,
} from "./policy.ts";

/** Delays between the moment of a meeting and its first sighting, as far as they were measured. */
export type Arrivals = {
  readonly count: number;
  /** The delay that all but a thousandth keep below; null before there is one. */
  readonly longMs: number | null;
};

/**
 * Overlap of the newest days with those that were listed completely: the long one while one page covers it; else what was
 * measured, once enough was; else the short one.
 */
export function overlapMs({ recent, arrivals }: { recent: number; arrivals: Arrivals }): number {
  if (recent < LIST_PAGE_ROWS_MAX) return FRESH_OVERLAP_MS;
  if (arrivals.count < ARRIVALS_MIN || arrivals.longMs === null) return FRESH_OVERLAP_SHORT_MS;
  return Math.min(FRESH_OVERLAP_MS, Math.max(ARRIVAL_OVERLAP_MIN_MS, arrivals.longMs));
}

/**
 * Whether a meeting that a page shows for the first time tells how late it came. Not in a backfill, which finds what was
 * there all the time, nor after a pause of our own, which it would tell the length of.
 */
export function tellsArrivals(
  { discovery, sinceMs }: { discovery: { kind: string }; sinceMs: number | null },
  observedMs: number,
): boolean {
  if (discovery.kind === "backfill") return false;
  return discovery.kind === "sweep" || observedMs - (sinceMs ?? 0) <= ARRIVAL_GAP_MAX_MS;
}
