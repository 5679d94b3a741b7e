import type { D1Database } from "@cloudflare/workers-types";
import type { Known, ProofMeeting, RecordStore, SightingState } from "../../ports/record-store.ts";
import { createChunkLedger } from "./chunk-ledger.ts";
import { createDatabase, jsonSlices, type Database } from "./database.ts";
import { pageStatements } from "./page-commit.ts";

/** Records, sightings, enumerations and chunks in D1. */
export function createRecordStore(d1: D1Database): RecordStore {
  const database = createDatabase(d1);
  return {
    ...createChunkLedger(database),
    ...listingMethods(database),
    ...proofMethods(database),
  };
}

type ListingMethods = Pick<
  RecordStore,
  "known" | "commitPage" | "checkpoint" | "discoveries" | "failedBefore" | "sightingsSince"
>;

function listingMethods(database: Database): ListingMethods {
  return {
    known: async (ids) => {
      const [list = "[]"] = jsonSlices(ids);
      const rows = await database.rows<Omit<Known, "proven"> & { proven: number }>(
        `select source_id as id, date_string as dateString, content_hash as contentHash, state, revision_key as revisionKey,
           stored_sha256 as storedSha256, stored_bytes as storedBytes, audio_expires_ms as audioExpiresMs,
           completed_ms is not null as proven
         from sightings left join discoveries on discoveries.id = discovery_id
         where source_id in (select value from json_each(?1))`,
        list,
      );
      return new Map(rows.map((row) => [row.id, { ...row, proven: row.proven === 1 }]));
    },
    commitPage: async (fence, page) => {
      await database.fenced(fence, pageStatements(fence.lane, page));
    },
    checkpoint: async (lane) => {
      const [row] = await database.rows<{ state: string }>(
        "select state from checkpoints where lane = ?1",
        lane,
      );
      return row === undefined ? null : JSON.parse(row.state);
    },
    discoveries: async () => {
      const [row] = await database.rows<{ open: string | null; lastCeilingMs: number | null }>(
        `select (select id from discoveries where completed_ms is null order by id desc limit 1) as open,
           (select max(ceiling_ms) from discoveries where completed_ms is not null) as lastCeilingMs`,
      );
      return row ?? { open: null, lastCeilingMs: null };
    },
    failedBefore: async (worldMs, limit) => {
      const rows = await database.rows<{ id: string }>(
        `select source_id as id from sightings where state = 'failed' and last_seen_ms <= ?1 order by last_seen_ms limit ?2`,
        worldMs,
        limit,
      );
      return rows.map((row) => row.id);
    },
    sightingsSince: async (worldMs) => {
      const [row] = await database.rows<{ n: number }>(
        "select count(*) as n from sightings where date_string >= ?1",
        new Date(worldMs).toISOString(),
      );
      return row?.n ?? 0;
    },
  };
}

/** A meeting that was valid once keeps its record when a later revision is set aside. */
const WITHOUT_RECORD =
  "not exists (select 1 from meetings where meetings.id = source_id and deleted_ms is null)";

type ProofMethods = Pick<RecordStore, "sourceCount" | "totals" | "proofPage" | "liveChunkIds">;

function proofMethods(database: Database): ProofMethods {
  return {
    sourceCount: async () => {
      const [row] = await database.rows<{ ids: number; asOfMs: number | null }>(
        `select (select count(*) from sightings join discoveries on discoveries.id = discovery_id
                 where completed_ms is not null) as ids,
           (select max(completed_ms) from discoveries) as asOfMs`,
      );
      return row ?? { ids: 0, asOfMs: null };
    },
    totals: async () => {
      const [row] = await database.rows<Awaited<ReturnType<RecordStore["totals"]>>>(
        `select records, documents, pending, quarantined, records + pending + quarantined as accounted, liveChunks from (select
           (select count(*) from meetings where deleted_ms is null) as records,
           (select count(*) from meetings where deleted_ms is null and transcript_state = 'ready') as documents,
           (select count(*) from sightings where state = 'pending' and ${WITHOUT_RECORD}) as pending,
           (select count(*) from sightings where state = 'quarantined' and ${WITHOUT_RECORD}) as quarantined,
           (select count(*) from chunks where state = 'live') as liveChunks)`,
      );
      return row ?? { records: 0, documents: 0, pending: 0, quarantined: 0, accounted: 0, liveChunks: 0 };
    },
    proofPage: (afterId, limit) => proofPage(database, afterId, limit),
    liveChunkIds: async (documentIds) => {
      const [list = "[]"] = jsonSlices(documentIds);
      const items = await database.rows<{ id: string; documentId: string }>(
        `select id, document_id as documentId from chunks
         where state = 'live' and document_id in (select value from json_each(?1))`,
        list,
      );
      return { items, cursor: null };
    },
  };
}

type ProofRow = {
  id: string;
  state: SightingState;
  content_hash: string;
  revision_key: string;
  stored_sha256: string | null;
  proven: number;
  record_hash: string | null;
  indexed_hash: string | null;
  owed: number | null;
};

async function proofPage(
  database: Database,
  afterId: string | null,
  limit: number,
): Promise<{ items: ProofMeeting[]; cursor: string | null }> {
  const rows = await database.rows<ProofRow>(
    `select source_id as id, sightings.state, sightings.content_hash, revision_key, stored_sha256,
       completed_ms is not null as proven, meetings.content_hash as record_hash, indexed_hash,
       vectors_owed_since as owed
     from sightings left join discoveries on discoveries.id = discovery_id
       left join meetings on meetings.id = source_id and deleted_ms is null
     where source_id > ?1 order by source_id limit ?2`,
    afterId ?? "",
    limit,
  );
  const items = rows.map((row): ProofMeeting => ({
    id: row.id,
    state: row.state,
    contentHash: row.content_hash,
    revisionKey: row.revision_key,
    storedSha256: row.stored_sha256,
    proven: row.proven === 1,
    record:
      row.record_hash === null
        ? null
        : { contentHash: row.record_hash, indexedHash: row.indexed_hash, owed: row.owed !== null },
  }));
  return { items, cursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
}
