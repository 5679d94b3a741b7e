import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIST_OVERLAP_ROWS, LIST_PAGE_ROWS_MAX, LIST_REPLY_BYTES_TARGET } from "./policy.ts";
import { coverOf, judgePage, LIST_ROWS_MIN, LIST_START, nextPageRows, type ListCursor } from "./reconcile.ts";
import { propertyRuns } from "./property-runs.testsuite.ts";

const place = (minute: number): string => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();
const aCursor = (cursor: Partial<ListCursor>): ListCursor => ({ ...LIST_START, rows: 5, ...cursor });
const places = (...minutes: number[]): string[] => minutes.map(place);

describe("judgePage", () => {
  it("joins a page whose first row is strictly newer than the last row before it", () => {
    const verdict = judgePage(aCursor({ skip: 2, lastPlace: place(10) }), 5, places(12, 11, 10, 9, 8), null);
    expect(verdict).toMatchObject({
      state: "joined",
      next: { skip: 2 + 5 - LIST_OVERLAP_ROWS, lastPlace: place(8) },
    });
  });

  it("steps back instead of starting over when rows were deleted in between, twice as far each time", () => {
    const first = judgePage(aCursor({ skip: 40, lastPlace: place(10) }), 5, places(10, 9, 8, 7, 6), null);
    expect(first).toMatchObject({
      state: "step_back",
      next: { skip: 34, backRows: 6, lastPlace: place(10) },
    });
    const again = first.state === "step_back" ? judgePage(first.next, 5, places(9, 8, 7, 6, 5), null) : null;
    expect(again).toMatchObject({ state: "step_back", next: { skip: 22, backRows: 12 } });
  });

  it("takes a page at offset 0 as joined: nothing is newer than its first row", () => {
    expect(judgePage(aCursor({ lastPlace: place(10) }), 5, places(10, 9, 8, 7, 6), null).state).toBe(
      "joined",
    );
  });

  it("ends the whole history only in a short page followed by an empty one", () => {
    const short = judgePage(aCursor({ skip: 7, lastPlace: place(5) }), 5, places(7, 6, 5), null);
    expect(short).toMatchObject({ state: "joined", next: { skip: 10, afterShort: true } });
    const next = short.state === "joined" ? short.next : null;
    expect(judgePage(next ?? LIST_START, 5, [], null)).toMatchObject({
      state: "joined",
      next: null,
      endReason: "empty_page",
    });
  });

  it("ends the whole history as well in a second short page that goes no further back, whatever came in above", () => {
    const after = aCursor({ skip: 10, lastPlace: place(5), afterShort: true });
    const ended = { state: "joined", next: null, endReason: "same_end" };
    expect(judgePage(after, 5, places(5), null), "one row came in").toEqual(ended);
    expect(judgePage(after, 5, places(7, 6), null), "more came in than went").toEqual(ended);
    expect(judgePage(after, 5, places(6, 5, 4), null), "there is an older one").toMatchObject({
      next: { lastPlace: place(4) },
    });
    expect(judgePage(after, 3, places(7, 6, 5), null), "a full page").toMatchObject({ endReason: null });
    expect(judgePage({ ...after, afterShort: false }, 5, places(6, 5), null)).toMatchObject({
      endReason: null,
    });
  });

  it("comes to the end of a history in which a row comes in before every request", () => {
    let cursor: ListCursor | null = { ...LIST_START, rows: 5 };
    let requests = 0;
    for (let newest = 20; cursor !== null && requests < 60; newest += 1, requests += 1) {
      const rows = Array.from({ length: newest }, (_, n) => place(newest - n)).slice(
        cursor.skip,
        cursor.skip + 5,
      );
      const verdict = judgePage(cursor, 5, rows, null);
      cursor = verdict.state === "disordered" ? null : verdict.next;
    }
    expect(cursor).toBe(null);
    expect(requests).toBeLessThan(30);
  });

  it("does not take an empty page after a full one for the end", () => {
    expect(judgePage(aCursor({ skip: 40, lastPlace: place(10) }), 5, [], null)).toMatchObject({
      state: "step_back",
      next: { skip: 40 - 2 * LIST_OVERLAP_ROWS },
    });
  });

  it("goes on after a step back as soon as a page shows anything new", () => {
    const back = aCursor({ skip: 34, lastPlace: place(10), backRows: 6 });
    expect(judgePage(back, 3, places(13, 12, 11), null)).toMatchObject({
      state: "joined",
      next: { skip: 34 + 3 - LIST_OVERLAP_ROWS, lastPlace: place(11), backRows: 0 },
    });
    expect(judgePage(back, 3, places(12, 11, 10), null), "it ends where the one before did").toMatchObject({
      state: "step_back",
      next: { skip: 34, rows: 6 },
    });
  });

  it("forgets with a step back that a page was short: an empty one would pass for the end", () => {
    const short = aCursor({ skip: 40, lastPlace: place(10), afterShort: true });
    expect(judgePage(short, 5, places(10, 9, 8, 7, 6), null)).toMatchObject({
      state: "step_back",
      next: { afterShort: false },
    });
  });

  it("joins the first page that is known of a listing, wherever it stands", () => {
    expect(judgePage(aCursor({ skip: 5 }), 5, places(10, 9, 8, 7, 6), null).state).toBe("joined");
  });

  it("takes an empty first page for an empty workspace only when it comes twice", () => {
    const first = judgePage(LIST_START, 50, [], null);
    expect(first).toMatchObject({ state: "step_back", next: { skip: 0 } });
    const next = first.state === "step_back" ? first.next : LIST_START;
    expect(judgePage(next, 50, [], null)).toMatchObject({ next: null, endReason: "empty_page" });
    expect(judgePage(next, 50, places(3, 2, 1), null)).toMatchObject({ state: "joined", next: { skip: 3 } });
  });

  it("gives a row without a moment its neighbour's place", () => {
    const verdict = judgePage(aCursor({}), 5, [place(9), "", place(7), "", place(5)], null);
    expect(verdict).toMatchObject({ state: "joined", next: { lastPlace: place(5), floored: false } });
    expect(judgePage(aCursor({}), 5, ["", "", ""], null).state).toBe("joined");
  });

  it("says that nothing can be proven where more rows share a moment than a page can step over", () => {
    const tied = Array.from({ length: LIST_PAGE_ROWS_MAX }, () => place(10));
    const cursor = { ...LIST_START, skip: 20, lastPlace: place(10), backRows: 24 };
    const page = [place(11), ...tied].slice(0, LIST_PAGE_ROWS_MAX);
    expect(judgePage(cursor, LIST_PAGE_ROWS_MAX, page, null).state).toBe("disordered");
    expect(judgePage({ ...cursor, rows: 4 }, 4, page.slice(0, 4), null)).toMatchObject({
      state: "step_back",
      next: { rows: 8 },
    });
  });

  it("compares the floor of a window in the same way as the rows", () => {
    const floored = aCursor({ floored: true });
    expect(judgePage(floored, 3, places(14, 12, 11), place(13))).toMatchObject({ endReason: null });
  });

  it("compares a place that no clock reads as it stands", () => {
    const floored = aCursor({ floored: true });
    expect(judgePage(floored, 3, ["z-later", place(12), place(9)], null)).toMatchObject({
      state: "joined",
      next: { lastPlace: place(5) },
    });
    expect(judgePage(floored, 3, [place(12), "z-later", place(9)], null).state).toBe("disordered");
    expect(coverOf(false, ["z-later", place(12)])).toBe(null);
  });

  it("ends a window at the first row older than its floor, never at a full page without one", () => {
    expect(judgePage(aCursor({}), 5, places(9, 8, 7, 6, 5), place(6))).toMatchObject({
      state: "joined",
      next: null,
      endReason: "older_than_floor",
    });
    expect(judgePage(aCursor({}), 5, places(9, 8, 7, 6, 5), place(5))).toMatchObject({
      endReason: null,
      next: { skip: 2 },
    });
  });

  it("falls back to the 5-minute floor when exact moments are out of order, and refuses disorder beyond it", () => {
    expect(judgePage(aCursor({}), 3, places(13, 14, 11), null)).toMatchObject({
      state: "joined",
      next: { floored: true },
    });
    expect(judgePage(aCursor({}), 3, places(1, 30, 2), null).state).toBe("disordered");
  });

  it("proves that every meeting visible throughout is listed, whatever comes and goes between pages", () => {
    const life = fc.record({
      minute: fc.nat(500),
      bornAt: fc.nat(12),
      diesAt: fc.integer({ min: 3, max: 40 }),
    });
    fc.assert(
      fc.property(
        fc.array(life, { maxLength: 120 }),
        fc.integer({ min: LIST_ROWS_MIN, max: 20 }),
        (lives, rows) => {
          const meetings = lives.map((meeting, index) => ({
            ...meeting,
            id: index,
            at: place(meeting.minute),
          }));
          const seen = new Set<number>();
          let cursor: ListCursor | null = { ...LIST_START, rows };
          let request = 0;
          for (; cursor !== null && request < 400; request += 1) {
            const now = request;
            const visible = meetings
              .filter((meeting) => (meeting.bornAt <= now || meeting.bornAt <= 4) && meeting.diesAt > now)
              .toSorted((a, b) => (a.at === b.at ? a.id - b.id : a.at < b.at ? 1 : -1));
            const page = visible.slice(cursor.skip, cursor.skip + rows);
            const verdict = judgePage(
              cursor,
              rows,
              page.map((meeting) => meeting.at),
              null,
            );
            if (verdict.state === "joined") for (const meeting of page) seen.add(meeting.id);
            expect(verdict.state).not.toBe("disordered");
            cursor = verdict.state === "disordered" ? null : verdict.next;
          }
          expect(cursor).toBe(null);
          const throughout = meetings.filter((meeting) => meeting.bornAt <= 4 && meeting.diesAt >= request);
          expect(throughout.filter((meeting) => !seen.has(meeting.id))).toEqual([]);
        },
      ),
      { numRuns: propertyRuns(500) },
    );
  });
});

