import type { D1Database } from "@cloudflare/workers-types";
import { countsOf, type Verdict } from "../../core/report.ts";
import type { Alert, Fence, Lane, Run, RunStore, SyncName } from "../../ports/run-store.ts";
import type { World } from "../../ports/world.ts";
import { createAttemptStore } from "./attempt-store.ts";
import { createDatabase, forRows, statement, type Database } from "./database.ts";
import { runOf, type RunRow } from "./run-rows.ts";

/** The ledger of runs in D1. */
export function createRunStore(d1: D1Database, world: World): RunStore {
  const database = createDatabase(d1);
  return {
    ...createAttemptStore(database),
    ...runMethods(database),
    ...leaseMethods(database),
    ...laneMethods(database),
    ...reportMethods(database),
    ...alertMethods(database),
    health: async () => {
      const started = world.realNowMs();
      const reply = await d1
        .prepare("select name from d1_migrations order by id desc limit 1")
        .all<{ name: string }>();
      return {
        sizeBytes: reply.meta.size_after ?? 0,
        migration: reply.results[0]?.name ?? null,
        latencyMs: world.realNowMs() - started,
      };
    },
  };
}

type RunMethods = Pick<
  RunStore,
  | "queue"
  | "run"
  | "runs"
  | "unfinished"
  | "lastEnded"
  | "raiseEpoch"
  | "closeLost"
  | "undeletedInstances"
  | "markInstancesDeleted"
>;

const UNFINISHED = "state in ('queued', 'running')";

