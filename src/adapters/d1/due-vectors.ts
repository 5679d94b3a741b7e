import { DEAD_LINGERS_MS, DEAD_RECHECK_AGES_MS } from "../../core/policy.ts";

/** Whether the meeting's revision was refused and is not to be tried again yet at a world time. */
export function refusedAt(nowMs: string): string {
  return `exists (select 1 from refusals where document_id = meetings.id
    and refusals.content_hash = meetings.content_hash and retry_ms > ${nowMs})`;
}

/** Whether a document is owed and may be tried at a world time. */
export function documentsDueAt(nowMs: string): string {
  return `exists (select 1 from meetings where vectors_owed_since is not null and deleted_ms is null
    and not (${refusedAt(nowMs)}))`;
}

/** Holds for chunks whose id is due for another look at a world time; its first line is that of the index `chunks_dead`. */
export function isDeadDue(nowMs: string): string {
  const [first, second] = DEAD_RECHECK_AGES_MS;
  return `state in ('dead', 'gone') and rechecks < ${DEAD_RECHECK_AGES_MS.length} and (
    (state = 'dead' and (doomed = 1 or dead_ms <= ${nowMs} - ${DEAD_LINGERS_MS}))
    or (state = 'gone' and rechecks = 0 and dead_ms <= ${nowMs} - ${first})
    or (state = 'gone' and rechecks = 1 and dead_ms <= ${nowMs} - ${second}))`;
}

/** Whether a dead id is due for another look at a world time. */
export function deadDueAt(nowMs: string): string {
  return `exists (select 1 from chunks where ${isDeadDue(nowMs)})`;
}
