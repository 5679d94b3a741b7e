import type { Fence } from "../../ports/run-store.ts";
import type { TableStore } from "../../ports/table-store.ts";
import { statement, type Database } from "./database.ts";
import { conflictRows, historyRows, keptStatements } from "./kept-values.ts";

/** Pushes: what is sent to Notion, written down before it is sent, with what it replaces. */
export function pushTable(
  database: Database,
): Pick<TableStore, "planPush" | "countLook" | "settlePush" | "trashedSince" | "putOff"> {
  const one = async (fence: Fence, sql: string, ...values: (string | number)[]): Promise<void> => {
    await database.fenced(fence, [statement(sql, ...values)]);
  };
  return {
    planPush: (fence, push) => planPush(database, fence, push),
    trashedSince: async (sync, sinceMs) => {
      const [row] = await database.rows<{ n: number }>(
        "select count(*) as n from pushes where sync = ?1 and kind = 'trash' and outcome = 'landed' and sent_ms >= ?2",
        sync,
        sinceMs,
      );
      return row?.n ?? 0;
    },
    putOff: async (fence, { sync, runId, pageId, againMs, reason }) => {
      const verdict = statement(
        `insert into run_items (run_id, item_id, verdict, reason)
         select ?1, coalesce(record_id, page_id), 'failed', ?4 from notion_pages where sync = ?2 and page_id = ?3
         on conflict (run_id, item_id) do nothing`,
        runId,
        sync,
        pageId,
        reason,
      );
      await database.fenced(fence, [
        statement(
          "update notion_pages set owed = 1, again_ms = ?3 where sync = ?1 and page_id = ?2",
          sync,
          pageId,
          againMs,
        ),
        ...(reason === null ? [] : [verdict]),
      ]);
    },
    countLook: (fence, pushId) => one(fence, "update pushes set looks = looks + 1 where id = ?1", pushId),
    settlePush: (fence, pushId, outcome, nowMs) =>
      one(
        fence,
        "update pushes set settled_ms = ?3, outcome = ?2 where id = ?1 and settled_ms is null",
        pushId,
        outcome,
        nowMs,
      ),
  };
}

async function planPush(
  database: Database,
  fence: Fence,
  push: Parameters<TableStore["planPush"]>[1],
): Promise<boolean> {
  const { sync, recordId, runId, sentMs, rowVersion } = push;
  const [history, conflicts] = await Promise.all([
    historyRows(sync, recordId, push.readMs, push.history),
    conflictRows(sync, recordId, push.conflicts),
  ]);
  const results = await database.fenced(fence, [
    statement(
      `insert into pushes (id, sync, record_id, page_id, kind, fields, token, run_id, sent_ms, read_ms, is_forced)
           select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 where ?12 is (select version from row_versions
             where sync = ?2 and record_id = ?3) on conflict (id) do nothing`,
      push.id,
      sync,
      recordId,
      push.pageId,
      push.kind,
      JSON.stringify(push.fields),
      fence.token,
      runId,
      sentMs,
      push.readMs,
      push.isForced ? 1 : 0,
      rowVersion,
    ),
    ...keptStatements(
      { history, conflicts },
      { sync, runId, nowMs: sentMs },
      { sql: "exists (select 1 from pushes where id = ?5)", values: [push.id] },
    ),
    statement("select id from pushes where id = ?1", push.id),
  ]);
  return (results.at(-1)?.results ?? []).length === 1;
}