describe("nextPageRows", () => {
  it("asks for full pages while they stay under the target, and where nothing is known of their size", () => {
    expect(nextPageRows(LIST_REPLY_BYTES_TARGET * 2, 0)).toBe(LIST_PAGE_ROWS_MAX);
    expect(nextPageRows(0, 50)).toBe(LIST_PAGE_ROWS_MAX);
    expect(nextPageRows(LIST_REPLY_BYTES_TARGET / 2, 50)).toBe(LIST_PAGE_ROWS_MAX);
  });

  it("asks for fewer rows when meetings are large, but enough to move on past the overlap", () => {
    expect(nextPageRows(LIST_REPLY_BYTES_TARGET * 2, 50)).toBe(25);
    expect(nextPageRows(LIST_REPLY_BYTES_TARGET * 2, 1)).toBe(LIST_ROWS_MIN);
  });
});

describe("coverOf", () => {
  const at = (minute: number, second = 0): string =>
    new Date(Date.UTC(2026, 4, 6, 10, minute, second)).toISOString();

  it("reaches from just above the last row to the first one, which are not inside", () => {
    expect(coverOf(false, [at(30), at(20), at(10)])).toEqual({
      from: "2026-05-06T10:10:00.001Z",
      to: at(30),
    });
  });

  it("is nothing for a page of one moment, of one row, or of none", () => {
    for (const places of [[at(10), at(10)], [at(10)], [], ["", ""]])
      expect(coverOf(false, places)).toBe(null);
  });

  it("leaves out the five minutes of its last row where places are compared by these", () => {
    const disordered = [at(31), at(22), at(24), at(12)];
    expect(coverOf(false, disordered)).toEqual({ from: at(15), to: at(30) });
    expect(coverOf(true, [at(31), at(12)])).toEqual({ from: at(15), to: at(30) });
  });

  it("is not widened by a row without a moment", () => {
    expect(coverOf(false, ["", at(30), at(10), ""])).toEqual(coverOf(false, [at(30), at(10)]));
  });

  it("covers nothing beyond the years that sort", () => {
    expect(coverOf(false, ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"])).toBe(null);
  });
});
