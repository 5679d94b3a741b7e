import type { Fence, Lane, RunStore, SyncName } from "../../ports/run-store.ts";
import { statement, type Database, type Statement } from "./database.ts";
import { requestsAtEnd } from "./request-rows.ts";
import { UNFINISHED } from "./run-rows.ts";

/** Leases: who may write for a lane, and the end of that right with the run. */
export function leaseTable(
  database: Database,
): Pick<RunStore, "acquireLease" | "isLeaseHeld" | "renewLease" | "closeRun"> {
  return {
    isLeaseHeld: async (run, realNowMs) => {
      const rows = await database.rows(
        "select 1 from leases where lane = ?1 and run_id = ?2 and expires_real_ms > ?3",
        run.sync,
        run.id,
        realNowMs,
      );
      return rows.length > 0;
    },
    acquireLease: async (run, { startedMs, realNowMs, termMs }) => {
      const held = "leases.run_id is null or leases.run_id = excluded.run_id or leases.expires_real_ms <= ?5";
      const [, taken, , lanes] = await database.batch([
        statement(
          `insert into leases (lane, token, epoch, run_id, expires_real_ms)
           select ?1, 1, ?2, ?3, ?4 + ?5 where exists (select 1 from runs where id = ?3 and ${UNFINISHED})
           on conflict (lane) do update set token = leases.token + 1, epoch = excluded.epoch, run_id = excluded.run_id,
             expires_real_ms = excluded.expires_real_ms where ${held}`,
          run.sync,
          run.epoch,
          run.id,
          termMs,
          realNowMs,
        ),
        statement("select token from leases where lane = ?1 and run_id = ?2", run.sync, run.id),
        statement(
          `update runs set state = 'running', started_ms = coalesce(started_ms, ?3), started_real_ms = coalesce(started_real_ms, ?4)
           where id = ?2 and ${UNFINISHED} and exists (select 1 from leases where lane = ?1 and run_id = ?2)`,
          run.sync,
          run.id,
          startedMs,
          realNowMs,
        ),
        statement(SELECT_LANE, run.sync),
      ]);
      const token = (taken?.results[0] as { token: number } | undefined)?.token;
      if (token === undefined) return null;
      const lane = laneOf(run.sync, lanes?.results[0] as LaneRow | undefined);
      return { fence: { lane: run.sync, token }, lane };
    },
    renewLease: async (fence, expiresRealMs) => {
      await database.fenced(fence, [
        statement("update leases set expires_real_ms = ?2 where lane = ?1", fence.lane, expiresRealMs),
      ]);
    },
    closeRun: async (fence, runId, end) => {
      const done = await database.fenced(fence, [...closing(fence, runId, end), awaiting(fence)]);
      return { isAwaited: (done.at(-1)?.results.length ?? 0) > 0 };
    },
  };
}

/** Finds a row if another run or request waits for the lane. */
function awaiting({ lane }: Fence): Statement {
  return statement(
    `select 1 from runs where sync = ?1 and state = 'queued'
     union all select 1 from requests where sync = ?1 and ended_ms is null and run_id is null limit 1`,
    lane,
  );
}

function closing(fence: Fence, runId: string, end: Parameters<RunStore["closeRun"]>[2]): Statement[] {
  // A run that makes way, or that waits for its share of a budget, goes on by itself, and leaves the lane to others.
  const isHeld = end.state === "parked" && end.yieldedTo === null && !end.continues;
  return [
    statement(
      `update runs set state = ?2, ended_ms = ?3, duration_ms = ?4, not_before_ms = ?5, detail = ?6,
         source_count = ?7, destination_count = ?8, continues = ?9, result = ?10, yielded_to = ?11
       where id = ?1 and ${UNFINISHED}`,
      runId,
      end.state,
      end.endedMs,
      end.durationMs,
      end.notBeforeMs,
      end.detail,
      end.sourceCount,
      end.destinationCount,
      end.continues ? 1 : 0,
      JSON.stringify(end.result),
      end.yieldedTo,
    ),
    ...requestsAtEnd(runId, {
      endedMs: end.endedMs ?? 0,
      goesOn: goesOnByItself(end),
      yieldedTo: end.yieldedTo,
      leavesRest: end.leavesRest,
    }),
    // What a rebuild waits for holds back the rebuild alone: its lane goes on for everybody else.
    statement(
      `update rebuilds set not_before_ms = ?2 where ended_ms is null
         and id = (select rebuild_id from runs where id = ?1)`,
      runId,
      isHeld ? end.notBeforeMs : null,
    ),
    statement(
      `insert into lanes (lane, not_before_ms, reason, key_name)
       select ?1, ?2, ?3, ?4 where exists (select 1 from runs where id = ?5 and rebuild_id is null)
       on conflict (lane) do update set not_before_ms = excluded.not_before_ms, reason = excluded.reason, key_name = excluded.key_name`,
      fence.lane,
      isHeld ? end.notBeforeMs : null,
      isHeld ? end.detail : null,
      isHeld ? end.laneKeyName : null,
      runId,
    ),
    statement(
      "update leases set run_id = null, token = token + 1, expires_real_ms = 0 where lane = ?1",
      fence.lane,
    ),
  ];
}

/** Whether another run goes on where this one ended, without anybody's doing. */
function goesOnByItself({ state, notBeforeMs, continues }: Parameters<RunStore["closeRun"]>[2]): boolean {
  return continues || (state === "parked" && notBeforeMs !== null);
}

const SELECT_LANE = "select * from lanes where lane = ?1";

/** A row of `lanes`. */
export type LaneRow = {
  lane: SyncName;
  not_before_ms: number | null;
  reason: string | null;
  key_name: string | null;
};

/** A lane without a row waits for nothing. */
export function laneOf(lane: SyncName, row: LaneRow | undefined): Lane {
  return {
    lane,
    notBeforeMs: row?.not_before_ms ?? null,
    reason: row?.reason ?? null,
    keyName: row?.key_name ?? null,
  };
}

/** Lanes: what holds one back. */
export function laneTable(database: Database): Pick<RunStore, "lane" | "lanes"> {
  return {
    lane: async (sync) => laneOf(sync, (await database.rows<LaneRow>(SELECT_LANE, sync))[0]),
    lanes: async () => ({
      items: (await database.rows<LaneRow>("select * from lanes order by lane")).map((row) =>
        laneOf(row.lane, row),
      ),
      cursor: null,
    }),
  };
}
