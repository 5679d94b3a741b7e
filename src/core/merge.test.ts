import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  mergeGroup,
  sameValue,
  type EditTimes,
  type FieldPolicy,
  type FieldState,
  type FieldValue,
  type FieldVerdict,
} from "./merge.ts";
import { basesAfterPush, mergePair } from "./notion-plan.ts";
import { propertyRuns } from "./property-runs.testsuite.ts";

const BOTH: FieldPolicy = { direction: "both", conflict: "notion" };
const UNKNOWN: EditTimes = { notionMs: null, d1Ms: null };
const MINUTE = 60_000;

const agreedOn = (value: FieldValue): FieldState["base"] => ({ notion: value, d1: value });
const aState = (state: Partial<FieldState>): FieldState => ({
  base: agreedOn("old"),
  notion: "old",
  d1: "old",
  ...state,
});
const decide = (state: FieldState, policy: FieldPolicy = BOTH, edited: EditTimes = UNKNOWN): FieldVerdict =>
  mergeGroup({ field: state }, policy, edited).field;

describe("mergeGroup, one field", () => {
  it("does nothing when neither side left its own half of the base", () => {
    expect(decide(aState({}))).toEqual({ do: "nothing" });
    expect(decide({ base: { notion: "Old", d1: " old" }, notion: "Old", d1: " old" })).toEqual({
      do: "nothing",
    });
  });

  it("takes what one side changed, clearing included", () => {
    expect(decide(aState({ notion: "new" }))).toEqual({ do: "take", from: "notion" });
    expect(decide(aState({ d1: "new" }))).toEqual({ do: "take", from: "d1" });
    expect(decide(aState({ notion: null }))).toEqual({ do: "take", from: "notion" });
    expect(decide(aState({ base: agreedOn(null), notion: null, d1: 0 }))).toEqual({ do: "take", from: "d1" });
  });

  it("measures each side against its own half: Notion's spelling of what D1 sent is no edit", () => {
    const pushed = { base: { notion: "In Progress", d1: "in progress" }, notion: "In Progress" };
    expect(decide({ ...pushed, d1: "in progress" })).toEqual({ do: "nothing" });
    expect(decide({ ...pushed, d1: "done" })).toEqual({ do: "take", from: "d1" });
  });

  it("agrees when both hold the same new value, whoever brought it", () => {
    expect(decide(aState({ notion: "new", d1: "new" }))).toEqual({ do: "agree" });
    expect(decide({ base: { notion: "a", d1: "b" }, notion: "b", d1: "b" })).toEqual({ do: "agree" });
  });

  it.each([
    ["notion", "theirs"],
    ["d1", "mine"],
  ] as const)("lets the policy %s decide a conflict, and names the edit that loses", (conflict, kept) => {
    const state = aState({ notion: "theirs", d1: "mine" });
    const verdict = decide(state, { direction: "both", conflict });
    expect(verdict).toEqual({
      do: "conflict",
      take: conflict,
      losing: kept === "mine" ? "theirs" : "mine",
    });
    const { fields } = round({ field: state }, { direction: "both", conflict }, UNKNOWN);
    expect(fields["field"]).toEqual({ notion: kept, d1: kept, base: agreedOn(kept) });
  });

  it("changes nothing where a person is to be asked", () => {
    const state = aState({ notion: "theirs", d1: "mine" });
    const verdict = decide(state, { direction: "both", conflict: "ask" });
    expect(verdict).toEqual({ do: "conflict", take: null, losing: null });
    const after = round({ field: state }, { direction: "both", conflict: "ask" }, UNKNOWN);
    expect(after).toMatchObject({ fields: { field: state }, lost: { field: [] } });
  });

  it("calls D1 newer only in a later minute, for Notion knows no seconds", () => {
    const state = aState({ notion: "theirs", d1: "mine" });
    const newest = (notionMs: number | null, d1Ms: number | null): FieldVerdict =>
      decide(state, { direction: "both", conflict: "newest" }, { notionMs, d1Ms });
    expect(newest(10 * MINUTE, 10 * MINUTE + 59_999)).toMatchObject({ take: "notion" });
    expect(newest(10 * MINUTE, 11 * MINUTE)).toMatchObject({ take: "d1" });
    expect(newest(11 * MINUTE, 10 * MINUTE + 59_999)).toMatchObject({ take: "notion" });
    expect(newest(null, 11 * MINUTE)).toMatchObject({ take: "notion" });
    expect(newest(11 * MINUTE, null)).toMatchObject({ take: "notion" });
  });

  it("puts an edit back that a one-way field does not allow, and names it", () => {
    expect(decide(aState({ d1: "mine" }), { direction: "in", conflict: "d1" })).toEqual({
      do: "conflict",
      take: "notion",
      losing: "mine",
    });
    expect(decide(aState({ notion: "theirs" }), { direction: "out", conflict: "ask" })).toEqual({
      do: "conflict",
      take: "d1",
      losing: "theirs",
    });
    expect(decide(aState({ notion: "new" }), { direction: "in", conflict: "ask" })).toEqual({
      do: "take",
      from: "notion",
    });
    expect(decide(aState({ d1: "new" }), { direction: "out", conflict: "ask" })).toEqual({
      do: "take",
      from: "d1",
    });
  });
});

