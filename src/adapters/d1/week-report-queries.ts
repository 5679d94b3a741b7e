import { IDS_SHOWN_MAX, REPORT_ROWS_MAX } from "../../core/policy.ts";
import { ROWS_KEPT, VERDICTS } from "../../core/report.ts";
import type { WeekRows } from "../../core/report-figures.ts";
import { DUPLICATE_FAULTS, LOSS_FAULTS } from "../../core/success-metrics.ts";
import { errorsWhere, WAITED } from "./report-errors.ts";
import { standingReasons } from "./report-reasons.ts";

/** Runs of the syncs themselves that ended in the week: no rebuild, and none that only previewed. */
const ENDED = `runs where ended_ms >= ?1 and ended_ms < ?2 and (?3 is null or sync = ?3) and rebuild_id is null and mode is null`;

/** Attempts of the week, of one sync if one is named. */
const TRIED = `attempts where at_ms >= ?1 and at_ms < ?2
  and (?3 is null or exists (select 1 from runs where runs.id = run_id and sync = ?3))`;

const SUCCEEDED = "state in ('succeeded', 'succeeded_with_findings')";

const day = (ms: string): string => `date(${ms} / 1000, 'unixepoch')`;

/** Of sync `s`, a count of the last run that finished before a time. */
const lastCount = (column: string, before: string): string =>
  `(select ${column} from runs where runs.sync = s.sync and ${SUCCEEDED} and continues = 0 and rebuild_id is null
    and ${column} is not null and ended_ms < ${before} order by ended_ms desc limit 1)`;

/**
 * Meetings that were first seen in the week and that took place after the source was first listed, with the time from their end
 * until their first chunk could be found. Older ones came with the backfill: their age says nothing of the sync.
 */
const AGED = `with aged as (
  select ${day("live")} as day, live - ended as age from (
    select cast(round(unixepoch(m.date_time, 'subsec') * 1000 + coalesce(m.duration, 0) * 60000) as integer) as ended,
      (select min(live_ms) from chunks where document_id = m.id) as live
    from sightings as s join meetings as m on m.fireflies_id = s.source_id
    where s.first_seen_ms >= ?1 and s.first_seen_ms < ?2 and coalesce(?3, 'fireflies') in ('fireflies', 'vectors'))
  where live is not null and live < ?2
    and ended >= (select min(completed_ms) from discoveries where sync = 'fireflies' and completed_ms is not null))`;

/** The nearest rank: the smallest age that this share of them does not exceed. */
const share = (percent: number): string =>
  `max(iif(rank = (${percent} * all_of + 99) / 100, max(0, age), null))`;

const DISTRIBUTION = `count(*) as meetings, ${share(50)} as p50Ms, ${share(95)} as p95Ms, max(max(0, age)) as maxMs`;

const faultNames = (kinds: readonly string[]): string => kinds.map((kind) => `'${kind}'`).join(", ");

const FOUND = `findings where found_ms >= ?1 and found_ms < ?2 and (?3 is null or mender = ?3 or mender is null)`;
const PROVED = `proofs where mode = 'complete' and ended_ms >= ?1 and ended_ms < ?2`;
const PROOFS = `(select count(*) from ${PROVED})`;
/** Those that came to see all of it: a vendor that did not answer is a note, and what it would have shown is not known. */
const WHOLE_PROOFS = `(select count(*) from ${PROVED} and json_array_length(state, '$.notes') = 0)`;

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
 * The queries behind the report of a week: ?1 its first world ms, ?2 the first after it, ?3 one sync or null. Their names are
 * part of the report's form and stay. Each is bounded by what happened in the week; a test holds that it finds that by an index.
 */
