import type { D1Database } from "@cloudflare/workers-types";
import { REQUESTS_OPEN_MAX, SYNC_NAMES, WEBHOOK_KEEP_MS } from "../../core/policy.ts";
import { isScheduled } from "../../core/schedule.ts";
import { TABLES } from "../../core/records/table.ts";
import type { Glance, NewRun, Queued, RequestStore, RunRequest } from "../../ports/request-store.ts";
import type { Lane, Run, SyncName } from "../../ports/run-store.ts";
import { createDatabase, statement, type Database, type Statement } from "./database.ts";
import { deadDueAt, documentsDueAt } from "./due-vectors.ts";
import { laneOf, type LaneRow } from "./lease-table.ts";
import { requestOf, type RequestRow } from "./request-rows.ts";
import { IS_ORDINARY, LANE_ORDER, rankOf, runOf, UNFINISHED, type RunRow } from "./run-rows.ts";
import { owedPagesAt } from "./table-store.ts";
import { tellsAt } from "./telling-table.ts";

/** Requests and the queues of the lanes in D1. */
export function createRequestStore(d1: D1Database): RequestStore {
  const database = createDatabase(d1);
  return {
    queue: (run, requestId) => queue(database, run, requestId),
    glance: (nowMs, oldMs, channels) => glance(database, { nowMs, oldMs, channels }),
    open: async () => ({
      items: (await database.rows<RequestRow>(OPEN)).map(requestOf),
      cursor: null,
    }),
    handled: async () => handledOf(await database.rows<HandledRow>(HANDLED)),
    waitingAbove: async ({ lane }, priority) => {
      const [row] = await database.rows<Pick<Run, "id" | "priority">>(
        `select id, priority from runs where sync = ?1 and state = 'queued' and ${rankOf("priority")} < ${rankOf("?2")}
         order by ${rankOf("priority")}, queued_ms limit 1`,
        lane,
        priority,
      );
      return row ?? null;
    },
    forget: async (endedBeforeMs, limit) => {
      const [done] = await database.batch([
        statement(
          `delete from requests where id in (select id from requests where ended_ms < ?1 order by ended_ms limit ?2)`,
          endedBeforeMs,
          limit,
        ),
      ]);
      return done?.meta.changes ?? 0;
    },
  };
}

const OPEN = `select * from requests where ended_ms is null
  order by ${rankOf("priority")}, asked_ms, id limit ${REQUESTS_OPEN_MAX}`;

const HANDLED = "select sync, handled_ms from schedules";
type HandledRow = { sync: string; handled_ms: number };

function handledOf(rows: readonly HandledRow[]): Glance["handledMs"] {
  return Object.fromEntries(
    rows.flatMap(({ sync, handled_ms: ms }) => (isScheduled(sync) ? [[sync, ms]] : [])),
  );
}

/** Holds for a run or request that was asked to be the same: ?2 sync, ?6 mode, ?7 plan. A dry run learns its plan late. */
const IS_SAME_KIND = "sync = ?2 and mode is ?6 and (mode is not 'plan' or plan_hash is ?7)";
const OWN_IS_QUEUED = `exists (select 1 from runs where id = ?1 and ${UNFINISHED})`;

/** One batch: whatever another request does at the same time comes before all of it, or after. */
async function queue(database: Database, run: NewRun, requestId: string | null): Promise<Queued> {
  const { id, sync, trigger, priority, queuedMs, preview } = run;
  const values = [id, sync, trigger, priority, queuedMs, preview?.mode ?? null, preview?.planHash ?? null];
  const rank = rankOf("?4");
  // Meetings that webhooks announced are read by a run of their own kind, which answers nobody else, and whom nobody keeps.
  const IS_ANSWER = "not (sync = 'fireflies' and trigger = 'webhook')";
  const insertRun = `insert into runs (id, sync, trigger, priority, state, ceiling_ms, queued_ms, mode, plan_hash)
    select ?1, ?2, ?3, ?4, 'queued', ?5, ?5, ?6, ?7 where not exists (select 1 from runs
      where sync = ?2 and ${UNFINISHED} and (${IS_ANSWER} or (?2 = 'fireflies' and ?3 = 'webhook'))
        and (?6 is not null or ${rankOf("priority")} <= ${rank}))
    on conflict (id) do nothing`;
  // A preview that another run keeps from being queued is refused, and nothing is to be remembered of it.
  const insertRequest = `insert into requests (id, sync, trigger, priority, asked_ms, mode, plan_hash)
    select ?8, ?2, ?3, ?4, ?5, ?6, ?7 where ?6 is null or exists (select 1 from runs where ${IS_SAME_KIND} and ${UNFINISHED})
    on conflict do nothing`;
  const answerOpen = `update requests set run_id = ?1 where ${IS_SAME_KIND} and ended_ms is null and run_id is null
    and ${rankOf("priority")} <= ${rank} and ${OWN_IS_QUEUED} and not (?2 = 'fireflies' and ?3 = 'webhook')`;
  // A run of another priority may do less, or be one that somebody made way for.
  const join = `update requests set run_id = (select id from runs where ${IS_SAME_KIND} and priority = ?4 and rebuild_id is null
      and ${IS_ANSWER} and ${UNFINISHED} limit 1) where ${IS_SAME_KIND} and priority = ?4 and ended_ms is null and run_id is null`;
  const [, , , , , requests, own, lane] = await database.batch([
    statement(insertRun, ...values),
    handling(run),
    requestId === null ? NOTHING : statement(insertRequest, ...values, requestId),
    statement(answerOpen, ...values),
    requestId === null ? NOTHING : statement(join, ...values),
    statement(
      `select * from requests where ${IS_SAME_KIND} and priority = ?4 and ended_ms is null`,
      ...values,
    ),
    statement("select * from runs where id = ?1", id),
    statement(`select * from runs where sync = ?1 and ${UNFINISHED} order by ${LANE_ORDER}`, sync),
  ]);
  const asked = requestId === null ? undefined : (requests?.results as RequestRow[] | undefined)?.[0];
  const waiting = ((lane?.results ?? []) as RunRow[]).map(runOf);
  const [mine] = ((own?.results ?? []) as RunRow[]).map(runOf);
  const carrier = mine ?? waiting.find((one) => one.id === asked?.run_id) ?? waiting[0];
  if (carrier === undefined) throw new Error("a run was neither queued nor kept from it");
  return {
    run: carrier,
    created: mine !== undefined,
    isNext: waiting[0]?.id === carrier.id,
    request: asked === undefined ? null : requestOf(asked),
  };
}