describe("mergeGroup, a field on which the sides never agreed", () => {
  const never = (notion: FieldValue, d1: FieldValue): FieldState => ({ base: null, notion, d1 });

  it("agrees when both hold the same, also nothing", () => {
    expect(decide(never("same", "same"))).toEqual({ do: "agree" });
    expect(decide(never(null, null))).toEqual({ do: "agree" });
  });

  it("fills a blank from the side that has a value", () => {
    expect(decide(never("value", null))).toEqual({ do: "take", from: "notion" });
    expect(decide(never(null, "value"), { direction: "both", conflict: "ask" })).toEqual({
      do: "take",
      from: "d1",
    });
  });

  it("leaves a blank alone where the field may not go there: it was never an edit", () => {
    expect(decide(never(null, "value"), { direction: "in", conflict: "notion" })).toEqual({ do: "nothing" });
    expect(decide(never("value", null), { direction: "out", conflict: "notion" })).toEqual({ do: "nothing" });
  });

  it("is a conflict when both hold values that differ", () => {
    expect(decide(never("theirs", "mine"))).toEqual({ do: "conflict", take: "notion", losing: "mine" });
    expect(decide(never("theirs", 0), { direction: "out", conflict: "notion" })).toEqual({
      do: "conflict",
      take: "d1",
      losing: "theirs",
    });
  });
});

describe("mergeGroup, fields that depend on each other", () => {
  const group = (fields: Record<string, Partial<FieldState>>, policy: FieldPolicy = BOTH) =>
    mergeGroup(
      Object.fromEntries(Object.entries(fields).map(([column, state]) => [column, aState(state)])),
      policy,
      UNKNOWN,
    );

  it("takes each field as it is when one side alone changed the group", () => {
    expect(group({ status: { notion: "new" }, start: { notion: "new" }, end: {} })).toEqual({
      status: { do: "take", from: "notion" },
      start: { do: "take", from: "notion" },
      end: { do: "nothing" },
    });
  });

  it("goes one way when both changed something in it, and names every edit that loses", () => {
    const fields = {
      status: { notion: "cancelled", d1: "done" },
      start: { notion: "spring" },
      end: { d1: "autumn" },
    };
    expect(group(fields)).toEqual({
      status: { do: "conflict", take: "notion", losing: "done" },
      start: { do: "take", from: "notion" },
      end: { do: "conflict", take: "notion", losing: "autumn" },
    });
    expect(group(fields, { direction: "both", conflict: "d1" })).toEqual({
      status: { do: "conflict", take: "d1", losing: "cancelled" },
      start: { do: "conflict", take: "d1", losing: "spring" },
      end: { do: "take", from: "d1" },
    });
  });

  it("makes no combination that nobody chose, though the sides changed different fields", () => {
    const fields = { status: { notion: "cancelled" }, end: { d1: "autumn" } };
    expect(group(fields)).toEqual({
      status: { do: "take", from: "notion" },
      end: { do: "conflict", take: "notion", losing: "autumn" },
    });
    expect(group(fields, { direction: "both", conflict: "d1" })).toEqual({
      status: { do: "conflict", take: "d1", losing: "cancelled" },
      end: { do: "take", from: "d1" },
    });
  });

  it("waits as a whole when a person is to be asked", () => {
    const asked = { do: "conflict", take: null, losing: null };
    expect(
      group(
        { status: { notion: "a", d1: "b" }, end: { d1: "c" }, start: {} },
        { direction: "both", conflict: "ask" },
      ),
    ).toEqual({ status: asked, end: asked, start: { do: "nothing" } });
  });

  it("fills blanks from both sides: a blank never agreed on takes no part in a conflict", () => {
    const never = (notion: FieldValue, d1: FieldValue): FieldState => ({ base: null, notion, d1 });
    expect(group({ status: never("a", "b"), start: never("day", null), end: never(null, "day") })).toEqual({
      status: { do: "conflict", take: "notion", losing: "b" },
      start: { do: "take", from: "notion" },
      end: { do: "take", from: "d1" },
    });
  });

  it("does not count what both sides hold alike as a change", () => {
    expect(group({ status: { notion: "new", d1: "new" }, end: { d1: "autumn" } })).toEqual({
      status: { do: "agree" },
      end: { do: "take", from: "d1" },
    });
  });
});

