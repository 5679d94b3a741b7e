import type { RebuildScope } from "../../core/rebuild.ts";
import type { RebuildStore, SightedRevision } from "../../ports/rebuild-store.ts";
import { forRows, type Database, type Statement } from "./database.ts";
import {
  DIFFERS_FROM_JSON,
  DIFFERS_FROM_ROW,
  insertRecords,
  quarantine,
  reasonOf,
  recordRows,
  REPLACE_RECORD,
  VERDICT_CONFLICT,
} from "./page-commit.ts";
import { inScope, scopeValues, SIGHTED_DAY, STORED } from "./rebuild-scope.ts";

type Done = Parameters<RebuildStore["commitRecords"]>[1];

/** Sightings whose revision is stored, after an id. The link to the recording is no part of a revision. */
export async function sightingsOf(
  database: Database,
  scope: RebuildScope,
  { after, limit }: { after: string; limit: number },
): Promise<{ items: SightedRevision[]; cursor: null }> {
  const rows = await database.rows<Omit<SightedRevision, "failed"> & { failed: number }>(
    `select source_id as id, date_string as dateString, content_hash as contentHash, revision_key as revisionKey,
       stored_sha256 as storedSha256, stored_bytes as storedBytes, null as audioUrl, null as audioExpiresMs, null as wireHash,
       observed_ms as observedMs, state = 'failed' as failed
     from sightings where ${STORED} and source_id > ?4 and ${inScope("source_id", SIGHTED_DAY)}
     order by source_id limit ?5`,
    ...scopeValues(scope),
    after,
    limit,
  );
  return { items: rows.map((row) => ({ ...row, failed: row.failed === 1 })), cursor: null };
}

/** Whether a row may be written: nothing that was observed later is overwritten, unless it claims to be of this revision. */
const MAY_REPLACE = (newHash: string, observedMs: string): string =>
  `(meetings.observed_ms <= ${observedMs} or meetings.content_hash is ${newHash})`;

/**
 * Records as their revisions say, as statements of one batch: verdicts first (they compare with what stood before). A row
 * that is as it should be is not written; what no revision holds (recording link, tombstone, vectors) stays as it is.
 */
export function rebuiltRecords(done: Done): Statement[] {
  const { runId, nowMs } = done;
  const changes = done.items.flatMap(({ change, sighting }) =>
    change === null ? [] : [{ change, sighting }],
  );
  const observedOf = new Map(changes.map(({ sighting }) => [sighting.id, sighting.observedMs]));
  const rows = recordRows(changes.map(({ change }) => change)).map((row) => ({
    ...row,
    observedMs: observedOf.get(String(row["id"])),
  }));
  // What the source cannot give any more is judged by what it gave before, and stays what it was called.
  const judged = changes.filter(({ sighting }) => !sighting.failed).map(({ change }) => change);
  return [
    ...verdicts(done),
    ...forRows(
      rows,
      `insert into run_items (run_id, item_id, verdict)
       select ?2, item.value ->> 'id', case
         when meetings.id is null then 'created'
         when ${MAY_REPLACE("(value ->> 'hash')", "(value ->> 'observedMs')")} and (${DIFFERS_FROM_JSON}) then 'updated'
         else 'unchanged' end
       from json_each(?1) as item left join meetings on meetings.id = item.value ->> 'id'
       where true ${VERDICT_CONFLICT}`,
      runId,
    ),
    // A link that went with its row comes back with the next listing that shows the meeting.
    ...forRows(
      rows.map((row) => String((row as { id?: unknown }).id)),
      `update sightings set audio_expires_ms = null where source_id in (select value from json_each(?1))
         and not exists (select 1 from meetings where id = source_id)`,
    ),
    ...forRows(
      rows,
      insertRecords(
        "value ->> 'observedMs'",
        `do update set ${REPLACE_RECORD},
           vectors_owed_since = case when meetings.indexed_hash is excluded.content_hash and meetings.date is excluded.date
             then meetings.vectors_owed_since else coalesce(meetings.vectors_owed_since, excluded.vectors_owed_since) end
         where ${MAY_REPLACE("excluded.content_hash", "excluded.observed_ms")} and (${DIFFERS_FROM_ROW})`,
      ),
      nowMs,
      new Date(nowMs).toISOString(),
    ),
    ...forRows(
      judged.map(({ state, revision }) => ({ id: revision.id, hash: revision.contentHash, state })),
      `update sightings set state = judged.value ->> 'state' from json_each(?1) as judged
       where source_id = judged.value ->> 'id' and content_hash = judged.value ->> 'hash'
         and state not in ('failed', 'deleted') and state is not (judged.value ->> 'state')`,
    ),
    ...quarantine({ changes: judged, nowMs, runId }),
  ];
}

function verdicts({ items, runId }: Done): Statement[] {
  const rows = items.flatMap(
    ({ sighting, change }): { id: string; verdict: string; reason: string | null }[] => {
      if (change === null)
        return [{ id: sighting.id, verdict: "failed", reason: "no intact revision in the raw store" }];
      return change.state === "live"
        ? []
        : [{ id: sighting.id, verdict: change.state, reason: reasonOf(change) }];
    },
  );
  return forRows(
    rows,
    `insert into run_items (run_id, item_id, verdict, reason)
     select ?2, value ->> 'id', value ->> 'verdict', value ->> 'reason' from json_each(?1) where true ${VERDICT_CONFLICT}`,
    runId,
  );
}
