import type { ProofMeeting, ProofPage, ProofStore } from "../../ports/proof-store.ts";
import type { SightingState } from "../../ports/record-store.ts";
import { RECORDS } from "./balance.ts";
import { jsonSlices, type Database } from "./database.ts";

type Methods = Omit<
  ProofStore,
  | "ask"
  | "standing"
  | "proof"
  | "keep"
  | "end"
  | "findings"
  | "openSubjects"
  | "open"
  | "toMend"
  | "noteRepair"
  | "oweDocuments"
  | "fullText"
  | "isFullTextSound"
  | "rebuildFullText"
>;

/** Chunks belong to the index of their model; a proof is about the live one. */
const LIVE_MODEL = "(select model from indexes where state = 'live')";

/** What the ledger says, for a proof to hold against the stores. */
export function proofReads(database: Database): Methods {
  const count = async (sql: string, ...values: string[]): Promise<number> =>
    (await database.rows<{ n: number }>(sql, ...values))[0]?.n ?? 0;
  return {
    meetings: (page) => meetings(database, page),
    ...chunkReads(database),
    sightingCount: () => count("select count(*) as n from sightings"),
    strays: async (limit) => {
      const rows = await database.rows<{ id: string }>(
        `select id from meetings where not exists (select 1 from sightings where source_id = meetings.id)
         order by id limit ?1`,
        limit,
      );
      return { items: rows.map(({ id }) => id), cursor: null };
    },
    revisionsAmong: async (keys) => {
      let found = 0;
      for (const list of jsonSlices(keys))
        found += await count(
          "select count(distinct revision_key) as n from sightings where revision_key in (select value from json_each(?1))",
          list,
        );
      return found;
    },
    revisionCount: () =>
      count("select count(distinct revision_key) as n from sightings where revision_key <> ''"),
    idsBetween: async (newerPlace, olderPlace) => {
      const rows = await database.rows<{ id: string }>(
        `select source_id as id from sightings join discoveries on discoveries.id = discovery_id
           left join meetings on meetings.id = source_id
         where date_string < ?1 and date_string > ?2 and completed_ms is not null and meetings.deleted_ms is null
           and sightings.state <> 'deleted'
         order by date_string desc`,
        newerPlace,
        olderPlace,
      );
      return { items: rows.map(({ id }) => id), cursor: null };
    },
    lastWholeListingMs: async (sinceMs) => {
      const [row] = await database.rows<{ ms: number | null }>(
        `select max(ms) as ms from (
           select max(started_ms) as ms from discoveries
             where sync = 'fireflies' and kind = 'backfill' and completed_ms is not null
           union all select max(figure.value ->> 'asOfMs') from proofs, json_each(proofs.state, '$.figures') as figure
             where mode = 'complete' and ended_ms >= ?1 and figure.value ->> 'domain' = 'source'
               and exists (select 1 from json_each(proofs.state, '$.looked') where value = 'source'))`,
        sinceMs,
      );
      return row?.ms ?? null;
    },
    rowCount: (sync) =>
      count(
        sync === "vectors"
          ? `select count(*) as n from chunks where state = 'live' and model = ${LIVE_MODEL}`
          : sync === "fireflies"
            ? `select ${RECORDS} as n`
            : `select count(*) as n from ${sync} where deleted_ms is null`,
      ),
  };
}

type ChunkReads = Pick<ProofStore, "chunks" | "vectorCounts" | "goneIds">;

function chunkReads(database: Database): ChunkReads {
  return {
    chunks: async (documentIds) => {
      const [list = "[]"] = jsonSlices(documentIds);
      const rows = await database.rows<ChunkRow>(
        `select id, document_id as documentId, text, text_hash as textHash, model, metadata,
           exists (select 1 from chunks_fts_docsize as entry where entry.id = chunks.rowid) as isIndexed
         from chunks where state = 'live' and model = ${LIVE_MODEL} and document_id in (select value from json_each(?1))`,
        list,
      );
      return {
        items: rows.map((row) => ({
          ...row,
          metadata: JSON.parse(row.metadata) as Record<string, string>,
          isIndexed: row.isIndexed === 1,
        })),
        cursor: null,
      };
    },
    vectorCounts: async () => {
      // Each count is that of an index: rows of chunks carry their text.
      const of = (state: string): string =>
        `(select count(*) from chunks where state = '${state}' and model = ${LIVE_MODEL})`;
      const [row] = await database.rows<{ live: number; sent: number; dead: number }>(
        `select ${of("live")} as live, ${of("sent")} as sent, ${of("dead")} as dead`,
      );
      const { live, sent, dead } = row ?? { live: 0, sent: 0, dead: 0 };
      return { live, max: live + sent + dead };
    },
    goneIds: async (after, limit) => {
      const rows = await database.rows<{ id: string }>(
        `select id from chunks where state = 'gone' and model = ${LIVE_MODEL} and id > ?1 order by id limit ?2`,
        after,
        limit,
      );
      return { items: rows.map(({ id }) => id), cursor: null };
    },
  };
}

type ChunkRow = {
  id: string;
  documentId: string;
  text: string | null;
  textHash: string;
  model: string;
  metadata: string;
  isIndexed: number;
};

type MeetingRow = {
  id: string;
  state: SightingState;
  content_hash: string;
  revision_key: string;
  proven: number;
  deleted: number;
  record_hash: string | null;
  indexed_hash: string | null;
  owed: number | null;
};

const SELECT = `select source_id as id, sightings.state, sightings.content_hash, revision_key,
    completed_ms is not null as proven, (sightings.state = 'deleted' or meetings.deleted_ms is not null) as deleted,
    iif(meetings.deleted_ms is null, meetings.content_hash, null) as record_hash, indexed_hash, vectors_owed_since as owed
  from sightings left join discoveries on discoveries.id = discovery_id left join meetings on meetings.id = source_id`;

async function meetings(
  database: Database,
  page: ProofPage,
): Promise<{ items: ProofMeeting[]; cursor: string | null }> {
  if ("ids" in page) {
    const [list = "[]"] = jsonSlices(page.ids);
    const rows = await database.rows<MeetingRow>(
      `${SELECT} where source_id in (select value from json_each(?1)) order by source_id`,
      list,
    );
    return { items: rows.map(meetingOf), cursor: null };
  }
  const sinceMs = "sinceMs" in page ? page.sinceMs : null;
  const rows = await database.rows<MeetingRow>(
    `${SELECT} where source_id > ?1 and (?3 is null or last_seen_ms >= ?3
       or exists (select 1 from chunks where document_id = source_id and live_ms >= ?3)) order by source_id limit ?2`,
    page.after,
    page.limit,
    sinceMs,
  );
  const items = rows.map(meetingOf);
  return { items, cursor: items.length === page.limit ? (items.at(-1)?.id ?? null) : null };
}

function meetingOf(row: MeetingRow): ProofMeeting {
  return {
    id: row.id,
    state: row.state,
    contentHash: row.content_hash,
    revisionKey: row.revision_key,
    proven: row.proven === 1,
    deleted: row.deleted === 1,
    record:
      row.record_hash === null
        ? null
        : { contentHash: row.record_hash, indexedHash: row.indexed_hash, owed: row.owed !== null },
  };
}
