import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSearchRequest } from "../../core/search/request.ts";
import { filterWords, parametersOf, readSearch, searchQuery } from "./search-state.ts";

const EMPTY = { q: "", from: "", to: "", speaker: "", participant: "" };

describe("a search in the address", () => {
  it("is nothing where nothing was asked", () => {
    expect(readSearch("")).toEqual(EMPTY);
    expect(searchQuery(EMPTY)).toBe("");
  });

  it("reads what a link says, and nothing else", () => {
    expect(readSearch("?q=who+should+pay&speaker=Maya&limit=50&cursor=x")).toEqual({
      ...EMPTY,
      q: "who should pay",
      speaker: "Maya",
    });
  });

  it("comes back as it was, whatever was written", () => {
    const text = fc.string({ unit: "grapheme" }).map((value) => value.trim());
    const state = fc.record({ q: text, from: text, to: text, speaker: text, participant: text });
    fc.assert(
      fc.property(state, (asked) => {
        expect(readSearch(searchQuery(asked))).toEqual(asked);
      }),
    );
  });

  it("asks the API only for what it knows, and only what was said", async () => {
    const full = {
      q: "a",
      from: "2026-05-01",
      to: "2026-05-31",
      speaker: "Maya",
      participant: "x@y.example",
    };
    expect(await parseSearchRequest(new Map(Object.entries(parametersOf(full))))).toMatchObject({
      question: "a",
      filter: { from: "2026-05-01", to: "2026-05-31", speaker: "Maya", participant: "x@y.example" },
    });
    expect(parametersOf({ ...EMPTY, q: "a" })).toEqual({ q: "a" });
  });

  it("says its filters in words", () => {
    expect(filterWords({ ...EMPTY, q: "a" })).toBe("");
    expect(filterWords({ ...EMPTY, to: "2026-05-31", speaker: "Maya" })).toBe("to 2026-05-31, speaker Maya");
  });
});
