import { ROLLED } from "../../core/cleanup.ts";
import { DAY_MS } from "../../core/durations.ts";
import { statement, type Statement } from "./database.ts";

/** The day of a time in ms, ISO 8601. */
export function dayAt(column: string): string {
  return `date(${column} / 1000, 'unixepoch')`;
}

/** Rows of logs that are counted by the day of a time of their own. */
const DATED = {
  runs: "ended_ms",
  webhook_inbox: "received_ms",
  findings: "found_ms",
  alerts: "opened_ms",
  requests: "asked_ms",
  pushes: "sent_ms",
} as const;

/** Days before ?1 that have anything to count and were not counted: ?2 of them. */
export const DAYS_TO_ROLL = `select distinct day from (${daysOf("runs", "webhook_inbox", "findings")}
    union select day from (${daysOf("alerts", "requests", "pushes")}))
  where day < ?1 and day not in (select day from rolled_days) order by day limit ?2`;

/** D1 takes no more than five selects in one union. */
function daysOf(...tables: readonly (keyof typeof DATED)[]): string {
  return tables
    .map((table) => `select ${dayAt(DATED[table])} as day from ${table} where ${DATED[table]} is not null`)
    .join(" union ");
}

const THIS_DAY = (column: string): string => `${column} >= ?2 and ${column} < ?3`;
const NAME = "coalesce('rebuild ' || runs.rebuild, runs.sync)";

/** What belongs to a run counts for the day on which it ended: by then there is all of it. */
const OF_RUNS = `runs where ${THIS_DAY("ended_ms")}`;
const ATTEMPTS = `attempts join runs on runs.id = run_id where ${THIS_DAY("ended_ms")}`;
const operation = (figure: string, part: string): string =>
  `select ${NAME}, '${figure}', operation.key, cast(round(sum(operation.value ->> '${part}')) as integer)
   from runs, json_each(result, '$.operations') as operation where ${THIS_DAY("ended_ms")} and result is not null group by 1, 3`;

/** Figures as (sync, figure, name, value), each from the rows themselves. */
const FIGURES: readonly string[] = [
  `select ${NAME}, 'runs', state, count(*) from ${OF_RUNS} group by 1, 3`,
  `select ${NAME}, 'run_ms', 'total', coalesce(sum(duration_ms), 0) from ${OF_RUNS} group by 1`,
  `select ${NAME}, 'items', verdict, sum(items) from run_items join runs on runs.id = run_id
   where ${THIS_DAY("ended_ms")} group by 1, 3`,
  `select ${NAME}, 'calls', party, count(*) from ${ATTEMPTS} and is_call = 1 group by 1, 3`,
  `select ${NAME}, 'errors', outcome, count(*) from ${ATTEMPTS} and outcome not in ('ok', 'started') group by 1, 3`,
  `select ${NAME}, 'retries', outcome, count(*) from ${ATTEMPTS} and outcome not in ('ok', 'started') and next = 'wait'
   group by 1, 3`,
  operation("operation_ms", "ms"),
  operation("operation_times", "times"),
  `select sync, 'requests', trigger, count(*) from requests where ${THIS_DAY("asked_ms")} group by 1, 3`,
  `select vendor, 'webhooks', coalesce(outcome, 'open'), count(*) from webhook_inbox where ${THIS_DAY("received_ms")} group by 1, 3`,
  `select coalesce(mender, 'person'), 'findings', kind, count(*) from findings where ${THIS_DAY("found_ms")} group by 1, 3`,
  `select subject, 'alerts', kind, count(*) from alerts where ${THIS_DAY("opened_ms")} group by 1, 3`,
  `select sync, 'pushes', coalesce(outcome, 'unknown'), count(*) from pushes where ${THIS_DAY("sent_ms")} group by 1, 3`,
];

/** All figures of a day and that it is counted, as one batch. Of a day that is counted already nothing is written. */
export function rollingStatements(runId: string, day: string, nowMs: number): Statement[] {
  const fromMs = Date.parse(`${day}T00:00:00.000Z`);
  const isNew = "not exists (select 1 from rolled_days where day = ?1)";
  return [
    ...FIGURES.map((sql) =>
      statement(
        `insert into daily_figures (day, sync, figure, name, value) select ?1, * from (${sql}) where ${isNew}`,
        day,
        fromMs,
        fromMs + DAY_MS,
      ),
    ),
    statement(
      `insert into run_items (run_id, item_id, verdict, items) select ?2, '${ROLLED}', 'created', 1 where ${isNew}
       on conflict (run_id, item_id) do update set items = items + 1`,
      day,
      runId,
    ),
    statement(
      "insert into rolled_days (day, rolled_ms, run_id) values (?1, ?2, ?3) on conflict (day) do nothing",
      day,
      nowMs,
      runId,
    ),
  ];
}
