import type { D1Database } from "@cloudflare/workers-types";
import type { LargeMeeting } from "../../core/large-pages.ts";
import type { Known, RecordStore } from "../../ports/record-store.ts";
import { createChunkLedger } from "./chunk-ledger.ts";
import { createDatabase, jsonSlices, statement, type Database } from "./database.ts";
import { pageStatements } from "./page-commit.ts";

/** Records, sightings, enumerations and chunks in D1. */
export function createRecordStore(d1: D1Database): RecordStore {
  const database = createDatabase(d1);
  return {
    ...createChunkLedger(database),
    ...listingMethods(database),
    ...countMethods(database),
  };
}

type ListingMethods = Pick<
  RecordStore,
  "known" | "knownByWire" | "commitPage" | "discoveries" | "listingState"
>;

function listingMethods(database: Database): ListingMethods {
  return {
    known: async (ids) =>
      new Map((await knownWhere(database, "source_id", ids)).map((known) => [known.id, known])),
    knownByWire: async (wireHashes) =>
      new Map(
        // Said again, because the index leaves out rows without a hash.
        (await knownWhere(database, "wire_hash <> '' and wire_hash", wireHashes)).map((known) => [
          known.wireHash,
          known,
        ]),
      ),
    commitPage: async (fence, page) => {
      const balanced = page.discovery.completedMs === null ? [] : [statement(BALANCE)];
      const results = await database.fenced(fence, [...pageStatements(fence.lane, page), ...balanced]);
      const [row] = (results.at(-1)?.results ?? []) as NonNullable<
        Awaited<ReturnType<RecordStore["commitPage"]>>
      >[];
      return balanced.length === 0 ? null : (row ?? { ids: 0, accounted: 0, failed: 0, failing: 0 });
    },
    discoveries: async () => {
      const [row] = await database.rows<Discoveries>(DISCOVERIES);
      return row ?? { open: null, lastCeilingMs: null };
    },
    listingState: (asked) => listingState(database, asked),
  };
}

async function knownWhere(database: Database, column: string, values: readonly string[]): Promise<Known[]> {
  if (values.length === 0) return [];
  const [list = "[]"] = jsonSlices(values);
  const rows = await database.rows<Omit<Known, "proven"> & { proven: number }>(
    `select source_id as id, date_string as dateString, content_hash as contentHash, state, revision_key as revisionKey,
       stored_sha256 as storedSha256, stored_bytes as storedBytes, audio_expires_ms as audioExpiresMs,
       wire_hash as wireHash, alone_ms as aloneMs, large_bytes as largeBytes, row_hash as rowHash,
       completed_ms is not null as proven
     from sightings left join discoveries on discoveries.id = discovery_id
     where ${column} in (select value from json_each(?1))`,
    list,
  );
  return rows.map((row) => ({ ...row, proven: row.proven === 1 }));
}

type Discoveries = Awaited<ReturnType<RecordStore["discoveries"]>>;

/** Listings of Fireflies: those of Notion say nothing about meetings. */
const OWN = "discoveries where sync = 'fireflies'";

const DISCOVERIES = `select
  (select id from ${OWN} and completed_ms is null order by id desc limit 1) as open,
  (select max(ceiling_ms) from ${OWN} and completed_ms is not null) as lastCeilingMs`;

