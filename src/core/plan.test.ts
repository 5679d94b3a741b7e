import { describe, expect, it } from "vitest";
import { afterPage, isOutrun, planListing, type Listing } from "./plan.ts";
import {
  FRESH_OVERLAP_MS,
  FRESH_OVERLAP_SHORT_MS,
  LIST_PAGE_ROWS_MAX,
  LISTING_PAUSE_MAX_MS,
  SCHEDULE_MS,
} from "./policy.ts";
import { LIST_START } from "./reconcile.ts";

const NOW = { id: "new", ceilingMs: 5_000_000_000, startedMs: 5_000_000_001 };
const NOTHING = { open: null, lastCeilingMs: null, checkpoint: null, checkpointMs: null, recent: 0 };
const standing = (change: Partial<Listing["discovery"]>): Listing => ({
  discovery: { ...planListing(NOTHING, NOW).discovery, id: "old", ...change },
  cursor: { ...LIST_START, skip: 94 },
  rows: 12,
});

describe("planListing", () => {
  it("lists the whole history first", () => {
    expect(planListing(NOTHING, NOW)).toMatchObject({
      discovery: { id: "new", kind: "backfill", floorMs: null },
      cursor: LIST_START,
    });
  });

  it("goes on with an unfinished backfill where its last committed page ended", () => {
    const checkpoint = standing({});
    expect(planListing({ ...NOTHING, open: "old", checkpoint }, NOW)).toBe(checkpoint);
  });

  it("goes on with an unfinished window, however small and old it is, unless its last page came long ago", () => {
    const checkpoint = standing({ kind: "fresh", rowsSeen: 47, ceilingMs: 1 });
    const known = { ...NOTHING, open: "old", lastCeilingMs: 1, checkpoint };
    const paused = (ms: number): Listing => planListing({ ...known, checkpointMs: NOW.startedMs - ms }, NOW);
    expect(paused(LISTING_PAUSE_MAX_MS - 1)).toBe(checkpoint);
    expect(paused(LISTING_PAUSE_MAX_MS).discovery.id).toBe("new");
  });

  it("reaches back from the last complete enumeration, however long ago that was", () => {
    const lastCeilingMs = 1_000_000_000;
    expect(planListing({ ...NOTHING, lastCeilingMs }, NOW).discovery).toMatchObject({
      kind: "fresh",
      floorMs: lastCeilingMs - FRESH_OVERLAP_MS,
    });
    expect(
      planListing({ ...NOTHING, lastCeilingMs, recent: LIST_PAGE_ROWS_MAX }, NOW).discovery.floorMs,
    ).toBe(lastCeilingMs - FRESH_OVERLAP_SHORT_MS);
  });

  it("remembers how small pages had to be", () => {
    const checkpoint = { ...standing({}), cursor: null };
    expect(planListing({ ...NOTHING, lastCeilingMs: 1, checkpoint }, NOW)).toMatchObject({
      rows: 12,
      cursor: { rows: 12, skip: 0 },
    });
  });
});

describe("isOutrun", () => {
  it("is true of an enumeration that began an hour or more before the run that completed it", () => {
    const listing = standing({ ceilingMs: 0 });
    expect(isOutrun(listing, { ceilingMs: SCHEDULE_MS.fireflies })).toBe(true);
    expect(isOutrun(listing, { ceilingMs: SCHEDULE_MS.fireflies - 1 })).toBe(false);
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
    expect(afterPage(standing({}), page).discovery).toMatchObject({ completedMs: 7, pages: 1, rowsSeen: 2 });
    expect(afterPage(standing({}), { ...page, endReason: null }).discovery.completedMs).toBe(null);
  });

  it("counts a step back as one, not as a page", () => {
    expect(
      afterPage(standing({}), { ...page, joined: false, items: [], endReason: null }).discovery,
    ).toMatchObject({ pages: 0, stepsBack: 1 });
  });
});