describe("sameValue", () => {
  it("compares numbers by value and text exactly, and never calls empty a value", () => {
    expect(sameValue(1, 1.0)).toBe(true);
    expect(sameValue(0, -0)).toBe(true);
    expect(sameValue(Number.NaN, Number.NaN)).toBe(true);
    expect(sameValue("a", "A")).toBe(false);
    expect(sameValue("1", 1)).toBe(false);
    expect(sameValue(null, "")).toBe(false);
    expect(sameValue(null, 0)).toBe(false);
    expect(sameValue(null, null)).toBe(true);
  });
});

const aValue = fc.constantFrom<FieldValue>(null, "a", "b", 0);
const aBase = fc.option(fc.record({ notion: aValue, d1: aValue }), { nil: null });
const anyState: fc.Arbitrary<FieldState> = fc.record({ base: aBase, notion: aValue, d1: aValue });
const anyGroup = fc.dictionary(fc.constantFrom("status", "start", "end"), anyState, { minKeys: 1 });
const anyPolicy: fc.Arbitrary<FieldPolicy> = fc.record({
  direction: fc.constantFrom("both", "in", "out"),
  conflict: fc.constantFrom("notion", "d1", "newest", "ask"),
});
const aTime = fc.option(fc.integer({ min: 0, max: 5 * MINUTE }), { nil: null });
const anyTimes: fc.Arbitrary<EditTimes> = fc.record({ notionMs: aTime, d1Ms: aTime });

const OTHER = {
  notion: "d1",
  d1: "notion",
  in: "out",
  out: "in",
  both: "both",
  newest: "newest",
  ask: "ask",
} as const;
const mirrored = (state: FieldState): FieldState => ({
  base: state.base === null ? null : { notion: state.base.d1, d1: state.base.notion },
  notion: state.d1,
  d1: state.notion,
});
function mirroredVerdict(verdict: FieldVerdict): FieldVerdict {
  if (verdict.do === "take") return { do: "take", from: OTHER[verdict.from] };
  if (verdict.do !== "conflict" || verdict.take === null) return verdict;
  return { ...verdict, take: OTHER[verdict.take] };
}
const mapped = <From, To>(of: Record<string, From>, change: (value: From, key: string) => To) =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value, key)]));

