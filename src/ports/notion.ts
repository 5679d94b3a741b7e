import type { QuotaReading } from "../core/quota.ts";
import type { PlainValue, ReadValue } from "../core/records/plain-value.ts";

/** A column of a data source as its schema shows it. */
export type SchemaProperty = {
  /** Survives renames; exactly as Notion gives it. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Names that select, multi_select and status know, in the schema's order; empty for other types. */
  readonly options: readonly string[];
  /** Data source that a relation points at; null for other types. */
  readonly target: string | null;
};

export type DataSourceSchema = {
  readonly id: string;
  readonly databaseId: string;
  readonly title: string;
  readonly isTrashed: boolean;
  readonly properties: readonly SchemaProperty[];
};

/** One row. Times are world ms, floored to the minute by Notion. */
export type NotionPage = {
  readonly id: string;
  /** Null if its parent is no data source any more. */
  readonly dataSourceId: string | null;
  readonly createdMs: number;
  readonly editedMs: number;
  /** User ids; null where Notion does not say. */
  readonly createdBy: string | null;
  readonly editedBy: string | null;
  readonly isTrashed: boolean;
  readonly isArchived: boolean;
  /** By property id. */
  readonly properties: Readonly<Record<string, { readonly type: string; readonly read: ReadValue }>>;
};

export type NotionReply<T> = { readonly value: T; readonly quota: QuotaReading };

export type PageQuery = {
  readonly dataSourceId: string;
  /** Rows edited at or after this, oldest edit first; or created at or after this, oldest first. World ms. */
  readonly since: { readonly by: "edited" | "created"; readonly atMs: number | null };
  readonly cursor: string | null;
  readonly rows: number;
};

export type PageList = {
  readonly items: readonly NotionPage[];
  /** Ids of rows that this token may only see in part. */
  readonly partial: readonly string[];
  /** Rows that break Notion's contract, and what each lacks. */
  readonly broken: readonly { readonly id: string; readonly lacks: string }[];
  /** Null at the end. */
  readonly cursor: string | null;
  /** The query came to Notion's cap: there are more rows than any cursor reaches. */
  readonly isCapped: boolean;
};

/** A new value of a property, by property id. */
export type PropertyWrites = Readonly<Record<string, { readonly type: string; readonly value: PlainValue }>>;

/**
 * What became of a write. `unknown`: the reply was lost, late or a 5xx, so it may have been carried out, or may be within
 * the next 60 s (Notion's own limit of a request); `pageId` if the reply named what it made.
 */
export type WriteOutcome =
  | { readonly state: "done"; readonly page: NotionPage }
  | { readonly state: "unknown"; readonly pageId: string | null; readonly detail: string };

/**
 * Notion's data sources and pages. Every method is one call, never waits or retries, gives up after `timeoutMs` (real ms)
 * and fails with a FailureError of party notion: rate_limited (with notBeforeMs), unreachable, timed_out, too_large,
 * denied (token or capability; the detail says which), locked (409, after a re-read), refused (a write that Notion
 * will not take as it stands) or defect. Source: reference of the Notion API, docs/vendors/notion.md.
 */
export type NotionTables = {
  /** Stable name of the token in use, without revealing it: a short hash. */
  readonly keyName: string;
  me(timeoutMs: number): Promise<NotionReply<{ readonly botId: string; readonly workspaceId: string }>>;
  /** Data sources of a database; null if there is none that this token sees. */
  dataSourcesOf(
    databaseId: string,
    timeoutMs: number,
  ): Promise<NotionReply<readonly { readonly id: string; readonly name: string }[] | null>>;
  /** Null if this token does not see it. */
  schema(dataSourceId: string, timeoutMs: number): Promise<NotionReply<DataSourceSchema | null>>;
  query(query: PageQuery, timeoutMs: number): Promise<NotionReply<PageList>>;
  /** Rows whose text property holds exactly this. At most 100. */
  queryEqual(
    asked: { readonly dataSourceId: string; readonly propertyId: string; readonly text: string },
    timeoutMs: number,
  ): Promise<NotionReply<readonly NotionPage[]>>;
  /** Null: absent, deleted for good, or not shared; these look alike. */
  page(pageId: string, timeoutMs: number): Promise<NotionReply<NotionPage | null>>;
  /** Items of a long list property, a page of them. */
  listItems(
    asked: { readonly pageId: string; readonly propertyId: string; readonly cursor: string | null },
    timeoutMs: number,
  ): Promise<NotionReply<{ readonly items: readonly string[]; readonly cursor: string | null }>>;
  create(
    asked: { readonly dataSourceId: string; readonly properties: PropertyWrites },
    timeoutMs: number,
  ): Promise<NotionReply<WriteOutcome>>;
  /** Properties that are not named stay. */
  update(
    asked: { readonly pageId: string; readonly properties: PropertyWrites },
    timeoutMs: number,
  ): Promise<NotionReply<WriteOutcome>>;
  /** Trash a page or take it back. */
  setTrashed(
    asked: { readonly pageId: string; readonly isTrashed: boolean },
    timeoutMs: number,
  ): Promise<NotionReply<WriteOutcome>>;
};
