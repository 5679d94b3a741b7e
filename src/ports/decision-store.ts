import type { Base, FieldValue } from "../core/merge.ts";
import type { TableName } from "../core/records/table.ts";
import type { PageState } from "./table-store.ts";

/** A field that both sides changed, differently. */
export type Conflict = {
  readonly id: string;
  readonly sync: TableName;
  readonly recordId: string;
  readonly column: string;
  /** What each side held when they met. */
  readonly notion: FieldValue;
  readonly d1: FieldValue;
  /** Null: they never agreed. */
  readonly base: Base | null;
  /** Null: open. */
  readonly taken: "notion" | "d1" | null;
  readonly isByPerson: boolean;
  /** World ms. */
  readonly atMs: number;
  readonly resolvedMs: number | null;
};

/** A conflict, and how its field stands now as far as D1 knows. */
export type ConflictNow = {
  readonly conflict: Conflict;
  /** Null: the record is gone. */
  readonly row: { readonly value: FieldValue; readonly version: number | null } | null;
  /** What the sides last agreed on; null: never. */
  readonly base: Base | null;
  /** Whether the same field has met in other values since. */
  readonly isOvertaken: boolean;
};

/** A page that may be a record known already. */
export type Review = {
  readonly id: string;
  readonly sync: TableName;
  readonly pageId: string;
  /** Records that it may be, by what people call them; null: the record is gone. */
  readonly candidates: readonly { readonly id: string; readonly name: string | null }[];
  readonly reason: string;
  /** World ms. */
  readonly atMs: number;
  readonly decision: string | null;
  readonly decidedMs: number | null;
};

type ReviewNow = {
  readonly review: Review;
  /** Null: the page is not known any more. */
  readonly page: { readonly state: PageState; readonly recordId: string | null } | null;
};

/** A value that the sync, or a person, replaced. */
export type HistoryRow = {
  readonly id: string;
  readonly sync: TableName;
  readonly recordId: string;
  readonly column: string;
  readonly side: "notion" | "d1";
  readonly value: FieldValue;
  readonly replacedBy: FieldValue;
  /** The run that replaced it; of a person's restoring, the entry that was restored. */
  readonly runId: string;
  /** World ms. */
  readonly atMs: number;
};

type HistoryNow = {
  readonly entry: HistoryRow;
  /** Null: there is no such row, or it is deleted. */
  readonly row: { readonly value: FieldValue } | null;
};

/**
 * What people look at and decide, in D1. Methods fail with party "d1" and kind locked, unreachable, storage_full or defect.
 * Lists are newest first, cut at `limit`. Nothing here writes to a vendor: the next run of the sync carries it out.
 */
export type DecisionStore = {
  /** Open conflicts, or all of them. */
  conflicts(limit: number, isAll: boolean): Promise<{ items: Conflict[]; cursor: null }>;
  /** Null if there is no conflict of that id. */
  conflictNow(id: string): Promise<ConflictNow | null>;
  /** Settle a conflict and have its page looked at. False, and nothing written, if the row has changed since it was read. */
  resolve(now: ConflictNow, take: "notion" | "d1", nowMs: number): Promise<boolean>;
  /** Reviews that wait, each page once. */
  reviews(limit: number): Promise<{ items: Review[]; cursor: null }>;
  /** Null if there is no review of that id. */
  reviewNow(id: string): Promise<ReviewNow | null>;
  /** Write down which record a page is, or `new`, and have it looked at. */
  decide(review: Review, decision: string, nowMs: number): Promise<void>;
  /** Whether there is such a record, deleted ones included. */
  hasRecord(sync: TableName, recordId: string): Promise<boolean>;
  history(sync: TableName, recordId: string, limit: number): Promise<{ items: HistoryRow[]; cursor: null }>;
  /** Null if there is no entry of that id. */
  historyNow(id: string): Promise<HistoryNow | null>;
  /**
   * Put a value back into the row, what stood there into the history. False, and nothing written, if the row has changed
   * since it was read.
   */
  restore(now: HistoryNow, nowMs: number): Promise<boolean>;
};
