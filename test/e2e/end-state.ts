import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

type Row = Record<string, SQLOutputValue>;

/** What a data directory holds, without generated ids and times, so that two can be compared. */
export type EndState = {
  readonly meetings: readonly Row[];
  readonly sightings: readonly Row[];
  readonly quarantine: readonly Row[];
  readonly chunks: readonly Row[];
  readonly openAlerts: readonly string[];
  readonly unfinishedRuns: number;
  readonly revisionKeys: readonly string[];
  /** Embeddings that a chunk refers to and that are not there; kept ones that no chunk refers to. */
  readonly embeddings: { readonly missing: readonly string[]; readonly orphaned: readonly string[] };
  readonly vectorIds: readonly string[];
};

/** Columns that differ between two equal histories: ids of runs, moments, signed links, places of embeddings. */
const VARYING = {
  meetings: "observed_ms vectors_owed_since recording_url recording_url_expires_at created_at updated_at",
  sightings: "discovery_id audio_expires_ms first_seen_ms last_seen_ms observed_ms alone_ms",
  quarantine: "first_ms last_ms run_id resolved_ms",
  chunks: "embedding_key embedding_index embedded_run_id planned_ms sent_ms live_ms dead_ms rechecks",
};

/** Read the end state of a data directory whose program has ended. */
export function readEndState(dataDir: string): EndState {
  const table = (name: keyof typeof VARYING, orderedBy: string, where = "true"): Row[] =>
    readD1(dataDir, `select * from ${name} where ${where} order by ${orderedBy}`).map((row) =>
      without(row, VARYING[name].split(" ")),
    );
  const keys = [...readR2(dataDir).keys()].toSorted();
  return {
    meetings: table("meetings", "id"),
    sightings: table("sightings", "source_id"),
    quarantine: table("quarantine", "source_id", "resolved_ms is null"),
    chunks: table("chunks", "id"),
    openAlerts: readD1(dataDir, "select kind from alerts where closed_ms is null order by kind").map((row) =>
      String(row["kind"]),
    ),
    unfinishedRuns: readD1(dataDir, "select id from runs where ended_ms is null").length,
    revisionKeys: keys.filter((key) => key.startsWith("fireflies-transcripts/")),
    embeddings: embeddingsOf(dataDir, keys),
    vectorIds: readVectorIds(dataDir),
  };
}

function embeddingsOf(dataDir: string, keys: readonly string[]): EndState["embeddings"] {
  const sql = "select distinct embedding_key as key from chunks where embedding_key is not null";
  const wanted = new Set(readD1(dataDir, sql).map((row) => String(row["key"])));
  const kept = new Set(keys.filter((key) => key.startsWith("embeddings/")));
  return {
    missing: [...wanted].filter((key) => !kept.has(key)),
    orphaned: [...kept].filter((key) => !wanted.has(key)),
  };
}

const D1 = "state/d1/miniflare-D1DatabaseObject";
const VECTORS = "state/do/vectorize-VectorizeStore";

/** Rows of the D1 database below a data directory; none while it does not exist yet. */
export function readD1(dataDir: string, sql: string): Row[] {
  return read(dataDir, D1, sql);
}

/** Write to the D1 below a data directory as an application would; `?1` and so on stand for values. */
export function writeD1(dataDir: string, sql: string, ...values: readonly (string | number)[]): void {
  write(dataDir, D1, sql, values);
}

/** Write to every vector index below a data directory, behind its back, while nothing runs. */
export function writeIndexes(dataDir: string, sql: string, ...values: readonly (string | number)[]): void {
  write(dataDir, VECTORS, sql, values);
}

/** Objects in R2: key to version, which changes with every write of that key. */
export function readR2(dataDir: string): Map<string, string> {
  const rows = read(dataDir, "state/r2/miniflare-R2BucketObject", "select key, version from _mf_objects");
  return new Map(rows.map((row) => [String(row["key"]), String(row["version"])]));
}

/** Ids that the vector index holds, in order. */
export function readVectorIds(dataDir: string): string[] {
  const sql = "select id from vectors order by id";
  return read(dataDir, VECTORS, sql).map((row) => String(row["id"]));
}

/** Shape of each vector index on disk, and how many vectors it holds. */
export function readIndexes(dataDir: string): { shape: string; vectors: number }[] {
  const sql =
    "select (select value from state where key = 'config') as shape, (select count(*) from vectors) as vectors";
  return read(dataDir, VECTORS, sql)
    .map((row) => ({ shape: String(row["shape"]), vectors: Number(row["vectors"]) }))
    .toSorted((a, b) => (a.shape < b.shape ? -1 : 1));
}

/** The log of an emulator whose world lies in the folder and that has ended. */
export function readEmulatorLog<T>(worldDir: string): T[] {
  const file = ["fireflies.sqlite", "notion.sqlite"]
    .map((name) => join(worldDir, name))
    .find((one) => existsSync(one));
  if (file === undefined) return [];
  return query(file, "select entry from request_log order by seq").map(
    (row) => JSON.parse(String(row["entry"])) as T,
  );
}

function databases(dataDir: string, folder: string): string[] {
  return globSync(join(dataDir, folder, "*.sqlite")).filter((file) => !file.endsWith("/metadata.sqlite"));
}

function read(dataDir: string, folder: string, sql: string): Row[] {
  return databases(dataDir, folder).flatMap((file) => query(file, sql));
}

function write(dataDir: string, folder: string, sql: string, values: readonly (string | number)[]): void {
  for (const file of databases(dataDir, folder)) query(file, sql, values);
}

/** @param values of what writes; null: it only reads */
function query(file: string, sql: string, values: readonly (string | number)[] | null = null): Row[] {
  const database = new DatabaseSync(file, { readOnly: values === null, timeout: 5_000 });
  try {
    return database.prepare(sql).all(...(values ?? []));
  } catch (error) {
    // A kill may come between the making of a file and that of its tables.
    if (error instanceof Error && /no such table/.test(error.message)) return [];
    throw error;
  } finally {
    database.close();
  }
}

function without(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name)));
}
