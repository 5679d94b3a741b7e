/** What a run of fireflies has to list, and where that listing stands. Pure. Source: protocols 3. */
import {
  FRESH_OVERLAP_MS,
  FRESH_OVERLAP_SHORT_MS,
  LIST_PAGE_ROWS_MAX,
  LISTING_PAUSE_MAX_MS,
  SCHEDULE_MS,
} from "./policy.ts";
import { LIST_START, type ListCursor } from "./reconcile.ts";

/** One listing of the source and what it proves. Times are world ms. */
export type Discovery = {
  readonly id: string;
  readonly kind: "backfill" | "fresh";
  /** Lower bound of the window; null: the whole history. */
  readonly floorMs: number | null;
  readonly ceilingMs: number;
  readonly startedMs: number;
  /** Null: not complete, proves nothing. */
  readonly completedMs: number | null;
  readonly pages: number;
  readonly stepsBack: number;
  readonly rowsSeen: number;
  readonly endReason: "older_than_floor" | "empty_page" | "same_end" | null;
};

/** Where an enumeration stands; the lane's checkpoint, and what a restarted run goes on from. */
export type Listing = {
  readonly discovery: Discovery;
  readonly cursor: ListCursor | null;
  /** Rows that the next page may have without its reply growing too large; outlives the enumeration. */
  readonly rows: number;
};

/**
 * Go on with an enumeration that one run could not finish; else list everything once; else the newest days: from the
 * upper bound of the last complete enumeration on, less an overlap.
 *
 * However small it is, an unfinished enumeration is gone on with: begun anew with every run, it would never end where a
 * budget ends before it does. Its age is no bound, for the same reason; a long pause is.
 *
 * @param known the newest unfinished enumeration, the upper bound of the newest complete one, the lane's checkpoint and
 *   when it was written, and how many known meetings lie within the long overlap
 * @param now id and times of a new enumeration, should one begin
 */
export function planListing(
  known: {
    open: string | null;
    lastCeilingMs: number | null;
    checkpoint: Listing | null;
    checkpointMs: number | null;
    recent: number;
  },
  now: { id: string; ceilingMs: number; startedMs: number },
): Listing {
  const { checkpoint, lastCeilingMs } = known;
  if (checkpoint !== null && checkpoint.cursor !== null && checkpoint.discovery.id === known.open) {
    const pauseMs = now.startedMs - (known.checkpointMs ?? 0);
    if (checkpoint.discovery.kind === "backfill" || pauseMs < LISTING_PAUSE_MAX_MS) return checkpoint;
  }
  const rows = checkpoint?.rows ?? LIST_PAGE_ROWS_MAX;
  const cursor = { ...LIST_START, rows };
  const begun = { ...now, completedMs: null, pages: 0, stepsBack: 0, rowsSeen: 0, endReason: null };
  if (lastCeilingMs === null)
    return { discovery: { ...begun, kind: "backfill", floorMs: null }, cursor, rows };
  const overlapMs = known.recent < LIST_PAGE_ROWS_MAX ? FRESH_OVERLAP_MS : FRESH_OVERLAP_SHORT_MS;
  return { discovery: { ...begun, kind: "fresh", floorMs: lastCeilingMs - overlapMs }, cursor, rows };
}

/**
 * Whether a run that completed an enumeration has yet to look at the newest meetings: an earlier run began it, and what
 * came since stands above the page that it began with. Pure.
 */
export function isOutrun({ discovery }: Listing, run: { readonly ceilingMs: number }): boolean {
  return run.ceilingMs - discovery.ceilingMs >= SCHEDULE_MS.fireflies;
}

/** The enumeration after a page; complete once a page ended it. */
export function afterPage(
  { discovery }: Listing,
  page: {
    readonly joined: boolean;
    readonly items: readonly unknown[];
    readonly next: ListCursor | null;
    readonly rows: number;
    readonly endReason: Discovery["endReason"];
    readonly observedMs: number;
  },
): Listing {
  return {
    discovery: {
      ...discovery,
      pages: discovery.pages + (page.joined ? 1 : 0),
      stepsBack: discovery.stepsBack + (page.joined ? 0 : 1),
      rowsSeen: discovery.rowsSeen + page.items.length,
      completedMs: page.endReason === null ? null : page.observedMs,
      endReason: page.endReason,
    },
    cursor: page.next,
    rows: page.rows,
  };
}
