import { fileURLToPath } from "node:url";
import type { D1Database, D1PreparedStatement, D1Result } from "@cloudflare/workers-types";
import { openDataDir } from "../src/local/data-dir.ts";
import { applyMigrations } from "../src/local/migrations.ts";
import { type LocalWorker, startRuntime } from "../src/local/runtime.ts";

/** A real D1 in workerd, its bill kept by whoever spends. */
export type SoakD1 = {
  readonly database: D1Database;
  /** Rows read and written since the last call, as D1 itself counts them. */
  spent(): { readonly rowsRead: number; readonly rowsWritten: number };
  sizeBytes(): number;
  rowsByTable(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
};

const WORKER = "soak";
const SCRIPT = "export default { fetch: () => new Response() };";

/** Start workerd with one database, brought up to date. Takes a second. */
export async function openSoakD1(directory: string): Promise<SoakD1> {
  const worker = {
    config: {
      name: WORKER,
      compatibilityDate: "2026-10-01",
      manifest: { mainModule: "worker.mjs", modules: { "worker.mjs": { type: "esm", contents: SCRIPT } } },
      env: { DB: { type: "d1", id: "soak" } },
      exports: {},
    },
  } as LocalWorker;
  const dataDir = await openDataDir(directory);
  const runtime = await startRuntime({ dataDir, port: 0, workers: [worker], onLog: () => undefined });
  const inner = await runtime.miniflare.getD1Database("DB", WORKER);
  await applyMigrations(inner, fileURLToPath(new URL("../migrations/", import.meta.url)));
  let [rowsRead, rowsWritten, sizeBytes] = [0, 0, 0];
  const count = <R extends D1Result>(result: R): R => {
    rowsRead += result.meta.rows_read;
    rowsWritten += result.meta.rows_written;
    sizeBytes = result.meta.size_after;
    return result;
  };
  return {
    database: countedD1(inner as unknown as D1Database, count),
    spent: () => {
      const now = { rowsRead, rowsWritten };
      [rowsRead, rowsWritten] = [0, 0];
      return now;
    },
    sizeBytes: () => sizeBytes,
    rowsByTable: () => rowsByTable(inner as unknown as D1Database),
    close: () => runtime.stop(),
  };
}

/** What adapters use of D1, with each result seen. */
function countedD1(database: D1Database, count: <R extends D1Result>(result: R) => R): D1Database {
  const plain = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => count(await statement.all()),
      run: async () => count(await statement.run()),
    } as unknown as D1PreparedStatement;
    plain.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (sql: string) => wrap(database.prepare(sql)),
    batch: async (statements: readonly D1PreparedStatement[]) =>
      (await database.batch(statements.map((one) => plain.get(one) ?? one))).map(count),
  } as unknown as D1Database;
}

async function rowsByTable(database: D1Database): Promise<Record<string, number>> {
  const { results: tables } = await database
    .prepare(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name not like '\\_cf%' escape '\\' and name not like '%\\_fts\\_%' escape '\\'",
    )
    .all<{ name: string }>();
  const rows: Record<string, number> = {};
  for (const { name } of tables) {
    const { results } = await database.prepare(`select count(*) as n from "${name}"`).all<{ n: number }>();
    rows[name] = results[0]?.n ?? 0;
  }
  return rows;
}
