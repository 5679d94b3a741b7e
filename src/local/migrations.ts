import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Miniflare } from "miniflare";
import { splitStatements } from "./sql-statements.ts";
import { StartRefused } from "./start-refused.ts";

/** A D1 database as Node sees it. */
export type NodeD1Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** The table and its columns are those of `wrangler d1 migrations apply`, so either may follow the other. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Apply the `.sql` files of a directory that the database does not have yet, in the order of their numbers.
 *
 * @returns the names applied now
 *
 * Each file is one `batch()` together with its row in `d1_migrations`: all of it or nothing, and once.
 * Throws `StartRefused` when the database knows a migration that the directory lacks (it was written by a newer
 * version), or when a file fails; files before it stay applied.
 */
export async function applyMigrations(
  database: NodeD1Database,
  directory: string,
): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort(byNumber);
  await database.prepare(CREATE_TABLE).run();
  const rows = await database
    .prepare(`SELECT name FROM "d1_migrations" ORDER BY id`)
    .all<{ readonly name: string }>();
  const applied = new Set(rows.results.map((row) => row.name));
  refuseUnknown(applied, new Set(names));

  const missing = names.filter((name) => !applied.has(name));
  for (const name of missing) {
    await applyOne(database, name, await readFile(join(directory, name), "utf8"));
  }
  return missing;
}

function refuseUnknown(applied: ReadonlySet<string>, known: ReadonlySet<string>): void {
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new StartRefused(
    `The database has the migration ${unknown[0]}, which this version does not know: update the program, or choose another directory with --data-dir.`,
  );
}

async function applyOne(database: NodeD1Database, name: string, sql: string): Promise<void> {
  const statements = splitStatements(sql).map((statement) => database.prepare(statement));
  const note = database.prepare(`INSERT INTO "d1_migrations" (name) VALUES (?)`).bind(name);
  try {
    await database.batch([...statements, note]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartRefused(`The migration ${name} failed and was rolled back: ${reason}`, { cause });
  }
}

/** Wrangler's order: by leading number, files without one last, then by name. */
function byNumber(left: string, right: string): number {
  const difference = leadingNumber(left) - leadingNumber(right);
  if (difference !== 0 && !Number.isNaN(difference)) return difference;
  return left < right ? -1 : Number(left > right);
}

function leadingNumber(name: string): number {
  const number = Number.parseInt(name, 10);
  return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number;
}
