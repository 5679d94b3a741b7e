import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applyMigrations, type NodeD1Database } from "./migrations.ts";

let miniflare: Miniflare;
let database: NodeD1Database;
let directory: string;

beforeAll(() => {
  const bindings = Array.from(
    { length: 8 },
    (_, n) => [`DB${n}`, { type: "d1", id: `db${n}` } as const] as const,
  );
  miniflare = new Miniflare({
    cf: false,
    workers: [
      {
        config: {
          name: "empty",
          compatibilityDate: "2026-10-01",
          manifest: {
            mainModule: "i.mjs",
            modules: { "i.mjs": { type: "esm", contents: "export default {}" } },
          },
          env: Object.fromEntries(bindings),
        },
      },
    ],
  });
}, 60_000);

afterAll(() => miniflare.dispose());

let used = 0;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "migrations-"));
  database = await miniflare.getD1Database(`DB${used++}`);
}, 60_000);

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function migration(name: string, sql: string): void {
  writeFileSync(join(directory, name), sql);
}

async function applied(): Promise<unknown[]> {
  const rows = await database.prepare("SELECT id, name FROM d1_migrations ORDER BY id").all();
  return rows.results;
}

describe("applyMigrations", () => {
  test("applies each file once, in the order of its number", async () => {
    migration("0010_c.sql", "INSERT INTO t VALUES ('c')");
    migration("0002_b.sql", "INSERT INTO t VALUES ('b');");
    migration("0001_a.sql", "CREATE TABLE t (a TEXT);");
    migration("notes.md", "no SQL at all");
    expect(await applyMigrations(database, directory)).toEqual(["0001_a.sql", "0002_b.sql", "0010_c.sql"]);
    expect(await applyMigrations(database, directory)).toEqual([]);
    migration("0011_d.sql", "INSERT INTO t VALUES ('d');");
    expect(await applyMigrations(database, directory)).toEqual(["0011_d.sql"]);
    const rows = await database.prepare("SELECT a FROM t").all();
    expect(rows.results).toEqual([{ a: "b" }, { a: "c" }, { a: "d" }]);
  });

  test("records them as wrangler does", async () => {
    migration("0001_it's.sql", "CREATE TABLE t (a);");
    await applyMigrations(database, directory);
    const rows = await database.prepare("SELECT * FROM d1_migrations").all();
    expect(rows.results).toEqual([
      { id: 1, name: "0001_it's.sql", applied_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) },
    ]);
    const columns = await database.prepare("PRAGMA table_info(d1_migrations)").all();
    expect(columns.results).toMatchObject([
      { name: "id", type: "INTEGER", pk: 1 },
      { name: "name", type: "TEXT", notnull: 0 },
      { name: "applied_at", type: "TIMESTAMP", notnull: 1, dflt_value: "CURRENT_TIMESTAMP" },
    ]);
  });

  test("takes triggers, comments, quotes and full-text tables", async () => {
    migration(
      "0001_search.sql",
      `-- who writes; who reads; it's all here
       CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
       CREATE VIRTUAL TABLE f USING fts5(a, content='t', content_rowid='id');
       CREATE TRIGGER t_ai AFTER INSERT ON t BEGIN
         INSERT INTO f (rowid, a) VALUES (new.id, CASE WHEN new.a IS NULL THEN '' ELSE new.a END);
       END;
       /* the end; */
       INSERT INTO t (a) VALUES ('semi; colon');`,
    );
    await applyMigrations(database, directory);
    const row = await database.prepare("SELECT count(*) AS n FROM f WHERE f MATCH 'colon'").first();
    expect(row).toEqual({ n: 1 });
  });

  test("rolls the whole file back when one statement fails, and keeps the files before it", async () => {
    migration("0001_a.sql", "CREATE TABLE t (a);");
    migration("0002_b.sql", "CREATE TABLE u (a); INSERT INTO nowhere VALUES (1);");
    await expect(applyMigrations(database, directory)).rejects.toThrow(
      /^The migration 0002_b\.sql failed and was rolled back: .*nowhere/,
    );
    expect(await applied()).toEqual([{ id: 1, name: "0001_a.sql" }]);
    await expect(database.prepare("SELECT * FROM u").all()).rejects.toThrow("no such table");

    migration("0002_b.sql", "CREATE TABLE u (a);");
    expect(await applyMigrations(database, directory)).toEqual(["0002_b.sql"]);
  });

  test("refuses a database with a migration that it does not know, before it changes anything", async () => {
    migration("0001_a.sql", "CREATE TABLE t (a);");
    migration("0009_later.sql", "CREATE TABLE later (a);");
    await applyMigrations(database, directory);
    rmSync(join(directory, "0009_later.sql"));
    migration("0002_b.sql", "CREATE TABLE u (a);");
    await expect(applyMigrations(database, directory)).rejects.toMatchObject({
      name: "StartRefused",
      exitCode: 3,
      message:
        "The database has the migration 0009_later.sql, which this version does not know: update the program, or choose another directory with --data-dir.",
    });
    await expect(database.prepare("SELECT * FROM u").all()).rejects.toThrow("no such table");
  });
});
