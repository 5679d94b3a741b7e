import type { Run, RunStore } from "../../ports/run-store.ts";
import { opening } from "./alert-table.ts";
import { forRows, statement, type Database } from "./database.ts";
import { IS_ORDINARY, LANE_ORDER, runOf, UNFINISHED, type RunRow } from "./run-rows.ts";

type RunMethods = Pick<RunStore, "run" | "runs" | "unfinished" | "lastEnded" | "lastInLane">;

/** In the order in which they were queued: the clock may have been set back. */
const LAST = "ended_ms is not null order by rowid desc limit 1";

/** Runs, as status and the tick read them. */
export function runTable(database: Database): RunMethods {
  const select = async (where: string, ...values: (string | number)[]): Promise<Run[]> =>
    (await database.rows<RunRow>(`select * from runs where ${where}`, ...values)).map(runOf);
  return {
    run: async (id) => (await select("id = ?1", id))[0] ?? null,
    runs: async (limit) => ({
      items: await select("true order by queued_ms desc, id desc limit ?1", limit),
      cursor: null,
    }),
    unfinished: async () => ({ items: await select(`${UNFINISHED} order by ${LANE_ORDER}`), cursor: null }),
    lastEnded: async (sync) =>
      (await select(`sync = ?1 and rebuild_id is null and ${IS_ORDINARY} and ${LAST}`, sync))[0] ?? null,
    lastInLane: async (lane) => (await select(`sync = ?1 and ${LAST}`, lane))[0] ?? null,
  };
}

type EndMethods = Pick<RunStore, "raiseEpoch" | "closeLost" | "undeletedInstances" | "markInstancesDeleted">;

/** What becomes of runs that a restart or the engine left behind. */
export function runEnds(database: Database): EndMethods {
  return {
    raiseEpoch: async (runId) => {
      await database.batch([
        statement(`update runs set epoch = epoch + 1 where id = ?1 and ${UNFINISHED}`, runId),
      ]);
    },
    closeLost: async (runId, alert, endedMs) => {
      const [closed] = await database.batch([
        statement(
          `update runs set state = 'failed', detail = 'lost: the step engine no longer knows this run', ended_ms = ?2
           where id = ?1 and ${UNFINISHED}`,
          runId,
          endedMs,
        ),
        opening(alert, endedMs, "changes() > 0"),
        // What it was asked for is left to the recovery; a lost recovery is given up, or it would be lost for ever.
        statement(
          `update requests set run_id = iif(lost.trigger = 'recovery', run_id, null),
             ended_ms = iif(lost.trigger = 'recovery' or mode is not null, ?2, null)
           from (select trigger, state from runs where id = ?1) as lost
           where run_id = ?1 and requests.ended_ms is null and lost.state = 'failed'`,
          runId,
          endedMs,
        ),
        statement(
          `update leases set run_id = null, token = token + 1, expires_real_ms = 0
           where run_id = ?1 and exists (select 1 from runs where id = ?1 and ended_ms is not null)`,
          runId,
        ),
      ]);
      return (closed?.meta.changes ?? 0) > 0;
    },
    undeletedInstances: async (limit) => {
      const rows = await database.rows<{ id: string }>(
        `select id from runs where ended_ms is not null and instance_deleted = 0 limit ?1`,
        limit,
      );
      return { items: rows.map((row) => row.id), cursor: null };
    },
    markInstancesDeleted: async (runIds) => {
      await database.batch(
        forRows(runIds, "update runs set instance_deleted = 1 where id in (select value from json_each(?1))"),
      );
    },
  };
}
