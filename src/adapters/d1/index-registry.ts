import type { D1Database } from "@cloudflare/workers-types";
import type { Chunk } from "../../core/chunk.ts";
import type { IndexRow } from "../../core/embedding-plan.ts";
import { BUILT_ROWS_PER_STATEMENT, IDS_SHOWN_MAX } from "../../core/policy.ts";
import type {
  BuildState,
  BuiltDocument,
  IndexRegistry,
  UnbuiltDocument,
} from "../../ports/index-registry.ts";
import type { Fence } from "../../ports/run-store.ts";
import { owedDocument, type AsRow } from "./chunk-ledger.ts";
import { createDatabase, forRows, jsonSlices, statement, type Database, type Statement } from "./database.ts";
import { VERDICT_CONFLICT } from "./page-commit.ts";

/** The ledger of vector indexes. */
export function createIndexRegistry(d1: D1Database): IndexRegistry {
  const database = createDatabase(d1);
  return { ...rowMethods(database), ...buildMethods(database), ...switchMethods(database) };
}

const COLUMNS = "binding, model, dimensions, pooling, address, state";
const ALL_ROWS = `select ${COLUMNS} from indexes order by binding`;

type RowMethods = Pick<
  IndexRegistry,
  "rows" | "lock" | "begin" | "liveCount" | "liveChunks" | "remainingIds"
>;

function rowMethods(database: Database): RowMethods {
  return {
    rows: async () => ({ items: await database.rows<IndexRow>(ALL_ROWS), cursor: null }),
    lock: async ({ binding, model, dimensions, pooling, address }, nowMs) => {
      const [, , live] = await database.batch([
        statement(
          `insert into indexes (binding, model, dimensions, pooling, address, state, since_ms)
           select ?1, ?2, ?3, ?4, ?5, 'live', ?6 where not exists (select 1 from indexes where state = 'live')`,
          binding,
          model,
          dimensions,
          pooling,
          address,
          nowMs,
        ),
        statement(
          "update indexes set address = ?2 where model = ?1 and ?2 is not null and address is not ?2",
          model,
          address,
        ),
        statement(`select ${COLUMNS} from indexes where state = 'live'`),
      ]);
      const [row] = (live?.results ?? []) as IndexRow[];
      return row ?? { binding, model, dimensions, pooling, address, state: "live" };
    },
    begin: async (fence, { binding, model, dimensions, pooling, address }, nowMs) => {
      await database.fenced(fence, [
        statement(
          `insert into indexes (binding, model, dimensions, pooling, address, state, since_ms)
           values (?1, ?2, ?3, ?4, ?5, 'building', ?6) on conflict do nothing`,
          binding,
          model,
          dimensions,
          pooling,
          address,
          nowMs,
        ),
      ]);
    },
    liveCount: async (model) => {
      const sql = "select count(*) as n from chunks where model = ?1 and state = 'live'";
      return (await database.rows<{ n: number }>(sql, model))[0]?.n ?? 0;
    },
    liveChunks: (model, documentId) => liveChunks(database, model, documentId),
    remainingIds: async (model, after, limit) => {
      const rows = await database.rows<{ id: string }>(
        `select id from chunks where model = ?1 and state in ('planned', 'sent', 'live', 'dead') and id > ?2
         order by id limit ?3`,
        model,
        after,
        limit,
      );
      return { items: rows.map(({ id }) => id), cursor: null };
    },
  };
}

type ChunkColumns = Omit<Chunk, "text" | "speakers" | "moments" | "coreStart"> & {
  text: string | null;
  speakers: string;
  moments: string;
};

async function liveChunks(database: Database, model: string, documentId: string): Promise<Chunk[]> {
  const rows = await database.rows<ChunkColumns>(
    `select position, text, speaker, speakers, moments, start_seconds as startSeconds, end_seconds as endSeconds,
       first_sentence as firstSentence, last_sentence as lastSentence, tokens
     from chunks where document_id = ?2 and model = ?1 and state = 'live' order by position`,
    model,
    documentId,
  );
  const chunks = rows.flatMap(({ text, speakers, moments, ...row }): Chunk[] =>
    text === null
      ? []
      : [{ ...row, text, coreStart: 0, speakers: JSON.parse(speakers), moments: JSON.parse(moments) }],
  );
  return chunks.length < rows.length ? [] : chunks;
}

/** Documents with what the index of model ?1 holds of them. */
const BUILT = `meetings left join built_documents as built on built.model = ?1 and built.document_id = meetings.id
  where meetings.deleted_ms is null`;

/**
 * What keeps the index of model ?1 from going live: a document that can be found and would be no longer; or one that is
 * not owed, so that nobody would bring it up to date.
 */
const MISSING = `((meetings.indexed_hash is not null and built.content_hash is null)
  or (meetings.vectors_owed_since is null and built.content_hash is not meetings.content_hash))`;

type BuildMethods = Pick<IndexRegistry, "unbuilt" | "commitBuilt" | "buildState">;

