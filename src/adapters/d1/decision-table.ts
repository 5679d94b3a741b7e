import type { D1Database } from "@cloudflare/workers-types";
import type { Base, FieldValue } from "../../core/merge.ts";
import { TABLES, writtenColumns, type TableName } from "../../core/records/table.ts";
import type { Conflict, ConflictNow, DecisionStore, HistoryRow, Review } from "../../ports/decision-store.ts";
import type { PageState } from "../../ports/table-store.ts";
import { createDatabase, statement, type Database } from "./database.ts";
import { historyRows } from "./kept-values.ts";

/** What people call a record of each table. */
const NAMES: Readonly<Record<TableName, string>> = { projects: "title", clients: "company_name" };

/** Conflicts, reviews and history in D1, for people. */
export function createDecisionStore(d1: D1Database): DecisionStore {
  const database = createDatabase(d1);
  return {
    ...conflictMethods(database),
    ...reviewMethods(database),
    ...historyMethods(database),
    hasRecord: async (sync, recordId) =>
      (await database.rows(`select id from ${sync} where id = ?1`, recordId)).length > 0,
  };
}

type ConflictRow = Omit<Conflict, "notion" | "d1" | "base" | "isByPerson"> & {
  readonly notion: string;
  readonly d1: string;
  readonly base: string | null;
  readonly byPerson: number;
};

const CONFLICT = `select id, sync, record_id as recordId, column_name as column, notion, d1, base, taken,
  by_person as byPerson, at_ms as atMs, resolved_ms as resolvedMs from conflicts`;

function conflictOf({ notion, d1, base, byPerson, ...row }: ConflictRow): Conflict {
  return {
    ...row,
    notion: JSON.parse(notion) as FieldValue,
    d1: JSON.parse(d1) as FieldValue,
    base: base === null ? null : baseOf(base),
    isByPerson: byPerson === 1,
  };
}

function baseOf(text: string): Base {
  const [notion = null, d1 = null] = JSON.parse(text) as FieldValue[];
  return { notion, d1 };
}

function conflictMethods(database: Database): Pick<DecisionStore, "conflicts" | "conflictNow" | "resolve"> {
  return {
    conflicts: async (limit, isAll) => {
      const rows = await database.rows<ConflictRow>(
        `${CONFLICT} where ?2 or resolved_ms is null order by at_ms desc, id limit ?1`,
        limit,
        isAll ? 1 : 0,
      );
      return { items: rows.map(conflictOf), cursor: null };
    },
    conflictNow: async (id) => {
      const [row] = await database.rows<ConflictRow>(`${CONFLICT} where id = ?1`, id);
      return row === undefined ? null : nowOf(database, conflictOf(row));
    },
    resolve: async ({ conflict, row }, take, nowMs) => {
      const { id, sync, recordId } = conflict;
      const isSettled =
        "exists (select 1 from conflicts where id = ?1 and by_person = 1 and resolved_ms = ?2)";
      const [settled] = await database.batch([
        statement(
          `update conflicts set taken = ?3, by_person = 1, resolved_ms = ?2 where id = ?1 and ?6 is
             (select version from row_versions where sync = ?4 and record_id = ?5)`,
          id,
          nowMs,
          take,
          sync,
          recordId,
          row?.version ?? null,
        ),
        statement(
          `update notion_pages set owed = 1, again_ms = null where sync = ?3 and record_id = ?4 and ${isSettled}`,
          id,
          nowMs,
          sync,
          recordId,
        ),
        // A merge that is under way has not seen the decision: a new version of the row makes it begin again.
        statement(
          `update ${sync} set ${NAMES[sync]} = ${NAMES[sync]} where id = ?3 and ${isSettled}`,
          id,
          nowMs,
          recordId,
        ),
      ]);
      return (settled?.meta.changes ?? 0) > 0;
    },
  };
}

async function nowOf(database: Database, conflict: Conflict): Promise<ConflictNow> {
  const { id, sync, recordId, column, atMs } = conflict;
  const [now] = await database.rows<{
    value: string | null;
    version: number | null;
    base: string | null;
    later: number;
  }>(
    `select (select json_array(${known(sync, column)}) from ${sync} where id = ?2 and deleted_ms is null) as value,
       (select version from row_versions where sync = ?1 and record_id = ?2) as version,
       (select json_extract(bases, '$.' || ?3) from notion_pages where sync = ?1 and record_id = ?2) as base,
       (select count(*) from conflicts where sync = ?1 and record_id = ?2 and column_name = ?3 and id <> ?4
          and at_ms > ?5) as later`,
    sync,
    recordId,
    column,
    id,
    atMs,
  );
  const [value = null] = now?.value == null ? [] : (JSON.parse(now.value) as FieldValue[]);
  return {
    conflict,
    row: now?.value == null ? null : { value, version: now.version },
    base: now?.base == null ? null : baseOf(now.base),
    isOvertaken: (now?.later ?? 0) > 0,
  };
}

