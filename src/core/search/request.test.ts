import { describe, expect, it } from "vitest";
import {
  SEARCH_LIMIT_DEFAULT,
  SEARCH_LIMIT_MAX,
  SEARCH_OFFSET_MAX,
  SEARCH_QUERY_CHARS_MAX,
} from "../policy.ts";
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
      { q: "x", ["y".repeat(41)]: "1" },
      `there is no search parameter "${"y".repeat(40)}…"; there are q, limit, cursor, from, to, participant, speaker, meeting, context`,
    ],
    [
      { q: "x", cursor: "abc" },
      "the cursor does not belong to this search: leave it out to begin at the first page",
    ],
  ])("says in one sentence what is wrong: %o", async (given, error) => {
    expect(await parse(given as Record<string, string>)).toEqual({ error });
  });

  it("narrows by whatever is given, alone or together, and shows what stands around only if asked to", async () => {
    const given = {
      from: "2026-05-01",
      to: "2026-05-01",
      participant: "li@x.test",
      speaker: "Ann",
      meeting: "m1",
    };
    expect((await parsed({ q: "x", ...given })).filter).toEqual(given);
    for (const day of ["from", "to"] as const)
      expect((await parsed({ q: "x", [day]: "2026-05-01" })).filter[day]).toBe("2026-05-01");
    const contexts = await Promise.all(
      ["1", "true", "0", "false", ""].map((context) => parsed({ q: "x", context })),
    );
    expect(contexts.map(({ context }) => context)).toEqual([true, true, false, false, false]);
    for (const from of ["2026-05-01T00:00", "x2026-05-01"])
      expect(await parse({ q: "x", from })).toEqual({ error: "from must be a day such as 2026-05-31" });
  });

  it("takes as many characters, passages and pages as there may be", async () => {
    const request = await parsed({ q: "x".repeat(SEARCH_QUERY_CHARS_MAX), limit: String(SEARCH_LIMIT_MAX) });
    expect(request).toMatchObject({ limit: SEARCH_LIMIT_MAX, offset: 0 });
    expect((await parsed({ q: "x", limit: "1" })).limit).toBe(1);
    const { question, filter } = request;
    for (const [offset, isTaken] of [
      [SEARCH_OFFSET_MAX, true],
      [SEARCH_OFFSET_MAX + 1, false],
    ] as const) {
      const cursor = await cursorOf({ question, filter }, offset);
      expect("offset" in (await parse({ q: question, cursor }))).toBe(isTaken);
      expect(await parse({ q: question, cursor: `0${cursor}` })).toHaveProperty("error");
    }
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
