import type { D1Database } from "@cloudflare/workers-types";
import type { Candidate, Missing } from "../../core/deletions.ts";
import type { DeletionStore } from "../../ports/deletion-store.ts";
import type { Balance } from "../../ports/record-store.ts";
import { BALANCE, OWN } from "./balance.ts";
import { createDatabase, statement, type Database } from "./database.ts";
import { LOOK_DUE, readDeletions, readMissing } from "./deletion-rows.ts";
import { lookStatements } from "./look-commit.ts";

/** Absences and deletions of meetings in D1. */
export function createDeletionStore(d1: D1Database): DeletionStore {
  const database = createDatabase(d1);
  return {
    ...windowMethods(database),
    ...verdictMethods(database),
    ...chunkMethods(database),
    ...personMethods(database),
  };
}

const PLACE = (ms: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${ms} / 1000.0, 'unixepoch')`;
const MS_OF = (place: string): string => `cast(round(unixepoch(${place}, 'subsec') * 1000) as integer)`;

/** Meetings that may be expected on a page. */
const EXPECTED = "state <> 'deleted' and source_id not in (select source_id from absences)";

type WindowMethods = Pick<DeletionStore, "windowAround" | "markLooked" | "windowBelow" | "sweeps">;

function windowMethods(database: Database): WindowMethods {
  return {
    windowAround: async ({ absentBeforeMs, neighbours }) => {
      const neighbour = (relation: "<" | ">", order: "desc" | "asc"): string =>
        `(select date_string from sightings as others where ${EXPECTED}
           and others.date_string ${relation} missing.date_string order by date_string ${order} limit 1 offset ?2 - 1)`;
      const [row] = await database.rows<{ id: string; fromMs: number; toMs: number; above: number }>(
        `select id, ${MS_OF("older")} as fromMs, ${MS_OF("newer")} as toMs,
           (select count(*) from sightings where date_string > newer) as above
         from (select source_id as id, first_ms, ${neighbour("<", "desc")} as older, ${neighbour(">", "asc")} as newer
           from absences join sightings as missing using (source_id) where ${LOOK_DUE("?1")})
         where older is not null and newer is not null order by first_ms, id limit 1`,
        absentBeforeMs,
        neighbours,
      );
      return row ?? null;
    },
    markLooked: async (fence, id, nowMs) => {
      await database.fenced(fence, [
        statement("update absences set looked_ms = ?2 where source_id = ?1", id, nowMs),
      ]);
    },
    windowBelow: async (toMs, rows, marginMs) => {
      const [row] = await database.rows<{ fromMs: number | null; above: number }>(
        `select (select ${MS_OF("date_string")} from sightings where date_string < ${PLACE("?1")} and date_string <> ''
             order by date_string desc limit 1 offset ?2 - 1) as fromMs,
           (select count(*) from sightings where date_string >= ${PLACE("(?1 + ?3)")}) as above`,
        toMs,
        rows,
        marginMs,
      );
      return { fromMs: row?.fromMs ?? null, toMs, above: row?.above ?? 0 };
    },
    sweeps: async () => {
      const [whole] = await database.rows<{ completedMs: number | null }>(
        `select max(completed_ms) as completedMs from ${OWN} and kind = 'sweep' and floor_ms is null and completed_ms is not null`,
      );
      const [window] = await database.rows<{
        fromMs: number | null;
        toMs: number;
        completedMs: number | null;
      }>(
        `select floor_ms as fromMs, ceiling_ms as toMs, completed_ms as completedMs from ${OWN} and kind = 'sweep'
         order by started_ms desc, id desc limit 1`,
      );
      return { completedMs: whole?.completedMs ?? null, window: window ?? null };
    },
  };
}

type CandidateRow = {
  id: string;
  firstMs: number;
  secondMs: number;
  approved: number;
  organized: number;
  organizedMissing: number;
  channels: string;
};

/** Missing among meetings of a group, tombstones left out. */
const ARE_MISSING = "coalesce(sum(id in (select source_id from absences)), 0)";

const CANDIDATES = `select absences.source_id as id, first_ms as firstMs, second_ms as secondMs, approved_ms is not null as approved,
    (select count(*) from meetings where deleted_ms is null and organizer_email = record.organizer_email) as organized,
    (select ${ARE_MISSING} from meetings where deleted_ms is null and organizer_email = record.organizer_email) as organizedMissing,
    (select json_group_array(json_object('meetings', meetings, 'missing', missing)) from (
      select count(*) as meetings, coalesce(sum(other.id in (select source_id from absences)), 0) as missing
      from json_each(record.channels) as channel join meetings as other on other.deleted_ms is null
        and exists (select 1 from json_each(other.channels) where value = channel.value)
      group by channel.value)) as channels
  from absences left join meetings as record on record.id = absences.source_id
  where second_ms is not null and account_id = ?1 and coalesce(looked_ms, 0) <= ?2
  order by approved_ms is null, first_ms, absences.source_id limit ?3`;

type VerdictMethods = Pick<DeletionStore, "candidates" | "settleLook">;

function verdictMethods(database: Database): VerdictMethods {
  return {
    candidates: async ({ limit, accountHash, lookedBeforeMs, verdictsSinceMs }) => {
      const [figures, rows] = await database.batch([
        statement(
          // Every run asks, and hardly ever is anything missing.
          `select case when exists (select 1 from absences) then (select count(*) from sightings)
               - (select count(*) from sightings where state <> 'live' and state = 'deleted') else 0 end as known,
             (select count(*) from absences where approved_ms is null) as open,
             (select count(*) from deletions where deleted_ms > ?1 and decided_by = 'evidence') as verdicts`,
          verdictsSinceMs,
        ),
        statement(CANDIDATES, accountHash, lookedBeforeMs, limit),
      ]);
      const [missing] = (figures?.results ?? []) as Missing[];
      return {
        items: ((rows?.results ?? []) as CandidateRow[]).map(candidateOf),
        missing: missing ?? { known: 0, open: 0, verdicts: 0 },
        cursor: null,
      };
    },
    settleLook: async (fence, looked) => {
      const results = await database.fenced(fence, [
        ...lookStatements(looked),
        statement(
          "select count(*) as n from deletions where run_id = ?1 and source_id in (select value from json_each(?2))",
          looked.runId,
          JSON.stringify(looked.gone.map(({ id }) => id)),
        ),
        statement(BALANCE),
      ]);
      const [count] = (results.at(-2)?.results ?? []) as { n: number }[];
      const [balance] = (results.at(-1)?.results ?? []) as Balance[];
      return {
        deleted: count?.n ?? 0,
        balance: balance ?? { ids: 0, accounted: 0, failed: 0, failing: 0 },
      };
    },
  };
}

type ChunkMethods = Pick<DeletionStore, "doomLeft" | "doomedChunks">;

function chunkMethods(database: Database): ChunkMethods {
  return {
    doomLeft: async (fence, nowMs) => {
      await database.fenced(fence, [
        statement(
          `update chunks set state = 'dead', dead_ms = coalesce(dead_ms, ?1), doomed = 1
           where state in ('planned', 'sent', 'live')
             and document_id in (select id from meetings where deleted_ms is not null)`,
          nowMs,
        ),
      ]);
    },
    doomedChunks: async (afterId, limit) => {
      const items = await database.rows<{ id: string; binding: string | null }>(
        `select id, (select binding from indexes where indexes.model = chunks.model) as binding
         from chunks where doomed = 1 and id > ?1 order by id limit ?2`,
        afterId,
        limit,
      );
      return { items, cursor: null };
    },
  };
}

function candidateOf(row: CandidateRow): Candidate {
  const channels = JSON.parse(row.channels) as { meetings: number; missing: number }[];
  const organizer = { meetings: row.organized, missing: row.organizedMissing };
  return {
    id: row.id,
    firstMs: row.firstMs,
    secondMs: row.secondMs,
    isApproved: row.approved === 1,
    groups: [organizer, ...channels].filter(({ meetings }) => meetings > 0),
  };
}

type PersonMethods = Pick<DeletionStore, "missing" | "deletions" | "approve" | "restore">;

function personMethods(database: Database): PersonMethods {
  return {
    missing: (limit) => readMissing(database, limit),
    deletions: (limit) => readDeletions(database, limit),
    approve: async (absences, nowMs) => {
      const list = JSON.stringify(absences);
      const standing = `select count(*) from json_each(?1) as asked join absences on source_id = asked.value ->> 'id'
        where first_ms = asked.value ->> 'firstMs' and second_ms = asked.value ->> 'secondMs'`;
      const rows = await database.rows(
        `update absences set approved_ms = coalesce(approved_ms, ?2)
         where source_id in (select value ->> 'id' from json_each(?1)) and (${standing}) = ?3 returning source_id`,
        list,
        nowMs,
        absences.length,
      );
      return rows.length === absences.length;
    },
    restore: async (id, nowMs) => {
      const open = "source_id = ?1 and seen_ms is null and restored_ms is null";
      const before = `select state_before from deletions where ${open} order by deleted_ms desc limit 1`;
      const results = await database.batch([
        statement(
          `update meetings set deleted_ms = null, vectors_owed_since = coalesce(vectors_owed_since, ?2)
           where id = ?1 and deleted_ms is not null and exists (${before})`,
          id,
          nowMs,
        ),
        statement(
          `update sightings set state = (${before}) where source_id = ?1 and state = 'deleted' and exists (${before})`,
          id,
        ),
        statement(`update deletions set restored_ms = ?2 where ${open} returning source_id`, id, nowMs),
      ]);
      return (results.at(-1)?.results ?? []).length > 0;
    },
  };
}
