import type { StoredColumn } from "../core/mapping/notion-columns.ts";
import type { Base, FieldValue } from "../core/merge.ts";
import type { FieldProblem } from "../core/mapping/notion-record.ts";
import type { TableName } from "../core/records/table.ts";
import type { TableListing } from "../core/table-listing.ts";
import type { DataSourceSchema } from "./notion.ts";
import type { Fence } from "./run-store.ts";

type RowValues = Readonly<Record<string, FieldValue>>;
export type Bases = Readonly<Record<string, Base>>;

/** A row as it stands in D1. */
export type Row = {
  readonly id: string;
  readonly values: RowValues;
  readonly extra: string;
  /** Page that an application says it is; the sync goes by what it bound. */
  readonly notionId: string | null;
  readonly deletedMs: number | null;
};

/** What may be done next with a page. */
export type PageState = "bound" | "quarantined" | "review" | "trashed" | "moved" | "lost";

/** A change that was sent to Notion and whose outcome is not known yet. */
export type Push = {
  readonly id: string;
  readonly recordId: string;
  /** Null: a page is to be made. */
  readonly pageId: string | null;
  readonly kind: "create" | "update" | "trash";
  readonly fields: Readonly<Record<string, { readonly before: FieldValue; readonly value: FieldValue }>>;
  /** World ms. */
  readonly sentMs: number;
  readonly readMs: number;
  readonly isForced: boolean;
  /** Marker queries without a hit since then. */
  readonly looks: number;
};

/** Everything the ledger says of a page and of the record it is bound to. */
export type KnownPage = {
  readonly pageId: string;
  readonly recordId: string | null;
  readonly state: PageState;
  readonly bases: Bases;
  readonly pageHash: string;
  /** Of the row, as last merged. */
  readonly version: number;
  /** Instant that the last merged reading is known to show, world ms. */
  readonly observedMs: number;
  readonly editedMs: number;
  readonly isOwed: boolean;
  readonly putOffMs: number | null;
  /** Null if there is no such row. */
  readonly row: Row | null;
  /** Of the row as it stands now; null if there never was one. */
  readonly rowVersion: number | null;
  /** When the row was last written, by the clock of the database. */
  readonly changedRealMs: number | null;
  readonly openPush: Push | null;
  /** Values that were sent to this page before, by column: ours even if they land late. */
  readonly sent: Readonly<Record<string, readonly FieldValue[]>>;
  /** Long ones are left out of `sent`; `sentTo` has them. */
  readonly isSentCut: boolean;
  /** Conflicts that a person decided, and the values this was shown for. */
  readonly decisions: readonly Decision[];
  /**
   * What a person decided of a doubtful page: a record id, or `new`; null while nobody has, or where nothing is doubtful. Of
   * a page with a record it is what was said in its newest review.
   */
  readonly binding: string | null;
};

type Decision = {
  readonly column: string;
  readonly notion: FieldValue;
  readonly d1: FieldValue;
  readonly take: "notion" | "d1";
};

export type HistoryEntry = {
  readonly column: string;
  readonly side: "notion" | "d1";
  readonly value: FieldValue;
  readonly replacedBy: FieldValue;
};

export type ConflictEntry = {
  readonly column: string;
  readonly notion: FieldValue;
  readonly d1: FieldValue;
  readonly base: Base | null;
  /** Null: open until a person decides. */
  readonly taken: "notion" | "d1" | null;
};

type Verdict = "created" | "updated" | "unchanged" | "deleted" | "pending" | "quarantined" | "failed";

