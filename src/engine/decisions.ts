import { canonicalOf } from "../core/mapping/notion-record.ts";
import { sameValue, type Base, type FieldValue } from "../core/merge.ts";
import { LIST_API_ROWS_MAX } from "../core/policy.ts";
import { TABLES, type TableName } from "../core/records/table.ts";
import type { ConflictNow, HistoryRow } from "../ports/decision-store.ts";
import type { Ports } from "../ports/ports.ts";

/** Why something cannot be done, in a sentence without any value: `unknown` names nothing that is there. */
export type Refusal = { readonly refused: string; readonly why: "unknown" | "overtaken" };

const unknown = (refused: string): Refusal => ({ refused, why: "unknown" });
const overtaken = (refused: string): Refusal => ({ refused, why: "overtaken" });

/** What a person decided, and where the next run carries it out. */
export type Decided = { readonly sync: TableName; readonly recordId: string | null };

/**
 * Settle a conflict. The decision is for the values that the person was shown: where D1 knows that a side holds others by
 * now it is refused, and where only Notion knows, the merge leaves it aside.
 */
export async function resolveConflict(
  { decisions, world }: Ports,
  id: string,
  take: "notion" | "d1",
): Promise<Decided | Refusal> {
  const now = await decisions.conflictNow(id);
  if (now === null) return unknown("there is no conflict of that id");
  const { sync, recordId, column } = now.conflict;
  if (now.row === null) return overtaken(`the record is gone, so its ${column} has no conflict any more`);
  if (!isStanding(now) || !(await decisions.resolve(now, take, world.nowMs())))
    return overtaken(
      `${column} has other values by now than this conflict shows: look at syncctl conflicts again, or put an older value back with syncctl history ${sync} ${recordId}`,
    );
  return { sync, recordId };
}

/** Whether both sides still hold what met, as far as D1 can tell. */
function isStanding({ conflict, row, base, isOvertaken }: ConflictNow): boolean {
  const column = TABLES[conflict.sync].columns[conflict.column];
  const held = column === undefined || row === null ? undefined : canonicalOf(column, row.value);
  return (
    !isOvertaken && held !== undefined && sameValue(held, conflict.d1) && isSameBase(base, conflict.base)
  );
}

function isSameBase(left: Base | null, right: Base | null): boolean {
  if (left === null || right === null) return left === right;
  return sameValue(left.notion, right.notion) && sameValue(left.d1, right.d1);
}

/**
 * Say which record a doubtful page is. Of a page whose row was deleted: that record's own id has the page follow it into the
 * trash, `new` makes it a record again.
 *
 * @param record id of a record of that sync, or `new`
 */
export async function decideReview(
  { decisions, world }: Ports,
  id: string,
  record: string,
): Promise<Decided | Refusal> {
  const now = await decisions.reviewNow(id);
  if (now === null) return unknown("there is no review of that id");
  const { review, page } = now;
  const { sync } = review;
  if (page === null) return overtaken("the page is not known any more");
  const isRowDeleted = page.state === "review" && page.recordId !== null;
  if (isRowDeleted && record !== page.recordId && record !== "new")
    return unknown(
      `it is the page of ${page.recordId}, which was deleted: say that id to trash it, or new to keep it`,
    );
  if (!isRowDeleted && page.recordId !== null)
    return overtaken(`the page is bound to ${page.recordId} by now`);
  if (!isRowDeleted && record !== "new" && !(await decisions.hasRecord(sync, record)))
    return unknown(`there is no record of that id among ${sync}`);
  await decisions.decide(review, record, world.nowMs());
  return { sync, recordId: record === "new" ? null : record };
}

/** Every value of a record that was replaced, newest first. */
export async function historyOf(
  { decisions }: Ports,
  sync: TableName,
  recordId: string,
): Promise<{ readonly items: readonly HistoryRow[] } | Refusal> {
  const { items } = await decisions.history(sync, recordId, LIST_API_ROWS_MAX);
  if (items.length === 0 && !(await decisions.hasRecord(sync, recordId)))
    return unknown(`there is no record of that id among ${sync}`);
  return { items };
}

/**
 * Put a replaced value back into the row of D1, whichever side it stood on: from there it travels like any edit.
 *
 * @returns whether anything changed: a value that stands there already is left alone
 */
export async function restoreValue(
  { decisions, world }: Ports,
  id: string,
): Promise<(Decided & { readonly changed: boolean }) | Refusal> {
  const now = await decisions.historyNow(id);
  if (now === null) return unknown("there is no entry of that id");
  const { sync, recordId, column, value } = now.entry;
  const refusal = restoreRefusal(sync, column, value);
  if (refusal !== null) return overtaken(refusal);
  if (now.row === null) return overtaken("the record is deleted: bring its page back in Notion first");
  if (sameValue(now.row.value, value)) return { sync, recordId, changed: false };
  const isDone = await decisions.restore(now, world.nowMs());
  return isDone
    ? { sync, recordId, changed: true }
    : overtaken(`${column} has just been changed by somebody else: look again`);
}

function restoreRefusal(sync: TableName, column: string, value: FieldValue): string | null {
  const { columns, isTwoWay } = TABLES[sync];
  if (!isTwoWay) return `${sync} are only filled from Notion: put the value back there`;
  const known = columns[column];
  if (known === undefined) return `${column} is no column of ${sync} any more`;
  return value === null && known.isRequired && known.kind === "text" ? `${column} may not be empty` : null;
}
