import { DAY_MS } from "../../core/durations.ts";
import { IDS_SHOWN_MAX, REPORT_ROWS_MAX } from "../../core/policy.ts";
import { ROWS_KEPT, VERDICTS } from "../../core/report.ts";
import type { WeekRows } from "../../core/report-figures.ts";
import { DUPLICATE_FAULTS, LOSS_FAULTS } from "../../core/success-metrics.ts";
import { errorsWhere, WAITED } from "./report-errors.ts";
import { standingReasons } from "./report-reasons.ts";

/** What is asked of one sync, where one is named: null asks of all, and nothing is said of it. */
type Only = (condition: string) => string;

/** Runs of the syncs themselves that ended in the week: no rebuild, and none that only previewed. */
const ended = (only: Only): string =>
  `runs where ended_ms >= ?1 and ended_ms < ?2${only("sync = ?3")} and rebuild_id is null and mode is null`;

/** Attempts of the week, of one sync if one is named. */
const tried = (only: Only): string =>
  `attempts where at_ms >= ?1 and at_ms < ?2${only("exists (select 1 from runs where runs.id = run_id and sync = ?3)")}`;

const SUCCEEDED = "state in ('succeeded', 'succeeded_with_findings')";

/** The day of the week in which something was, by the date on which it ends: 24 hours from its beginning on, not a day of the calendar. */
const day = (ms: string): string =>
  `date((?1 + ((${ms} - ?1) / ${DAY_MS} + 1) * ${DAY_MS} - 1) / 1000, 'unixepoch')`;

const calendarDay = (ms: string): string => `date(${ms} / 1000, 'unixepoch')`;

/** Of sync `s`, a count of the last run that finished before a time. */
const lastCount = (column: string, before: string): string =>
  `(select ${column} from runs where runs.sync = s.sync and ${SUCCEEDED} and continues = 0 and rebuild_id is null
    and ${column} is not null and ended_ms < ${before} order by ended_ms desc limit 1)`;

/**
 * Meetings that were first seen in the week and that took place after the source was first listed, with the time from their end
 * until their first chunk could be found. Older ones came with the backfill: their age says nothing of the sync.
 */
const aged = (sync: string | null): string => `with aged as (
  select ${day("live")} as day, live - ended as age from (
    select cast(round(unixepoch(m.date_time, 'subsec') * 1000 + coalesce(m.duration, 0) * 60000) as integer) as ended,
      (select min(live_ms) from chunks where document_id = m.id) as live
    from sightings as s join meetings as m on m.fireflies_id = s.source_id
    where s.first_seen_ms >= ?1 and s.first_seen_ms < ?2${isOf(sync, "fireflies", "vectors") ? "" : " and 0"})
  where live is not null and live < ?2
    and ended >= (select min(completed_ms) from discoveries where sync = 'fireflies' and completed_ms is not null))`;

/** The nearest rank: the smallest age that this share of them does not exceed. */
const share = (percent: number): string =>
  `max(iif(rank = (${percent} * all_of + 99) / 100, max(0, age), null))`;

const DISTRIBUTION = `count(*) as meetings, ${share(50)} as p50Ms, ${share(95)} as p95Ms, max(max(0, age)) as maxMs`;

const faultNames = (kinds: readonly string[]): string => kinds.map((kind) => `'${kind}'`).join(", ");

const found = (only: Only): string =>
  `findings where found_ms >= ?1 and found_ms < ?2${only("(mender = ?3 or mender is null)")}`;
const PROVED = `proofs where mode = 'complete' and ended_ms >= ?1 and ended_ms < ?2`;
const PROOFS = `(select count(*) from ${PROVED})`;
/** Those that came to see all of it: a vendor that did not answer is a note, and what it would have shown is not known. */
const WHOLE_PROOFS = `(select count(*) from ${PROVED} and json_array_length(state, '$.notes') = 0)`;

/** Whether what is asked for is all syncs, or one of these. */
const isOf = (sync: string | null, ...names: readonly string[]): boolean =>
  sync === null || names.includes(sync);

/** Records that stand for one page. */
const twice = (table: string): string =>
  `(select count(*) from (select notion_id from ${table} where notion_id is not null and deleted_ms is null
    group by notion_id having count(*) > 1))`;

const ITEMS = VERDICTS.map(
  (verdict) => `coalesce(sum(result ->> '$.counts.${verdict}'), 0) as ${verdict}`,
).join(", ");