/** One page, merged. Nothing of it is written unless the row still has the version that the merge has read. */
export type PageChange = {
  readonly pageId: string;
  /** Null: bound to no record. */
  readonly recordId: string | null;
  readonly state: PageState;
  /** Version of the row as it was read; null: there was none. */
  readonly rowVersion: number | null;
  /** Columns to write, and whether the row is a new one; null leaves it alone. */
  readonly row: {
    readonly isNew: boolean;
    readonly set: RowValues;
    readonly extra: string | null;
    readonly deletedMs: number | null;
  } | null;
  readonly bases: Bases;
  readonly pageHash: string;
  readonly observedMs: number;
  readonly editedMs: number;
  readonly isOwed: boolean;
  readonly putOffMs: number | null;
  readonly againMs: number | null;
  readonly history: readonly HistoryEntry[];
  readonly conflicts: readonly ConflictEntry[];
  /** Null leaves those that stand. */
  readonly problems: readonly FieldProblem[] | null;
  /** Opened, or left as it is if the same stands already. */
  readonly review: {
    readonly candidates: readonly string[];
    readonly reason: string;
    /** Of the row whose deletion is in doubt, as it was deleted: each deletion is asked about anew. Null in any other doubt. */
    readonly rowVersion: number | null;
  } | null;
  /** Null: another step of this run gives one. */
  readonly verdict: Verdict | null;
  readonly reason: string | null;
  /** A push that is settled by this reading. */
  readonly settled: { readonly id: string; readonly outcome: "landed" | "not_landed" | "refused" } | null;
};

export type TableCommit = {
  readonly sync: TableName;
  readonly runId: string;
  readonly nowMs: number;
  readonly changes: readonly PageChange[];
  /** Pages that were seen and have nothing to do: they count as unchanged. */
  readonly untouched: readonly string[];
  /** Those of them that have been counted in this run: they get no second verdict. */
  readonly counted: readonly string[];
  /**
   * Pages that could not be read at all, and why: quarantined in this run. What is known of them stays as it is; one that is
   * not known stands aside from now on.
   */
  readonly broken: readonly { readonly pageId: string; readonly reason: string }[];
  /** Instant that their reading is known to show, world ms. */
  readonly observedMs: number;
  /** Name of the line that counts what is untouched. */
  readonly line: string;
  /**
   * The listing that showed these pages, as it stands afterwards, where it goes on, and the ids of all pages that its reply
   * showed; null outside of a listing. Written once all changes of a batch are: until then the reply has not been taken.
   */
  readonly listing: {
    readonly listing: TableListing;
    readonly checkpoint: unknown;
    readonly shown: readonly string[];
  } | null;
};

export type StoredSchema = {
  readonly databaseId: string;
  readonly schema: DataSourceSchema;
  /** What is remembered of each column's property. */
  readonly columns: Readonly<Record<string, StoredColumn>>;
  readonly fetchedMs: number;
  /** Token that it was read with, and the user that this token is. */
  readonly keyName: string;
  readonly botId: string;
};

/**
 * Projects and clients in D1, and the ledger that binds them to Notion's pages. Fencing and failures as in RunStore. Every
 * write may be done twice. Source: protocols 5.
 */
