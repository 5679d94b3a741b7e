import type { D1Database } from "@cloudflare/workers-types";
import type { TableName } from "../../core/records/table.ts";
import type { Push, TableStore } from "../../ports/table-store.ts";
import type { World } from "../../ports/world.ts";
import { createDatabase, jsonSlices, type Database } from "./database.ts";
import { pushTable } from "./push-table.ts";
import { schemaTable } from "./schema-table.ts";
import { commitStatements } from "./table-commit.ts";
import {
  columnsOf,
  knownPageOf,
  PUSH_JSON,
  rowOf,
  selectPages,
  SENT_TO,
  sentOf,
  type PageRow,
} from "./table-columns.ts";

/** Projects and clients in D1, and what binds them to pages. */
export function createTableStore(d1: D1Database, world: Pick<World, "newId">): TableStore {
  const database = createDatabase(d1);
  return {
    ...schemaTable(database),
    ...pageMethods(database),
    pageIds: async (sync) => {
      const rows = await database.rows<{ page_id: string }>(
        `select page_id from notion_pages as page where sync = ?1 and (${IS_EXPECTED} or page.state in ('lost', 'moved')
           or exists (select 1 from ${sync} as record where record.id = page.record_id and record.deleted_ms is null))
         order by ${IS_EXPECTED} desc, page.observed_ms, page.page_id limit 50000`,
        sync,
      );
      return { items: rows.map(({ page_id: pageId }) => pageId), cursor: null };
    },
    ...rowMethods(database),
    ...pushTable(database),
    commit: async (fence, commit) => {
      const results = await database.fenced(fence, await commitStatements(world.newId(), commit));
      const written = new Set(
        ((results.at(-2)?.results ?? []) as { page_id: string }[]).map(({ page_id }) => page_id),
      );
      return { stale: commit.changes.map(({ pageId }) => pageId).filter((id) => !written.has(id)) };
    },
    listings: (sync) => listings(database, sync),
    balance: async (sync, listingId) => {
      const [row] = await database.rows<{ pages: number; accounted: number }>(
        `select (select ids_listed from discoveries where id = ?2) as pages,
           count(*) filter (where page.state <> 'bound' or record.id is not null
             or (page.owed = 0 and versions.version is page.version)) as accounted
         from notion_pages as page left join ${sync} as record on record.id = page.record_id
           left join row_versions as versions on versions.sync = page.sync and versions.record_id = page.record_id
         where page.sync = ?1 and page.sweep = ?2`,
        sync,
        listingId,
      );
      return row ?? { pages: 0, accounted: 0 };
    },
    totals: async (sync) => {
      const [row] = await database.rows<Awaited<ReturnType<TableStore["totals"]>>>(
        `select (select count(*) from notion_pages where sync = ?1 and state = 'bound') as bound,
           (select count(*) from notion_pages where sync = ?1 and state in ('quarantined', 'review')) as setAside,
           (select count(*) from ${sync} where deleted_ms is null) as rows,
           (select count(*) from quarantined_fields as field where sync = ?1 and exists (select 1 from notion_pages as page
             where page.sync = ?1 and page.page_id = field.page_id and page.state = 'bound')) as fieldsQuarantined,
           (select count(distinct page_id) from reviews where sync = ?1 and decision is null and exists (select 1
             from notion_pages as page where page.sync = ?1 and page.page_id = reviews.page_id and page.state = 'review')) as reviewsOpen,
           (select count(*) from conflicts where sync = ?1 and resolved_ms is null) as conflictsOpen`,
        sync,
      );
      return (
        row ?? { bound: 0, setAside: 0, rows: 0, fieldsQuarantined: 0, reviewsOpen: 0, conflictsOpen: 0 }
      );
    },
  };
}

/**
 * Holds for pages whose row was written since the last merge, that have something owed, or that a person decided on while
 * they were being merged; `?1` is now.
 */
const IS_OWED = `(page.again_ms is null or page.again_ms <= ?1)
  and (page.owed = 1
    or (page.state in ('bound', 'review', 'trashed') and page.record_id is not null and versions.version is not page.version)
    or (page.state = 'review' and exists (select 1 from reviews where reviews.sync = page.sync
      and reviews.page_id = page.page_id and decision is not null and (page.record_id is null or not exists (
        select 1 from reviews as later where later.sync = page.sync and later.page_id = page.page_id
          and later.at_ms > reviews.at_ms)))))`;