/** One round for a group as the program makes it: merged, written to D1, sent to Notion, and the bases moved. */
function round(
  fields: Record<string, FieldState>,
  policy: FieldPolicy,
  edited: EditTimes,
  notionKeeps: (value: FieldValue) => FieldValue = (value) => value,
) {
  const agreed = Object.entries(fields).flatMap(([column, { base }]) =>
    base === null ? [] : [[column, base]],
  );
  const pair = {
    notion: mapped(fields, ({ notion }) => notion),
    d1: mapped(fields, ({ d1 }) => d1),
    bases: Object.fromEntries(agreed) as Record<string, NonNullable<FieldState["base"]>>,
    decisions: [],
    sent: {},
    isEditedByUs: false,
    notionEditedMs: edited.notionMs,
    d1EditedMs: edited.d1Ms,
  };
  const plan = mergePair(pair, [{ columns: Object.keys(fields), policy }]);
  const pushed = mapped(plan.toNotion, ({ value }) => value);
  const returned = mapped(pushed, notionKeeps);
  const bases = basesAfterPush(plan.bases, pushed, returned);
  const replaced = [...plan.replacedInD1, ...plan.replacedInNotion];
  return {
    verdicts: mergeGroup(fields, policy, edited),
    fields: mapped({ ...fields }, (_, column): FieldState => {
      const [notion, d1] = [{ ...pair.notion, ...returned }[column], { ...pair.d1, ...plan.toD1 }[column]];
      return { base: bases[column] ?? null, notion: notion ?? null, d1: d1 ?? null };
    }),
    lost: mapped(fields, (_, column) =>
      replaced.filter((one) => one.column === column).map(({ value }) => value),
    ),
  };
}

const RUNS = { numRuns: propertyRuns(1000) };