/** A column as it may stand in SQL: one that the sync writes, and nothing else. */
function known(sync: TableName, column: string): string {
  return writtenColumns(TABLES[sync]).includes(column) ? column : "null";
}

type ReviewRow = Omit<Review, "candidates"> & { readonly candidates: string };

/** A candidate's name is looked up in the table of its own sync. */
const REVIEW = `select id, sync, page_id as pageId, reason, at_ms as atMs, decision, decided_ms as decidedMs,
  (select json_group_array(json_object('id', candidate.value, 'name', iif(reviews.sync = 'clients',
      (select ${NAMES.clients} from clients where clients.id = candidate.value),
      (select ${NAMES.projects} from projects where projects.id = candidate.value))))
    from json_each(reviews.candidates) as candidate) as candidates
  from reviews`;

function reviewOf({ candidates, ...row }: ReviewRow): Review {
  return { ...row, candidates: JSON.parse(candidates) as Review["candidates"] };
}

function reviewMethods(database: Database): Pick<DecisionStore, "reviews" | "reviewNow" | "decide"> {
  return {
    reviews: async (limit) => {
      const rows = await database.rows<ReviewRow>(
        `${REVIEW} where decision is null
           and exists (select 1 from notion_pages as page where page.sync = reviews.sync
             and page.page_id = reviews.page_id and page.state = 'review')
           and not exists (select 1 from reviews as later where later.sync = reviews.sync
             and later.page_id = reviews.page_id and (later.at_ms, later.id) > (reviews.at_ms, reviews.id))
         order by at_ms desc, id limit ?1`,
        limit,
      );
      return { items: rows.map(reviewOf), cursor: null };
    },
    reviewNow: async (id) => {
      const [row] = await database.rows<ReviewRow>(`${REVIEW} where id = ?1`, id);
      if (row === undefined) return null;
      const [page] = await database.rows<{ state: PageState; recordId: string | null }>(
        "select state, record_id as recordId from notion_pages where sync = ?1 and page_id = ?2",
        row.sync,
        row.pageId,
      );
      return { review: reviewOf(row), page: page ?? null };
    },
    decide: async ({ id, sync, pageId }, decision, nowMs) => {
      await database.batch([
        statement("update reviews set decision = ?2, decided_ms = ?3 where id = ?1", id, decision, nowMs),
        statement(
          "update notion_pages set owed = 1, again_ms = null where sync = ?1 and page_id = ?2",
          sync,
          pageId,
        ),
      ]);
    },
  };
}

type HistoryText = Omit<HistoryRow, "value" | "replacedBy"> & {
  readonly value: string;
  readonly replacedBy: string;
};

const HISTORY = `select id, sync, record_id as recordId, column_name as column, side, value, replaced_by as replacedBy,
  run_id as runId, at_ms as atMs from history`;

function entryOf({ value, replacedBy, ...row }: HistoryText): HistoryRow {
  return {
    ...row,
    value: JSON.parse(value) as FieldValue,
    replacedBy: JSON.parse(replacedBy) as FieldValue,
  };
}

function historyMethods(database: Database): Pick<DecisionStore, "history" | "historyNow" | "restore"> {
  return {
    history: async (sync, recordId, limit) => {
      const rows = await database.rows<HistoryText>(
        `${HISTORY} where sync = ?1 and record_id = ?2 order by at_ms desc, id limit ?3`,
        sync,
        recordId,
        limit,
      );
      return { items: rows.map(entryOf), cursor: null };
    },
    historyNow: async (id) => {
      const [found] = await database.rows<HistoryText>(`${HISTORY} where id = ?1`, id);
      if (found === undefined) return null;
      const entry = entryOf(found);
      const [row] = await database.rows<{ value: FieldValue }>(
        `select ${known(entry.sync, entry.column)} as value from ${entry.sync} where id = ?1 and deleted_ms is null`,
        entry.recordId,
      );
      return { entry, row: row ?? null };
    },
    restore: async ({ entry, row }, nowMs) => {
      const { sync, recordId, value } = entry;
      const column = known(sync, entry.column);
      if (column === "null" || row === null) return false;
      const replaced = { column, side: "d1", value: row.value, replacedBy: value } as const;
      const [{ id } = { id: "" }] = await historyRows(sync, recordId, nowMs, [replaced]);
      const isSame = `exists (select 1 from ${sync} where id = ?2 and ${column} is ?3)`;
      const results = await database.batch([
        statement(
          `insert into history (id, sync, record_id, column_name, side, value, replaced_by, run_id, at_ms)
           select ?1, '${sync}', ?2, '${column}', 'd1', ?4, ?5, ?6, ?7 where ${isSame} on conflict (id) do nothing`,
          id,
          recordId,
          row.value,
          JSON.stringify(row.value),
          JSON.stringify(value),
          `restore:${entry.id}`,
          nowMs,
        ),
        statement(
          `update ${sync} set ${column} = ?1 where id = ?2 and ${column} is ?3 and deleted_ms is null`,
          value,
          recordId,
          row.value,
        ),
      ]);
      return (results[1]?.meta.changes ?? 0) > 0;
    },
  };
}
