import type { Run, RunStore } from "../../ports/run-store.ts";
import { forRows, statement, type Database } from "./database.ts";
import { runOf, UNFINISHED, type RunRow } from "./run-rows.ts";

type RunMethods = Pick<RunStore, "queue" | "run" | "runs" | "unfinished" | "lastEnded" | "lastInLane">;

/** Holds for runs that did, or tried to do, what the schedule asks for: of meetings, webhooks have only some read. */
const IS_ORDINARY =
  "(mode is null or id in (select run_id from approvals)) and not (sync = 'fireflies' and trigger = 'webhook')";

const LAST = "ended_ms is not null order by ended_ms desc, id desc limit 1";

/** Runs: queued once per lane, read by status. */
export function runTable(database: Database): RunMethods {
  const select = async (where: string, ...values: (string | number)[]): Promise<Run[]> =>
    (await database.rows<RunRow>(`select * from runs where ${where}`, ...values)).map(runOf);
  return {
    queue: async ({ id, sync, trigger, priority, queuedMs, preview }) => {
      await database.batch([
        statement(
          `insert into runs (id, sync, trigger, priority, state, ceiling_ms, queued_ms, mode, plan_hash)
           select ?1, ?2, ?3, ?4, 'queued', ?5, ?5, ?6, ?7
           where not exists (select 1 from runs where sync = ?2 and ${UNFINISHED})`,
          id,
          sync,
          trigger,
          priority,
          queuedMs,
          preview?.mode ?? null,
          preview?.planHash ?? null,
        ),
      ]);
      const [own] = await select("id = ?1", id);
      if (own !== undefined) return { run: own, created: true };
      const [other] = await select(`sync = ?1 and ${UNFINISHED} order by queued_ms limit 1`, sync);
      // The other run may have ended between the two statements; then it is our turn.
      return other === undefined
        ? runTable(database).queue({ id, sync, trigger, priority, queuedMs, preview })
        : { run: other, created: false };
    },
    run: async (id) => (await select("id = ?1", id))[0] ?? null,
    runs: async (limit) => ({
      items: await select("true order by queued_ms desc, id desc limit ?1", limit),
      cursor: null,
    }),
    unfinished: async () => ({ items: await select(`${UNFINISHED} order by queued_ms, id`), cursor: null }),
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
    closeLost: async (runId, endedMs) => {
      const [closed] = await database.batch([
        statement(
          `update runs set state = 'failed', detail = 'lost: the step engine no longer knows this run', ended_ms = ?2
           where id = ?1 and ${UNFINISHED}`,
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