export const WEEK_QUERIES: Readonly<Record<keyof WeekRows, string>> = {
  week_runs: `select sync, count(*) as runs, sum(state = 'succeeded') as succeeded, sum(state = 'succeeded_with_findings') as findings,
    sum(state = 'parked') as parked, sum(state = 'failed') as failed, round(avg(iif(${SUCCEEDED}, duration_ms, null))) as meanMs,
    max(duration_ms) as maxMs, coalesce(sum(ended_ms - started_ms), 0) as elapsedMs, sum(${NEWS} > 0) as withChanges
    from ${ENDED} group by sync order by sync`,
  week_days: `select ${day("ended_ms")} as day, count(*) as runs, sum(state = 'failed') as failed,
    round(avg(iif(${SUCCEEDED}, duration_ms, null))) as meanMs, max(duration_ms) as maxMs from ${ENDED} group by day order by day`,
  week_items: `select ${day("ended_ms")} as day, sync, ${ITEMS} from ${ENDED} group by day, sync order by day, sync`,
  week_operations: `select key as operation, sum(value ->> 'times') as times, sum(value ->> 'ms') as ms from
    (select result from ${ENDED}) as ended, json_each(ended.result, '$.operations') group by key order by ms desc, operation`,
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
    "a.at_ms >= ?1 and a.at_ms < ?2 and (?3 is null or r.sync = ?3)",
    IDS_SHOWN_MAX,
  ),
  week_counts: `select s.sync, ${lastCount("source_count", "?1")} as sourceBefore, ${lastCount("source_count", "?2")} as sourceAfter,
    ${lastCount("destination_count", "?1")} as destinationBefore, ${lastCount("destination_count", "?2")} as destinationAfter,
    ${lastCount("result ->> '$.rows.after'", "?1")} as rowsBefore, ${lastCount("result ->> '$.rows.after'", "?2")} as rowsAfter
    from (select distinct sync from ${ENDED}) as s order by s.sync`,
  week_alerts: `select kind, subject, opened_ms as openedMs, closed_ms as closedMs, coalesce(min(closed_ms, ?2), ?2) - opened_ms as openForMs
    from alerts where (closed_ms is null or closed_ms >= ?1) and opened_ms < ?2
    and (?3 is null or subject = ?3) order by opened_ms desc, kind limit ${REPORT_ROWS_MAX}`,
  week_quarantine: `select day, sum(opened) as opened, sum(cured) as cured from (
      select ${day("first_ms")} as day, 1 as opened, 0 as cured from quarantine where first_ms >= ?1 and first_ms < ?2
      union all select ${day("resolved_ms")}, 0, 1 from quarantine where resolved_ms >= ?1 and resolved_ms < ?2)
    where coalesce(?3, 'fireflies') = 'fireflies' group by day order by day`,
  quarantine_standing: standingReasons("?3"),
  week_data_age: `${AGED} select day, ${DISTRIBUTION} from (select day, age, row_number() over (partition by day order by age) as rank,
      count(*) over (partition by day) as all_of from aged) group by day order by day`,
  week_data_age_all: `${AGED} select ${DISTRIBUTION} from (select age, row_number() over (order by age) as rank,
      count(*) over () as all_of from aged)`,
  week_webhooks: `select vendor, count(*) as events from webhook_inbox where received_ms >= ?1 and received_ms < ?2
    and (?3 is null or sync = ?3) group by vendor order by vendor`,
  metric_completion: `select coalesce(sum(${SUCCEEDED}), 0) as completed, coalesce(sum(state = 'failed'), 0) as failed from ${ENDED}`,
  metric_duration: `select count(*) as runs, round(avg(duration_ms)) as meanMs from ${ENDED} and ${SUCCEEDED}`,
  metric_data_loss: `select ${WHOLE_PROOFS} as completeProofs,
    (select count(*) from ${FOUND} and kind in (${faultNames(LOSS_FAULTS)})) as losses,
    (select count(*) from ${ENDED} and exists (select 1 from json_each(result, '$.checks')
      where value ->> 'name' = '${ROWS_KEPT}' and not (value ->> 'ok'))) as rowsLost,
    (select count(*) from pushes where sync in ('projects', 'clients') and suspected_ms >= ?1 and suspected_ms < ?2 and (?3 is null or sync = ?3)) as edits`,
  metric_duplicates: `select ${PROOFS} as completeProofs, ${twice("projects")} + ${twice("clients")} as rows,
    (select count(*) from (select 1 from chunks where state = 'live'
      and document_id in (select document_id from chunks where planned_ms >= ?1 and planned_ms < ?2)
      group by document_id, model, position having count(*) > 1)) as chunks,
    (select count(*) from ${FOUND} and kind in (${faultNames(DUPLICATE_FAULTS)})) as vectors`,
  kept_figures: `select sync, figure, name, sum(value) as value from daily_figures
    where day >= ${day("(?1 + 86399999)")} and day < ${day("?2")} and (?3 is null or sync = ?3)
    group by sync, figure, name order by sync, figure, name limit ${REPORT_ROWS_MAX}`,
  last_complete_proof: `select max(ended_ms) as endedMs, (select min(ended_ms) from runs where ended_ms is not null) as firstRunMs
    from proofs where mode = 'complete' and ended_ms < ?2`,
};
