import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "./durations.ts";
import { NOTION_INDEX_LAG_MS, NOTION_SWEEP_MS } from "./policy.ts";
import { afterQuery, planTableListing, type QueryReply, type TableCursor } from "./table-listing.ts";

const NOW_MS = 10 * NOTION_SWEEP_MS;
const NOW = { id: "new", startedMs: NOW_MS, ceilingMs: NOW_MS + 1 };
const NEVER = { lastFullMs: null, lastCeilingMs: null, open: null, checkpoint: null };
const aCursor = (change: Partial<TableCursor> = {}): TableCursor => ({
  listing: planTableListing(NEVER, { ...NOW, id: "left" }).listing,
  cursor: "c1",
  sinceMs: 5,
  lastMs: 9,
  ...change,
});
const aReply = (change: Partial<QueryReply> = {}): QueryReply => ({
  rows: 100,
  cursor: null,
  isCapped: false,
  lastMs: 50,
  ...change,
});

describe("planTableListing", () => {
  it("lists everything at first, and nothing is proven before its last page", () => {
    expect(planTableListing(NEVER, NOW)).toEqual({
      listing: {
        ...NOW,
        kind: "backfill",
        floorMs: null,
        completedMs: null,
        pages: 0,
        rowsSeen: 0,
        endReason: null,
      },
      cursor: null,
      sinceMs: null,
      lastMs: null,
    });
  });

  it("lists everything once a day, and in between what was edited since the last listing, with an overlap", () => {
    const since = (lastFullMs: number, lastCeilingMs: number | null) =>
      planTableListing({ ...NEVER, lastFullMs, lastCeilingMs }, NOW);
    expect(since(NOW_MS - NOTION_SWEEP_MS, NOW_MS - 7).listing.kind).toBe("backfill");
    const floorMs = NOW_MS - 7 - NOTION_INDEX_LAG_MS - MINUTE_MS;
    expect(since(NOW_MS - NOTION_SWEEP_MS + 1, NOW_MS - 7)).toMatchObject({
      listing: { kind: "fresh", floorMs },
      sinceMs: floorMs,
      lastMs: null,
    });
    expect(since(NOW_MS - 7, null).listing.floorMs).toBe(floorMs);
  });

  it("goes on with the listing that was left from the last moment it saw, for its cursor is dead", () => {
    const left = aCursor();
    expect(planTableListing({ ...NEVER, open: "left", checkpoint: left }, NOW)).toEqual({
      ...left,
      cursor: null,
      sinceMs: 9,
    });
    const unseen = aCursor({ lastMs: null });
    expect(planTableListing({ ...NEVER, open: "left", checkpoint: unseen }, NOW).sinceMs).toBe(5);
  });

  it("leaves one that is closed or a day old, and begins anew", () => {
    const left = aCursor();
    const dayLater = { ...NOW, startedMs: NOW_MS + NOTION_SWEEP_MS };
    for (const open of [null, "another"])
      expect(planTableListing({ ...NEVER, open, checkpoint: left }, NOW).listing.id).toBe("new");
    expect(planTableListing({ ...NEVER, open: "left", checkpoint: left }, dayLater).listing.id).toBe("new");
    const beforeIt = { ...dayLater, startedMs: dayLater.startedMs - 1 };
    expect(planTableListing({ ...NEVER, open: "left", checkpoint: left }, beforeIt).listing.id).toBe("left");
  });
});

describe("afterQuery", () => {
  it("counts pages and rows, and follows the cursor of the reply", () => {
    const at = aCursor();
    const next = afterQuery(at, aReply({ cursor: "c2", isCapped: true }), NOW_MS);
    expect(next).toMatchObject({ cursor: "c2", sinceMs: 5, lastMs: 50 });
    expect(next?.listing).toMatchObject({ pages: 1, rowsSeen: 100, completedMs: null });
    const [after] = [next].map((one) => one && afterQuery(one, aReply({ rows: 3, lastMs: null }), NOW_MS));
    expect(after).toMatchObject({ cursor: null, lastMs: 50 });
    expect(after?.listing).toMatchObject({ pages: 2, rowsSeen: 103 });
  });

  it("is complete at the last page, and only there", () => {
    const done = afterQuery(aCursor(), aReply(), NOW_MS);
    expect(done?.listing).toMatchObject({ completedMs: NOW_MS, endReason: "last_page" });
    expect(afterQuery(aCursor(), aReply({ isCapped: true }), NOW_MS)?.listing).toMatchObject({
      completedMs: null,
      endReason: null,
    });
  });

  it("remembers the latest moment however rows are ordered, and none where no row ever came", () => {
    expect(afterQuery(aCursor({ lastMs: 70 }), aReply({ lastMs: 50 }), NOW_MS)?.lastMs).toBe(70);
    expect(afterQuery(aCursor({ lastMs: null }), aReply({ rows: 0, lastMs: null }), NOW_MS)?.lastMs).toBe(
      null,
    );
  });

  it("asks again from the last moment seen where Notion's cap ended the query", () => {
    expect(afterQuery(aCursor(), aReply({ isCapped: true }), NOW_MS)).toMatchObject({
      cursor: null,
      sinceMs: 50,
      lastMs: 50,
    });
  });

  it("proves nothing where more rows share a moment than a query can show, or a capped one showed none", () => {
    expect(afterQuery(aCursor({ sinceMs: 50 }), aReply({ isCapped: true }), NOW_MS)).toBe(null);
    const none = aReply({ rows: 0, lastMs: null, isCapped: true });
    expect(afterQuery(aCursor({ lastMs: null, sinceMs: null }), none, NOW_MS)).toBe(null);
    expect(afterQuery(aCursor({ lastMs: null, sinceMs: 5 }), none, NOW_MS)).toBe(null);
  });
});