function buildMethods(database: Database): BuildMethods {
  return {
    unbuilt: async (model, after, limit, notIds) => {
      const [list = "[]"] = jsonSlices(notIds);
      const rows = await database.rows<AsRow<UnbuiltDocument>>(
        `select id, r2_key as revisionKey, meetings.content_hash as contentHash, date,
           transcript_characters as storedBytes, built.content_hash is not null as indexedBefore,
           indexed_hash as indexedHash
         from ${BUILT} and built.content_hash is not meetings.content_hash and id > ?2
           and id not in (select value from json_each(?4))
         order by id limit ?3`,
        model,
        after,
        limit,
        list,
      );
      return { items: rows.map((row) => owedDocument<UnbuiltDocument>(row)), cursor: null };
    },
    commitBuilt: async (fence, { runId, model, documents }) => {
      await database.fenced(fence, [
        ...verdicts(runId, documents),
        ...forRows(
          documents.filter(({ contentHash }) => contentHash !== null),
          `insert into built_documents (model, document_id, content_hash)
           select ?2, value ->> 'id', value ->> 'contentHash' from json_each(?1) where true
           on conflict (model, document_id) do update set content_hash = excluded.content_hash`,
          model,
        ),
      ]);
    },
    buildState: async (model) => {
      const [counts, missing] = await database.batch([
        statement(
          `select count(*) as documents, coalesce(sum(built.content_hash is meetings.content_hash), 0) as built,
             coalesce(sum(${MISSING}), 0) as missing from ${BUILT}`,
          model,
        ),
        statement(`select id from ${BUILT} and ${MISSING} order by id limit ?2`, model, IDS_SHOWN_MAX),
      ]);
      const [row] = (counts?.results ?? []) as Omit<BuildState, "missingIds">[];
      const ids = (missing?.results ?? []) as { id: string }[];
      return { ...(row ?? { documents: 0, built: 0, missing: 0 }), missingIds: ids.map(({ id }) => id) };
    },
  };
}

function verdicts(runId: string, documents: readonly BuiltDocument[]): Statement[] {
  return forRows(
    documents,
    `insert into run_items (run_id, item_id, verdict, reason)
     select ?2, value ->> 'id', value ->> 'verdict', value ->> 'reason' from json_each(?1)
     where true ${VERDICT_CONFLICT}`,
    runId,
  );
}

type SwitchMethods = Pick<IndexRegistry, "switchTo" | "giveUp" | "remove">;

function switchMethods(database: Database): SwitchMethods {
  return {
    switchTo: async (fence, { from, to, nowMs }) => {
      const model = "(select model from indexes where binding = ?1)";
      const results = await database.fenced(fence, [
        statement(
          `update indexes set state = 'emptying', since_ms = ?3 where binding = ?2 and state = 'live'
             and exists (select 1 from indexes where binding = ?1 and state = 'building')
             and not exists (select 1 from ${BUILT.replaceAll("?1", model)} and ${MISSING})`,
          to,
          from,
          nowMs,
        ),
        statement(
          `update indexes set state = 'live', since_ms = ?2 where binding = ?1 and state = 'building'
             and not exists (select 1 from indexes where state = 'live')`,
          to,
          nowMs,
        ),
        // What is owed may be held by the new index already; else it holds the revision before, as the old one did.
        statement(
          `update meetings set indexed_hash = built.content_hash,
             vectors_owed_since = case when built.content_hash = meetings.content_hash then null
               else vectors_owed_since end
           from built_documents as built
           where built.model = ${model} and built.document_id = meetings.id and vectors_owed_since is not null
             and indexed_hash is not built.content_hash
             and exists (select 1 from indexes where binding = ?1 and state = 'live')`,
          to,
        ),
        statement("select 1 from indexes where binding = ?1 and state = 'live'", to),
      ]);
      return (results.at(-1)?.results.length ?? 0) > 0;
    },
    giveUp: async (fence, binding, nowMs) => {
      await database.fenced(fence, [
        statement(
          "update indexes set state = 'emptying', since_ms = ?2 where binding = ?1 and state = 'building'",
          binding,
          nowMs,
        ),
      ]);
    },
    remove: async (fence, { binding, model }) => {
      await forgetBuilt(database, fence);
      await database.fenced(fence, [
        statement(
          "delete from indexes where binding = ?1 and model = ?2 and state = 'emptying'",
          binding,
          model,
        ),
      ]);
    },
  };
}

/** Marks of an index that went live have served; those of one that was given up say nothing any more. */
async function forgetBuilt(database: Database, fence: Fence): Promise<void> {
  const forget = statement(
    `delete from built_documents where (model, document_id) in (select model, document_id from built_documents
       where not exists (select 1 from indexes where indexes.model = built_documents.model and state = 'building')
       limit ?1)`,
    BUILT_ROWS_PER_STATEMENT,
  );
  for (;;) {
    const [forgotten] = await database.fenced(fence, [forget]);
    if ((forgotten?.meta.changes ?? 0) < BUILT_ROWS_PER_STATEMENT) return;
  }
}
