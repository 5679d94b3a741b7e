import type { Looked } from "../../ports/deletion-store.ts";
import { forRows, type Statement } from "./database.ts";
import { VERDICT_CONFLICT } from "./page-commit.ts";

/** The page of an absence, as it is kept with the verdict. */
const PAGE = (
  which: "first" | "second",
): string => `(select json_object('discovery', discovery_id, 'page', page,
    'askedMs', asked_ms, 'first', first_place, 'last', last_place, 'rows', json_array_length(ids))
  from listing_pages where discovery_id = absences.${which}_discovery_id and page = absences.${which}_page)`;

/** Verdicts of this run that stand: nothing was seen or undone since. */
const JUDGED = `(select source_id from deletions where run_id = ?2 and seen_ms is null and restored_ms is null
  and source_id in (select value ->> 'id' from json_each(?1)))`;

/**
 * What a look said, as statements of one batch. Everything rests on the row of the verdict, which is only written while the
 * absence that was judged still stands; so all of it may run twice, and a sighting in between wins.
 */
export function lookStatements(looked: Looked): Statement[] {
  const { shown, unclear, nowMs } = looked;
  return [
    ...forRows(shown, "delete from absences where source_id in (select value from json_each(?1))"),
    ...forRows(
      shown,
      `update deletions set seen_ms = ?2 where seen_ms is null and source_id in (select value from json_each(?1))`,
      nowMs,
    ),
    ...forRows(
      unclear,
      "update absences set looked_ms = ?2 where source_id in (select value from json_each(?1))",
      nowMs,
    ),
    ...verdicts(looked),
    ...buried(looked),
  ];
}

function verdicts({ gone, runId, nowMs, askedMs, accountHash, liveId }: Looked): Statement[] {
  return [
    ...forRows(
      gone,
      `insert into deletions (source_id, first_ms, second_ms, looked_ms, live_id, account_id, pages, decided_by, deleted_ms,
         run_id, state_before)
       select source_id, first_ms, second_ms, ?2, ?3, ?4, json_array(json(${PAGE("first")}), json(${PAGE("second")})),
         case when approved_ms is null then 'evidence' else 'person' end, ?5, ?6, state
       from json_each(?1) join absences on source_id = value ->> 'id' join sightings using (source_id)
       where first_ms = value ->> 'firstMs' and second_ms is not null and account_id = ?4 and second_ms <= ?2
         and (approved_ms is not null or not (value ->> 'isApproved')) and state <> 'deleted'
       on conflict (source_id, first_ms) do nothing`,
      askedMs,
      liveId,
      accountHash,
      nowMs,
      runId,
    ),
    ...forRows(
      gone,
      `insert into run_items (run_id, item_id, verdict, reason)
       select ?2, source_id, 'deleted', null from deletions where source_id in ${JUDGED} and run_id = ?2 ${VERDICT_CONFLICT}`,
      runId,
    ),
  ];
}

/** Tombstone, out of search, its chunks dead; row and raw revision stay. */
function buried({ gone, runId, nowMs }: Looked): Statement[] {
  return [
    ...forRows(
      gone,
      `update meetings set deleted_ms = ?3, vectors_owed_since = null, indexed_hash = null
       where deleted_ms is null and id in ${JUDGED}`,
      runId,
      nowMs,
    ),
    ...forRows(
      gone,
      `update chunks set state = 'dead', dead_ms = coalesce(dead_ms, ?3), doomed = 1
       where state in ('planned', 'sent', 'live') and document_id in ${JUDGED}`,
      runId,
      nowMs,
    ),
    ...forRows(
      gone,
      `update quarantine set resolved_ms = ?3
       where kind = 'meeting' and resolved_ms is null and source_id in ${JUDGED}`,
      runId,
      nowMs,
    ),
    ...forRows(gone, `delete from refusals where document_id in ${JUDGED}`, runId),
    ...forRows(
      gone,
      `update sightings set state = 'deleted', wire_hash = '' where state <> 'deleted' and source_id in ${JUDGED}`,
      runId,
    ),
    ...forRows(gone, `delete from absences where source_id in ${JUDGED}`, runId),
  ];
}