const NEWS = VERDICTS.filter((verdict) => ["created", "updated", "deleted"].includes(verdict))
  .map((verdict) => `coalesce(result ->> '$.counts.${verdict}', 0)`)
  .join(" + ");

/**
 * The queries behind the report of a week: ?1 its first world ms, ?2 the first after it, ?3 the one sync that is asked for. Their names are
 * part of the report's form and stay. Each is bounded by what happened in the week; a test holds that it finds that by an index.
 */
export function weekQueries(sync: string | null): Readonly<Record<keyof WeekRows, string>> {
  const only: Only = (condition) => (sync === null ? "" : ` and ${condition}`);
  return { ...workQueries(only), ...stateQueries(only, sync), ...metricQueries(only) };
}

type Texts<Name extends keyof WeekRows> = Readonly<Record<Name, string>>;

/** What runs did, and what they met. */
function workQueries(
  only: Only,
): Texts<
  | "week_runs"
  | "week_days"
  | "week_items"
  | "week_operations"
  | "week_calls"
  | "week_calls_by_day"
  | "week_waits"
  | "week_errors_by_day"
  | "week_errors"
  | "week_counts"
> {
  const [ENDED, TRIED] = [ended(only), tried(only)];
  return {
    week_runs: `select sync, count(*) as runs, sum(state = 'succeeded') as succeeded, sum(state = 'succeeded_with_findings') as findings,
    sum(state = 'parked') as parked, sum(state = 'failed') as failed, round(avg(iif(${SUCCEEDED}, duration_ms, null))) as meanMs,
    max(duration_ms) as maxMs, coalesce(sum(ended_ms - started_ms), 0) as elapsedMs, sum(${NEWS} > 0) as withChanges
    from ${ENDED} group by sync order by sync`,
    week_days: `select ${day("ended_ms")} as day, count(*) as runs, sum(state = 'failed') as failed,
    round(avg(iif(${SUCCEEDED}, duration_ms, null))) as meanMs, max(duration_ms) as maxMs from ${ENDED} group by day order by day`,
    week_items: `select ${day("ended_ms")} as day, sync, ${ITEMS} from ${ENDED} group by day, sync order by day, sync`,
    week_operations: `select key as operation, sum(value ->> 'times') as times, sum(value ->> 'ms') as ms from
    (select result from ${ENDED}) as done, json_each(done.result, '$.operations') group by key order by ms desc, operation`,
    week_calls: `select party, operation, outcome, count(*) as calls, coalesce(sum(duration_ms), 0) as ms from ${TRIED} and is_call = 1
    group by party, operation, outcome order by party, operation, outcome`,
    week_calls_by_day: `select ${day("at_ms")} as day, party, count(*) as calls from ${TRIED} and is_call = 1 group by day, party
    order by day, party`,
    week_waits: `select party, outcome as reason, count(*) as waits, sum(outcome <> 'not_yet') as retries, sum(${WAITED}) as waitedMs
    from ${TRIED} and next = 'wait' group by party, outcome order by waitedMs desc, party, reason`,
    week_errors_by_day: `select ${day("at_ms")} as day, party, count(*) as errors from ${TRIED} and outcome not in ('ok', 'not_yet')
    group by day, party order by day, party`,
    week_errors: errorsWhere(
      "attempts a",
      `a.at_ms >= ?1 and a.at_ms < ?2${only("r.sync = ?3")}`,
      IDS_SHOWN_MAX,
    ),
    week_counts: `select * from (select s.sync,
    ${lastCount("source_count", "?1")} as sourceBefore, ${lastCount("source_count", "?2")} as sourceAfter,
    ${lastCount("destination_count", "?1")} as destinationBefore, ${lastCount("destination_count", "?2")} as destinationAfter,
    ${lastCount("result ->> '$.rows.after'", "?1")} as rowsBefore, ${lastCount("result ->> '$.rows.after'", "?2")} as rowsAfter
    from (select distinct sync from ${ENDED}) as s) where coalesce(sourceAfter, destinationAfter, rowsAfter) is not null order by sync`,
  };
}

/** What stood or came in these days, whichever run it was of. */
function stateQueries(
  only: Only,
  sync: string | null,
): Texts<
  | "week_alerts"
  | "week_quarantine"
  | "quarantine_standing"
  | "week_data_age"
  | "week_data_age_all"
  | "week_storage"
  | "week_webhooks"
