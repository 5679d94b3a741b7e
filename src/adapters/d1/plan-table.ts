import type { D1Database } from "@cloudflare/workers-types";
import { PLAN_ROWS_PER_STATEMENT, PLANS_KEPT } from "../../core/policy.ts";
import type { PlanAction, PlanValue } from "../../core/preview.ts";
import type { TableName } from "../../core/records/table.ts";
import type { Plan, PlanStore } from "../../ports/plan-store.ts";
import { createDatabase, forRows, statement, type Database } from "./database.ts";

/** Plans and approvals in D1. */
export function createPlanStore(d1: D1Database): PlanStore {
  const database = createDatabase(d1);
  return {
    ...planMethods(database),
    ...approvalMethods(database),
    clean: async (fence, sync, runId) => {
      const [deleted] = await database.fenced(fence, [
        statement(
          `delete from plan_items where (run_id, place) in (select run_id, place from plan_items where sync = ?1
             and run_id <> ?2 and run_id not in (${KEPT}) limit ?3)`,
          sync,
          runId,
          PLAN_ROWS_PER_STATEMENT,
        ),
        statement(
          `delete from plans where sync = ?1 and run_id not in (${KEPT})
             and not exists (select 1 from plan_items where plan_items.run_id = plans.run_id)`,
          sync,
        ),
      ]);
      return (deleted?.meta.changes ?? 0) >= PLAN_ROWS_PER_STATEMENT;
    },
    add: async (fence, { sync, runId, fromPlace }, items) => {
      await database.fenced(fence, [
        statement("delete from plan_items where run_id = ?1 and place >= ?2", runId, fromPlace),
        ...forRows(
          items,
          `insert into plan_items (run_id, place, sync, action, record_id, page_id, column_name, before, after, digest)
           select ?2, item.value ->> 'place', ?3, item.value ->> 'action', item.value ->> 'recordId', item.value ->> 'pageId',
             item.value ->> 'column', item.value -> 'before', item.value -> 'after', item.value ->> 'digest'
           from json_each(?1) as item`,
          runId,
          sync,
        ),
      ]);
    },
    differences: async (runId, otherRunId) => {
      const keys = "select action, record_id, page_id, column_name, digest from plan_items where run_id =";
      const [row] = await database.rows<{ differences: number }>(
        `select count(*) as differences from (select distinct action, record_id, page_id, column_name from (
           select * from (${keys} ?1 except ${keys} ?2) union all select * from (${keys} ?2 except ${keys} ?1)))`,
        runId,
        otherRunId,
      );
      return row?.differences ?? 0;
    },
    drop: async (fence, runId) => {
      await database.fenced(fence, [statement("delete from plan_items where run_id = ?1", runId)]);
    },
  };
}

/** Runs whose plans are kept; `?1` is the sync. */
const KEPT = `select run_id from plans where sync = ?1 order by made_ms desc, run_id desc limit ${PLANS_KEPT}`;

type PlanRow = {
  hash: string;
  sync: TableName;
  run_id: string;
  made_ms: number;
  counts: string;
  notes: string;
  approved_ms: number | null;
};

type ItemRow = {
  place: number;
  action: PlanAction;
  record_id: string | null;
  page_id: string | null;
  column_name: string | null;
  before: string;
  after: string;
};

function planMethods(database: Database): Pick<PlanStore, "keep" | "plan" | "items"> {
  return {
    keep: async (fence, { hash, sync, runId, madeMs, counts, notes }) => {
      await database.fenced(fence, [
        statement(
          `insert into plans (hash, sync, run_id, made_ms, counts, notes) values (?1, ?2, ?3, ?4, ?5, ?6)
           on conflict (hash) do update set run_id = excluded.run_id, made_ms = excluded.made_ms, counts = excluded.counts,
             notes = excluded.notes`,
          hash,
          sync,
          runId,
          madeMs,
          JSON.stringify(counts),
          JSON.stringify(notes),
        ),
        statement("update runs set plan_hash = ?2 where id = ?1", runId, hash),
      ]);
    },
    plan: async (hash) => {
      const [row] = await database.rows<PlanRow>("select * from plans where hash = ?1", hash);
      return row === undefined ? null : planOf(row);
    },
    items: async ({ runId }, afterPlace, limit) => {
      const rows = await database.rows<ItemRow>(
        "select * from plan_items where run_id = ?1 and place > ?2 order by place limit ?3",
        runId,
        afterPlace,
        limit,
      );
      const items = rows.map((row) => ({
        action: row.action,
        recordId: row.record_id,
        pageId: row.page_id,
        column: row.column_name,
        before: JSON.parse(row.before) as PlanValue,
        after: JSON.parse(row.after) as PlanValue,
      }));
      return { items, cursor: rows.length < limit ? null : (rows.at(-1)?.place ?? null) };
    },
  };
}

function planOf(row: PlanRow): Plan {
  return {
    hash: row.hash,
    sync: row.sync,
    runId: row.run_id,
    madeMs: row.made_ms,
    counts: JSON.parse(row.counts) as Plan["counts"],
    notes: JSON.parse(row.notes) as string[],
    approvedMs: row.approved_ms,
  };
}

function approvalMethods(database: Database): Pick<PlanStore, "approve" | "isApproved"> {
  return {
    approve: async (fence, { sync, account, dataSourceId, hash, runId, atMs }) => {
      await database.fenced(fence, [
        statement(
          `insert into approvals (run_id, sync, account, data_source_id, hash, at_ms) values (?1, ?2, ?3, ?4, ?5, ?6)
           on conflict (run_id) do nothing`,
          runId,
          sync,
          account,
          dataSourceId,
          hash,
          atMs,
        ),
        statement("update plans set approved_ms = ?2 where hash = ?1", hash, atMs),
        // What waited for this word waits no longer; what waits for somebody who is editing still does.
        statement(
          "update notion_pages set again_ms = null where sync = ?1 and again_ms is not null and put_off_ms is null",
          sync,
        ),
      ]);
    },
    isApproved: async ({ sync, account, dataSourceId }) => {
      const rows = await database.rows(
        "select 1 from approvals where sync = ?1 and account = ?2 and data_source_id = ?3 limit 1",
        sync,
        account,
        dataSourceId,
      );
      return rows.length > 0;
    },
  };
}
