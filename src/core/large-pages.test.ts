import { describe, expect, it } from "vitest";
import {
  chooseFetches,
  largeBytes,
  requestPage,
  suspectsOf,
  UNREADABLE_BYTES,
  type LargeMeeting,
  type LightRow,
} from "./large-pages.ts";
import {
  FAILED_RETRY_AFTER_MS,
  LIGHT_FETCHES_MAX,
  LIGHT_REREAD_AFTER_MS,
  LIGHT_REREADS_MAX,
  LIST_LIGHT_ROWS,
  LIST_PAGE_ROWS_MAX,
  LIST_REPLY_BYTES_TARGET,
} from "./policy.ts";
import { LIST_ROWS_MIN, LIST_START } from "./reconcile.ts";

const MB = 1_000_000;
const at = (newer: number, sizeBytes = UNREADABLE_BYTES): LargeMeeting => ({
  place: new Date(Date.UTC(2026, 4, 30) - newer * 60_000).toISOString(),
  newer,
  sizeBytes,
});
const WIDE = { rows: LIST_PAGE_ROWS_MAX, light: true, fetch: "due" };

describe("requestPage", () => {
  it("asks for whole pages, smaller ones after failures, and for ids where none is small enough", () => {
    expect(requestPage(LIST_START, [], [])).toEqual({ rows: 50, light: false });
    expect(requestPage(LIST_START, ["too_large", "timed_out"], [])).toEqual({ rows: 12, light: false });
    const four = requestPage(LIST_START, Array(4).fill("too_large"), []);
    expect(four).toEqual({ rows: LIST_LIGHT_ROWS, light: true, fetch: "all" });
  });

  it("asks for ids at once where it expects more than comes together", () => {
    expect(requestPage(LIST_START, [], [at(20)])).toEqual(WIDE);
    expect(requestPage(LIST_START, [], [at(60)]), "on a later page").toMatchObject({ light: false });
    expect(requestPage(LIST_START, [], [at(20, 3 * MB)]), "one of some size").toMatchObject({ light: false });
    const several = [at(3, 9 * MB), at(4, 9 * MB)];
    expect(requestPage(LIST_START, [], several), "several of some size").toEqual(WIDE);
  });

  it("asks for ids after one whole page has failed, where a large one is further down than was expected", () => {
    const cursor = { ...LIST_START, skip: 47, lastPlace: at(10).place };
    expect(requestPage(cursor, [], [at(20)])).toMatchObject({ light: false });
    expect(requestPage(cursor, ["too_large"], [at(20)])).toEqual(WIDE);
    expect(requestPage(cursor, ["too_large"], [at(5)]), "it is behind").toEqual({ rows: 25, light: false });
  });

  it("counts a large one to the page on which it is listed, its first row and its last", () => {
    const second = { ...LIST_START, skip: 47 };
    expect([0, 49, 50].map((newer) => requestPage(LIST_START, [], [at(newer)]).light)).toEqual([
      true,
      true,
      false,
    ]);
    expect([46, 47, 96, 97].map((newer) => requestPage(second, [], [at(newer)]).light)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const met = { ...second, lastPlace: at(10).place };
    expect(requestPage(met, ["too_large"], [at(10)]), "at the very place that came last").toEqual(WIDE);
  });

  it("asks whole for as few rows as a page may have", () => {
    const least = { ...LIST_START, rows: LIST_ROWS_MIN };
    expect(requestPage(least, [], [])).toEqual({ rows: LIST_ROWS_MIN, light: false });
  });

  it("asks for a page whole if too much of it is new", () => {
    const cursor = { ...LIST_START, whole: true };
    expect(requestPage(cursor, [], [at(20)])).toEqual({ rows: 50, light: false });
    expect(requestPage(cursor, ["too_large"], [at(20)])).toEqual({ rows: 25, light: false });
  });
});

describe("chooseFetches", () => {
  const NOW_MS = 1_000 * 86_400_000;
  const known = (change: Partial<NonNullable<LightRow["known"]>>): LightRow["known"] => ({
    state: "live",
    aloneMs: NOW_MS - 1,
    largeBytes: 0,
    rowHash: "same",
    ...change,
  });
  const row = (id: string, is: LightRow["known"]): LightRow => ({ id, rowHash: "same", known: is });
  const chosen = (rows: LightRow[], fetch: "all" | "due" = "due"): string[] | null => {
    const ids = chooseFetches(rows, fetch, NOW_MS);
    return ids === null ? null : [...ids];
  };

  it("takes what is new, not ripe or other than it was, and leaves the others", () => {
    const rows = [
      row("new", undefined),
      row("young", known({ state: "pending" })),
      row("renamed", known({ rowHash: "other" })),
      row("same", known({})),
      row("broken", known({ state: "quarantined" })),
      row("seen in a whole page", known({ rowHash: "", aloneMs: NOW_MS - 1 })),
    ];
    expect(chosen(rows)).toEqual(["new", "young", "renamed"]);
  });

  it("takes what was deleted and shows again", () => {
    expect(chosen([row("back again", known({ state: "deleted" })), row("same", known({}))])).toEqual([
      "back again",
    ]);
  });

  it("leaves what was too large to be read alone for a day, though everything else is asked for", () => {
    const large = { largeBytes: UNREADABLE_BYTES };
    const rows = [
      row("just now", known(large)),
      row("by an unknown row", known({ ...large, rowHash: "" })),
      row("a day ago", known({ ...large, aloneMs: NOW_MS - FAILED_RETRY_AFTER_MS })),
      row("changed", known({ ...large, rowHash: "other" })),
      row("never alone", known({ ...large, aloneMs: null })),
      row("large, and was read", known({ largeBytes: UNREADABLE_BYTES - 1 })),
      row("failed", known({ state: "failed" })),
    ];
    expect(chosen(rows, "all")).toEqual(["a day ago", "changed", "never alone", "large, and was read"]);
  });

  it("takes what failed a day after it was tried, or as soon as it looks otherwise", () => {
    const failed = { state: "failed", largeBytes: UNREADABLE_BYTES } as const;
    const rows = [
      row("a day ago", known({ ...failed, aloneMs: NOW_MS - FAILED_RETRY_AFTER_MS })),
      row("just now", known({ ...failed })),
      row("changed", known({ ...failed, rowHash: "other" })),
    ];
    expect(chosen(rows)).toEqual(["a day ago", "changed"]);
    expect(chosen(rows, "all")).toEqual(["a day ago", "changed"]);
  });

  it("reads again what was not read for a day, a few at a time, longest ago first", () => {
    const ages = [3, 9, 1, 0, 7, 5].map((days, n) =>
      row(`m${n}`, known({ aloneMs: days === 9 ? null : NOW_MS - days * LIGHT_REREAD_AFTER_MS })),
    );
    expect(chosen(ages)).toEqual(["m1", "m4", "m5"]);
    expect(LIGHT_REREADS_MAX).toBe(3);
  });

  it("takes everything where even the smallest page is too large and nothing is known of why", () => {
    expect(chosen([row("a", known({})), row("b", undefined)], "all")).toEqual(["a", "b"]);
  });

  it("leaves a page to come whole on which there is too much to take", () => {
    const rows = Array.from({ length: LIGHT_FETCHES_MAX + 1 }, (_, n) => row(`${n}`, undefined));
    expect(chosen(rows)).toBe(null);
    expect(chosen(rows.slice(1)), "just as many as it may take").toHaveLength(LIGHT_FETCHES_MAX);
    expect(chosen(rows, "all")).toHaveLength(LIGHT_FETCHES_MAX + 1);
  });
});

describe("largeBytes", () => {
  it("remembers a size from which on few come together", () => {
    expect([largeBytes(117_000), largeBytes(3 * MB)]).toEqual([0, 3 * MB]);
    const share = LIST_REPLY_BYTES_TARGET / LIST_ROWS_MIN;
    expect([largeBytes(share), largeBytes(share + 1)]).toEqual([0, share + 1]);
  });
});

describe("suspectsOf", () => {
  it("suspects nothing after two ends of the program, then one more of the largest with each", () => {
    const sizes = [5, 20, 10];
    const after = (interruptions: number): number[] => [...suspectsOf(sizes, (size) => size, interruptions)];
    expect([0, 1, 2, 3, 4].map(after)).toEqual([[], [], [], [20], [20, 10]]);
  });
});
