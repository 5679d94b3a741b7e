import { describe, expect, it } from "vitest";
import { PLAN_TEXT_CHARS_MAX } from "./policy.ts";
import {
  addCounts,
  countActions,
  countWords,
  isPlanHash,
  itemDigest,
  planHash,
  runCommand,
  shownItem,
  type PlanItem,
} from "./preview.ts";

const anItem = (change: Partial<PlanItem> = {}): PlanItem => ({
  action: "change row",
  recordId: "r1",
  pageId: "p1",
  column: "title",
  before: "old",
  after: "new",
  ...change,
});

describe("itemDigest", () => {
  it("is the same for the same thing, in whatever order its columns were read", async () => {
    const whole = { action: "create row", column: null, before: null } as const;
    const [one, other] = [
      anItem({ ...whole, after: { a: 1, b: "x" } }),
      anItem({ ...whole, after: { b: "x", a: 1 } }),
    ];
    expect(await itemDigest(one)).toBe(await itemDigest(other));
    expect(await itemDigest(one)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is the same in every release, for a person's word may be older than the program", async () => {
    expect(await itemDigest(anItem())).toBe(
      "2616661d11987befb297442678ff2ea002550be7667a55bab3d5f61e4f7d0277",
    );
    const whole = anItem({ action: "create row", column: null, before: null, after: { a: 1, b: "x" } });
    expect(await itemDigest(whole)).toBe("7c3b1d031500b42c56851640700c10ab5886dea80b92b495f296109922a478e2");
  });

  it("changes with each part, so that nobody's word covers what he was not shown", async () => {
    const changes: Partial<PlanItem>[] = [
      {},
      { action: "change page" },
      { recordId: null },
      { pageId: "p2" },
      { column: "status" },
      { before: null },
      { after: "newer" },
      { after: { title: "new" } },
      { after: { title: "newer" } },
      { after: { titles: "new" } },
      { after: true },
    ];
    const digests = await Promise.all(changes.map((change) => itemDigest(anItem(change))));
    expect(new Set(digests).size).toBe(changes.length);
  });
});

describe("planHash", () => {
  const subject = { sync: "projects", dataSourceId: "d1" };

  it("does not depend on the order in which things were found", async () => {
    expect(await planHash(subject, ["a", "b"])).toBe(await planHash(subject, ["b", "a"]));
  });

  it("is of one table of one source, and of everything in it", async () => {
    const hashes = await Promise.all([
      planHash(subject, ["a", "b"]),
      planHash(subject, ["a"]),
      planHash(subject, ["a", "a"]),
      planHash({ ...subject, sync: "clients" }, ["a", "b"]),
      planHash({ ...subject, dataSourceId: "d2" }, ["a", "b"]),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes.every(isPlanHash)).toBe(true);
  });
});

describe("isPlanHash", () => {
  it.each(["", "a".repeat(63), "a".repeat(65), "A".repeat(64), `x${"a".repeat(64)}`, `${"a".repeat(64)}\n`])(
    "is not fooled by %j",
    (text) => {
      expect(isPlanHash(text)).toBe(false);
    },
  );
});

describe("shownItem", () => {
  const long = "😀".repeat(PLAN_TEXT_CHARS_MAX + 1);
  const whole = "😀".repeat(PLAN_TEXT_CHARS_MAX);

  it("cuts long texts by whole characters, alone and within a record, and says so", () => {
    expect(shownItem(anItem({ before: long, after: { title: long, value: 7, none: null } }))).toEqual(
      anItem({ before: `${whole}…`, after: { title: `${whole}…`, value: 7, none: null } }),
    );
  });

  it.each([["short"], [whole], [7], [true], [null], [{ title: "short" }]])("leaves %j as it is", (value) => {
    const item = anItem({ before: value, after: value });
    expect(shownItem(item)).toEqual(item);
  });
});

describe("counts", () => {
  it("are of each kind, and add up", () => {
    const one = countActions([{ action: "ask" }, { action: "create row" }, { action: "ask" }]);
    expect(one).toEqual({ ask: 2, "create row": 1 });
    expect(addCounts(one, { ask: 1, "trash page": 4 })).toEqual({ ask: 3, "create row": 1, "trash page": 4 });
    expect(addCounts({}, {})).toEqual({});
  });

  it("are told in one order, and what does not happen is not told", () => {
    expect(countWords({ ask: 2, "create row": 1, "trash page": 0 })).toBe("create row: 1, ask: 2");
    expect(countWords({ ask: 0 })).toBe("nothing to do");
    expect(countWords({})).toBe("nothing to do");
  });
});

describe("runCommand", () => {
  it("is what a person types to give the word", () => {
    expect(runCommand("projects", "--plan abc")).toBe("npm run -s syncctl -- run projects --plan abc");
  });
});