const NOTHING: Statement = statement("select 1 where 0");

/**
 * Due times are handled with the run, so that a crash forgets neither or both. What a preview does is not what is due, nor is
 * reading the meetings that webhooks announced.
 */
function handling({ id, sync, preview, trigger, queuedMs }: NewRun): Statement {
  if (!isScheduled(sync) || preview !== null || (sync === "fireflies" && trigger === "webhook"))
    return NOTHING;
  return statement(
    `insert into schedules (sync, handled_ms) select ?2, ?3 where ${OWN_IS_QUEUED}
     on conflict (sync) do update set handled_ms = excluded.handled_ms`,
    id,
    sync,
    queuedMs,
  );
}

/** The last of each sync by the order in which they were queued, whatever the clock said. */
const LAST = `select * from runs where rowid in (select (select rowid from runs where sync = value and ended_ms is not null
  and rebuild_id is null and ${IS_ORDINARY} order by rowid desc limit 1) from json_each(?1))`;

const WAITING = `select * from requests where ended_ms is null and run_id is null
  order by ${rankOf("priority")}, asked_ms, id limit ${REQUESTS_OPEN_MAX}`;

/** Whether webhooks left anything to be looked at or deleted. */
const INBOX = `exists (select 1 from webhook_inbox where done_ms is null)
  or exists (select 1 from webhook_inbox where received_ms < ?1 - ${WEBHOOK_KEEP_MS})
  or exists (select 1 from webhook_tokens where confirmed_ms is null)`;

type Flags = { firstMs: number | null; sampledMs: number | null; fullSubjects: string } & Record<
  "vectors" | "ended" | "rebuilding" | "old" | "inbox" | "findings" | "notices" | keyof typeof TABLES,
  number
>;

/** One batch, however much there is to look at: a beat with nothing due costs one round trip. */
async function glance(
  database: Database,
  { nowMs, oldMs, channels }: { nowMs: number; oldMs: number; channels: readonly string[] },
): Promise<Glance> {
  const tables = Object.keys(TABLES) as (keyof typeof TABLES)[];
  const [unfinished, last, lanes, handled, waiting, flags] = await database.batch([
    statement(`select * from runs where ${UNFINISHED} order by ${LANE_ORDER}`),
    statement(LAST, JSON.stringify(SYNC_NAMES)),
    statement("select * from lanes"),
    statement(HANDLED),
    statement(WAITING),
    statement(
      `select ${documentsDueAt("?1")} or ${deadDueAt("?1")} as vectors,
         ${tables.map((name) => `${owedPagesAt(name)} as ${name}`).join(", ")},
         exists (select 1 from rebuilds where ended_ms is null) as rebuilding,
         exists (select 1 from runs where ended_ms is not null and instance_deleted = 0) as ended,
         exists (select 1 from requests where ended_ms < ?2) as old,
         ${INBOX} as inbox,
         exists (select 1 from findings where verified_ms is null) as findings,
         ${tellsAt("?3", "?1")} as notices,
         (select json_group_array(subject) from alerts where kind = 'storage_full' and closed_ms is null) as fullSubjects,
         (select at_ms from storage_samples where store = 'd1' order by day desc limit 1) as sampledMs,
         (select queued_ms from runs order by id limit 1) as firstMs`,
      nowMs,
      oldMs,
      JSON.stringify(channels),
    ),
  ]);
  const [flag] = (flags?.results ?? []) as Flags[];
  return {
    unfinished: ((unfinished?.results ?? []) as RunRow[]).map(runOf),
    last: ((last?.results ?? []) as RunRow[]).map(runOf),
    lanes: ((lanes?.results ?? []) as LaneRow[]).map((row): Lane => laneOf(row.lane, row)),
    handledMs: handledOf((handled?.results ?? []) as HandledRow[]),
    waiting: ((waiting?.results ?? []) as RequestRow[]).map((row): RunRequest => requestOf(row)),
    owesVectors: flag?.vectors === 1,
    owedTables: tables.filter((name): name is SyncName & typeof name => flag?.[name] === 1),
    isRebuilding: flag?.rebuilding === 1,
    hasEnded: flag?.ended === 1,
    hasOldRequests: flag?.old === 1,
    hasInbox: flag?.inbox === 1,
    hasFindings: flag?.findings === 1,
    hasNotices: flag?.notices === 1,
    fullSubjects: JSON.parse(flag?.fullSubjects ?? "[]") as string[],
    sampledMs: flag?.sampledMs ?? null,
    firstRunMs: flag?.firstMs ?? null,
  };
}