/** One batch: each read on its own would cost a round trip. */
async function listingState(
  database: Database,
  asked: Parameters<RecordStore["listingState"]>[0],
): ReturnType<RecordStore["listingState"]> {
  const [discoveries, checkpoints, recent, failed, large] = await database.batch([
    statement(DISCOVERIES),
    statement("select state, at_ms as atMs from checkpoints where lane = 'fireflies'"),
    statement(
      `select count(*) as n from sightings where date_string >= (
         select strftime('%Y-%m-%dT%H:%M:%fZ', (max(ceiling_ms) - ?1) / 1000.0, 'unixepoch')
         from ${OWN} and completed_ms is not null)`,
      asked.overlapMs,
    ),
    statement(
      `select source_id as id from sightings where state = 'failed' and last_seen_ms <= ?1 order by last_seen_ms limit ?2`,
      asked.failedBeforeMs,
      asked.retriesMax,
    ),
    statement(
      `select date_string as place, large_bytes as sizeBytes,
         (select count(*) from sightings as others where others.date_string > sightings.date_string) as newer
       from sightings where large_bytes > 0 order by date_string desc limit ?1`,
      asked.largeMax,
    ),
  ]);
  const [checkpoint] = (checkpoints?.results ?? []) as { state: string; atMs: number }[];
  return {
    ...((discoveries?.results[0] as Discoveries | undefined) ?? { open: null, lastCeilingMs: null }),
    checkpoint: checkpoint === undefined ? null : JSON.parse(checkpoint.state),
    checkpointMs: checkpoint?.atMs ?? null,
    recent: (recent?.results[0] as { n: number } | undefined)?.n ?? 0,
    failed: ((failed?.results ?? []) as { id: string }[]).map(({ id }) => id),
    large: (large?.results ?? []) as LargeMeeting[],
  };
}

/** A meeting that was valid once keeps its record when a later revision is set aside. */
const WITHOUT_RECORD =
  "not exists (select 1 from meetings where meetings.id = source_id and deleted_ms is null)";

const SOURCE_IDS = `select count(*) from sightings
  where discovery_id in (select id from ${OWN} and completed_ms is not null)`;

/** Asked so that indexes alone answer: rows of meetings are wide, and every run asks. */
const RECORDS =
  "(select count(*) from meetings) - (select count(*) from meetings where deleted_ms is not null)";

/** Ids that only an enumeration without an end has shown: they may be gone since, and count on neither side. */
const UNPROVEN_IDS = `select count(*) from discoveries join sightings on discovery_id = discoveries.id
  where completed_ms is null`;

const BALANCE = `select (${SOURCE_IDS}) as ids,
  ${RECORDS}
    + (select count(*) from sightings where state <> 'live' and state in ('pending', 'quarantined') and ${WITHOUT_RECORD})
    - (${UNPROVEN_IDS} and (state in ('pending', 'quarantined') or not ${WITHOUT_RECORD})) as accounted,
  (select count(*) from sightings where state = 'failed' and ${WITHOUT_RECORD})
    - (${UNPROVEN_IDS} and state = 'failed' and ${WITHOUT_RECORD}) as failed,
  (select count(*) from sightings where state = 'failed') as failing`;

/** Chunks belong to the index of their model; what counts them means the live one. */
const LIVE_MODEL = "(select model from indexes where state = 'live')";

type CountMethods = Pick<RecordStore, "sourceCount" | "totals">;

function countMethods(database: Database): CountMethods {
  return {
    sourceCount: async () => {
      const [row] = await database.rows<{ ids: number; asOfMs: number | null }>(
        `select (${SOURCE_IDS}) as ids, (select max(completed_ms) from ${OWN}) as asOfMs`,
      );
      return row ?? { ids: 0, asOfMs: null };
    },
    totals: async () => {
      const [row] = await database.rows<Awaited<ReturnType<RecordStore["totals"]>>>(
        `select records, documents, pending, quarantined, records + pending + quarantined as accounted, liveChunks from (select
           ${RECORDS} as records,
           (select count(*) from meetings where deleted_ms is null and transcript_state = 'ready') as documents,
           (select count(*) from sightings where state <> 'live' and state = 'pending' and ${WITHOUT_RECORD}) as pending,
           (select count(*) from sightings where state <> 'live' and state = 'quarantined' and ${WITHOUT_RECORD}) as quarantined,
           (select count(*) from chunks where state = 'live' and model = ${LIVE_MODEL}) as liveChunks)`,
      );
      return row ?? { records: 0, documents: 0, pending: 0, quarantined: 0, accounted: 0, liveChunks: 0 };
    },
  };
}
