import { describe, expect, it } from "vitest";
import { REBUILD_SCOPE_MEETINGS_MAX } from "./policy.ts";
import {
  EVERYTHING,
  isSameScope,
  laneOf,
  otherModel,
  parseScope,
  rebuildWords,
  replacesIndex,
  runName,
  scopeWords,
  type RebuildScope,
} from "./rebuild.ts";

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
    [["1meeting:a"], "is none."],
    [["x".repeat(90)], `"${"x".repeat(80)}" is none.`],
    [["from:2026-05-01T00:00:00"], "wants a day such as from:2026-05-01."],
    [["from:x2026-05-01"], "wants a day such as from:2026-05-01."],
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

  it("takes a single day, one bound alone, and as many meetings as it may name", () => {
    expect(parseScope(["from:2026-05-01", "to:2026-05-01"])).toMatchObject({
      from: "2026-05-01",
      to: "2026-05-01",
    });
    expect(parseScope(["to:2026-05-01"])).toEqual({ meetings: [], from: null, to: "2026-05-01" });
    const many = Array.from({ length: REBUILD_SCOPE_MEETINGS_MAX }, (_, n) => `meeting:${n}`);
    expect(parseScope(many)).toMatchObject({ from: null });
    expect(parseScope(["meeting:two\nlines"])).toMatchObject({ meetings: ["two\nlines"] });
  });

  it("says a rebuild in the words that ask for it", () => {
    const scope = parseScope(["meeting:a", "from:2026-05-01"]) as RebuildScope;
    expect(rebuildWords({ what: "chunks", scope })).toBe(
      "rebuild chunks --scope meeting:a --scope from:2026-05-01",
    );
    expect(rebuildWords({ what: "vectors", scope: EVERYTHING })).toBe("rebuild vectors");
  });
});

describe("a rebuild", () => {
  it("replaces the index only if it makes the vectors of another model", () => {
    expect(replacesIndex({ what: "vectors", model: "new", liveModel: "old" })).toBe(true);
    expect(replacesIndex({ what: "vectors", model: "old", liveModel: "old" })).toBe(false);
    expect(replacesIndex({ what: "chunks", model: "new", liveModel: "old" })).toBe(false);
  });

  it("runs in the lane whose rows it writes, and is named by what it does", () => {
    expect([laneOf("records"), laneOf("chunks"), laneOf("vectors")]).toEqual([
      "fireflies",
      "vectors",
      "vectors",
    ]);
    expect(runName({ sync: "vectors", rebuild: { what: "chunks" } })).toBe("rebuild chunks");
    expect(runName({ sync: "vectors", rebuild: null })).toBe("vectors");
  });

  it("has the scope of another if both are about the same meetings, however they were named", () => {
    const scope = (...words: string[]) => parseScope(words) as RebuildScope;
    expect(isSameScope(scope("meeting:a", "meeting:b"), scope("meeting:b", "meeting:a"))).toBe(true);
    expect(isSameScope(scope("meeting:a"), EVERYTHING)).toBe(false);
    expect(isSameScope(scope("from:2026-05-01"), scope("to:2026-05-01"))).toBe(false);
  });

  it("is asked for in one sentence where the configuration wants another model", () => {
    expect(otherModel("old", "new")).toMatch(
      /^the vectors are those of old and EMBEDDINGS asks for new: .*rebuild vectors/,
    );
  });
});
