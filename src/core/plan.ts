/**
 * What a run of fireflies has to list, and where its listings stand: the newest days first, then the rest of the history
 * until it was listed once. Closed windows of the past are core/sweep's. Pure. Source: protocols 3.
 */
import { overlapMs, type Arrivals } from "./arrivals.ts";
import { LIST_PAGE_ROWS_MAX, LISTING_PAUSE_MAX_MS, SCHEDULE_MS } from "./policy.ts";
import type { CallUse } from "./quota.ts";
import { LIST_START, type ListCursor } from "./reconcile.ts";

/** One listing of the source and what it proves. Times are world ms. */
export type Discovery = {
  readonly id: string;
  readonly kind: "backfill" | "fresh" | "sweep";
  /** Lower bound of the window; null: back to the first meeting. */
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

/** Where an enumeration stands, and what a restarted run goes on from. */
export type Listing = {
  readonly discovery: Discovery;
  readonly cursor: ListCursor | null;
  /** Rows that the next page may have without its reply growing too large; outlives the enumeration. */
  readonly rows: number;
  /** World ms of its last page. */
  readonly atMs: number;
  /** When the newest meetings had last been listed before it began, world ms; null: never. */
  readonly sinceMs: number | null;
  /** Known meetings above its first row. */
  readonly above: number;
  /** When the sweep that it is a window of began, world ms; null if it is none. */
  readonly cycleMs: number | null;
};

/** Where the sweep of the whole history stands: what lies below `toMs` is yet to be swept; null: nothing. */
export type Cycle = { readonly startedMs: number; readonly toMs: number | null };

/** The lane's checkpoint: the last listing of each kind, and the sweep. */
export type Standing = {
  readonly listings: Readonly<Partial<Record<Discovery["kind"], Listing>>>;
  readonly cycle: Cycle | null;
};

export const NOTHING_LISTED: Standing = { listings: {}, cycle: null };

/** What listings are planned from. */
export type ListingFacts = {
  readonly standing: Standing;
  /** Upper bound of the newest complete listing of the newest meetings, world ms; null: none. */
  readonly lastCeilingMs: number | null;
  /** When the whole history was first listed completely, world ms; null: not yet. */
  readonly backfilledMs: number | null;
  /** How many known meetings lie within the long overlap. */
  readonly recent: number;
  readonly arrivals: Arrivals;
};

/** Id and times of a listing, should one begin. World ms. */
export type Beginning = { readonly id: string; readonly ceilingMs: number; readonly startedMs: number };

/** What a listing makes its calls for. */
export const USE_OF_LISTING = {
  fresh: "fresh",
  backfill: "backfill",
  sweep: "reconcile",
} as const satisfies Record<Discovery["kind"], CallUse>;

/**
 * The newest days: the window that is open, or one that reaches back from the upper bound of the newest complete listing,
 * less an overlap. While none is complete, from the start of the backfill; null in the run that begins the backfill, which
 * itself begins with the newest.
 *
 * However small it is, an unfinished enumeration is gone on with: begun anew with every run, it would never end where a
 * budget ends before it does. Its age is no bound, for the same reason; a long pause is.
 */
export function planFresh(facts: ListingFacts, now: Beginning): Listing | null {
  const { fresh, backfill } = facts.standing.listings;
  if (fresh !== undefined && fresh.cursor !== null && now.startedMs - fresh.atMs < LISTING_PAUSE_MAX_MS)
    return fresh;
  if (facts.lastCeilingMs !== null) {
    const floorMs = facts.lastCeilingMs - overlapMs(facts);
    return begun(facts.standing, { kind: "fresh", floorMs, ...now }, facts.lastCeilingMs);
  }
  if (backfill === undefined) return null;
  const { startedMs } = backfill.discovery;
  const floorMs = startedMs - overlapMs(facts);
  return begun(facts.standing, { kind: "fresh", floorMs, ...now }, startedMs);
}

/** The whole history, from where it stands; null once it was listed. */
export function planBackfill(facts: ListingFacts, now: Beginning): Listing | null {
  const { backfill } = facts.standing.listings;
  if (facts.backfilledMs !== null) return null;
  if (backfill !== undefined && backfill.cursor !== null) return backfill;
  return begun(facts.standing, { kind: "backfill", floorMs: null, ...now }, null);
}

/** A listing before its first page. */
export function begun(
  { listings }: Standing,
  discovery: Pick<Discovery, "kind" | "floorMs" | "ceilingMs" | "id" | "startedMs">,
  sinceMs: number | null,
): Listing {
  const [other] = Object.values(listings);
  const rows = listings[discovery.kind]?.rows ?? other?.rows ?? LIST_PAGE_ROWS_MAX;
  return {
    discovery: { ...discovery, completedMs: null, pages: 0, stepsBack: 0, rowsSeen: 0, endReason: null },
    cursor: { ...LIST_START, rows },
    rows,
    atMs: discovery.startedMs,
    sinceMs,
    above: 0,
    cycleMs: null,
  };
}

/**
 * Whether a run that completed a window has yet to look at the newest meetings: an earlier run began it, and what came
 * since stands above the page that it began with. Pure.
 */
export function isOutrun({ discovery }: Listing, run: { readonly ceilingMs: number }): boolean {
  return run.ceilingMs - discovery.ceilingMs >= SCHEDULE_MS.fireflies;
}

/** The enumeration after a page; complete once a page ended it. */
export function afterPage(
  listing: Listing,
  page: {
    readonly joined: boolean;
    readonly items: readonly unknown[];
    readonly next: ListCursor | null;
    readonly rows: number;
    readonly endReason: Discovery["endReason"];
    readonly observedMs: number;
  },
): Listing {
  const { discovery } = listing;
  return {
    ...listing,
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
    atMs: page.observedMs,
  };
}

/** The checkpoint after a page of a listing; a window that is done moves the sweep on. */
export function afterListing({ listings, cycle }: Standing, listing: Listing): Standing {
  const { discovery, cycleMs } = listing;
  const isDone = discovery.completedMs !== null && cycleMs !== null;
  return {
    listings: { ...listings, [discovery.kind]: listing },
    cycle: isDone ? { startedMs: cycleMs, toMs: discovery.floorMs } : cycle,
  };
}