> {
  const AGED = aged(sync);
  return {
    week_alerts: `select kind, subject, opened_ms as openedMs, closed_ms as closedMs, coalesce(min(closed_ms, ?2), ?2) - opened_ms as openForMs
    from alerts where (closed_ms is null or closed_ms >= ?1) and opened_ms < ?2${only("subject = ?3")}
    order by opened_ms desc, kind limit ${REPORT_ROWS_MAX}`,
    week_quarantine: `select day, sum(opened) as opened, sum(cured) as cured, sum(kept) as kept from (${[
      ...(isOf(sync, "fireflies")
        ? [
            `select ${day("first_ms")} as day, 1 as opened, 0 as cured, 0 as kept from quarantine where first_ms >= ?1 and first_ms < ?2`,
            `select ${day("resolved_ms")} as day, 0, 1, 0 from quarantine where resolved_ms >= ?1 and resolved_ms < ?2`,
          ]
        : []),
      `select ${day("first_ms")} as day, 0 as opened, 0 as cured, 1 as kept from quarantined_fields
       where first_ms >= ?1 and first_ms < ?2${only("sync = ?3")}`,
    ].join(" union all ")}) group by day order by day`,
    quarantine_standing: standingReasons(sync === null ? null : "?3"),
    week_data_age: `${AGED} select day, ${DISTRIBUTION} from (select day, age, row_number() over (partition by day order by age) as rank,
      count(*) over (partition by day) as all_of from aged) group by day order by day`,
    week_data_age_all: `${AGED} select ${DISTRIBUTION} from (select age, row_number() over (order by age) as rank,
      count(*) over () as all_of from aged)`,
    week_storage: `select store, at_ms as atMs, used, room from storage_samples where day >= ${calendarDay("?1")} and day <= ${calendarDay("?2")}
    and at_ms >= ?1 and at_ms < ?2 order by store, at_ms`,
    week_webhooks: `select vendor, count(*) as events from webhook_inbox where received_ms >= ?1 and received_ms < ?2${only("sync = ?3")}
    group by vendor order by vendor`,
  };
}

/** The success metrics, and what tells beyond the logs. */
function metricQueries(
  only: Only,
): Texts<
  | "metric_completion"
  | "metric_duration"
  | "metric_data_loss"
  | "metric_duplicates"
  | "kept_figures"
  | "last_complete_proof"
> {
  const [ENDED, FOUND] = [ended(only), found(only)];
  return {
    metric_completion: `select coalesce(sum(${SUCCEEDED}), 0) as completed, coalesce(sum(state = 'failed'), 0) as failed from ${ENDED}`,
    metric_duration: `select count(*) as runs, round(avg(duration_ms)) as meanMs from ${ENDED} and ${SUCCEEDED}`,
    metric_data_loss: `select ${WHOLE_PROOFS} as completeProofs,
    (select count(*) from ${FOUND} and kind in (${faultNames(LOSS_FAULTS)})) as losses,
    (select count(*) from ${ENDED} and exists (select 1 from json_each(result, '$.checks')
      where value ->> 'name' = '${ROWS_KEPT}' and not (value ->> 'ok'))) as rowsLost,
    (select count(*) from pushes where sync in ('projects', 'clients') and suspected_ms >= ?1 and suspected_ms < ?2${only("sync = ?3")}) as edits`,
    metric_duplicates: `select ${PROOFS} as completeProofs, ${twice("projects")} + ${twice("clients")} as rows,
    (select count(*) from (select 1 from chunks where state = 'live'
      and document_id in (select document_id from chunks where planned_ms >= ?1 and planned_ms < ?2)
      group by document_id, model, position having count(*) > 1)) as chunks,
    (select count(*) from ${FOUND} and kind in (${faultNames(DUPLICATE_FAULTS)})) as vectors`,
    kept_figures: `select sync, figure, name, sum(value) as value from daily_figures
    where day >= ${calendarDay(`(?1 + ${DAY_MS - 1})`)} and day < ${calendarDay("?2")}${only("sync = ?3")}
    group by sync, figure, name order by sync, figure, name limit ${REPORT_ROWS_MAX}`,
    last_complete_proof: `select max(ended_ms) as endedMs, (select min(ended_ms) from runs where ended_ms is not null) as firstRunMs
    from proofs where mode = 'complete' and ended_ms < ?2`,
  };
}
