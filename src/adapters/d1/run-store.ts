import type { D1Database } from "@cloudflare/workers-types";
import { countsOf, type Verdict } from "../../core/report.ts";
import type { RunState, RunStore } from "../../ports/run-store.ts";
import type { World } from "../../ports/world.ts";
import { alertOf, alertTable, OPEN_ALERTS, type OpenAlertRow } from "./alert-table.ts";
import { attemptTable } from "./attempt-table.ts";
import { createDatabase, forRows, statement, type Database } from "./database.ts";
import { laneTable, leaseTable } from "./lease-table.ts";
import { quotaTable } from "./quota-table.ts";
import { runEnds, runTable } from "./run-table.ts";

/** The ledger of runs in D1. */
export function createRunStore(d1: D1Database, world: World): RunStore {
  const database = createDatabase(d1);
  return {
    ...attemptTable(database),
    ...quotaTable(database),
    ...runTable(database),
    ...runEnds(database),
    ...leaseTable(database),
    ...laneTable(database),
    ...reportMethods(database),
    ...alertTable(database),
    health: async () => {
      const started = world.realNowMs();
      const [reply] = await database.batch([statement("select max(name) as name from d1_migrations")]);
      return {
        sizeBytes: reply?.meta.size_after ?? 0,
        migration: (reply?.results[0] as { name: string } | undefined)?.name ?? null,
        latencyMs: world.realNowMs() - started,
      };
    },
  };
}

function reportMethods(
  database: Database,
): Pick<RunStore, "counts" | "failedCalls" | "markUnreached" | "setAside" | "summary"> {
  return {
    markUnreached: async (fence, runId, items, goesOn) => {
      const statements = forRows(
        items,
        `insert into run_items (run_id, item_id, verdict, reason)
         select ?2, value ->> 'id', ?3, ?4 from json_each(?1) where not exists (select 1 from run_items as counted
           where counted.run_id = ?2 and counted.item_id in (value ->> 'line' || ':unchanged', value ->> 'line' || ':quarantined'))
         on conflict (run_id, item_id) do nothing`,
        runId,
        goesOn ? "pending" : "failed",
        goesOn ? "waits with its run" : "not reached",
      );
      await database.fenced(fence, statements);
    },
    failedCalls: async (sinceMs) => {
      const sql = `select count(*) as failed from ${FAILED_CALLS} and at_ms >= ?1`;
      return (await database.rows<{ failed: number }>(sql, sinceMs))[0]?.failed ?? 0;
    },
    counts: async (runId) => countsOf(await database.rows<CountRow>(COUNTS, runId)),
    setAside: async (runId, limit) => ({
      items: await database.rows(
        `select itemId, verdict, reason from (${SET_ASIDE}) order by verdict = 'field', verdict, itemId, reason limit ?2`,
        runId,
        limit,
      ),
      cursor: null,
    }),
    summary: (runId, asked) => summary(database, runId, asked),
  };
}

/**
 * What stands aside of run ?1: its own items, what earlier runs of its sync left aside and stands so still, and values of
 * records that are kept aside. Ids, columns and problems: never a value.
 */
const SET_ASIDE = `
  select item_id as itemId, verdict, reason from run_items
    where run_id = ?1 and verdict in ('pending', 'quarantined', 'failed') and reason is not null
  union
  select source_id, 'quarantined', (select group_concat(value ->> 'field' || ' ' || (value ->> 'problem'), '; ')
    from json_each(problems)) from quarantine
    where resolved_ms is null and exists (select 1 from runs where id = ?1 and sync = 'fireflies')
      and source_id not in (select item_id from run_items where run_id = ?1)
  union
  select coalesce(record_id, page_id), iif(state = 'review', 'pending', 'quarantined'), iif(state = 'review',
      (select reason from reviews where reviews.sync = page.sync and reviews.page_id = page.page_id order by at_ms desc limit 1),
      coalesce((select group_concat(column_name || ' ' || problem, '; ') from quarantined_fields as field
        where field.sync = page.sync and field.page_id = page.page_id), 'kept aside'))
    from notion_pages as page where state in ('quarantined', 'review')
      and sync = (select sync from runs where id = ?1 and rebuild_id is null)
      and coalesce(record_id, page_id) not in (select item_id from run_items where run_id = ?1)
  union
  select coalesce(record_id, field.page_id), 'field', column_name || ' ' || problem
    from quarantined_fields as field join notion_pages as page on page.sync = field.sync and page.page_id = field.page_id
    where page.state = 'bound' and field.sync = (select sync from runs where id = ?1 and rebuild_id is null)`;

