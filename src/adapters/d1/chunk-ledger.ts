import { CHUNK_ROWS_PER_STATEMENT, DEAD_LINGERS_MS } from "../../core/policy.ts";
import type {
  ChunkRow,
  ChunkState,
  OwedDocument,
  PlannedRow,
  RecordStore,
} from "../../ports/record-store.ts";
import { forRows, jsonSlices, type Database, type Statement } from "./database.ts";
import { isDeadDue, refusedAt } from "./due-vectors.ts";
import { checkpoint, VERDICT_CONFLICT } from "./page-commit.ts";

type Methods = Omit<
  RecordStore,
  "known" | "knownByWire" | "commitPage" | "discoveries" | "listingState" | "sourceCount" | "totals"
>;

/** The ledger of chunks: what is owed, what was sent, what was read back, what was given up. */
export function createChunkLedger(database: Database): Methods {
  return {
    ...readMethods(database),
    ...countMethods(database),
    ...writeMethods(database),
    ...deadMethods(database),
  };
}

type Row = Omit<ChunkRow, "metadata"> & { metadata: string };

const COLUMNS = `chunks.id, document_id as documentId, text_hash as textHash, repetition, generation, model, metadata, position,
  speaker, start_seconds as startSeconds, end_seconds as endSeconds, first_sentence as firstSentence,
  last_sentence as lastSentence, tokens, state, embedding_key as embeddingKey, embedding_index as embeddingIndex`;

function chunkOf(row: Row): ChunkRow {
  return { ...row, metadata: JSON.parse(row.metadata) };
}

type ReadMethods = Pick<
  RecordStore,
  "owedDocuments" | "chunksOf" | "chunksById" | "chunkTexts" | "embeddings"
>;

/** A document to be indexed as SQLite gives it, which has no booleans. */
export type AsRow<T extends OwedDocument> = Omit<T, "indexedBefore"> & { readonly indexedBefore: number };

/** The document that a row stands for. */
export function owedDocument<T extends OwedDocument>(
  row: AsRow<T>,
): Omit<T, "indexedBefore"> & { indexedBefore: boolean } {
  return { ...row, indexedBefore: row.indexedBefore === 1 };
}

function readMethods(database: Database): ReadMethods {
  return {
    owedDocuments: async (limit, notIds, nowMs) => {
      const [list = "[]"] = jsonSlices(notIds);
      const rows = await database.rows<AsRow<OwedDocument>>(
        `select id, r2_key as revisionKey, content_hash as contentHash, date, transcript_characters as storedBytes,
           indexed_hash is not null as indexedBefore
         from meetings where vectors_owed_since is not null and deleted_ms is null
           and id not in (select value from json_each(?2)) and not (${refusedAt("?3")})
         order by vectors_owed_since, id limit ?1`,
        limit,
        list,
        nowMs,
      );
      return { items: rows.map(owedDocument), cursor: null };
    },
    chunksOf: async (documentIds, model) => {
      const [list = "[]"] = jsonSlices(documentIds);
      const rows = await database.rows<Row>(
        `select ${COLUMNS}, null as text from chunks
         where document_id in (select value from json_each(?1)) and model = ?2`,
        list,
        model,
      );
      return Map.groupBy(rows.map(chunkOf), (chunk) => chunk.documentId);
    },
    chunksById: async (ids) => {
      const [list = "[]"] = jsonSlices(ids);
      const rows = await database.rows<Row>(
        `select ${COLUMNS}, null as text from json_each(?1) as wanted join chunks on chunks.id = wanted.value order by wanted.key`,
        list,
      );
      return { items: rows.map(chunkOf), cursor: null };
    },
    chunkTexts: async (ids) => {
      const [list = "[]"] = jsonSlices(ids);
      const rows = await database.rows<{ id: string; text: string }>(
        "select id, text from chunks where text is not null and id in (select value from json_each(?1))",
        list,
      );
      return new Map(rows.map(({ id, text }) => [id, text]));
    },
    embeddings: async (textHashes) => {
      const [list = "[]"] = jsonSlices(textHashes);
      const rows = await database.rows<{ hash: string; key: string; index: number }>(
        `select text_hash as hash, embedding_key as key, embedding_index as "index" from chunks
         where embedding_key is not null and text_hash in (select value from json_each(?1))`,
        list,
      );
      return new Map(rows.map(({ hash, key, index }) => [hash, { key, index }]));
    },
  };
}

