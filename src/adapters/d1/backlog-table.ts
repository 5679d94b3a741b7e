import type { D1Database } from "@cloudflare/workers-types";
import type { BacklogStore } from "../../ports/backlog-store.ts";
import { createDatabase } from "./database.ts";

/** The newest listing of the whole history; one row always. */
const BACKFILL = `select coalesce(pages, 0) as pages, coalesce(rows_seen, 0) as rows, completed_ms as completedMs
  from (select 1) left join (select * from discoveries where sync = 'fireflies' and kind = 'backfill'
    order by completed_ms is null, started_ms desc limit 1)`;

/** Progress of the backfill, from the enumerations in D1. */
export function createBacklogStore(d1: D1Database): BacklogStore {
  const database = createDatabase(d1);
  return {
    backfill: async () => {
      const [row] = await database.rows<{ pages: number; rows: number; completedMs: number | null }>(
        BACKFILL,
      );
      return row === undefined || row.completedMs !== null ? null : { pages: row.pages, rows: row.rows };
    },
  };
}
