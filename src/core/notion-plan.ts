/**
 * What becomes of one page of Notion and the record it is bound to: the merge of all its fields, what must be kept first,
 * and what is still owed to Notion. Pure. Source: protocols 5.
 */
import { mergeGroup, sameValue, type Base, type FieldPolicy, type FieldValue } from "./merge.ts";

export type Values = Readonly<Record<string, FieldValue>>;

/** Fields that are decided together, by column; a field on its own is a group of one. */
export type FieldGroup = { readonly columns: readonly string[]; readonly policy: FieldPolicy };

/** The values of both sides at one moment, each column only where both sides could be read. */
export type Pair = {
  readonly notion: Values;
  readonly d1: Values;
  readonly bases: Readonly<Record<string, Base>>;
  /** What a person decided, and for which values: it stands only while both sides still hold these. */
  readonly decisions: readonly {
    readonly column: string;
    readonly notion: FieldValue;
    readonly d1: FieldValue;
    readonly take: "notion" | "d1";
  }[];
  /** Values that we sent to this page before, by column. */
  readonly sent: Readonly<Record<string, readonly FieldValue[]>>;
  /** Whether Notion names our bot as the page's last editor. */
  readonly isEditedByUs: boolean;
  /** World ms. */
  readonly notionEditedMs: number | null;
  readonly d1EditedMs: number | null;
};

type Replaced = {
  readonly column: string;
  readonly side: "notion" | "d1";
  readonly value: FieldValue;
  readonly replacedBy: FieldValue;
};

type Conflict = {
  readonly column: string;
  readonly notion: FieldValue;
  readonly d1: FieldValue;
  readonly base: Base | null;
  readonly taken: "notion" | "d1" | null;
};

export type MergePlan = {
  /** Columns that D1 takes from Notion. */
  readonly toD1: Values;
  /** Columns that Notion is owed, and what stands there now. */
  readonly toNotion: Readonly<Record<string, { readonly before: FieldValue; readonly value: FieldValue }>>;
  /** True once `toD1` is written; what is owed to Notion keeps its old base. */
  readonly bases: Readonly<Record<string, Base>>;
  /** What `toD1` replaces: written with it. */
  readonly replacedInD1: readonly Replaced[];
  /** What a push of `toNotion` replaces: written before it is sent. */
  readonly replacedInNotion: readonly Replaced[];
  readonly conflicts: readonly Conflict[];
};

/**
 * Merge a pair, group by group.
 *
 * Two things come before the merge. What a person decided holds for the values it was shown. And a value by our own hand
 * that we sent before, other than what both agreed on, is a write of ours that landed late: D1 wins, and it is no conflict.
 */
export function mergePair(pair: Pair, groups: readonly FieldGroup[]): MergePlan {
  const plan = emptyPlan(pair.bases);
  for (const { columns, policy } of groups) {
    const open: Record<string, { base: Base | null; notion: FieldValue; d1: FieldValue }> = {};
    for (const column of columns) {
      const [notion, d1] = [pair.notion[column], pair.d1[column]];
      if (notion === undefined || d1 === undefined) continue;
      const state = { base: pair.bases[column] ?? null, notion, d1 };
      const decided = policy.direction === "both" ? settledBefore(pair, column, state) : null;
      if (decided === null) open[column] = state;
      else take(plan, column, state, decided);
    }
    const verdicts = mergeGroup(open, policy, { notionMs: pair.notionEditedMs, d1Ms: pair.d1EditedMs });
    for (const [column, state] of Object.entries(open)) {
      const verdict = verdicts[column]!;
      if (verdict.do === "agree") plan.bases[column] = { notion: state.notion, d1: state.d1 };
      if (verdict.do === "take") take(plan, column, state, verdict.from);
      if (verdict.do === "conflict") {
        plan.conflicts.push({ column, ...state, taken: verdict.take });
        if (verdict.take !== null) take(plan, column, state, verdict.take);
      }
    }
  }
  return plan;
}

type Draft = {
  toD1: Record<string, FieldValue>;
  toNotion: Record<string, { before: FieldValue; value: FieldValue }>;
  bases: Record<string, Base>;
  replacedInD1: Replaced[];
  replacedInNotion: Replaced[];
  conflicts: Conflict[];
};

function emptyPlan(bases: Pair["bases"]): Draft {
  return {
    toD1: {},
    toNotion: {},
    bases: { ...bases },
    replacedInD1: [],
    replacedInNotion: [],
    conflicts: [],
  };
}

type FieldNow = { readonly base: Base | null; readonly notion: FieldValue; readonly d1: FieldValue };

/** Carry out that one side's value, which is not the other's, goes to the other. */
function take(plan: Draft, column: string, { notion, d1 }: FieldNow, from: "notion" | "d1"): void {
  if (from === "notion") {
    plan.toD1[column] = notion;
    plan.bases[column] = { notion, d1: notion };
    plan.replacedInD1.push({ column, side: "d1", value: d1, replacedBy: notion });
  } else {
    plan.toNotion[column] = { before: notion, value: d1 };
    plan.replacedInNotion.push({ column, side: "notion", value: notion, replacedBy: d1 });
  }
}

/** Which side a field goes to without a merge; null where it is to be merged. */
function settledBefore(pair: Pair, column: string, { base, notion, d1 }: FieldNow): "notion" | "d1" | null {
  if (sameValue(notion, d1)) return null;
  const decision = pair.decisions.findLast(
    (one) => one.column === column && sameValue(one.notion, notion) && sameValue(one.d1, d1),
  );
  if (decision !== undefined) return decision.take;
  const isLate =
    pair.isEditedByUs &&
    base !== null &&
    !sameValue(notion, base.notion) &&
    (pair.sent[column] ?? []).some((value) => sameValue(value, notion));
  return isLate ? "d1" : null;
}

/**
 * The bases after a push landed: each pushed field agrees on what Notion returned and what D1 held when it was sent. What
 * else differs in the returned page goes through the merge like any edit.
 */
export function basesAfterPush(
  bases: Readonly<Record<string, Base>>,
  pushed: Values,
  returned: Values,
): Record<string, Base> {
  const moved = Object.entries(pushed).map(([column, d1]): [string, Base] => [
    column,
    { notion: returned[column] ?? null, d1 },
  ]);
  return { ...bases, ...Object.fromEntries(moved) };
}