function countMethods(
  database: Database,
): Pick<RecordStore, "owedCount" | "vectorProgress" | "embeddedCount"> {
  return {
    owedCount: async (nowMs) => {
      const [row] = await database.rows<{ owed: number; due: number }>(
        `select count(*) as owed, coalesce(sum(not (${refusedAt("?1")})), 0) as due
         from meetings where vectors_owed_since is not null and deleted_ms is null`,
        nowMs,
      );
      return row ?? { owed: 0, due: 0 };
    },
    vectorProgress: async (sinceMs) => {
      const [row] = await database.rows<{ documents: number; chunks: number; sent: number }>(
        `select count(distinct document_id) as documents, count(*) as chunks,
           coalesce(sum(sent_ms is not null), 0) as sent from chunks where planned_ms >= ?1`,
        sinceMs,
      );
      return row ?? { documents: 0, chunks: 0, sent: 0 };
    },
    embeddedCount: async (runId) => {
      const [row] = await database.rows<{ n: number }>(
        "select count(*) as n from chunks where embedded_run_id = ?1",
        runId,
      );
      return row?.n ?? 0;
    },
  };
}

type WriteMethods = Pick<RecordStore, "planChunks" | "markSent" | "markLive" | "commitDocuments">;

function writeMethods(database: Database): WriteMethods {
  return {
    planChunks: async (fence, { rows, nowMs }) => {
      for (let start = 0; start < rows.length; start += CHUNK_ROWS_PER_STATEMENT) {
        await database.fenced(fence, plannedRows(rows.slice(start, start + CHUNK_ROWS_PER_STATEMENT), nowMs));
      }
    },
    markSent: async (fence, { runId, nowMs, rows }) => {
      const statements = forRows(
        rows,
        // A live vector that is sent again stays live: it goes out with the same bytes under the same id.
        `update chunks set state = case state when 'live' then 'live' else 'sent' end, sent_ms = ?3,
           embedding_key = sent.value ->> 'key',
           embedding_index = sent.value ->> 'index',
           embedded_run_id = case when sent.value ->> 'embedded' then ?2 else embedded_run_id end
         from json_each(?1) as sent where chunks.id = sent.value ->> 'id' and state in ('planned', 'sent', 'live')`,
        runId,
        nowMs,
      );
      await database.fenced(fence, statements);
    },
    markLive: async (fence, ids, nowMs) => {
      await database.fenced(
        fence,
        forRows(
          ids,
          `update chunks set state = 'live', live_ms = ?2
           where state in ('planned', 'sent') and id in (select value from json_each(?1))`,
          nowMs,
        ),
      );
    },
    commitDocuments: async (fence, done) => {
      await database.fenced(fence, committedDocuments(fence.lane, done));
    },
  };
}

function plannedRows(rows: readonly PlannedRow[], nowMs: number): Statement[] {
  const at = (path: string): string => `value ->> '${path}'`;
  return forRows(
    rows,
    `insert into chunks (id, document_id, text, text_hash, repetition, generation, model, metadata, position, speaker,
       start_seconds, end_seconds, first_sentence, last_sentence, speakers, moments, tokens, state, planned_ms)
     select ${at("id")}, ${at("documentId")}, ${at("text")}, ${at("textHash")}, ${at("repetition")}, ${at("generation")},
       ${at("model")}, value -> 'metadata', ${at("position")}, ${at("speaker")}, ${at("startSeconds")}, ${at("endSeconds")},
       ${at("firstSentence")}, ${at("lastSentence")}, value -> 'speakers',
       value -> 'moments', ${at("tokens")}, 'planned', ?2
     from json_each(?1) where true
     on conflict (id) do update set ${REPLANNED.map((column) => `${column} = excluded.${column}`).join(", ")}
     where chunks.state in ('planned', 'sent', 'live')
       and (${REPLANNED.map((column) => `chunks.${column} is not excluded.${column}`).join(" or ")})`,
    nowMs,
  );
}