describe("any group, any policy", () => {
  it("has a mirror: sides and policy swapped, the verdicts are swapped", () => {
    fc.assert(
      fc.property(anyGroup, anyPolicy, anyTimes, (fields, policy, edited) => {
        // A tie is not symmetrical by design: Notion's minute wins it.
        const minutes = [edited.notionMs ?? 0, edited.d1Ms ?? 0].map((ms) => Math.floor(ms / MINUTE));
        fc.pre(policy.conflict !== "newest" || (minutes[0] !== minutes[1] && edited.notionMs !== null));
        fc.pre(policy.conflict !== "newest" || edited.d1Ms !== null);
        const there = mergeGroup(
          mapped(fields, mirrored),
          {
            direction: OTHER[policy.direction],
            conflict: OTHER[policy.conflict],
          },
          { notionMs: edited.d1Ms, d1Ms: edited.notionMs },
        );
        expect(there).toEqual(mapped(mergeGroup(fields, policy, edited), mirroredVerdict));
      }),
      RUNS,
    );
  });

  it("is settled after one round: merging again moves nothing, and asks again what was asked", () => {
    fc.assert(
      fc.property(anyGroup, anyPolicy, anyTimes, (fields, policy, edited) => {
        const first = round(fields, policy, edited);
        const second = round(first.fields, policy, edited);
        expect(second.fields).toEqual(first.fields);
        for (const [column, verdict] of Object.entries(second.verdicts)) {
          const asked = first.verdicts[column];
          const waits = asked?.do === "conflict" && asked.take === null;
          expect(verdict).toEqual(waits ? asked : { do: "nothing" });
        }
      }),
      RUNS,
    );
  });

  it("drops no value: what a side held is there afterwards, or named as replaced, or waits for a person", () => {
    fc.assert(
      fc.property(anyGroup, anyPolicy, anyTimes, (fields, policy, edited) => {
        const after = round(fields, policy, edited);
        for (const [column, before] of Object.entries(fields)) {
          const now = after.fields[column] as FieldState;
          const lost = after.lost[column] ?? [];
          if (!sameValue(now.notion, before.notion)) expect(lost).toContain(before.notion);
          if (!sameValue(now.d1, before.d1)) expect(lost).toContain(before.d1);
          expect([now.notion, now.d1, ...lost]).toEqual(expect.arrayContaining([before.notion, before.d1]));
        }
      }),
      RUNS,
    );
  });

  it("names every edit that loses: an edit ends on both sides, or in a verdict, or before a person", () => {
    fc.assert(
      fc.property(anyGroup, anyPolicy, anyTimes, (fields, policy, edited) => {
        const after = round(fields, policy, edited);
        for (const [column, before] of Object.entries(fields)) {
          if (before.base === null) continue;
          const verdict = after.verdicts[column] as FieldVerdict;
          const now = after.fields[column] as FieldState;
          for (const side of ["notion", "d1"] as const) {
            const edit = before[side];
            if (sameValue(edit, before.base[side])) continue;
            const arrived = sameValue(now.notion, edit) && sameValue(now.d1, edit);
            const named = verdict.do === "conflict" && (verdict.take === null || verdict.losing === edit);
            expect(arrived || named).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  it("goes one way where it has agreed before: no verdicts for different sides in one group", () => {
    fc.assert(
      fc.property(anyGroup, anyPolicy, anyTimes, (fields, policy, edited) => {
        fc.pre(Object.values(fields).every((state) => state.base !== null));
        const sides = Object.values(mergeGroup(fields, policy, edited)).flatMap((verdict) =>
          verdict.do === "take" ? [verdict.from] : verdict.do === "conflict" ? [verdict.take] : [],
        );
        expect(new Set(sides).size).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });

  it("moves a base only where both of its halves are true", () => {
    fc.assert(
      fc.property(anyGroup, anyPolicy, anyTimes, (fields, policy, edited) => {
        const after = round(fields, policy, edited, trimmed);
        for (const [column, before] of Object.entries(fields)) {
          const now = after.fields[column] as FieldState;
          if (now.base !== before.base) expect(now.base).toEqual({ notion: now.notion, d1: now.d1 });
        }
      }),
      RUNS,
    );
  });
});

/** A Notion that keeps its own form of a text, as it does with blanks around it and the case of an option. */
const trimmed = (value: FieldValue): FieldValue =>
  typeof value === "string" ? value.trim().toLowerCase() : value;

describe("a history of edits", () => {
  const aTyped = fc.constantFrom<FieldValue>(null, "a", " A ", "B", " b", 0, 1);
  const anEdit = fc.record({
    side: fc.constantFrom("notion" as const, "d1" as const),
    column: fc.constantFrom("status", "start"),
    value: aTyped,
    thenMerge: fc.boolean(),
  });
  const typed = (state: FieldState, side: "notion" | "d1", value: FieldValue): FieldState => ({
    ...state,
    [side]: side === "notion" ? trimmed(value) : value,
  });

  it("settles in one round when nobody edits any more, though Notion keeps texts in its own form", () => {
    fc.assert(
      fc.property(fc.array(anEdit, { maxLength: 30 }), anyPolicy, anyTimes, (edits, policy, edited) => {
        let fields: Record<string, FieldState> = {
          status: { base: null, notion: null, d1: null },
          start: { base: null, notion: null, d1: null },
        };
        for (const { side, column, value, thenMerge } of edits) {
          fields = { ...fields, [column]: typed(fields[column] as FieldState, side, value) };
          if (thenMerge) fields = round(fields, policy, edited, trimmed).fields;
        }
        const settled = round(fields, policy, edited, trimmed);
        expect(round(settled.fields, policy, edited, trimmed).fields).toEqual(settled.fields);
        for (const [column, state] of Object.entries(settled.fields)) {
          const verdict = settled.verdicts[column];
          const waits = verdict?.do === "conflict" && verdict.take === null;
          const oneWay = policy.direction !== "both" && state.base === null;
          if (!waits && !oneWay) expect(trimmed(state.d1)).toEqual(state.notion);
        }
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it("can be undone: every edit ever typed stands on a side or among the values that were replaced", () => {
    fc.assert(
      fc.property(fc.array(anEdit, { maxLength: 30 }), anyPolicy, anyTimes, (edits, policy, edited) => {
        let state: FieldState = { base: null, notion: null, d1: null };
        const kept: FieldValue[] = [];
        for (const { side, value } of edits) {
          const edit = side === "notion" ? trimmed(value) : value;
          state = typed(state, side, value);
          const after = round({ field: state }, policy, edited, trimmed);
          state = after.fields["field"] as FieldState;
          kept.push(...(after.lost["field"] ?? []));
          expect([state.notion, state.d1, ...kept]).toContain(edit);
        }
      }),
    );
  });
});