/** Whether a table has pages that are owed something; `?1` is now. */
export function owedPagesAt(sync: TableName): string {
  return `exists (select 1 from notion_pages as page left join row_versions as versions
    on versions.sync = page.sync and versions.record_id = page.record_id where page.sync = '${sync}' and ${IS_OWED})`;
}

type PageMethods = Pick<TableStore, "pages" | "sentTo" | "owedPages" | "owedCount" | "missingPages">;

/** Holds for pages that a listing of their data source should show. */
const IS_EXPECTED = "page.state in ('bound', 'quarantined', 'review')";

function pageMethods(database: Database): PageMethods {
  return {
    pages: async (sync, pageIds) => {
      const known = [];
      for (const list of jsonSlices(pageIds))
        known.push(
          ...(await database.rows<PageRow>(
            `${selectPages(sync)} and page.page_id in (select value from json_each(?1))`,
            list,
          )),
        );
      return new Map(known.map((row) => [row.page_id, knownPageOf(row)]));
    },
    sentTo: async (sync, pageId) => {
      const [row] = await database.rows<{ sent: string }>(SENT_TO, sync, pageId);
      return sentOf(row?.sent ?? "[]").sent;
    },
    owedPages: async (sync, { nowMs, limit, notIds }) => {
      const rows = await database.rows<PageRow>(
        `${selectPages(sync)} and ${IS_OWED} and page.page_id not in (select value from json_each(?3))
         order by page.observed_ms, page.page_id limit ?2`,
        nowMs,
        limit,
        JSON.stringify(notIds),
      );
      return { items: rows.map(knownPageOf), cursor: null };
    },
    owedCount: async (sync, nowMs) => {
      const [row] = await database.rows<{ pages: number; rows: number }>(
        `select (select count(*) from notion_pages as page left join row_versions as versions
             on versions.sync = page.sync and versions.record_id = page.record_id
             where page.sync = ?2 and ${IS_OWED}) as pages,
           (select count(*) from ${sync} as record where ${NO_PAGE(sync)}) as rows`,
        nowMs,
        sync,
      );
      return row ?? { pages: 0, rows: 0 };
    },
    missingPages: async (sync, { listingId, beforeMs, limit }) => {
      const condition = "page.sweep is not ?1 and page.observed_ms < ?2";
      const [rows, [count]] = await Promise.all([
        database.rows<PageRow>(
          `${selectPages(sync)} and ${condition} and (${IS_EXPECTED} or page.state in ('lost', 'moved'))
           order by ${IS_EXPECTED} desc, page.observed_ms, page.page_id limit ?3`,
          listingId,
          beforeMs,
          limit,
        ),
        database.rows<{ total: number }>(
          `select count(*) as total from notion_pages as page where page.sync = '${sync}' and ${condition} and ${IS_EXPECTED}`,
          listingId,
          beforeMs,
        ),
      ]);
      return { items: rows.map(knownPageOf), total: count?.total ?? 0, cursor: null };
    },
  };
}

/** Holds for rows that no page is bound to and that no open review might bind to one; `record` is the row. */
const NO_PAGE = (sync: TableName): string => `record.deleted_ms is null
  and not exists (select 1 from notion_pages as page where page.sync = '${sync}' and page.record_id = record.id)
  and record.id not in (select candidate.value from reviews, json_each(candidates) as candidate
    where reviews.sync = '${sync}' and decision is null and candidate.value is not null)`;

/** Columns that hold ids, which are the same or not, whatever the case. */
const IDENTIFIERS: ReadonlySet<string> = new Set(["id", "notion_id"]);

type RowMethods = Pick<TableStore, "rowsWithoutPage" | "candidates" | "recordsOf" | "pagesOf">;
type BareRow = Parameters<typeof rowOf>[0] & {
  version: number;
  open_push: string | null;
  page_id: string | null;
};

