import { OBJECTS } from "../../core/cleanup.ts";
import { EARLIER_REVISIONS_KEPT_MIN } from "../../core/policy.ts";
import type { CleanupStore, SeenObject } from "../../ports/cleanup-store.ts";
import { forRows, statement, type Database, type Statement } from "./database.ts";

/** Whether any row refers to the object of a key. */
function isReferred(key: string): string {
  return `(exists (select 1 from sightings where revision_key = ${key})
    or exists (select 1 from meetings where r2_key = ${key})
    or exists (select 1 from quarantine where revision_key = ${key} and resolved_ms is null))`;
}

/** Whether a folder belongs to no meeting that was ever seen. Keys of a folder begin with it. */
const IS_ORPHAN = `not exists (select 1 from sightings
  where revision_key >= earlier_objects.folder and revision_key < earlier_objects.folder || char(1114111))`;

/** The place of an object among the earlier ones of its meeting, the newest first. */
const PLACE = `(select count(*) from earlier_objects as newer where newer.folder = earlier_objects.folder
  and (newer.uploaded_ms, newer.key) > (earlier_objects.uploaded_ms, earlier_objects.key))`;

/** What a complete proof sees that nothing refers to; ?2 the proof. What was seen before stays as it was. */
export function seenObjects(objects: readonly SeenObject[], proofId: string): Statement[] {
  return forRows(
    objects,
    `insert into earlier_objects (key, folder, size_bytes, uploaded_ms, proof_id)
     select value ->> 'key', rtrim(value ->> 'key', replace(value ->> 'key', '/', '')), value ->> 'sizeBytes',
       value ->> 'uploadedMs', ?2 from json_each(?1) where not ${isReferred("value ->> 'key'")}
     on conflict (key) do update set proof_id = excluded.proof_id where earlier_objects.named_ms is null`,
    proofId,
  );
}

/** The complete proof ?1 is at its end: what it saw is named by it. */
export function namedObjects(proofId: string, nowMs: number): Statement {
  return statement(
    `update earlier_objects set named_ms = ?2 where proof_id = ?1 and named_ms is null
       and exists (select 1 from proofs where id = ?1 and mode = 'complete' and ended_ms is not null)`,
    proofId,
    nowMs,
  );
}

type Methods = Pick<CleanupStore, "doomObjects" | "takeDoomed" | "forgetObjects" | "keepObject">;

/** Objects that nothing refers to, from their being named to their end. */
export function earlierObjects(database: Database): Methods {
  return {
    doomObjects: async (fence, { nowMs, revisionsBeforeMs, orphansBeforeMs, limit }) => {
      await database.fenced(fence, [
        statement(`delete from earlier_objects where ${isReferred("earlier_objects.key")}`),
        statement(
          `update earlier_objects set doomed_ms = ?1 where key in (
             select key from earlier_objects where doomed_ms is null and named_ms is not null
               and iif(${IS_ORPHAN}, named_ms < ?3, named_ms < ?2 and ${PLACE} >= ${EARLIER_REVISIONS_KEPT_MIN})
               and not exists (select 1 from rebuilds where ended_ms is null)
             limit ?4)`,
          nowMs,
          revisionsBeforeMs,
          orphansBeforeMs,
          limit,
        ),
      ]);
    },
    takeDoomed: async (fence, beforeMs, limit) => {
      const [, taken] = await database.fenced(fence, [
        statement(
          `update earlier_objects set deleting = 1 where key in (
             select key from earlier_objects where doomed_ms < ?1 and not ${isReferred("earlier_objects.key")}
               and not exists (select 1 from rebuilds where ended_ms is null)
             order by key limit ?2)`,
          beforeMs,
          limit,
        ),
        // Those that an earlier run took and did not come to the end of are judged again.
        statement(
          `select key from earlier_objects where deleting = 1 and not ${isReferred("earlier_objects.key")}
           order by key limit ?1`,
          limit,
        ),
      ]);
      return { items: ((taken?.results ?? []) as { key: string }[]).map(({ key }) => key), cursor: null };
    },
    forgetObjects: async (fence, runId, keys) => {
      const gone = "earlier_objects where deleting = 1 and key in (select value from json_each(?1))";
      await database.fenced(
        fence,
        forRows(
          keys,
          `insert into run_items (run_id, item_id, verdict, items)
           select ?2, '${OBJECTS}', 'deleted', n from (select count(*) as n from ${gone}) where n > 0
           on conflict (run_id, item_id) do update set items = items + excluded.items`,
          runId,
        ).flatMap((counted) => [counted, statement(`delete from ${gone}`, counted.values[0] ?? "[]")]),
      );
    },
    keepObject: async (key) => {
      const [, left] = await database.batch([
        statement("delete from earlier_objects where key = ?1 and deleting = 0", key),
        statement("select 1 from earlier_objects where key = ?1", key),
      ]);
      return (left?.results.length ?? 0) === 0;
    },
  };
}
