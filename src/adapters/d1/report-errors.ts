/**
 * Attempts that did not succeed, and what came after each: the next attempt of its step, and the next run of its sync that
 * finished. A wait for a time that was known is no error.
 *
 * @param which condition on `a`, the attempt, and `r`, its run
 * @param limit how many at most, the newest last
 */
export function errorsWhere(from: string, which: string, limit: number): string {
  return `select a.id, a.run_id as runId, r.sync, r.state as runState, a.at_ms as atMs, a.step, a.party, a.outcome, a.detail,
    a.next, a.next_ms as nextMs,
    (select b.id from attempts b where b.run_id = a.run_id and b.step = a.step and b.rowid > a.rowid
      order by b.rowid limit 1) as nextId,
    (select b.outcome from attempts b where b.run_id = a.run_id and b.step = a.step and b.rowid > a.rowid
      order by b.rowid limit 1) as nextOutcome,
    (select n.id from runs n where n.sync = r.sync and n.state in ('succeeded', 'succeeded_with_findings') and n.continues = 0 and n.rebuild_id is r.rebuild_id
      and n.id <> r.id and n.ended_ms >= coalesce(r.ended_ms, a.at_ms) order by n.ended_ms limit 1) as laterRunId
    from ${from} join runs r on r.id = a.run_id
    where a.outcome not in ('ok', 'not_yet') and ${which}
    order by a.at_ms desc, a.rowid desc limit ${limit}`;
}

/** World ms that an attempt was followed by nothing but waiting. Older rows do not say when that began. */
export const WAITED = "max(0, next_ms - coalesce(decided_ms, at_ms + coalesce(duration_ms, 0)))";
