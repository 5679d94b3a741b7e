import { describe, expect, it } from "vitest";
import {
  afterListing,
  afterPage,
  begun,
  isOutrun,
  NOTHING_LISTED,
  planBackfill,
  planFresh,
  type Discovery,
  type Listing,
  type ListingFacts,
  type Standing,
} from "./plan.ts";
import {
  FRESH_OVERLAP_MS,
  FRESH_OVERLAP_SHORT_MS,
  LIST_PAGE_ROWS_MAX,
  LISTING_PAUSE_MAX_MS,
  SCHEDULE_MS,
} from "./policy.ts";
import { LIST_START } from "./reconcile.ts";

const NOW = { id: "new", ceilingMs: 5_000_000_000, startedMs: 5_000_000_001 };
const NOTHING: ListingFacts = {
  standing: NOTHING_LISTED,
  lastCeilingMs: null,
  backfilledMs: null,
  recent: 0,
  arrivals: { count: 0, longMs: null },
};
const standing = (kind: Discovery["kind"], change: Partial<Listing> = {}): Listing => ({
  ...begun(NOTHING_LISTED, { ...NOW, kind, floorMs: null, id: "old" }, null),
  cursor: { ...LIST_START, skip: 94 },
  rows: 12,
  ...change,
});
const having = (...listings: Listing[]): Standing => ({
  ...NOTHING_LISTED,
  listings: Object.fromEntries(listings.map((listing) => [listing.discovery.kind, listing])),
});

describe("planBackfill", () => {
  it("lists the whole history first", () => {
    expect(planBackfill(NOTHING, NOW)).toMatchObject({
      discovery: { id: "new", kind: "backfill", floorMs: null },
      cursor: LIST_START,
    });
  });

  it("goes on where its last committed page ended, however long ago that was", () => {
    const open = standing("backfill", { atMs: 0 });
    expect(planBackfill({ ...NOTHING, standing: having(open) }, NOW)).toBe(open);
  });

  it("begins anew where its listing came to an end without a proof", () => {
    const ended = standing("backfill", { cursor: null });
    expect(planBackfill({ ...NOTHING, standing: having(ended) }, NOW)?.discovery.id).toBe("new");
  });

  it("lists nothing once the whole history was listed", () => {
    expect(planBackfill({ ...NOTHING, backfilledMs: 1 }, NOW)).toBe(null);
  });
});

describe("planFresh", () => {
  it("leaves the first run to the backfill, which itself begins with the newest", () => {
    expect(planFresh(NOTHING, NOW)).toBe(null);
  });

  it("looks at the newest first once an earlier run has begun the backfill, from a week before that on", () => {
    const fresh = planFresh({ ...NOTHING, standing: having(standing("backfill")) }, NOW);
    expect(fresh?.discovery).toMatchObject({ kind: "fresh", floorMs: NOW.startedMs - FRESH_OVERLAP_MS });
  });

  it("goes on with an unfinished window, however small it is, unless its last page came long ago", () => {
    const paused = (ms: number): Listing | null => {
      const open = standing("fresh", { atMs: NOW.startedMs - ms });
      return planFresh({ ...NOTHING, lastCeilingMs: 1, standing: having(open) }, NOW);
    };
    expect(paused(LISTING_PAUSE_MAX_MS - 1)?.discovery.id).toBe("old");
    expect(paused(LISTING_PAUSE_MAX_MS)?.discovery.id).toBe("new");
  });

  it("reaches back from the last complete enumeration, however long ago that was", () => {
    const lastCeilingMs = 1_000_000_000;
    const floorOf = (recent: number): number | null | undefined =>
      planFresh({ ...NOTHING, lastCeilingMs, recent }, NOW)?.discovery.floorMs;
    expect(floorOf(0)).toBe(lastCeilingMs - FRESH_OVERLAP_MS);
    expect(floorOf(LIST_PAGE_ROWS_MAX)).toBe(lastCeilingMs - FRESH_OVERLAP_SHORT_MS);
  });

  it("remembers how small pages had to be", () => {
    const done = standing("fresh", { cursor: null });
    expect(planFresh({ ...NOTHING, lastCeilingMs: 1, standing: having(done) }, NOW)).toMatchObject({
      rows: 12,
      cursor: { rows: 12, skip: 0 },
    });
    const both = having(standing("backfill", { rows: 3 }), done);
    expect(planFresh({ ...NOTHING, lastCeilingMs: 1, standing: both }, NOW)?.rows, "its own first").toBe(12);
    const other = having(standing("backfill", { rows: 3 }));
    expect(planFresh({ ...NOTHING, lastCeilingMs: 1, standing: other }, NOW)?.rows).toBe(3);
  });
});

describe("isOutrun", () => {
  it("is true of an enumeration that began an hour or more before the run that completed it", () => {
    const listing = standing("fresh");
    const after = (ms: number): boolean => isOutrun(listing, { ceilingMs: NOW.ceilingMs + ms });
    expect(after(SCHEDULE_MS.fireflies)).toBe(true);
    expect(after(SCHEDULE_MS.fireflies - 1)).toBe(false);
  });
});

describe("afterPage", () => {
  const page = {
    joined: true,
    items: [1, 2],
    next: null,
    rows: 50,
    endReason: "empty_page",
    observedMs: 7,
  } as const;

  it("completes an enumeration only with the page that ends it", () => {
    expect(afterPage(standing("fresh"), page)).toMatchObject({
      discovery: { completedMs: 7, pages: 1, rowsSeen: 2 },
      atMs: 7,
    });
    expect(afterPage(standing("fresh"), { ...page, endReason: null }).discovery.completedMs).toBe(null);
  });

  it("counts a step back as one, not as a page", () => {
    expect(
      afterPage(standing("fresh"), { ...page, joined: false, items: [], endReason: null }).discovery,
    ).toMatchObject({ pages: 0, stepsBack: 1 });
  });
});

describe("afterListing", () => {
  it("keeps the checkpoints of the other listings", () => {
    const backfill = standing("backfill");
    const fresh = standing("fresh");
    expect(afterListing(having(backfill), fresh).listings).toEqual({ backfill, fresh });
  });

  it("moves the sweep down to the lower bound of a window that came to its end, and to no other", () => {
    const window = (change: Partial<Discovery>, cycleMs: number | null): Standing => {
      const sweep = standing("sweep", { cycleMs });
      return afterListing(NOTHING_LISTED, { ...sweep, discovery: { ...sweep.discovery, ...change } });
    };
    expect(window({ completedMs: 9, floorMs: 4 }, 2).cycle).toEqual({ startedMs: 2, toMs: 4 });
    expect(window({ completedMs: null, floorMs: 4 }, 2).cycle).toBe(null);
    expect(window({ completedMs: 9, floorMs: 4 }, null).cycle, "a look is no part of the sweep").toBe(null);
  });
});
