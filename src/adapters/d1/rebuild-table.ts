import type { D1Database } from "@cloudflare/workers-types";
import { laneOf, type Rebuild, type RebuildScope } from "../../core/rebuild.ts";
import type { OwedDocument } from "../../ports/record-store.ts";
import type { RebuildRun, RebuildStore } from "../../ports/rebuild-store.ts";
import { createDatabase, forRows, jsonSlices, statement, type Database, type Statement } from "./database.ts";
import { indexedDocuments, owedDocument, type AsRow } from "./chunk-ledger.ts";
import { rebuiltRecords, sightingsOf } from "./record-rebuild.ts";
import { inScope, scopeValues, SIGHTED_DAY, STORED } from "./rebuild-scope.ts";
import { runOf, UNFINISHED, type RunRow } from "./run-rows.ts";

/** What somebody asked to have made anew, and what came of it. */
export function createRebuildStore(d1: D1Database): RebuildStore {
  const database = createDatabase(d1);
  return {
    ...askMethods(database),
    ...progressMethods(database),
    sightings: (scope, after, limit) => sightingsOf(database, scope, { after, limit }),
    commitRecords: async (fence, done) => {
      const last = done.items.at(-1)?.sighting.id ?? "";
      await database.fenced(fence, [...rebuiltRecords(done), advance(done.rebuildId, last)]);
    },
    documents: (scope, after, limit) => documents(database, scope, { after, limit }),
    commitReindexed: async (fence, done) => {
      const last = done.documents.at(-1)?.id ?? "";
      await database.fenced(fence, [...reindexed(done), advance(done.rebuildId, last)]);
    },
  };
}

type Row = Omit<Rebuild, "scope"> & { scope: string };

const SELECT = `select id, what, scope, model, live_model as liveModel, cursor, asked_ms as askedMs, ended_ms as endedMs,
  outcome, not_before_ms as notBeforeMs from rebuilds`;

function rebuildOf(row: Row | undefined): Rebuild | null {
  return row === undefined ? null : { ...row, scope: JSON.parse(row.scope) as RebuildScope };
}

/** A run of an open rebuild that has no unfinished one. */
function queuedRun({ id, what }: Pick<Rebuild, "id" | "what">, run: RebuildRun): Statement {
  return statement(
    `insert into runs (id, sync, trigger, priority, state, ceiling_ms, queued_ms, rebuild_id, rebuild)
     select ?1, ?2, 'manual', ?3, 'queued', ?4, ?4, ?5, ?6
     where exists (select 1 from rebuilds where id = ?5 and ended_ms is null)
       and not exists (select 1 from runs where rebuild_id = ?5 and ${UNFINISHED})
     on conflict (id) do nothing`,
    run.id,
    laneOf(what),
    run.priority,
    run.queuedMs,
    id,
    what,
  );
}

type AskMethods = Pick<RebuildStore, "open" | "rebuild" | "runsOf" | "ask" | "queueRun" | "end">;

function askMethods(database: Database): AskMethods {
  const open = async (): Promise<Rebuild | null> =>
    rebuildOf((await database.rows<Row>(`${SELECT} where ended_ms is null`))[0]);
  return {
    open,
    rebuild: async (id) => rebuildOf((await database.rows<Row>(`${SELECT} where id = ?1`, id))[0]),
    runsOf: async (rebuildId, limit) => {
      const sql = "select * from runs where rebuild_id = ?1 order by queued_ms desc, id desc limit ?2";
      const items = await database.rows<RunRow>(sql, rebuildId, limit);
      return { items: items.map(runOf), cursor: null };
    },
    ask: async (rebuild, run) => {
      const { id, what, scope, model, liveModel, askedMs } = rebuild;
      const [, , found] = await database.batch([
        statement(
          `insert into rebuilds (id, what, scope, model, live_model, asked_ms)
           select ?1, ?2, ?3, ?4, ?5, ?6 where not exists (select 1 from rebuilds where ended_ms is null)`,
          id,
          what,
          JSON.stringify(scope),
          model,
          liveModel,
          askedMs,
        ),
        queuedRun(rebuild, run),
        statement(`${SELECT} where ended_ms is null`),
      ]);
      return rebuildOf((found?.results as Row[] | undefined)?.[0]) ?? { ...NEW, ...rebuild };
    },
    queueRun: async (rebuild, run) => {
      await database.batch([queuedRun(rebuild, run)]);
    },
    end: async (fence, id, outcome, nowMs) => {
      await database.fenced(fence, [
        statement(
          "update rebuilds set ended_ms = ?2, outcome = ?3, not_before_ms = null where id = ?1 and ended_ms is null",
          id,
          nowMs,
          outcome,
        ),
      ]);
    },
  };
}

const NEW = { cursor: "", endedMs: null, outcome: null, notBeforeMs: null } as const;

/** The cursor moves on, never back. */
function advance(rebuildId: string, cursor: string): Statement {
  return statement("update rebuilds set cursor = max(cursor, ?2) where id = ?1", rebuildId, cursor);
}

type ProgressMethods = Pick<RebuildStore, "progress" | "unknownMeetings">;

function progressMethods(database: Database): ProgressMethods {
  return {
    progress: async ({ what, scope, cursor }) => {
      const from =
        what === "records"
          ? `sightings where ${STORED} and ${inScope("source_id", SIGHTED_DAY)}`
          : `meetings where deleted_ms is null and ${inScope("id", "date")}`;
      const id = what === "records" ? "source_id" : "id";
      const [row] = await database.rows<{ done: number; total: number }>(
        `select count(*) as total, coalesce(sum(${id} <= ?4), 0) as done from ${from}`,
        ...scopeValues(scope),
        cursor,
      );
      return row ?? { done: 0, total: 0 };
    },
    unknownMeetings: async (ids) => {
      const [list = "[]"] = jsonSlices(ids);
      const rows = await database.rows<{ id: string }>(
        "select value as id from json_each(?1) where value not in (select source_id from sightings) order by 1",
        list,
      );
      return rows.map(({ id }) => id);
    },
  };
}

async function documents(
  database: Database,
  scope: RebuildScope,
  { after, limit }: { after: string; limit: number },
): ReturnType<RebuildStore["documents"]> {
  const rows = await database.rows<AsRow<OwedDocument>>(
    `select id, r2_key as revisionKey, content_hash as contentHash, date, transcript_characters as storedBytes,
       indexed_hash is not null as indexedBefore
     from meetings where deleted_ms is null and id > ?4 and ${inScope("id", "date")} order by id limit ?5`,
    ...scopeValues(scope),
    after,
    limit,
  );
  return { items: rows.map(owedDocument), cursor: null };
}

function reindexed(done: Parameters<RebuildStore["commitReindexed"]>[1]): Statement[] {
  const waiting = done.documents.filter(({ verdict }) => verdict === "pending");
  return [
    ...indexedDocuments(done),
    ...forRows(
      waiting.map(({ id }) => id),
      `update meetings set vectors_owed_since = coalesce(vectors_owed_since, ?2)
       where id in (select value from json_each(?1))`,
      done.nowMs,
    ),
    ...forRows(
      done.unseenIds,
      "update chunks set state = 'sent' where state = 'live' and id in (select value from json_each(?1))",
    ),
  ];
}
