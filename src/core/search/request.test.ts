import { describe, expect, it } from "vitest";
import { SEARCH_LIMIT_DEFAULT, SEARCH_LIMIT_MAX, SEARCH_QUERY_CHARS_MAX } from "../policy.ts";
import { cursorOf, parseSearchRequest, type SearchRequest } from "./request.ts";

const parse = (given: Record<string, string>) => parseSearchRequest(new Map(Object.entries(given)));

async function parsed(given: Record<string, string>): Promise<SearchRequest> {
  const request = await parse(given);
  if ("error" in request) throw new Error(request.error);
  return request;
}

describe("parseSearchRequest", () => {
  it("has sensible defaults", async () => {
    expect(await parse({ q: " permit " })).toEqual({
      question: "permit",
      filter: { from: null, to: null, participant: null, speaker: null, meeting: null },
      limit: SEARCH_LIMIT_DEFAULT,
      offset: 0,
      context: false,
    });
  });

  it.each([
    [{}, "q is empty: write what to look for"],
    [{ q: " \n" }, "q is empty: write what to look for"],
    [
      { q: "x".repeat(SEARCH_QUERY_CHARS_MAX + 1) },
      `q has ${SEARCH_QUERY_CHARS_MAX + 1} characters; write at most ${SEARCH_QUERY_CHARS_MAX}`,
    ],
    [{ q: "x", limit: "0" }, `limit must be a whole number from 1 to ${SEARCH_LIMIT_MAX}`],
    [{ q: "x", limit: "1000000000" }, `limit must be a whole number from 1 to ${SEARCH_LIMIT_MAX}`],
    [{ q: "x", limit: "1.5" }, `limit must be a whole number from 1 to ${SEARCH_LIMIT_MAX}`],
    [{ q: "x", from: "yesterday" }, "from must be a day such as 2026-05-31"],
    [{ q: "x", to: "2026-02-30" }, "to must be a day such as 2026-05-31"],
    [{ q: "x", from: "2026-02-02", to: "2026-02-01" }, "from is later than to: nothing lies between"],
    [{ q: "x", context: "yes" }, "context must be 1 or 0"],
    [
      { q: "x", speakr: "Ann" },
      'there is no search parameter "speakr"; there are q, limit, cursor, from, to, participant, speaker, meeting, context',
    ],
    [
      { q: "x", cursor: "abc" },
      "the cursor does not belong to this search: leave it out to begin at the first page",
    ],
  ])("says in one sentence what is wrong: %o", async (given, error) => {
    expect(await parse(given as Record<string, string>)).toEqual({ error });
  });

  it("takes its own cursor, and none of another search", async () => {
    const asked = await parsed({ q: "permit", speaker: "Ann" });
    const cursor = await cursorOf(asked, 20);
    expect((await parsed({ q: "permit", speaker: "Ann", cursor })).offset).toBe(20);
    expect((await parsed({ q: "permit", speaker: "Ann", cursor, limit: "3" })).offset).toBe(20);
    for (const other of [
      { q: "permits", speaker: "Ann" },
      { q: "permit" },
      { q: "permit", speaker: "Bob" },
    ]) {
      expect(await parse({ ...other, cursor })).toHaveProperty("error");
    }
    expect(await parse({ q: "permit", speaker: "Ann", cursor: `${cursor}999` })).toHaveProperty("error");
  });
});