export type TableStore = {
  schema(sync: TableName): Promise<StoredSchema | null>;
  /**
   * Keep a schema.
   *
   * @param schema with the columns whose property is another one than before, or of another type: what their bases say is
   *   about something else, and they are dropped with it
   */
  keepSchema(
    fence: Fence,
    sync: TableName,
    schema: StoredSchema & {
      readonly adopt: readonly string[];
      /** It is another database than before: nothing of it was ever listed. */
      readonly isOther: boolean;
    },
  ): Promise<void>;
  /** What is known of these pages. */
  pages(sync: TableName, pageIds: readonly string[]): Promise<Map<string, KnownPage>>;
  /** Values that were sent to a page before, by column, however long they are. */
  sentTo(sync: TableName, pageId: string): Promise<KnownPage["sent"]>;
  /** Pages with something owed or with a row that was written since, whose time has come; longest known first. */
  owedPages(
    sync: TableName,
    asked: { readonly nowMs: number; readonly limit: number; readonly notIds: readonly string[] },
  ): Promise<{ items: KnownPage[]; cursor: null }>;
  /** How many pages `owedPages` would give, and how many rows wait for a page. */
  owedCount(sync: TableName, nowMs: number): Promise<{ pages: number; rows: number }>;
  /** Ids of rows that no page is bound to and that no open review may bind to one, in their order. */
  rowsWithoutPage(
    sync: TableName,
    asked: { readonly limit: number; readonly notIds: readonly string[] },
  ): Promise<{ items: string[]; cursor: null }>;
  /** Rows that one of these columns names, at most 1,000; `pageId` is that of the page they are bound to. */
  candidates(
    sync: TableName,
    wanted: Readonly<Record<string, readonly string[]>>,
  ): Promise<{
    items: { row: Row; version: number; pageId: string | null; openPush: Push | null }[];
    cursor: null;
  }>;
  /** Records by page id, and pages by record id, of another table. */
  recordsOf(sync: TableName, pageIds: readonly string[]): Promise<Map<string, string>>;
  pagesOf(sync: TableName, recordIds: readonly string[]): Promise<Map<string, string>>;
  /**
   * Write what became of pages, in one fenced batch.
   *
   * @returns ids of the pages whose row had changed since it was read; nothing of them was written
   */
  commit(fence: Fence, commit: TableCommit): Promise<{ stale: string[] }>;
  /** Write down what is about to be sent, and what it replaces, before it is. False: the row has changed since it was read. */
  planPush(
    fence: Fence,
    push: Push & {
      readonly sync: TableName;
      readonly runId: string;
      readonly rowVersion: number | null;
      readonly history: readonly HistoryEntry[];
      readonly conflicts: readonly ConflictEntry[];
    },
  ): Promise<boolean>;
  /** Pages that we trashed since then. */
  trashedSince(sync: TableName, sinceMs: number): Promise<number>;
  /** Leave a page for later, with a verdict of failed unless `reason` is null. */
  putOff(
    fence: Fence,
    page: {
      readonly sync: TableName;
      readonly runId: string;
      readonly pageId: string;
      readonly againMs: number;
      readonly reason: string | null;
    },
  ): Promise<void>;
  /** One more marker query found nothing. */
  countLook(fence: Fence, pushId: string): Promise<void>;
  /** Close a push that made no page. */
  settlePush(fence: Fence, pushId: string, outcome: "not_landed" | "refused", nowMs: number): Promise<void>;
  /**
   * Pages that a complete listing did not show and that were last seen before a moment, at most `limit`: those that it
   * should have shown first, of which there are `total`, then those that are lost from view or moved.
   */
  missingPages(
    sync: TableName,
    asked: { readonly listingId: string; readonly beforeMs: number; readonly limit: number },
  ): Promise<{ items: KnownPage[]; total: number; cursor: null }>;
  /**
   * Ids of the pages that a complete listing should show, then of those that are lost from view or moved, or in the trash
   * while their row lives, 50,000 at most.
   */
  pageIds(sync: TableName): Promise<{ items: string[]; cursor: null }>;
  /** The newest complete listings, the one that is open, and the lane's checkpoint. */
  listings(sync: TableName): Promise<{
    /** The newest complete listing of everything. */
    readonly lastFull: { readonly id: string; readonly startedMs: number } | null;
    readonly lastFullMs: number | null;
    readonly lastCeilingMs: number | null;
    readonly open: string | null;
    readonly checkpoint: unknown;
  }>;
  /**
   * Pages that a complete listing showed, each once, as its replies named them; and how many pages of the ledger that have
   * its mark have a row or a reason.
   */
  balance(
    sync: TableName,
    listingId: string,
  ): Promise<{ readonly pages: number; readonly accounted: number }>;
  /** Records and pages as they stand. */
  totals(sync: TableName): Promise<{
    readonly bound: number;
    readonly setAside: number;
    readonly rows: number;
    /** Of records; those of pages that are no record stand aside with their page. */
    readonly fieldsQuarantined: number;
    /** Doubtful pages that wait for a person. */
    readonly reviewsOpen: number;
    readonly conflictsOpen: number;
  }>;
};
