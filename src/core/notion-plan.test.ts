import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FieldPolicy, FieldValue } from "./merge.ts";
import { basesAfterPush, mergePair, type FieldGroup, type Pair } from "./notion-plan.ts";

const BOTH: FieldPolicy = { direction: "both", conflict: "notion" };
const own = (policy: FieldPolicy, ...columns: string[]): FieldGroup[] =>
  columns.map((column) => ({ columns: [column], policy }));
const aPair = (pair: Partial<Pair> = {}): Pair => ({
  notion: {},
  d1: {},
  bases: {},
  decisions: [],
  sent: {},
  isEditedByUs: false,
  notionEditedMs: null,
  d1EditedMs: null,
  ...pair,
});
/** One field of both sides, with what they agreed on last. */
const aField = (notion: FieldValue, d1: FieldValue, base: FieldValue | undefined, pair: Partial<Pair> = {}) =>
  aPair({
    notion: { title: notion },
    d1: { title: d1 },
    bases: base === undefined ? {} : { title: { notion: base, d1: base } },
    ...pair,
  });
const TITLE = own(BOTH, "title");
const EMPTY = { toD1: {}, toNotion: {}, replacedInD1: [], replacedInNotion: [], conflicts: [] };

describe("mergePair", () => {
  it("does nothing where nothing changed", () => {
    const bases = { title: { notion: "a", d1: "a" } };
    expect(mergePair(aField("a", "a", "a"), TITLE)).toEqual({ ...EMPTY, bases });
  });

  it("takes Notion's edit into the row, keeps what it replaces, and moves the base", () => {
    expect(mergePair(aField("b", "a", "a"), TITLE)).toEqual({
      ...EMPTY,
      toD1: { title: "b" },
      replacedInD1: [{ column: "title", side: "d1", value: "a", replacedBy: "b" }],
      bases: { title: { notion: "b", d1: "b" } },
    });
  });

  it("owes Notion an edit of D1, and leaves the base where it was until that has landed", () => {
    expect(mergePair(aField("a", "b", "a"), TITLE)).toEqual({
      ...EMPTY,
      toNotion: { title: { before: "a", value: "b" } },
      replacedInNotion: [{ column: "title", side: "notion", value: "a", replacedBy: "b" }],
      bases: { title: { notion: "a", d1: "a" } },
    });
  });

  it("moves the base where both sides came to hold the same", () => {
    const agreed = { ...EMPTY, bases: { title: { notion: "b", d1: "b" } } };
    expect(mergePair(aField("b", "b", "a"), TITLE)).toEqual(agreed);
    expect(mergePair(aField("b", "b", undefined), TITLE)).toEqual(agreed);
  });

  it("names a conflict with all three values and who won it", () => {
    const conflict = { column: "title", notion: "b", d1: "c", base: { notion: "a", d1: "a" } };
    const won = mergePair(aField("b", "c", "a"), TITLE);
    expect(won.conflicts).toEqual([{ ...conflict, taken: "notion" }]);
    expect(won).toMatchObject({ toD1: { title: "b" }, replacedInD1: [{ value: "c", replacedBy: "b" }] });
    const asked = mergePair(aField("b", "c", "a"), own({ ...BOTH, conflict: "ask" }, "title"));
    expect(asked).toEqual({
      ...EMPTY,
      conflicts: [{ ...conflict, taken: null }],
      bases: { title: { notion: "a", d1: "a" } },
    });
  });

  it("lets the newer edit win where the policy says so", () => {
    const newest = own({ ...BOTH, conflict: "newest" }, "title");
    const at = (notionEditedMs: number, d1EditedMs: number) =>
      mergePair(aField("b", "c", "a", { notionEditedMs, d1EditedMs }), newest).conflicts[0]?.taken;
    expect([at(0, 60_000), at(60_000, 0)]).toEqual(["d1", "notion"]);
  });

  it("leaves a column alone that one side could not read", () => {
    const pair = { ...aField("b", "a", "a"), d1: {} };
    expect(mergePair(pair, TITLE)).toEqual({ ...EMPTY, bases: pair.bases });
    const other = { ...aField("b", "a", "a"), notion: {} };
    expect(mergePair(other, TITLE)).toEqual({ ...EMPTY, bases: other.bases });
  });

  it("decides the columns of a group together, and others by themselves", () => {
    const pair = aPair({
      notion: { status: "done", end: "d1", title: "x" },
      d1: { status: "planned", end: "d2", title: "y" },
      bases: {
        status: { notion: "planned", d1: "planned" },
        end: { notion: "d1", d1: "d1" },
        title: { notion: "x", d1: "x" },
      },
    });
    const plan = mergePair(pair, [{ columns: ["status", "end"], policy: BOTH }, ...TITLE]);
    expect(plan.toD1).toEqual({ status: "done", end: "d1" });
    expect(plan.toNotion).toEqual({ title: { before: "x", value: "y" } });
    expect(plan.conflicts.map(({ column }) => column)).toEqual(["end"]);
  });
});

