/** A value that comes out of SQL; numbers are doubles or safe integers, blobs are whole ArrayBuffers. */
type SqlValue = string | number | null | ArrayBuffer;
export type SqlRow = Record<string, SqlValue>;

/** A value that goes in; a blob may be a part of a buffer, which is not copied on the way. */
export type SqlParam = string | number | null | Uint8Array;

/**
 * The synchronous SQLite that the index lives on: a Durable Object's storage, or `node:sqlite`.
 *
 * `exec` runs one statement and returns all its rows; `transaction` commits when `run` returns and rolls back
 * when it throws. Transactions do not nest.
 */
export interface Sql {
  exec(statement: string, ...params: SqlParam[]): SqlRow[];
  transaction<T>(run: () => T): T;
}

/**
 * Create the index's tables if they are missing.
 *
 * Vectors are written once, when the call is accepted, under the number of their mutation; they become visible
 * when the watermark (in `state`) reaches that number, and the rows they replace are deleted at that moment. So
 * `mutation_seq <= watermark` holds exactly one row per id, and a write touches the 4 kB of a vector only once.
 *
 * vectors        written by MutationQueue.accept; read by VisibleRows and the index; deleted when replaced or removed
 * mutations      written by MutationQueue.accept; read and deleted by MutationQueue.applyDue
 * state          one row per switch or mark; written by the queue, IndexDefinition and IndexControls
 * namespaces     names in use; written and pruned by Namespaces
 * list_snapshots written by VectorList with the first page of a list, deleted by it when expired
 * listed_ids     the ids of a snapshot, likewise
 */
export function createSchema(sql: Sql): void {
  // One transaction is one wait for the disk.
  sql.transaction(() => createTables(sql));
}

function createTables(sql: Sql): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS vectors (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    mutation_seq INTEGER NOT NULL,
    namespace TEXT,
    metadata TEXT,
    indexed_metadata TEXT,
    norm REAL NOT NULL,
    float32 BLOB NOT NULL)`);
  sql.exec("CREATE UNIQUE INDEX IF NOT EXISTS vectors_by_id ON vectors (id, mutation_seq)");
  sql.exec("CREATE INDEX IF NOT EXISTS vectors_by_mutation ON vectors (mutation_seq)");
  sql.exec(`CREATE TABLE IF NOT EXISTS mutations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    mutation_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    accepted_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    delete_ids TEXT)`);
  sql.exec("CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value)");
  sql.exec(`CREATE TABLE IF NOT EXISTS list_snapshots (
    snapshot INTEGER PRIMARY KEY AUTOINCREMENT,
    total INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL)`);
  sql.exec(`CREATE TABLE IF NOT EXISTS listed_ids (
    snapshot INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (snapshot, id)) WITHOUT ROWID`);
  if (sql.exec("SELECT 1 FROM sqlite_schema WHERE name = 'namespaces'").length > 0) return;
  sql.exec("CREATE TABLE namespaces (name TEXT PRIMARY KEY)");
  sql.exec("INSERT INTO namespaces SELECT DISTINCT namespace FROM vectors WHERE namespace IS NOT NULL");
}

/** Read one mark or switch; `fallback` when it was never set. */
export function readState<T extends SqlValue>(sql: Sql, key: string, fallback: T): T {
  const row = sql.exec("SELECT value FROM state WHERE key = ?", key)[0];
  return row === undefined ? fallback : (row["value"] as T);
}

/** Set one mark or switch. */
export function writeState(sql: Sql, key: string, value: string | number | null): void {
  sql.exec(
    "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    key,
    value,
  );
}
