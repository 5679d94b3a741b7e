import type { PageCommit } from "../../ports/record-store.ts";
import type { TableCommit } from "../../ports/table-store.ts";
import { forRows, type Statement } from "./database.ts";

/** What webhooks announced, closed or left for later by what was read after they came. */
export function announcedMeetings({ settled, waits, observedMs, nowMs }: PageCommit): Statement[] {
  const of =
    "sync = 'fireflies' and subject in (select value from json_each(?1)) and done_ms is null and received_ms <= ?3";
  return [
    ...forRows(
      settled,
      `update webhook_inbox set done_ms = ?2, outcome = 'read' where ${of}`,
      nowMs,
      observedMs,
    ),
    ...forRows(
      waits?.ids ?? [],
      // A second time the rows wait already.
      `update webhook_inbox set tries = tries + 1, not_before_ms = coalesce(?4, not_before_ms),
         done_ms = iif(?4 is null, ?2, null), outcome = iif(?4 is null, 'not ready', null) where ${of} and not_before_ms <= ?3`,
      nowMs,
      observedMs,
      waits?.againMs ?? null,
    ),
  ];
}

/**
 * What webhooks announced of pages, closed by a reading that shows what stood there after they came.
 *
 * @param batchId `?2`, by which `applies` goes
 * @param applies condition under which a change of the batch is written; `item` is the change as JSON
 */
export function announcedPages(
  { sync, nowMs, changes, untouched, observedMs }: TableCommit,
  batchId: string,
  applies: string,
): Statement[] {
  return [
    ...forRows(
      // A page that is only marked to be read by itself is known from an earlier reading.
      changes.map(({ pageId, observedMs: shownMs }) => ({ pageId, shownMs })),
      `update webhook_inbox set done_ms = ?4, outcome = 'read' from json_each(?1) as item
       where webhook_inbox.sync = ?3 and done_ms is null and subject = item.value ->> 'pageId'
         and received_ms <= item.value ->> 'shownMs' and ${applies}`,
      batchId,
      sync,
      nowMs,
    ),
    ...forRows(
      untouched,
      `update webhook_inbox set done_ms = ?3, outcome = 'read' where sync = ?2 and done_ms is null
         and subject in (select value from json_each(?1)) and received_ms <= ?4`,
      sync,
      nowMs,
      observedMs,
    ),
  ];
}
