import { IDS_SHOWN_MAX } from "../../core/policy.ts";
import type { RunRows } from "../../core/report-figures.ts";
import { WAIT_FOR_INDEX } from "../../core/report-stages.ts";
import { errorsWhere, WAITED } from "./report-errors.ts";
import { standingReasons } from "./report-reasons.ts";

/** The last run of the sync that finished before run ?1 was queued; its counts are what ?1 found. */
const BEFORE = `runs as former where former.sync = r.sync and former.state in ('succeeded', 'succeeded_with_findings')
  and former.continues = 0 and former.rebuild_id is r.rebuild_id and former.ended_ms <= r.queued_ms and former.id <> r.id
  and former.source_count is not null order by former.ended_ms desc limit 1`;

/**
 * The queries behind the report of one run. ?1 is its id, ?2 now. Their names are part of the report's form and stay.
 * Counts come from the items and attempts themselves; what only the end of a run knows comes from its result.
 */
export const RUN_QUERIES: Readonly<Record<keyof RunRows, string>> = {
  run_items: `select verdict, sum(items) as items from run_items where run_id = ?1 group by verdict order by verdict`,
  run_time: `select queued_ms as queuedMs, started_ms as startedMs, ended_ms as endedMs, duration_ms as tookMs,
    coalesce(ended_ms, ?2) - started_ms as elapsedMs, started_ms - queued_ms as queuedForMs,
    (select coalesce(sum(${WAITED}), 0) from attempts where run_id = ?1 and next = 'wait')
      + coalesce(result ->> '$.operations."${WAIT_FOR_INDEX}".ms', 0) as waitedMs,
    iif(state = 'parked', max(0, not_before_ms - ended_ms), null) as parkedMs
    from runs where id = ?1`,
  run_operations: `select key as operation, value ->> 'times' as times, value ->> 'ms' as ms
    from json_each((select result -> '$.operations' from runs where id = ?1)) order by ms desc, operation`,
  run_waits: `select party, outcome as reason, count(*) as waits, sum(outcome <> 'not_yet') as retries, sum(${WAITED}) as waitedMs
    from attempts where run_id = ?1 and next = 'wait' group by party, outcome order by waitedMs desc, party, reason`,
  run_calls: `select party, operation, outcome, count(*) as calls, coalesce(sum(duration_ms), 0) as ms
    from attempts where run_id = ?1 and is_call = 1 group by party, operation, outcome order by party, operation, outcome`,
  run_errors: errorsWhere("attempts a", "a.run_id = ?1", IDS_SHOWN_MAX),
  run_counts: `select r.sync,
    (select source_count from ${BEFORE}) as sourceBefore, source_count as sourceAfter,
    (select destination_count from ${BEFORE}) as destinationBefore, destination_count as destinationAfter,
    result ->> '$.rows.before' as rowsBefore, result ->> '$.rows.after' as rowsAfter
    from runs as r where r.id = ?1`,
  run_quarantine: `select
    iif(r.sync = 'fireflies', (select count(*) from quarantine where first_ms between r.started_ms and coalesce(r.ended_ms, ?2)),
      (select coalesce(sum(items), 0) from run_items where run_id = ?1 and verdict = 'quarantined')) as newItems,
    iif(r.sync = 'fireflies', (select count(*) from quarantine where resolved_ms is null),
      (select count(*) from notion_pages where state = 'quarantined' and sync = r.sync)) as standing,
    (select count(*) from quarantined_fields where sync = r.sync) as fields
    from runs as r where r.id = ?1`,
  run_quarantine_reasons: standingReasons("(select sync from runs where id = ?1)"),
};
