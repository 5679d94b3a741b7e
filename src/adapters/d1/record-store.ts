import type { D1Database } from "@cloudflare/workers-types";
import type { LargeMeeting } from "../../core/large-pages.ts";
import { NOTHING_LISTED, type Standing } from "../../core/plan.ts";
import { ARRIVALS_BEYOND_SHARE } from "../../core/policy.ts";
import type { Balance, Known, RecordStore } from "../../ports/record-store.ts";
import { BALANCE, OWN, RECORDS, SOURCE_IDS, WITHOUT_RECORD } from "./balance.ts";
import { createChunkLedger } from "./chunk-ledger.ts";
import { createDatabase, jsonSlices, statement, type Database } from "./database.ts";
import { LOOK_DUE } from "./deletion-rows.ts";
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
      const balanced =
        page.discovery === null || page.discovery.completedMs === null ? [] : [statement(BALANCE)];
      const results = await database.fenced(fence, [...pageStatements(fence.lane, page), ...balanced]);
      const [row] = (results.at(-1)?.results ?? []) as Balance[];
      return balanced.length === 0 ? null : (row ?? { ids: 0, accounted: 0, failed: 0, failing: 0 });
    },
    discoveries: async () => {
      const [row] = await database.rows<Discoveries>(DISCOVERIES);
      return row ?? NO_DISCOVERIES;
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

/** Sweeps list the past, and say nothing about how far the newest are known. */
const DISCOVERIES = `select
  (select max(ceiling_ms) from ${OWN} and completed_ms is not null and kind <> 'sweep') as lastCeilingMs,
  (select min(completed_ms) from ${OWN} and completed_ms is not null and kind = 'backfill') as backfilledMs`;

const NO_DISCOVERIES: Discoveries = { lastCeilingMs: null, backfilledMs: null };

/** One batch: each read on its own would cost a round trip. */
async function listingState(
  database: Database,
  asked: Parameters<RecordStore["listingState"]>[0],
): ReturnType<RecordStore["listingState"]> {
  const [discoveries, checkpoints, figures, failed, large] = await database.batch([
    statement(DISCOVERIES),
    statement("select state from checkpoints where lane = 'fireflies'"),
    statement(
      `select (select account_id from quota where key_name = ?4) as accountHash,
         (select count(*) from sightings where date_string >= (
           select strftime('%Y-%m-%dT%H:%M:%fZ', (coalesce(max(iif(completed_ms is null, null, ceiling_ms)),
             max(iif(kind = 'backfill', started_ms, null))) - ?1) / 1000.0, 'unixepoch')
           from ${OWN} and kind <> 'sweep')) as recent,
         (select count(*) from sightings where arrival_ms is not null) as arrivals,
         (select arrival_ms from sightings where arrival_ms is not null order by arrival_ms desc limit 1
           offset (select cast(count(*) * ?2 as integer) from sightings where arrival_ms is not null)) as longMs,
         (select count(*) from absences where ${LOOK_DUE("?3")}) as looks`,
      asked.overlapMs,
      ARRIVALS_BEYOND_SHARE,
      asked.absentBeforeMs,
      asked.keyName,
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
  const [checkpoint] = (checkpoints?.results ?? []) as { state: string }[];
  const [figure] = (figures?.results ?? []) as Figures[];
  const { accountHash = null, recent = 0, arrivals = 0, longMs = null, looks = 0 } = figure ?? {};
  return {
    ...((discoveries?.results[0] as Discoveries | undefined) ?? NO_DISCOVERIES),
    standing: checkpoint === undefined ? NOTHING_LISTED : (JSON.parse(checkpoint.state) as Standing),
    recent,
    arrivals: { count: arrivals, longMs },
    accountHash,
    looks,
    failed: ((failed?.results ?? []) as { id: string }[]).map(({ id }) => id),
    large: (large?.results ?? []) as LargeMeeting[],
  };
}

type Figures = {
  accountHash: string | null;
  recent: number;
  arrivals: number;
  longMs: number | null;
  looks: number;
};

/** Chunks belong to the index of their model; what counts them means the live one. */
const LIVE_MODEL = "(select model from indexes where state = 'live')";

/** Before the whole history was listed once, nobody can say how many meetings there are. */
const OWN_BACKFILL = `select 1 from ${OWN} and kind = 'backfill' and completed_ms is not null`;

type CountMethods = Pick<RecordStore, "sourceCount" | "totals">;

function countMethods(database: Database): CountMethods {
  return {
    sourceCount: async () => {
      const [row] = await database.rows<{ ids: number; asOfMs: number | null }>(
        `select (${SOURCE_IDS}) as ids,
           (select max(completed_ms) from ${OWN} and exists (${OWN_BACKFILL})) as asOfMs`,
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