function rowMethods(database: Database): RowMethods {
  const select = (
    sync: TableName,
    condition: string,
  ): string => `select record.id, ${columnsOf(sync).rowJson} as row_values, record.extra,
      record.notion_id, record.deleted_ms, versions.version,
      (select ${PUSH_JSON} from pushes as push where push.sync = '${sync}' and push.record_id = record.id
         and push.settled_ms is null order by push.sent_ms desc limit 1) as open_push,
      (select page_id from notion_pages as page where page.sync = '${sync}' and page.record_id = record.id) as page_id
    from ${sync} as record left join row_versions as versions on versions.sync = '${sync}' and versions.record_id = record.id
    where ${condition} order by record.id limit 1000`;
  return {
    rowsWithoutPage: async (sync, { limit, notIds }) => {
      const rows = await database.rows<{ id: string }>(
        `select record.id from ${sync} as record where ${NO_PAGE(sync)}
           and record.id not in (select value from json_each(?2)) order by record.id limit ?1`,
        limit,
        JSON.stringify(notIds),
      );
      return { items: rows.map(({ id }) => id), cursor: null };
    },
    candidates: async (sync, wanted) => {
      const names = new Set([...columnsOf(sync).names, "notion_id", "id"]);
      const conditions = Object.keys(wanted)
        .filter((column) => names.has(column))
        .map((column) =>
          // Each by an index of its own: without them a new page costs as much as there are rows.
          IDENTIFIERS.has(column)
            ? `record.${column} in (select value from json_each(?1 -> '${column}'))`
            : `lower(record.${column}) in (select lower(value) from json_each(?1 -> '${column}'))`,
        );
      if (conditions.length === 0) return { items: [], cursor: null };
      const rows = await database.rows<BareRow>(
        select(sync, conditions.join(" or ")),
        JSON.stringify(wanted),
      );
      return {
        items: rows.map((row) => ({
          row: rowOf(row),
          version: row.version,
          pageId: row.page_id,
          openPush: row.open_push === null ? null : (JSON.parse(row.open_push) as Push),
        })),
        cursor: null,
      };
    },
    recordsOf: async (sync, pageIds) => new Map(await boundBy(database, sync, "page_id", pageIds)),
    pagesOf: async (sync, recordIds) =>
      new Map(
        (await boundBy(database, sync, "record_id", recordIds)).map(([page, record]) => [record, page]),
      ),
  };
}

/** Pages and the records they are bound to, by either. */
async function boundBy(
  database: Database,
  sync: TableName,
  by: "page_id" | "record_id",
  ids: readonly string[],
): Promise<[string, string][]> {
  const pairs: [string, string][] = [];
  for (const list of jsonSlices(ids)) {
    const rows = await database.rows<{ page_id: string; record_id: string }>(
      // The sign keeps SQLite from going through all pages that are bound, by the index that holds these alone.
      `select page_id, record_id from notion_pages where sync = ?2 and +record_id is not null
         and ${by} in (select value from json_each(?1))`,
      list,
      sync,
    );
    pairs.push(...rows.map((row): [string, string] => [row.page_id, row.record_id]));
  }
  return pairs;
}

async function listings(database: Database, sync: TableName): ReturnType<TableStore["listings"]> {
  const [row] = await database.rows<{
    lastFullId: string | null;
    lastFullStartedMs: number | null;
    lastFullMs: number | null;
    lastCeilingMs: number | null;
    open: string | null;
    checkpoint: string | null;
  }>(
    `select (select id from discoveries where sync = ?1 and kind = 'backfill' and completed_ms is not null
         order by started_ms desc limit 1) as lastFullId,
       (select max(started_ms) from discoveries where sync = ?1 and kind = 'backfill' and completed_ms is not null) as lastFullStartedMs,
       (select max(ceiling_ms) from discoveries where sync = ?1 and kind = 'backfill' and completed_ms is not null) as lastFullMs,
       (select max(ceiling_ms) from discoveries where sync = ?1 and completed_ms is not null) as lastCeilingMs,
       (select id from discoveries where sync = ?1 and completed_ms is null order by started_ms desc limit 1) as open,
       (select state from checkpoints where lane = ?1) as checkpoint`,
    sync,
  );
  const isListed = row?.lastFullId != null && row.lastFullStartedMs !== null;
  return {
    lastFull: isListed ? { id: row.lastFullId as string, startedMs: row.lastFullStartedMs as number } : null,
    lastFullMs: row?.lastFullMs ?? null,
    lastCeilingMs: row?.lastCeilingMs ?? null,
    open: row?.open ?? null,
    checkpoint: row?.checkpoint == null ? null : (JSON.parse(row.checkpoint) as unknown),
  };
}
