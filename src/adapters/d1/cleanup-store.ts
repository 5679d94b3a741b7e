import type { D1Database } from "@cloudflare/workers-types";
import { BALLAST_ROW_BYTES, BALLAST_ROWS } from "../../core/policy.ts";
import type { CleanupStore, Tally } from "../../ports/cleanup-store.ts";
import { DAYS_TO_ROLL, rollingStatements } from "./daily-figures.ts";
import { createDatabase, statement, type Database } from "./database.ts";
import { earlierObjects } from "./earlier-objects.ts";
import { deletingStatements, keptStatement } from "./old-rows.ts";

/** What takes old logs away. */
export function createCleanupStore(d1: D1Database): CleanupStore {
  const database = createDatabase(d1);
  return { ...logMethods(database), ...earlierObjects(database), ...roomMethods(database) };
}

type LogMethods = Pick<CleanupStore, "daysToRoll" | "rollDay" | "deleteOld" | "countKept" | "tallies">;

function logMethods(database: Database): LogMethods {
  return {
    daysToRoll: async (beforeDay, limit) => ({
      items: (await database.rows<{ day: string }>(DAYS_TO_ROLL, beforeDay, limit)).map(({ day }) => day),
      cursor: null,
    }),
    rollDay: async (fence, { runId, day, nowMs }) => {
      await database.fenced(fence, rollingStatements(runId, day, nowMs));
    },
    deleteOld: async (fence, { runId, table, beforeMs }) => {
      const [, deleted] = await database.fenced(fence, deletingStatements(table, beforeMs, runId));
      return deleted?.meta.changes ?? 0;
    },
    countKept: async (fence, { runId, table, beforeMs }) => {
      await database.fenced(fence, [keptStatement(table, beforeMs, runId)]);
    },
    tallies: async (runId) => ({
      items: await database.rows<Tally>(
        `select replace(item_id, ' kept', '') as what, verdict, items from run_items where run_id = ?1 order by item_id`,
        runId,
      ),
      cursor: null,
    }),
  };
}

/** Bytes of the texts of a row, about. */
const MEETING_BYTES = `length(cast(title || coalesce(summary, '') || coalesce(action_items, '') || keywords || topics ||
  participants || attendees || speakers || channels as blob))`;
const PAGE_BYTES = "length(cast(bases as blob))";
const PROOF_BYTES = "length(cast(state as blob))";
const RUN_BYTES = "length(cast(coalesce(result, '') as blob))";

function roomMethods(database: Database): Pick<CleanupStore, "largestRow" | "layBallast"> {
  return {
    largestRow: async (after, limit) => {
      const [page] = await database.rows<{ bytes: number | null; last: string | null; n: number }>(
        `select max(${MEETING_BYTES}) as bytes, max(id) as last, count(*) as n from (
           select * from meetings where id > ?1 order by id limit ?2)`,
        after,
        limit,
      );
      const cursor = page === undefined || page.n < limit ? null : page.last;
      // The other tables are small; once is enough.
      if (after !== "") return { bytes: page?.bytes ?? 0, cursor };
      const [others] = await database.rows<{ bytes: number | null }>(
        `select max(bytes) as bytes from (select max(${PAGE_BYTES}) as bytes from notion_pages
           union all select max(${PROOF_BYTES}) from proofs union all select max(${RUN_BYTES}) from runs)`,
      );
      return { bytes: Math.max(page?.bytes ?? 0, others?.bytes ?? 0), cursor };
    },
    layBallast: async (fence) => {
      await database.fenced(fence, [
        statement(
          `insert into ballast (id, bytes) select value, zeroblob(${BALLAST_ROW_BYTES}) from json_each(?1) where true
           on conflict (id) do nothing`,
          JSON.stringify(Array.from({ length: BALLAST_ROWS }, (_, n) => n + 1)),
        ),
      ]);
    },
  };
}