/** What a planned row says. The id means the same text for ever; a row that says otherwise was changed by another hand. */
const REPLANNED =
  `document_id text text_hash repetition generation model metadata position speaker start_seconds end_seconds
  first_sentence last_sentence speakers moments tokens`.split(/\s+/);

function committedDocuments(lane: string, done: Parameters<RecordStore["commitDocuments"]>[1]): Statement[] {
  return [...indexedDocuments(done), checkpoint(lane, done)];
}

/** Verdicts of documents; those whose vectors were seen are no longer owed, unless they have changed meanwhile. */
export function indexedDocuments(
  done: Pick<Parameters<RecordStore["commitDocuments"]>[1], "runId" | "documents">,
): Statement[] {
  const indexed = done.documents.filter(({ verdict }) => verdict !== "pending" && verdict !== "failed");
  return [
    ...forRows(
      done.documents,
      `insert into run_items (run_id, item_id, verdict, reason)
       select ?2, value ->> 'id', value ->> 'verdict', value ->> 'reason' from json_each(?1)
       where true ${VERDICT_CONFLICT}`,
      done.runId,
    ),
    ...forRows(
      indexed,
      `update meetings set vectors_owed_since = null, indexed_hash = content_hash
       from json_each(?1) as done
       where meetings.id = done.value ->> 'id' and content_hash = done.value ->> 'contentHash'`,
    ),
    ...forRows(
      indexed.map(({ id }) => id),
      "delete from refusals where document_id in (select value from json_each(?1))",
    ),
    ...forRows(
      done.documents.filter(({ retryMs }) => retryMs !== null),
      `insert into refusals (document_id, content_hash, reason, retry_ms)
       select value ->> 'id', value ->> 'contentHash', value ->> 'reason', value ->> 'retryMs' from json_each(?1) where true
       on conflict (document_id) do update set content_hash = excluded.content_hash, reason = excluded.reason,
         retry_ms = excluded.retry_ms`,
    ),
  ];
}

type DeadMethods = Pick<RecordStore, "markDead" | "markGone" | "markRisen" | "deadDue" | "markRechecked">;

function deadMethods(database: Database): DeadMethods {
  const states = (from: readonly ChunkState[]): string => from.map((state) => `'${state}'`).join(", ");
  const inList = "id in (select value from json_each(?1))";
  return {
    markDead: async (fence, ids, nowMs) => {
      const sql = `update chunks set state = 'dead', dead_ms = coalesce(dead_ms, ?2)
        where state in (${states(["planned", "sent", "live"])}) and ${inList}`;
      await database.fenced(fence, forRows(ids, sql, nowMs));
    },
    markGone: async (fence, ids) => {
      const sql = `update chunks set state = 'gone', text = null, doomed = 0 where state = 'dead' and ${inList}`;
      await database.fenced(fence, forRows(ids, sql));
    },
    markRisen: async (fence, ids, nowMs) => {
      // Deleted again at once, and from now on looked for anew: whatever rose once may rise again.
      const sql = `update chunks set state = 'dead', rechecks = 0, dead_ms = ?2 - ${DEAD_LINGERS_MS} where state = 'gone' and ${inList}`;
      await database.fenced(fence, forRows(ids, sql, nowMs));
    },
    deadDue: async (nowMs, limit) => {
      const items = await database.rows<{ id: string; rechecks: number; binding: string | null }>(
        `select id, rechecks, (select binding from indexes where indexes.model = chunks.model) as binding
         from chunks where ${isDeadDue("?1")} limit ?2`,
        nowMs,
        limit,
      );
      return { items, cursor: null };
    },
    markRechecked: async (fence, items) => {
      await database.fenced(
        fence,
        forRows(
          items,
          `update chunks set rechecks = done.value ->> 'rechecks' + 1 from json_each(?1) as done
           where chunks.id = done.value ->> 'id' and state = 'gone' and rechecks = done.value ->> 'rechecks'`,
        ),
      );
    },
  };
}
