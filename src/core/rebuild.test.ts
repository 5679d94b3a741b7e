import { describe, expect, it } from "vitest";
import { REBUILD_SCOPE_MEETINGS_MAX } from "./policy.ts";
import { EVERYTHING, parseScope, rebuildWords, scopeWords, type RebuildScope } from "./rebuild.ts";

describe("parseScope", () => {
  it("takes nothing for everything", () => {
    expect(parseScope([])).toEqual(EVERYTHING);
  });

  it("takes meetings by id, each once, and days", () => {
    const words = ["meeting:b", "meeting:a:1", "meeting:b", "from:2026-05-01", "to:2026-05-31"];
    const scope = { meetings: ["a:1", "b"], from: "2026-05-01", to: "2026-05-31" };
    expect(parseScope(words)).toEqual(scope);
    expect(scopeWords(scope)).toEqual(["meeting:a:1", "meeting:b", "from:2026-05-01", "to:2026-05-31"]);
  });

  it.each([
    [
      ["project:7"],
      'A scope is meeting:<id> (several if need be), from:<day> or to:<day>; "project:7" is none.',
    ],
    [["meeting:"], "is none."],
    [["2026-05-01"], "is none."],
    [["from:yesterday"], "wants a day such as from:2026-05-01."],
    [["to:2026-02-30"], "wants a day such as to:2026-05-01."],
    [["from:2026-05-01", "from:2026-05-02"], "may be given once."],
    [["from:2026-05-02", "to:2026-05-01"], "2026-05-02 comes after 2026-05-01."],
    [
      Array.from({ length: REBUILD_SCOPE_MEETINGS_MAX + 1 }, (_, n) => `meeting:${n}`),
      "at most 1000 meetings",
    ],
  ])("says in one sentence what is wrong with %j", (words, part) => {
    expect(parseScope(words)).toEqual({ problem: expect.stringContaining(part) });
  });

  it("says a rebuild in the words that ask for it", () => {
    const scope = parseScope(["meeting:a", "from:2026-05-01"]) as RebuildScope;
    expect(rebuildWords({ what: "chunks", scope })).toBe(
      "rebuild chunks --scope meeting:a --scope from:2026-05-01",
    );
    expect(rebuildWords({ what: "vectors", scope: EVERYTHING })).toBe("rebuild vectors");
  });
});