describe("a person's decision", () => {
  const decided = (take: "notion" | "d1", notion: FieldValue = "b", d1: FieldValue = "c") => ({
    decisions: [{ column: "title", notion, d1, take }],
  });
  const ask = own({ ...BOTH, conflict: "ask" }, "title");

  it("holds for the values it was shown, either way, and is no conflict any more", () => {
    expect(mergePair(aField("b", "c", "a", decided("d1")), ask)).toMatchObject({
      toNotion: { title: { before: "b", value: "c" } },
      conflicts: [],
    });
    expect(mergePair(aField("b", "c", "a", decided("notion")), ask)).toMatchObject({
      toD1: { title: "b" },
      conflicts: [],
    });
  });

  it.each([
    ["Notion", decided("d1", "B", "c")],
    ["D1", decided("d1", "b", "C")],
    ["another column", { decisions: [{ column: "status", notion: "b", d1: "c", take: "d1" } as const] }],
  ])("is void once another value stands in %s", (_, pair) => {
    expect(mergePair(aField("b", "c", "a", pair), ask).conflicts).toHaveLength(1);
  });

  it("is overruled by a later one", () => {
    const decisions = [...decided("d1").decisions, ...decided("notion").decisions];
    expect(mergePair(aField("b", "c", "a", { decisions }), ask).toD1).toEqual({ title: "b" });
  });

  it("has no say where a field goes one way, or where nothing is to be decided", () => {
    const inOnly = own({ direction: "in", conflict: "notion" }, "title");
    expect(mergePair(aField("b", "c", "a", decided("d1")), inOnly).toNotion).toEqual({});
    expect(mergePair(aField("b", "b", "a", decided("d1", "b", "b")), ask)).toMatchObject(EMPTY);
  });
});

describe("a write of ours that landed late", () => {
  const late: Partial<Pair> = { sent: { title: ["a", "old"] }, isEditedByUs: true };

  it("is told by our own hand and a value that we sent: D1 wins, and it is no conflict", () => {
    expect(mergePair(aField("old", "c", "a", late), TITLE)).toMatchObject({
      toNotion: { title: { before: "old", value: "c" } },
      conflicts: [],
    });
  });

  it.each<[string, Pair]>([
    ["a person edited the page since", aField("old", "c", "a", { ...late, isEditedByUs: false })],
    ["we never sent the value", aField("new", "c", "a", late)],
    ["we sent it in another column", aField("old", "c", "a", { ...late, sent: { status: ["old"] } })],
    ["both sides never agreed", aField("old", "c", undefined, late)],
  ])("is an edit like any other if %s", (_, pair) => {
    expect(mergePair(pair, TITLE).conflicts).toHaveLength(1);
  });

  it("is not seen in a value that both had agreed on: then only D1 was edited", () => {
    const plan = mergePair(aField("a", "c", "a", late), TITLE);
    expect(plan).toMatchObject({ toNotion: { title: { before: "a", value: "c" } }, conflicts: [] });
  });

  it("gives way to a decision", () => {
    const decisions = [{ column: "title", notion: "old", d1: "c", take: "notion" } as const];
    expect(mergePair(aField("old", "c", "a", { ...late, decisions }), TITLE).toD1).toEqual({ title: "old" });
  });
});

describe("every value that is replaced", () => {
  const aValue = fc.constantFrom<FieldValue>(null, "a", "b", "c", 1);
  const aPolicy = fc.record<FieldPolicy>({
    direction: fc.constantFrom("both", "in", "out"),
    conflict: fc.constantFrom("notion", "d1", "newest", "ask"),
  });
  const pairs = fc.record({
    notion: fc.dictionary(fc.constantFrom("x", "y"), aValue),
    d1: fc.dictionary(fc.constantFrom("x", "y"), aValue),
    bases: fc.dictionary(fc.constantFrom("x", "y"), fc.record({ notion: aValue, d1: aValue })),
    decisions: fc.array(
      fc.record({
        column: fc.constantFrom("x", "y"),
        notion: aValue,
        d1: aValue,
        take: fc.constantFrom("notion", "d1"),
      }),
      { maxLength: 3 },
    ),
    sent: fc.dictionary(fc.constantFrom("x", "y"), fc.array(aValue, { maxLength: 2 })),
    isEditedByUs: fc.boolean(),
    notionEditedMs: fc.constantFrom(null, 0, 60_000),
    d1EditedMs: fc.constantFrom(null, 0, 60_000),
  });
  const groupings = aPolicy.map((policy): FieldGroup[][] => [
    own(policy, "x", "y"),
    [{ columns: ["x", "y"], policy }],
  ]);

  it("is kept first, and a second look at what was written finds nothing more to take in", () => {
    fc.assert(
      fc.property(pairs as fc.Arbitrary<Pair>, groupings, fc.nat(1), (pair, [alone, together], which) => {
        const groups = (which === 0 ? alone : together) ?? [];
        const plan = mergePair(pair, groups);
        for (const [column, value] of Object.entries(plan.toD1))
          expect(plan.replacedInD1).toContainEqual({
            column,
            side: "d1",
            value: pair.d1[column],
            replacedBy: value,
          });
        for (const [column, { before, value }] of Object.entries(plan.toNotion))
          expect(plan.replacedInNotion).toContainEqual({
            column,
            side: "notion",
            value: before,
            replacedBy: value,
          });
        expect(plan.replacedInD1).toHaveLength(Object.keys(plan.toD1).length);
        expect(plan.replacedInNotion).toHaveLength(Object.keys(plan.toNotion).length);
        const written = { ...pair, d1: { ...pair.d1, ...plan.toD1 }, bases: plan.bases };
        const again = mergePair(written, groups);
        expect(again.toD1).toEqual({});
        expect(again.toNotion).toEqual(plan.toNotion);
      }),
    );
  });
});

describe("basesAfterPush", () => {
  it("agrees on what Notion returned and what was sent, and leaves other columns alone", () => {
    const bases = { title: { notion: "a", d1: "a" }, status: { notion: "s", d1: "s" } };
    const pushed = { title: " b", priority: null };
    expect(basesAfterPush(bases, pushed, { title: "b", status: "t" })).toEqual({
      title: { notion: "b", d1: " b" },
      status: { notion: "s", d1: "s" },
      priority: { notion: null, d1: null },
    });
  });
});
