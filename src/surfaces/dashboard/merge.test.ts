import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SearchHit } from "../../queries/search.ts";
import { linesOf, placementOf, withPage } from "./merge.ts";

/** What a browser does with the moves. */
function applied(current: readonly string[], wanted: readonly string[]): string[] {
  const { remove, place } = placementOf(current, wanted);
  const list = current.filter((key) => !remove.includes(key));
  for (const { key, before } of place) {
    const from = list.indexOf(key);
    if (from >= 0) list.splice(from, 1);
    const at = before === null ? list.length : list.indexOf(before);
    if (at < 0) throw new Error(`${before} is in no place yet`);
    list.splice(at, 0, key);
  }
  return list;
}

describe("placementOf", () => {
  const keys = fc.uniqueArray(fc.constantFrom(..."abcdefghij"));

  it("makes any list of any other", () => {
    fc.assert(
      fc.property(keys, keys, (current, wanted) => {
        expect(applied(current, wanted)).toEqual(wanted);
      }),
    );
  });

  it("touches nothing of a list that stays as it is", () => {
    fc.assert(
      fc.property(keys, (list) => {
        expect(placementOf(list, list)).toEqual({ remove: [], place: [] });
      }),
    );
  });

  it("moves no row when newer ones come on top and old ones go at the end", () => {
    expect(placementOf(["c", "b", "a"], ["e", "d", "c", "b"])).toEqual({
      remove: ["a"],
      place: [
        { key: "d", before: "c" },
        { key: "e", before: "d" },
      ],
    });
  });
});

const hit = (chunk: string): SearchHit => ({
  meeting: { id: "m", title: "t", dateTime: "2026-05-06T10:02:41.000Z" },
  chunk,
  speaker: null,
  startSeconds: null,
  endSeconds: null,
  snippet: [],
  link: null,
  foundBy: ["text"],
  score: 1,
  before: null,
  after: null,
});

describe("withPage", () => {
  it("adds a page below, and remembers where each passage came from", () => {
    const first = withPage([], { items: [hit("a"), hit("b")] }, null);
    const both = withPage(first, { items: [hit("c")] }, "of-2");
    expect(both.map((paged) => [paged.hit.chunk, paged.cursor])).toEqual([
      ["a", null],
      ["b", null],
      ["c", "of-2"],
    ]);
  });

  it("shows no passage twice that was pushed onto the next page meanwhile", () => {
    const first = withPage([], { items: [hit("a"), hit("b")] }, null);
    expect(withPage(first, { items: [hit("b"), hit("c")] }, "of-2").map((paged) => paged.hit.chunk)).toEqual([
      "a",
      "b",
      "c",
    ]);
  });
});

describe("linesOf", () => {
  it("gives each turn a line and keeps what is highlighted", () => {
    const parts = [
      { text: "… Maya: The ", isMatch: false },
      { text: "permit", isMatch: true },
      { text: " is late.\nFelix: ", isMatch: false },
      { text: "Permit", isMatch: true },
      { text: "?\n\n", isMatch: false },
    ];
    expect(linesOf(parts)).toEqual([
      [parts[0], parts[1], { text: " is late.", isMatch: false }],
      [{ text: "Felix: ", isMatch: false }, parts[3], { text: "?", isMatch: false }],
    ]);
  });

  it("loses no character but the ends of lines", () => {
    const part = fc.record({
      text: fc.string({ unit: fc.constantFrom("a", "\n", "<", " ") }),
      isMatch: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const joined = (all: typeof parts): string => all.map(({ text }) => text).join("");
        expect(joined(linesOf(parts).flat())).toBe(joined(parts).replaceAll("\n", ""));
      }),
    );
  });
});
