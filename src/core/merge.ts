import { MINUTE_MS } from "./durations.ts";
/**
 * The three-way merge of one group of fields: base, Notion, D1. It decides; whoever writes keeps the history and moves
 * the bases. It serves law 6 of ARCHITECTURE.md: no value that could be read is destroyed. Pure.
 */

/** A value of a record's column in its canonical form (trimmed text, ISO dates, our own labels). Null is empty. */
export type FieldValue = string | number | null;

/**
 * What both sides held when they last agreed, each half as its own side holds it: what Notion returned, what D1 held.
 * One base for both would call it an edit, for ever, that Notion trims a text or spells an option its own way.
 */
export type Base = { readonly notion: FieldValue; readonly d1: FieldValue };

/**
 * Where a field's values may go, and who wins where both sides changed. With "in" Notion wins every difference and D1's
 * own edits are put back, with "out" the reverse; `conflict` then has nothing to decide.
 */
export type FieldPolicy = {
  readonly direction: "both" | "in" | "out";
  readonly conflict: "notion" | "d1" | "newest" | "ask";
};

/** One field as read just now. A base of null: the sides have never agreed on it. */
export type FieldState = {
  readonly base: Base | null;
  readonly notion: FieldValue;
  readonly d1: FieldValue;
};

type MergeSide = "notion" | "d1";

/**
 * What becomes of one field.
 * - `nothing`: neither side changed, or the empty side of a one-way field has never had anything to say
 * - `agree`: both hold the same; only the base moves
 * - `take`: one side changed; its value replaces the other's, which goes into the history first
 * - `conflict`: an edit loses. `losing` is that edit's value, kept so that a person can undo the decision. A `take` of
 *   null ("ask") means that neither side nor the base changes until a person has decided
 */
export type FieldVerdict =
  | { readonly do: "nothing" }
  | { readonly do: "agree" }
  | { readonly do: "take"; readonly from: MergeSide }
  | { readonly do: "conflict"; readonly take: MergeSide; readonly losing: FieldValue }
  | { readonly do: "conflict"; readonly take: null; readonly losing: null };

/**
 * When each side was last edited, world ms; null is unknown. Notion floors its time to the minute and has one for the
 * whole page, not for a field.
 */
export type EditTimes = { readonly notionMs: number | null; readonly d1Ms: number | null };

/** How a field stands before its group decides: who moved away from their own half of the base. */
type Change = "none" | "same" | "filled_by_notion" | "filled_by_d1" | "notion" | "d1" | "both";

/** Whether two canonical values are the same: numbers by value, text exactly, null only with null. */
export function sameValue(left: FieldValue, right: FieldValue): boolean {
  // Object.is besides, for a NaN that slipped in would otherwise be an edit in every round.
  return left === right || Object.is(left, right);
}

/**
 * Decide one group of fields that depend on each other; an independent field is a group of one.
 *
 * @param fields by column; at least the columns of the group that are mapped on both sides
 * @param policy of the whole group
 * @param edited used by `newest` alone
 * @returns a verdict for each column given
 *
 * A group goes one way: where both sides changed something in it, though not the same field, it is decided like one
 * value, for otherwise the result would be a combination that nobody chose (cancelled, with a new completion date). Every
 * edit that loses by that is named. A blank that was never agreed on is no edit: the other side's value fills it, and
 * no group decision takes part in it. Clearing a field that has a base is an edit like any other.
 */
export function mergeGroup<Column extends string>(
  fields: Readonly<Record<Column, FieldState>>,
  policy: FieldPolicy,
  edited: EditTimes,
): Record<Column, FieldVerdict> {
  const entries = Object.entries(fields) as [Column, FieldState][];
  const states = entries.map(([column, state]) => ({ column, state, change: changeOf(state) }));
  const notionChanged = states.some(({ change }) => change === "notion" || change === "both");
  const d1Changed = states.some(({ change }) => change === "d1" || change === "both");
  const winner = winnerOf(policy, { notionChanged, d1Changed }, edited);
  const verdicts = states.map(({ column, state, change }) => [
    column,
    verdictOf(state, change, winner, policy),
  ]);
  return Object.fromEntries(verdicts) as Record<Column, FieldVerdict>;
}

function changeOf({ base, notion, d1 }: FieldState): Change {
  if (base === null) {
    if (sameValue(notion, d1)) return "same";
    if (d1 === null) return "filled_by_notion";
    return notion === null ? "filled_by_d1" : "both";
  }
  const notionChanged = !sameValue(notion, base.notion);
  const d1Changed = !sameValue(d1, base.d1);
  if (!notionChanged && !d1Changed) return "none";
  if (sameValue(notion, d1)) return "same";
  if (notionChanged && d1Changed) return "both";
  return notionChanged ? "notion" : "d1";
}

/** The side a group goes to; null where a person has to say. */
function winnerOf(
  policy: FieldPolicy,
  changed: { readonly notionChanged: boolean; readonly d1Changed: boolean },
  edited: EditTimes,
): MergeSide | null {
  if (policy.direction === "in") return "notion";
  if (policy.direction === "out") return "d1";
  if (!changed.notionChanged) return "d1";
  if (!changed.d1Changed) return "notion";
  if (policy.conflict === "ask") return null;
  return policy.conflict === "newest" ? newestOf(edited) : policy.conflict;
}

/** D1 has to be newer by Notion's own clock of minutes: within one minute, or with a time unknown, Notion wins. */
function newestOf({ notionMs, d1Ms }: EditTimes): MergeSide {
  if (notionMs === null || d1Ms === null) return "notion";
  return Math.floor(d1Ms / MINUTE_MS) > Math.floor(notionMs / MINUTE_MS) ? "d1" : "notion";
}

function verdictOf(
  state: FieldState,
  change: Change,
  winner: MergeSide | null,
  policy: FieldPolicy,
): FieldVerdict {
  switch (change) {
    case "none":
      return { do: "nothing" };
    case "same":
      return { do: "agree" };
    case "filled_by_notion":
      return policy.direction === "out" ? { do: "nothing" } : { do: "take", from: "notion" };
    case "filled_by_d1":
      return policy.direction === "in" ? { do: "nothing" } : { do: "take", from: "d1" };
    case "notion":
    case "d1":
    case "both": {
      if (winner === null) return { do: "conflict", take: null, losing: null };
      if (change === winner) return { do: "take", from: winner };
      return { do: "conflict", take: winner, losing: winner === "notion" ? state.d1 : state.notion };
    }
  }
}
