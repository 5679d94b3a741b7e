import type { CleanedTable } from "../../core/cleanup.ts";
import { CLEANUP_ROWS_PER_BATCH } from "../../core/policy.ts";
import { dayAt } from "./daily-figures.ts";
import { statement, type Statement } from "./database.ts";
import { IS_ORDINARY } from "./run-rows.ts";

/** ?1 is the time before which rows are old. */
type OldRows = {
  /** What tells a row from the others. */
  readonly key: string;
  readonly old: string;
  /** Holds for an old row that something needs. */
  readonly needed: string;
};

const isRolled = (column: string): string => `${dayAt(column)} in (select day from rolled_days)`;

/** The newest run of each kind, whatever came of it: what the schedule, status and counts of parks go by. */
const NEWEST_RUNS = `select max(rowid) from runs where ended_ms is not null
  group by sync, rebuild, ${IS_ORDINARY}, state, continues, trigger`;

/** Runs that something open or for ever names. */
const NAMED_RUNS = [
  "select run_id from leases where run_id is not null",
  "select run_id from checkpoints",
  "select run_id from requests where ended_ms is null and run_id is not null",
  "select run_id from findings where verified_ms is null",
  "select run_id from pushes where settled_ms is null",
  "select run_id from quarantine where resolved_ms is null",
  "select run_id from quarantined_fields",
  "select run_id from conflicts where resolved_ms is null",
  "select run_id from plans",
  "select run_id from approvals",
  "select run_id from deletions",
];

const RUN_NEEDED = `rowid in (${NEWEST_RUNS}) or instance_deleted = 0 or ${NAMED_RUNS.map((named) => `id in (${named})`).join(" or ")}
  or (rebuild_id is not null and rebuild_id in (select id from rebuilds where ended_ms is null))
  or (sync = 'fireflies' and started_ms is not null and exists (select 1 from sightings
    where first_seen_ms >= started_ms and first_seen_ms <= runs.ended_ms))
  or exists (select 1 from alerts where closed_ms is null and instr(alerts.detail, runs.id) > 0)
  or not ${isRolled("ended_ms")}`;

const OLD_RUN = "ended_ms < ?1";
const OF_OLD_RUNS = `run_id in (select id from runs where ${OLD_RUN})`;
const OF_NEEDED_RUNS = `run_id in (select id from runs where ${OLD_RUN} and (${RUN_NEEDED}))`;

/** A listing is needed by the meetings that it vouches for or showed first, by absences, and by the next listings. */
const DISCOVERY_NEEDED = `exists (select 1 from sightings where discovery_id = discoveries.id)
  or exists (select 1 from sightings where first_seen_ms >= started_ms and first_seen_ms < coalesce((
    select min(started_ms) from discoveries as next where next.sync = discoveries.sync
      and next.started_ms > discoveries.started_ms), 9e15))
  or id in (select first_discovery_id from absences union all select second_discovery_id from absences
    where second_discovery_id is not null)
  or id in (select discovery_id from listing_pages)
  or id in (select sweep from notion_pages where sweep is not null)
  or exists (select 1 from checkpoints where instr(state, discoveries.id) > 0)
  or (sync = 'fireflies' and (kind = 'backfill' or (kind = 'sweep' and floor_ms is null)))
  or id in (select id from (select id, row_number() over (partition by sync, kind, completed_ms is null
    order by started_ms desc, id desc) as place from discoveries) where place = 1)`;

const ALERT_NEEDED = dated("closed_ms", "opened_ms");

const DAY_OF_BOUND = dayAt("?1");

const RULES: Readonly<Record<CleanedTable, OldRows>> = {
  attempts: { key: "id", old: OF_OLD_RUNS, needed: OF_NEEDED_RUNS },
  run_items: { key: "run_id, item_id", old: OF_OLD_RUNS, needed: OF_NEEDED_RUNS },
  runs: {
    key: "id",
    old: OLD_RUN,
    // Those with rows that hang on them wait until these are gone.
    needed: `${RUN_NEEDED} or exists (select 1 from attempts where run_id = runs.id)
      or exists (select 1 from run_items where run_id = runs.id)`,
  },
  discoveries: { key: "id", old: "started_ms < ?1", needed: DISCOVERY_NEEDED },
  findings: { key: "id", old: "found_ms < ?1", needed: dated("verified_ms", "found_ms") },
  alert_deliveries: {
    key: "alert_id, channel, notice",
    old: "alert_id in (select id from alerts where opened_ms < ?1)",
    needed: `alert_id in (select id from alerts where opened_ms < ?1 and (${ALERT_NEEDED}))`,
  },
  alerts: {
    key: "id",
    old: "opened_ms < ?1",
    needed: `${ALERT_NEEDED} or exists (select 1 from alert_deliveries where alert_id = alerts.id)`,
  },
  pushes: {
    key: "id",
    old: "sent_ms < ?1",
    needed: `${dated("settled_ms", "sent_ms")} or kind = 'create'`,
  },
  conflicts: { key: "id", old: "at_ms < ?1", needed: "resolved_ms is null or resolved_ms >= ?1" },
  history: { key: "id", old: "at_ms < ?1", needed: "false" },
  storage_samples: { key: "store, day", old: "at_ms < ?1", needed: "false" },
  daily_figures: { key: "day, sync, figure, name", old: `day < ${DAY_OF_BOUND}`, needed: "false" },
  rolled_days: {
    key: "day",
    old: `day < ${DAY_OF_BOUND}`,
    needed: "exists (select 1 from daily_figures where daily_figures.day = rolled_days.day)",
  },
};

/** Holds for what is not over, was over only lately, or whose day was not counted. */
function dated(over: string, begun: string): string {
  return `${over} is null or ${over} >= ?1 or not ${isRolled(begun)}`;
}

/** Delete a batch of old rows, and count them as items of run ?2 first: both see the same rows or as many. */
export function deletingStatements(table: CleanedTable, beforeMs: number, runId: string): Statement[] {
  const { key, old, needed } = RULES[table];
  const rows = `select ${key} from ${table} where (${old}) and not (${needed}) limit ${CLEANUP_ROWS_PER_BATCH}`;
  return [
    statement(
      `insert into run_items (run_id, item_id, verdict, items)
       select ?2, '${table}', 'deleted', n from (select count(*) as n from (${rows})) where n > 0
       on conflict (run_id, item_id) do update set items = items + excluded.items`,
      beforeMs,
      runId,
    ),
    statement(`delete from ${table} where (${key}) in (${rows})`, beforeMs),
  ];
}

/** Count the old rows that are needed as items of run ?2. */
export function keptStatement(table: CleanedTable, beforeMs: number, runId: string): Statement {
  const { old, needed } = RULES[table];
  return statement(
    `insert into run_items (run_id, item_id, verdict, items)
     select ?2, '${table} kept', 'unchanged', n from (
       select count(*) as n from ${table} where (${old}) and (${needed})) where n > 0
     on conflict (run_id, item_id) do update set items = excluded.items`,
    beforeMs,
    runId,
  );
}
