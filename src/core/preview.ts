/** What a run would do, as data that people can read and that two looks at one world make the same. Pure. */
import { sha256Hex } from "./identity.ts";
import type { FieldValue } from "./merge.ts";
import { PLAN_TEXT_CHARS_MAX } from "./policy.ts";

/** In the order in which people are told of them. */
export const PLAN_ACTIONS = [
  "create row",
  "change row",
  "delete row",
  "create page",
  "change page",
  "trash page",
  "ask",
  "set aside",
] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];

/** One value, or a whole record by column. */
export type PlanValue = FieldValue | boolean | Readonly<Record<string, FieldValue>>;

/**
 * One thing to do. It names no id that is made up on the way and no time: a new record is named by its page, a new page by
 * its record.
 */
export type PlanItem = {
  readonly action: PlanAction;
  readonly recordId: string | null;
  readonly pageId: string | null;
  /** Null: all of it. */
  readonly column: string | null;
  readonly before: PlanValue;
  /** Of `ask` the other value, or the reason; of `set aside` the reason. */
  readonly after: PlanValue;
};

export type PlanCounts = Readonly<Partial<Record<PlanAction, number>>>;

/** sha256 of a thing to do, whole and in one spelling. */
export function itemDigest({ action, recordId, pageId, column, before, after }: PlanItem): Promise<string> {
  return sha256Hex(JSON.stringify([action, recordId, pageId, column, ordered(before), ordered(after)]));
}

/** The hash of a plan: of which table of which source, and of everything to do in whatever order it was found. */
export function planHash(
  subject: { readonly sync: string; readonly dataSourceId: string },
  digests: readonly string[],
): Promise<string> {
  return sha256Hex(JSON.stringify([subject.sync, subject.dataSourceId, digests.toSorted()]));
}

/** Whether a text is the hash of a plan by its form. */
export function isPlanHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** A thing to do as people are shown it: long texts are cut. */
export function shownItem(item: PlanItem): PlanItem {
  return { ...item, before: shownValue(item.before), after: shownValue(item.after) };
}

/** How many things of each kind. */
export function countActions(items: readonly Pick<PlanItem, "action">[]): PlanCounts {
  const counts: Partial<Record<PlanAction, number>> = {};
  for (const { action } of items) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

/** Two counts as one. */
export function addCounts(left: PlanCounts, right: PlanCounts): PlanCounts {
  const sum = { ...left };
  for (const action of PLAN_ACTIONS)
    if (right[action] !== undefined) sum[action] = (sum[action] ?? 0) + right[action];
  return sum;
}

/** A plan in one phrase. */
export function countWords(counts: PlanCounts): string {
  const named = PLAN_ACTIONS.filter((action) => (counts[action] ?? 0) > 0);
  if (named.length === 0) return "nothing to do";
  return named.map((action) => `${action}: ${counts[action]}`).join(", ");
}

function ordered(value: PlanValue): unknown {
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function shownValue(value: PlanValue): PlanValue {
  if (typeof value === "string") return cut(value);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([column, one]) => [column, typeof one === "string" ? cut(one) : one]),
  );
}

function cut(text: string): string {
  const characters = Array.from(text.slice(0, PLAN_TEXT_CHARS_MAX * 2 + 2));
  return characters.length <= PLAN_TEXT_CHARS_MAX
    ? text
    : `${characters.slice(0, PLAN_TEXT_CHARS_MAX).join("")}…`;
}

/** The command that has a person's word about a sync. */
export function runCommand(sync: string, words: string): string {
  return `npm run -s syncctl -- run ${sync} ${words}`;
}