function runMethods(database: Database): RunMethods {
  const select = async (where: string, ...values: (string | number)[]): Promise<Run[]> =>
    (await database.rows<RunRow>(`select * from runs where ${where}`, ...values)).map(runOf);
  return {
    queue: async ({ id, sync, trigger, priority, queuedMs }) => {
      await database.batch([
        statement(
          `insert into runs (id, sync, trigger, priority, state, ceiling_ms, queued_ms)
           select ?1, ?2, ?3, ?4, 'queued', ?5, ?5
           where not exists (select 1 from runs where sync = ?2 and ${UNFINISHED})`,
          id,
          sync,
          trigger,
          priority,
          queuedMs,
        ),
      ]);
      const [own] = await select("id = ?1", id);
      if (own !== undefined) return { run: own, created: true };
      const [other] = await select(`sync = ?1 and ${UNFINISHED} order by queued_ms limit 1`, sync);
      // The other run may have ended between the two statements; then it is our turn.
      return other === undefined
        ? runMethods(database).queue({ id, sync, trigger, priority, queuedMs })
        : { run: other, created: false };
    },
    run: async (id) => (await select("id = ?1", id))[0] ?? null,
    runs: async (limit) => ({
      items: await select("true order by queued_ms desc, id desc limit ?1", limit),
      cursor: null,
    }),
    unfinished: async () => ({ items: await select(`${UNFINISHED} order by queued_ms, id`), cursor: null }),
    lastEnded: async (sync) =>
      (await select("sync = ?1 and ended_ms is not null order by ended_ms desc, id desc limit 1", sync))[0] ??
      null,
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

function leaseMethods(
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
      const [, taken] = await database.batch([
        statement(
          `insert into leases (lane, token, epoch, run_id, expires_real_ms) values (?1, 1, ?2, ?3, ?4 + ?5)
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
      ]);
      const token = (taken?.results[0] as { token: number } | undefined)?.token;
      return token === undefined ? null : { lane: run.sync, token };
    },
    renewLease: async (fence, expiresRealMs) => {
      await database.fenced(fence, [
        statement("update leases set expires_real_ms = ?2 where lane = ?1", fence.lane, expiresRealMs),
      ]);
    },
    closeRun: async (fence, runId, end) => {
      await database.fenced(fence, closing(fence, runId, end));
    },
  };
}

function closing(
  fence: Fence,
  runId: string,
  end: Parameters<RunStore["closeRun"]>[2],
): ReturnType<typeof statement>[] {
  return [
    statement(
      `update runs set state = ?2, ended_ms = ?3, duration_ms = ?4, not_before_ms = ?5, detail = ?6,
         source_count = ?7, destination_count = ?8, continues = ?9, result = ?10
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
    ),
    statement(
      `insert into lanes (lane, not_before_ms, reason, key_name) values (?1, ?2, ?3, ?4)
       on conflict (lane) do update set not_before_ms = excluded.not_before_ms, reason = excluded.reason, key_name = excluded.key_name`,
      fence.lane,
      end.notBeforeMs,
      end.state === "parked" ? end.detail : null,
      end.state === "parked" ? end.laneKeyName : null,
    ),
    statement("update leases set run_id = null, expires_real_ms = 0 where lane = ?1", fence.lane),
  ];
}

function laneMethods(database: Database): Pick<RunStore, "lane" | "lanes"> {
  type Row = { lane: SyncName; not_before_ms: number | null; reason: string | null; key_name: string | null };
  const laneOf = (row: Row): Lane => ({
    lane: row.lane,
    notBeforeMs: row.not_before_ms,
    reason: row.reason,
    keyName: row.key_name,
  });
  return {
    lane: async (sync) => {
      const [row] = await database.rows<Row>("select * from lanes where lane = ?1", sync);
      return row === undefined ? { lane: sync, notBeforeMs: null, reason: null, keyName: null } : laneOf(row);
    },
    lanes: async () => ({
      items: (await database.rows<Row>("select * from lanes order by lane")).map(laneOf),
      cursor: null,
    }),
  };
}

function reportMethods(database: Database): Pick<RunStore, "counts" | "setAside" | "callsAndRetries"> {
  return {
    counts: async (runId) =>
      countsOf(
        await database.rows<{ verdict: Verdict; items: number }>(
          "select verdict, sum(items) as items from run_items where run_id = ?1 group by verdict",
          runId,
        ),
      ),
    setAside: async (runId, limit) => ({
      items: await database.rows(
        `select item_id as itemId, verdict, reason from run_items
         where run_id = ?1 and verdict in ('pending', 'quarantined', 'failed') and reason is not null
         union
         select source_id, 'quarantined', (select group_concat(value ->> 'field' || ' ' || (value ->> 'problem'), '; ')
           from json_each(problems)) from quarantine
         where resolved_ms is null and exists (select 1 from runs where id = ?1 and sync = 'fireflies')
           and source_id not in (select item_id from run_items where run_id = ?1)
         order by verdict, item_id limit ?2`,
        runId,
        limit,
      ),
      cursor: null,
    }),
    callsAndRetries: async (runId) => {
      const [row] = await database.rows<{ calls: number; retries: number }>(
        `select coalesce(sum(is_call), 0) as calls, coalesce(sum(outcome not in ('ok', 'started') and next = 'wait'), 0) as retries
         from attempts where run_id = ?1`,
        runId,
      );
      return row ?? { calls: 0, retries: 0 };
    },
  };
}

function alertMethods(database: Database): Pick<RunStore, "openAlerts" | "updateAlerts"> {
  return {
    openAlerts: async () => ({
      items: await database.rows<Alert>(
        `select id, kind, subject, detail, opened_ms as openedMs, last_ms as lastMs from alerts
         where closed_ms is null order by opened_ms`,
      ),
      cursor: null,
    }),
    updateAlerts: async (fence, nowMs, change) => {
      const opened = change.open.map(({ id, kind, subject, detail }) =>
        statement(
          `insert into alerts (id, kind, subject, detail, opened_ms, last_ms) values (?1, ?2, ?3, ?4, ?5, ?5)
           on conflict (kind, subject) where closed_ms is null do update set last_ms = excluded.last_ms, detail = excluded.detail`,
          id,
          kind,
          subject,
          detail,
          nowMs,
        ),
      );
      const closed = change.close.map(({ kind, subject }) =>
        statement(
          "update alerts set closed_ms = ?3 where kind = ?1 and subject = ?2 and closed_ms is null",
          kind,
          subject,
          nowMs,
        ),
      );
      if (opened.length + closed.length > 0) await database.fenced(fence, [...opened, ...closed]);
    },
  };
}