const COUNTS = "select verdict, sum(items) as items from run_items where run_id = ?1 group by verdict";
type CountRow = { verdict: Verdict; items: number };
type Figures = {
  startedRealMs: number | null;
  endedState: RunState | null;
  apiErrors: number;
  parks: number;
  refused: number;
  calls: number;
  retries: number;
};

/** Calls that failed for a reason that may concern the vendor's health. */
const FAILED_CALLS = `attempts where is_call = 1 and outcome not in ('ok', 'started', 'too_large', 'plan_gated')`;

/** The most calls that failed within one window of ?2 ms; windows end within run ?1 and may begin before it. */
const MOST_FAILED_CALLS = `select coalesce(max(failed), 0) from (
  select at_ms, count(*) over (order by at_ms range between ?2 preceding and current row) as failed
  from ${FAILED_CALLS} and at_ms >= (select started_ms from runs where id = ?1) - ?2)
  where at_ms >= (select started_ms from runs where id = ?1)`;

const LANE = "(select sync from runs where id = ?1)";
const WISH = "(select rebuild_id from runs where id = ?1)";

/**
 * How often the lane of run ?1 (or its rebuild) has parked since it last finished, each time until another time: whoever
 * starts a run by hand meanwhile parks it once more and changes nothing. One that waits for its share of a budget goes on as
 * planned and is not counted. ?3 is the time of the run that ends now.
 */
const PARKS = `select count(*) from (
  select not_before_ms from runs where sync = ${LANE} and rebuild_id is ${WISH} and state = 'parked'
     and not_before_ms is not null and yielded_to is null and continues = 0
     and ended_ms > coalesce((select max(completed_ms) from discoveries where sync = ${LANE} and completed_ms is not null), 0)
     and ended_ms > coalesce((select max(ended_ms) from runs where sync = ${LANE} and rebuild_id is ${WISH}
       and state in ('succeeded', 'succeeded_with_findings') and continues = 0 and mode is null), 0)
  union select ?3 where ?3 is not null)`;

/** Documents whose revision of now is refused. */
const REFUSED = `select count(*) from refusals join meetings on meetings.id = document_id
  where refusals.content_hash = meetings.content_hash and vectors_owed_since is not null and deleted_ms is null`;

/** One batch: each read on its own would cost a round trip. */
async function summary(
  database: Database,
  runId: string,
  { windowMs, parksUntilMs }: Parameters<RunStore["summary"]>[1],
): ReturnType<RunStore["summary"]> {
  const [counts, figures, alerts] = await database.batch([
    statement(COUNTS, runId),
    statement(
      `select (select started_real_ms from runs where id = ?1) as startedRealMs,
         (select state from runs where id = ?1 and ended_ms is not null) as endedState,
         (${MOST_FAILED_CALLS}) as apiErrors, (${PARKS}) as parks, (${REFUSED}) as refused,
         coalesce(sum(is_call), 0) as calls,
         coalesce(sum(outcome not in ('ok', 'started') and next = 'wait'), 0) as retries
       from attempts where run_id = ?1`,
      runId,
      windowMs,
      parksUntilMs,
    ),
    statement(OPEN_ALERTS),
  ]);
  const [row] = (figures?.results ?? []) as Figures[];
  return {
    counts: countsOf((counts?.results ?? []) as CountRow[]),
    ...(row ?? {
      startedRealMs: null,
      endedState: null,
      apiErrors: 0,
      parks: 0,
      refused: 0,
      calls: 0,
      retries: 0,
    }),
    openAlerts: ((alerts?.results ?? []) as OpenAlertRow[]).map(alertOf),
  };
}
