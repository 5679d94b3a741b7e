import type { D1Database } from "@cloudflare/workers-types";
import { bareId } from "../../core/webhooks/notion-event.ts";
import type { NearbyPush } from "../../core/webhooks/own-writes.ts";
import type { TableName } from "../../core/records/table.ts";
import type { SyncName } from "../../ports/run-store.ts";
import type { Announced, InboxCount, OwnEvent, WebhookInbox } from "../../ports/webhook-inbox.ts";
import { createDatabase, forRows, statement, type Database } from "./database.ts";
import { VERDICT_CONFLICT } from "./page-commit.ts";
import { tokenTable } from "./token-table.ts";

/** The inbox of webhooks in D1. */
export function createWebhookInbox(d1: D1Database): WebhookInbox {
  const database = createDatabase(d1);
  return {
    ...arrivals(database),
    ...beats(database),
    ...takings(database),
    ...tokenTable(database),
    counts: async () => ({
      items: await database.rows<InboxCount>(
        `select vendor, count(*) filter (where done_ms is null) as open, max(received_ms) as lastReceivedMs
         from webhook_inbox group by vendor`,
      ),
      cursor: null,
    }),
    suspectedCount: async (sync, sinceMs) => {
      const [row] = await database.rows<{ n: number }>(
        "select count(*) as n from pushes where sync = ?1 and suspected_ms >= ?2",
        sync,
        sinceMs,
      );
      return row?.n ?? 0;
    },
  };
}

/** A push as JSON; `push` is the row. What it wrote is said by property, as the events say it. */
const PUSH_JSON = `json_object('id', push.id, 'kind', push.kind, 'outcome', push.outcome, 'readMs', push.read_ms,
  'sentMs', push.sent_ms, 'settledMs', push.settled_ms, 'properties', (select json_group_array(known.value ->> 'propertyId')
    from json_each(push.fields) as field join notion_schemas as schema on schema.sync = push.sync
      join json_each(schema.columns) as known on known.key = field.key))`;

/** The newest pushes to a page, the one that made it included; `page` stands for SQL of its id, `sync` for that of the sync. */
function pushesTo(page: string, sync: string): string {
  return `(select json_group_array(json(one)) from (select ${PUSH_JSON} as one from pushes as push
    where push.page_id = ${page} or (push.sync = ${sync} and push.kind = 'create' and push.record_id = (
      select record_id from notion_pages as made where made.sync = ${sync} and made.page_id = ${page}))
    order by push.sent_ms desc limit 50))`;
}

type SourceRow = { sync: TableName; bot_id: string; ids: string; isKnown: number };

function arrivals(database: Database): Pick<WebhookInbox, "keep" | "place"> {
  return {
    keep: async (row) => {
      const [kept] = await database.batch([
        statement(
          `insert into webhook_inbox (id, vendor, kind, sync, subject, by_us, properties, event_ms, received_ms, done_ms, outcome)
           values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict (id) do nothing`,
          row.id,
          row.vendor,
          row.kind,
          row.sync,
          row.subject,
          row.byUs ? 1 : 0,
          row.properties === null ? null : JSON.stringify(row.properties),
          row.eventMs,
          row.receivedMs,
          row.isReadable ? null : row.receivedMs,
          row.isReadable ? null : "nothing to read",
        ),
        ...forRows(
          row.suspected,
          "update pushes set suspected_ms = ?2 where suspected_ms is null and id in (select value from json_each(?1))",
          row.eventMs,
        ),
      ]);
      return (kept?.meta.changes ?? 0) > 0;
    },
    place: async ({ entity, subject, parents }) => {
      const rows = await database.rows<SourceRow>(
        `select sync, bot_id, json_array(database_id, schema ->> 'id', schema ->> 'databaseId') as ids,
           exists (select 1 from notion_pages as page where page.sync = notion_schemas.sync and page.page_id = ?1) as isKnown
         from notion_schemas`,
        subject,
      );
      const named = entity === "data_source" ? [bareId(subject), ...parents] : parents;
      const isNamed = (id: string, row: SourceRow): boolean =>
        (JSON.parse(row.ids) as string[]).map(bareId).includes(id);
      // The most exact name first: two data sources may belong to one database.
      const owner =
        rows.find(({ isKnown }) => isKnown === 1) ??
        named.flatMap((id) => rows.filter((row) => isNamed(id, row)))[0];
      if (owner === undefined) return null;
      const [pushes] = await database.rows<{ list: string }>(
        `select ${pushesTo("?1", "?2")} as list`,
        subject,
        owner.sync,
      );
      return {
        sync: owner.sync,
        botId: owner.bot_id,
        pushes: JSON.parse(pushes?.list ?? "[]") as NearbyPush[],
      };
    },
  };
}

