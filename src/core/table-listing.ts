/** When a listing of a data source proves something, and where it goes on. Pure. Source: protocols 5, "Discovery". */
import { MINUTE_MS } from "./durations.ts";
import { NOTION_INDEX_LAG_MS, NOTION_SWEEP_MS } from "./policy.ts";

/** One listing of a data source: everything by creation, or what was edited since. Times are world ms. */
export type TableListing = {
  readonly id: string;
  readonly kind: "backfill" | "fresh";
  /** Lower bound of what it asks for; null: everything. */
  readonly floorMs: number | null;
  readonly ceilingMs: number;
  readonly startedMs: number;
  readonly completedMs: number | null;
  readonly pages: number;
  readonly rowsSeen: number;
  readonly endReason: "last_page" | null;
};

/** Where a listing goes on. */
export type TableCursor = {
  readonly listing: TableListing;
  readonly cursor: string | null;
  /** The query in progress asks from here on; it moves on where Notion's cap ends a query. */
  readonly sinceMs: number | null;
  /** Latest moment seen, of creation or edit. */
  readonly lastMs: number | null;
};

/**
 * Plan a listing, or go on with the one that was left.
 *
 * Everything is listed at first and once a day; in between what was edited since the last listing began, with an overlap
 * for what the index shows late and for times that are floored to the minute. A cursor does not outlive its query, so what
 * was left goes on from the last moment that it saw.
 */
export function planTableListing(
  state: {
    readonly lastFullMs: number | null;
    readonly lastCeilingMs: number | null;
    readonly open: string | null;
    readonly checkpoint: TableCursor | null;
  },
  now: { readonly id: string; readonly startedMs: number; readonly ceilingMs: number },
): TableCursor {
  const { checkpoint, lastFullMs, lastCeilingMs } = state;
  const isOpen = checkpoint !== null && checkpoint.listing.id === state.open;
  if (isOpen && now.startedMs - checkpoint.listing.startedMs < NOTION_SWEEP_MS)
    return { ...checkpoint, cursor: null, sinceMs: checkpoint.lastMs ?? checkpoint.sinceMs };
  const isFull = lastFullMs === null || now.startedMs - lastFullMs >= NOTION_SWEEP_MS;
  const floorMs = isFull ? null : (lastCeilingMs ?? lastFullMs) - NOTION_INDEX_LAG_MS - MINUTE_MS;
  const listing: TableListing = {
    ...now,
    kind: isFull ? "backfill" : "fresh",
    floorMs,
    completedMs: null,
    pages: 0,
    rowsSeen: 0,
    endReason: null,
  };
  return { listing, cursor: null, sinceMs: floorMs, lastMs: null };
}

/** What one reply of a query says. */
export type QueryReply = {
  readonly rows: number;
  readonly cursor: string | null;
  readonly isCapped: boolean;
  /** Latest moment of its rows, of creation or edit; null without rows. */
  readonly lastMs: number | null;
};

/**
 * Where a listing goes on after a reply. A query that came to Notion's cap is begun again from the last moment it showed.
 *
 * @returns null if more rows share that moment than a query can show: nothing can be proven then
 */
export function afterQuery(at: TableCursor, reply: QueryReply, nowMs: number): TableCursor | null {
  const lastMs = Math.max(at.lastMs ?? 0, reply.lastMs ?? 0) || null;
  const seen = { ...at.listing, pages: at.listing.pages + 1, rowsSeen: at.listing.rowsSeen + reply.rows };
  if (reply.cursor !== null) return { ...at, listing: seen, cursor: reply.cursor, lastMs };
  if (!reply.isCapped) {
    const listing = { ...seen, completedMs: nowMs, endReason: "last_page" as const };
    return { ...at, listing, cursor: null, lastMs };
  }
  if (lastMs === null || lastMs === at.sinceMs) return null;
  return { listing: seen, cursor: null, sinceMs: lastMs, lastMs };
}
