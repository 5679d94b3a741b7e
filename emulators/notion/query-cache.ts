import type { Comparable } from "./comparable.ts";
import type { Page } from "./model.ts";

/** A row with what it is sorted by; the last two parts tell rows with equal values apart. */
export type RankedRow = { readonly page: Page; readonly rank: readonly Comparable[] };

/** Sorted results of late queries, so that a scan without changes between its pages sorts once. */
export type QueryCache = { of(key: string, make: () => readonly RankedRow[]): readonly RankedRow[] };

const QUERIES_MAX = 8;

export function createQueryCache(): QueryCache {
  const kept = new Map<string, readonly RankedRow[]>();
  return {
    of(key, make) {
      const rows = kept.get(key) ?? make();
      kept.delete(key);
      kept.set(key, rows);
      if (kept.size > QUERIES_MAX) for (const oldest of [...kept.keys()].slice(0, 1)) kept.delete(oldest);
      return rows;
    },
  };
}