/** Holds for events whose time has come; `?1` is now. */
const IS_DUE = "done_ms is null and not_before_ms <= ?1 and received_ms <= ?1";

function beats(database: Database): Pick<WebhookInbox, "due" | "ownEvents" | "judged" | "clean"> {
  return {
    due: async (nowMs, { rowsMs, tokensMs }) => {
      const [row] = await database.rows<{ syncs: string; hasOwn: number; hasOld: number }>(
        `select (select json_group_array(distinct sync) from webhook_inbox where ${IS_DUE} and by_us = 0) as syncs,
           exists (select 1 from webhook_inbox where ${IS_DUE} and by_us = 1) as hasOwn,
           exists (select 1 from webhook_inbox where received_ms < ?2)
             or exists (select 1 from webhook_tokens where confirmed_ms is null and received_ms < ?3) as hasOld`,
        nowMs,
        rowsMs,
        tokensMs,
      );
      return {
        syncs: JSON.parse(row?.syncs ?? "[]") as SyncName[],
        hasOwn: row?.hasOwn === 1,
        hasOld: row?.hasOld === 1,
      };
    },
    ownEvents: async (nowMs, limit) => {
      type Row = Omit<OwnEvent, "properties" | "pushes"> & { properties: string | null; pushes: string };
      const rows = await database.rows<Row>(
        `select id, kind, event_ms as eventMs, received_ms as receivedMs, properties,
           ${pushesTo("event.subject", "event.sync")} as pushes
         from webhook_inbox as event where ${IS_DUE} and by_us = 1 order by received_ms, id limit ?2`,
        nowMs,
        limit,
      );
      const items = rows.map(({ properties, pushes, ...row }): OwnEvent => ({
        ...row,
        properties: properties === null ? null : (JSON.parse(properties) as string[]),
        pushes: JSON.parse(pushes) as NearbyPush[],
      }));
      return { items, cursor: null };
    },
    judged: async ({ nowMs, againMs, echoes, waiting, others }) => {
      const listed = "done_ms is null and id in (select value from json_each(?1))";
      await database.batch([
        ...forRows(echoes, `update webhook_inbox set done_ms = ?2, outcome = 'echo' where ${listed}`, nowMs),
        ...forRows(waiting, `update webhook_inbox set not_before_ms = ?2 where ${listed}`, againMs),
        ...forRows(others, `update webhook_inbox set by_us = 0 where ${listed}`),
      ]);
    },
    clean: async ({ rowsMs, tokensMs, limit }) => {
      await database.batch([
        statement(
          `delete from webhook_inbox where id in (select id from webhook_inbox where received_ms < ?1
             order by received_ms limit ?2)`,
          rowsMs,
          limit,
        ),
        statement("delete from webhook_tokens where confirmed_ms is null and received_ms < ?1", tokensMs),
      ]);
    },
  };
}

function takings(database: Database): Pick<WebhookInbox, "open" | "putOff" | "forgetSchema"> {
  return {
    open: async (sync, { nowMs, limit }) => ({
      items: await database.rows<Announced>(
        `select subject, min(kind) as kind, max(tries) as tries from webhook_inbox
         where sync = ?2 and ${IS_DUE} and by_us = 0 group by subject order by min(received_ms), subject limit ?3`,
        nowMs,
        sync,
        limit,
      ),
      cursor: null,
    }),
    putOff: async (fence, { runId, subject, observedMs, nowMs, againMs, reason }) => {
      await database.fenced(fence, [
        // A second time the row waits already, or is closed.
        statement(
          `update webhook_inbox set tries = tries + 1, not_before_ms = coalesce(?5, not_before_ms),
             done_ms = iif(?5 is null, ?4, null), outcome = iif(?5 is null, 'not shown', null)
           where sync = ?1 and subject = ?2 and done_ms is null and received_ms <= ?3 and not_before_ms <= ?3`,
          fence.lane,
          subject,
          observedMs,
          nowMs,
          againMs,
        ),
        ...(reason === null
          ? []
          : [
              statement(
                `insert into run_items (run_id, item_id, verdict, reason) select ?1, ?2, 'pending', ?3 where true
                 ${VERDICT_CONFLICT}`,
                runId,
                subject,
                reason,
              ),
            ]),
      ]);
    },
    forgetSchema: async (fence, sync, nowMs) => {
      await database.fenced(fence, [
        statement("update notion_schemas set fetched_ms = 0 where sync = ?1", sync),
        statement(
          `update webhook_inbox set done_ms = ?2, outcome = 'read'
           where sync = ?1 and kind like 'data_source.%' and done_ms is null and received_ms <= ?2`,
          sync,
          nowMs,
        ),
      ]);
    },
  };
}
