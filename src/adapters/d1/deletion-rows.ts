import type { Deletion, MissingMeeting } from "../../ports/deletion-store.ts";
import type { Database } from "./database.ts";

/** Whether an absence is due to be looked for again by a window around it: not since a world time. */
export const LOOK_DUE = (beforeMs: string): string =>
  `second_ms is null and first_ms <= ${beforeMs} and coalesce(looked_ms, 0) <= ${beforeMs}`;

/** Missing meetings for people. */
export async function readMissing(
  database: Database,
  limit: number,
): Promise<{ items: MissingMeeting[]; count: number; cursor: null }> {
  const items = await database.rows<MissingMeeting>(
    `select source_id as id, title, date_string as "date", first_ms as firstMs, second_ms as secondMs,
       approved_ms as approvedMs
     from absences join sightings using (source_id) left join meetings on meetings.id = source_id
     order by second_ms is null, first_ms, source_id limit ?1`,
    limit,
  );
  const [all] = await database.rows<{ count: number }>("select count(*) as count from absences");
  return { items, count: all?.count ?? 0, cursor: null };
}

/** Verdicts for people, newest first. */
export async function readDeletions(
  database: Database,
  limit: number,
): Promise<{ items: Deletion[]; cursor: null }> {
  const rows = await database.rows<Omit<Deletion, "pages"> & { pages: string }>(
    `select source_id as id, title, deletions.deleted_ms as deletedMs, decided_by as decidedBy, run_id as runId,
       first_ms as firstMs, second_ms as secondMs, looked_ms as lookedMs, live_id as liveId, pages,
       restored_ms as restoredMs, seen_ms as seenMs
     from deletions left join meetings on meetings.id = source_id
     order by deletions.deleted_ms desc, source_id limit ?1`,
    limit,
  );
  return {
    items: rows.map((row) => ({ ...row, pages: JSON.parse(row.pages) as Deletion["pages"] })),
    cursor: null,
  };
}
