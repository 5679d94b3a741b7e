import type { D1Database } from "@cloudflare/workers-types";
import { beforeEach, describe, expect, it } from "vitest";

const CREATE_TABLE =
  "create table t (id integer primary key, a text not null unique, n, check (n is null or n < 100))";

/**
 * What the Cloudflare adapters rely on in D1, each rule a sentence. Runs over the in-process version in Node and over
 * workerd's own D1.
 *
 * @param name which implementation
 * @param openEmpty gives a database without tables
 */
export function d1DatabaseSuite(name: string, openEmpty: () => Promise<D1Database>): void {
  describe(`D1 contract: ${name}`, () => {
    let db: D1Database;
    beforeEach(async () => {
      db = await openEmpty();
      await db.prepare(CREATE_TABLE).run();
    });
    readingRules(() => db);
    valueRules(() => db);
    writingRules(() => db);
    batchRules(() => db);
    refusalRules(() => db);
    limitRules(() => db);
    fullTextRules(() => db);
  });
}

type Open = () => D1Database;

function readingRules(db: Open): void {
  describe("reading", () => {
    it("all gives success, meta and rows as objects", async () => {
      const result = await db().prepare("select 1 as one, 'x' as x").all();
      expect(result.success).toBe(true);
      expect(result.results).toEqual([{ one: 1, x: "x" }]);
      expect(result.meta).toMatchObject({ changes: 0, changed_db: false });
      expect(result.meta.size_after).toBeGreaterThan(0);
    });

    it("of two columns with one name the last wins in an object, raw keeps both", async () => {
      const statement = db().prepare("select 1 as a, 2 as a");
      expect((await statement.all()).results).toEqual([{ a: 2 }]);
      expect(await statement.raw()).toEqual([[1, 2]]);
      expect(await statement.raw({ columnNames: true })).toEqual([
        ["a", "a"],
        [1, 2],
      ]);
    });

    it("first gives a row, a column, or null when there is no row", async () => {
      await db().prepare("insert into t (a, n) values ('x', 5)").run();
      expect(await db().prepare("select a, n from t").first()).toEqual({ a: "x", n: 5 });
      expect(await db().prepare("select a, n from t").first("n")).toBe(5);
      expect(await db().prepare("select a from t where 0").first()).toBeNull();
      expect(await db().prepare("select a from t where 0").first("nope")).toBeNull();
    });

    it("first with an unknown column throws D1_COLUMN_NOTFOUND", async () => {
      await db().prepare("insert into t (a) values ('x')").run();
      await expect(db().prepare("select a from t").first("nope")).rejects.toThrow(
        "D1_COLUMN_NOTFOUND: Column not found (nope)",
      );
    });

    it("run brings rows too, and an empty list where there are none", async () => {
      expect((await db().prepare("select 1 as a").run()).results).toEqual([{ a: 1 }]);
      expect((await db().prepare("insert into t (a) values ('x')").run()).results).toEqual([]);
    });

    it("raw names the columns even without rows", async () => {
      expect(await db().prepare("select 1 as a where 0").raw({ columnNames: true })).toEqual([["a"]]);
    });

    it("several statements in one text run in order and the last one answers", async () => {
      const result = await db().prepare("insert into t (a) values ('x'); select a from t").all();
      expect(result.results).toEqual([{ a: "x" }]);
    });

    it("a session reads its own writes and has a bookmark after the first call", async () => {
      const session = db().withSession("first-primary");
      expect(session.getBookmark()).toBeNull();
      await session.prepare("insert into t (a) values ('x')").run();
      expect(await session.prepare("select count(*) as n from t").first("n")).toBe(1);
      expect(session.getBookmark()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/);
    });
  });
}

function valueRules(db: Open): void {
  const echo = (value: unknown) => db().prepare("select ?1 as v, typeof(?1) as t").bind(value).first();

  describe("values", () => {
    it("numbers are bound as reals, booleans as 0 and 1, NaN and infinity as null", async () => {
      expect(await echo(1)).toEqual({ v: 1, t: "real" });
      expect(await echo(1.5)).toEqual({ v: 1.5, t: "real" });
      expect((await echo(true))?.["v"]).toBe(1);
      expect((await echo(false))?.["v"]).toBe(0);
      expect(await echo(null)).toEqual({ v: null, t: "null" });
      expect(await echo(Number.NaN)).toEqual({ v: null, t: "null" });
      expect(await echo(Number.POSITIVE_INFINITY)).toEqual({ v: null, t: "null" });
      expect(await echo(-0)).toEqual({ v: 0, t: "real" });
    });

    it("a whole number in an integer column is an integer again", async () => {
      await db().prepare("create table i (n integer)").run();
      await db().prepare("insert into i values (?)").bind(7).run();
      expect(await db().prepare("select n, typeof(n) as t from i").first()).toEqual({ n: 7, t: "integer" });
    });

    it("integers beyond 2^53 lose precision on the way back", async () => {
      expect(await db().prepare("select 9007199254740993 as v").first("v")).toBe(9007199254740992);
    });

    it("bytes go in as a view, a buffer or a list of bytes and come back as a list", async () => {
      expect(await echo(new Uint8Array([1, 2, 255]))).toEqual({ v: [1, 2, 255], t: "blob" });
      expect(await echo(new Uint8Array([1, 2]).buffer)).toEqual({ v: [1, 2], t: "blob" });
      expect(await echo([1, 2])).toEqual({ v: [1, 2], t: "blob" });
    });

    it("text keeps its characters, a NUL included", async () => {
      expect((await echo("é 漢字 🙂 a\0b"))?.["v"]).toBe("é 漢字 🙂 a\0b");
    });

    it.each([
      ["undefined", undefined],
      ["bigint", 1n],
      ["object", {}],
      ["object", new Date(0)],
      ["object", [1, 300]],
      ["function", () => 1],
    ])("bind throws D1_TYPE_ERROR at once for %s", (type, value) => {
      expect(() => db().prepare("select ?").bind(value)).toThrow(
        `D1_TYPE_ERROR: Type '${type}' not supported for value`,
      );
    });

    it("bind makes a new statement and leaves the old one alone", async () => {
      const statement = db().prepare("select ? as v");
      const first = statement.bind(1);
      const second = statement.bind(2);
      expect(await first.first("v")).toBe(1);
      expect(await second.first("v")).toBe(2);
      expect(await first.bind(3).first("v")).toBe(3);
    });

    it("?NNN may repeat and come in any order", async () => {
      expect(await db().prepare("select ?2 as b, ?1 as a, ?1 as c").bind("x", "y").first()).toEqual({
        b: "y",
        a: "x",
        c: "x",
      });
    });

    it.each([
      ["select ?1, ?2", [1]],
      ["select 1", [1]],
      ["select ?", [1, 2]],
      ["select '?', \"?\" /* ? */ -- ?", [1]],
    ])("a wrong number of values is refused: %s", async (sql, values) => {
      await expect(
        db()
          .prepare(sql)
          .bind(...values)
          .all(),
      ).rejects.toThrow("D1_ERROR: Wrong number of parameter bindings for SQL query.");
    });
  });
}

function writingRules(db: Open): void {
  describe("writing", () => {
    it("meta tells changes, the last row id and whether the database changed", async () => {
      const insert = await db().prepare("insert into t (a) values ('x'), ('y')").run();
      expect(insert.meta).toMatchObject({ changes: 2, last_row_id: 2, changed_db: true });
      const nothing = await db().prepare("insert or ignore into t (a) values ('x')").run();
      expect(nothing.meta).toMatchObject({ changes: 0, changed_db: false });
      const update = await db().prepare("update t set n = 5 where a = 'x' returning id, n").all();
      expect(update.meta).toMatchObject({ changes: 1 });
      expect(update.results).toEqual([{ id: 1, n: 5 }]);
    });

    it("changes made by triggers count", async () => {
      await db().prepare("create table log (a)").run();
      await db()
        .prepare("create trigger tr after insert on t begin insert into log values (new.a); end")
        .run();
      expect((await db().prepare("insert into t (a) values ('x')").run()).meta.changes).toBe(2);
    });

    it("two thousand rows travel as one JSON parameter", async () => {
      const names = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => `name ${index}`));
      const sql = "insert into t (a) select value from json_each(?1) where true on conflict (a) do nothing";
      expect((await db().prepare(sql).bind(names).run()).meta.changes).toBe(2_000);
      expect((await db().prepare(sql).bind(names).run()).meta.changes).toBe(0);
    });

    it("an upsert with a guard changes nothing when the guard fails", async () => {
      const sql =
        "insert into t (a, n) values (?1, ?2) on conflict (a) do update set n = excluded.n where excluded.n > t.n";
      await db().prepare(sql).bind("x", 5).run();
      expect((await db().prepare(sql).bind("x", 4).run()).meta.changes).toBe(0);
      expect((await db().prepare(sql).bind("x", 6).run()).meta.changes).toBe(1);
    });

    it("replacing a row does not fire delete triggers", async () => {
      await db().prepare("create table log (a)").run();
      await db()
        .prepare("create trigger tr after delete on t begin insert into log values (old.a); end")
        .run();
      await db().prepare("insert into t (id, a) values (1, 'x')").run();
      await db().prepare("replace into t (id, a) values (1, 'y')").run();
      expect(await db().prepare("select count(*) as n from log").first("n")).toBe(0);
    });

    it.each([
      ["insert into t (a) values ('x')", "UNIQUE constraint failed: t.a", "UNIQUE"],
      ["insert into t (id, a) values (1, 'z')", "UNIQUE constraint failed: t.id", "PRIMARYKEY"],
      ["insert into t (a) values (null)", "NOT NULL constraint failed: t.a", "NOTNULL"],
      ["insert into t (a, n) values ('z', 1000)", "CHECK constraint failed: n is null or n < 100", "CHECK"],
      ["insert into child values (99)", "FOREIGN KEY constraint failed", "FOREIGNKEY"],
      ["insert into exact values ('x')", "cannot store TEXT value in INTEGER column exact.a", "DATATYPE"],
      ["update t set n = -1", "negative is not allowed", "TRIGGER"],
    ])("a broken constraint names itself, with the cause: %s", async (sql, text, code) => {
      await db().prepare("insert into t (a) values ('x')").run();
      await db().prepare("create table child (t integer references t (id))").run();
      await db().prepare("create table exact (a integer) strict").run();
      await db()
        .prepare(
          "create trigger tr before update on t when new.n < 0 begin select raise(abort, 'negative is not allowed'); end",
        )
        .run();
      const message = `${text}: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_${code})`;
      const error = await errorOf(db().prepare(sql).run());
      expect(error.message).toBe(`D1_ERROR: ${message}`);
      expect(error.cause).toBeInstanceOf(Error);
      expect(error.cause).toHaveProperty("message", message);
    });

    it.each([
      ["select * from nothere", "no such table: nothere"],
      ["selec 1", 'near "selec": syntax error'],
      ["select nope from t", "no such column: nope"],
    ])("bad SQL is an SQLITE_ERROR: %s", async (sql, text) => {
      const error = await errorOf(db().prepare(sql).run());
      expect(error.message).toContain(`D1_ERROR: ${text}`);
      expect(error.message).toMatch(/: SQLITE_ERROR$/);
    });

    it("a misspelt double-quoted column is a string, not an error", async () => {
      expect(await db().prepare('select "nope" as v').first("v")).toBe("nope");
    });

    it("exec runs line by line, all or nothing", async () => {
      expect((await db().exec("insert into t (a) values ('x')\ninsert into t (a) values ('y')")).count).toBe(
        2,
      );
      const error = await errorOf(
        db().exec("insert into t (a) values ('z')\ninsert into nothere values (1)"),
      );
      expect(error.message).toMatch(
        /^D1_EXEC_ERROR: Error in line 1: insert into t .*no such table: nothere/,
      );
      expect(await db().prepare("select count(*) as n from t").first("n")).toBe(2);
    });
  });
}

function batchRules(db: Open): void {
  describe("batch", () => {
    it("runs in order and gives one result per statement", async () => {
      const results = await db().batch([
        db().prepare("insert into t (a) values ('x') returning id"),
        db().prepare("select count(*) as n from t"),
      ]);
      expect(results.map((result) => result.results)).toEqual([[{ id: 1 }], [{ n: 1 }]]);
    });

    it("rolls back everything when one statement fails", async () => {
      const batch = db().batch([
        db().prepare("insert into t (a) values ('x')"),
        db().prepare("insert into t (a) values ('x')"),
      ]);
      await expect(batch).rejects.toThrow("D1_ERROR: UNIQUE constraint failed: t.a");
      expect(await db().prepare("select count(*) as n from t").first("n")).toBe(0);
    });

    it("rolls back everything when one statement does not compile", async () => {
      const batch = db().batch([db().prepare("insert into t (a) values ('x')"), db().prepare("selec")]);
      await expect(batch).rejects.toThrow("D1_ERROR: near");
      expect(await db().prepare("select count(*) as n from t").first("n")).toBe(0);
    });

    it("a guard with a CHECK fences the writes after it", async () => {
      await db().prepare("create table fence (ok integer not null check (ok = 1))").run();
      const guarded = (token: number) =>
        db().batch([
          db().prepare("insert into fence select case when ?1 = 2 then 1 else 0 end").bind(token),
          db().prepare("insert into t (a) values ('fenced')"),
        ]);
      await expect(guarded(1)).rejects.toThrow("CHECK constraint failed");
      expect(await db().prepare("select count(*) as n from t").first("n")).toBe(0);
      await guarded(2);
      expect(await db().prepare("select count(*) as n from t").first("n")).toBe(1);
    });

    it("deferred foreign keys may be satisfied later in the batch", async () => {
      await db().prepare("create table child (t integer references t (id))").run();
      await db().batch([
        db().prepare("pragma defer_foreign_keys = on"),
        db().prepare("insert into child values (7)"),
        db().prepare("insert into t (id, a) values (7, 'x')"),
      ]);
      expect(await db().prepare("select count(*) as n from child").first("n")).toBe(1);
    });

    it("refuses to be empty", async () => {
      await expect(db().batch([])).rejects.toThrow("D1_ERROR: No SQL statements detected.");
    });
  });
}

function refusalRules(db: Open): void {
  describe("refused SQL", () => {
    it.each(["begin", "BEGIN TRANSACTION", "commit", "rollback", "savepoint a", "release a"])(
      "no transaction by hand: %s",
      async (sql) => {
        await expect(db().prepare(sql).run()).rejects.toThrow(
          "D1_ERROR: To execute a transaction, please use",
        );
      },
    );

    it.each([
      ["attach ':memory:' as other", "not authorized"],
      ["vacuum", "cannot VACUUM from within a transaction"],
      ["select sqlite_version()", "not authorized to use function: sqlite_version"],
      ["pragma page_count", "not authorized"],
      ["pragma journal_mode", "not authorized"],
      ["pragma user_version", "not authorized"],
      ["create temp table q (a)", "not authorized"],
      ["create table _cf_x (a)", "not authorized"],
      ["select median(1)", "no such function: median"],
    ])("%s", async (sql, text) => {
      await expect(db().prepare(sql).run()).rejects.toThrow(`D1_ERROR: ${text}`);
    });

    it("introspection stays allowed", async () => {
      expect((await db().prepare("pragma table_info(t)").all()).results).toHaveLength(3);
      expect(await db().prepare("select count(*) as n from pragma_table_info('t')").first("n")).toBe(3);
      expect(await db().prepare("pragma foreign_keys").first("foreign_keys")).toBe(1);
    });

    it("foreign keys cannot be switched off", async () => {
      await db().prepare("pragma foreign_keys = off").run();
      expect(await db().prepare("pragma foreign_keys").first("foreign_keys")).toBe(1);
    });

    it.each(["", "   ", "\n"])("nothing to run is an error: %j", async (sql) => {
      await expect(db().prepare(sql).run()).rejects.toThrow("D1_ERROR: No SQL statements detected.");
    });

    it("a comment alone is not a statement", async () => {
      await expect(db().prepare("-- nothing").run()).rejects.toThrow("SQL code did not contain a statement.");
    });
  });
}

function limitRules(db: Open): void {
  const list = (count: number, term: string, separator = ", ") =>
    Array.from({ length: count }, () => term).join(separator);

  describe("limits", () => {
    it("100 bound parameters pass, 101 do not", async () => {
      const select = (count: number) =>
        db()
          .prepare(`select ${list(count, "?")}`)
          .bind(...Array.from({ length: count }, () => 1))
          .raw();
      expect((await select(100))[0]).toHaveLength(100);
      await expect(select(101)).rejects.toThrow("too many SQL variables");
      await expect(db().prepare("select ?101").bind(1).raw()).rejects.toThrow(
        "variable number must be between ?1 and ?100",
      );
    });

    it("a statement of 100,000 bytes passes, a longer one does not", async () => {
      const padded = (bytes: number) => `/*${"x".repeat(bytes - 12)}*/select 1`;
      expect(padded(100_000)).toHaveLength(100_000);
      await expect(db().prepare(padded(100_000)).run()).resolves.toHaveProperty("success", true);
      await expect(db().prepare(padded(100_001)).run()).rejects.toThrow("statement too long: SQLITE_TOOBIG");
    });

    it("a LIKE or GLOB pattern of 50 bytes passes, 51 do not", async () => {
      const like = (operator: string, bytes: number) =>
        db().prepare(`select 'a' ${operator} ? as v`).bind("x".repeat(bytes)).first("v");
      expect(await like("like", 50)).toBe(0);
      await expect(like("like", 51)).rejects.toThrow("LIKE or GLOB pattern too complex");
      await expect(like("glob", 51)).rejects.toThrow("LIKE or GLOB pattern too complex");
    });

    it("five compound terms pass, six do not", async () => {
      await expect(
        db()
          .prepare(list(5, "select 1", " union all "))
          .raw(),
      ).resolves.toHaveLength(5);
      await expect(
        db()
          .prepare(list(6, "select 1", " union all "))
          .raw(),
      ).rejects.toThrow("too many terms in compound SELECT");
    });

    it("100 columns pass, 101 do not", async () => {
      const columns = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`).join(", ");
      await db()
        .prepare(`create table wide (${columns(100)})`)
        .run();
      await expect(
        db()
          .prepare(`create table wider (${columns(101)})`)
          .run(),
      ).rejects.toThrow("too many columns on wider");
      await expect(
        db()
          .prepare(`select ${list(101, "1")}`)
          .run(),
      ).rejects.toThrow("too many columns in result set");
    });

    it("an expression 100 deep passes, 101 does not", async () => {
      await expect(
        db()
          .prepare(`select ${list(100, "1", " and ")} as v`)
          .first("v"),
      ).resolves.toBe(1);
      await expect(
        db()
          .prepare(`select ${list(102, "1", " and ")} as v`)
          .first("v"),
      ).rejects.toThrow("Expression tree is too large (maximum depth 100)");
    });
  });
}

function fullTextRules(db: Open): void {
  describe("FTS5", () => {
    beforeEach(async () => {
      await db().batch([
        db().prepare("create table doc (id integer primary key, body text not null)"),
        db().prepare("create virtual table doc_text using fts5(body, content='doc', content_rowid='id')"),
        db().prepare(
          "create trigger doc_ai after insert on doc begin insert into doc_text (rowid, body) values (new.id, new.body); end",
        ),
        db().prepare(
          "create trigger doc_ad after delete on doc begin insert into doc_text (doc_text, rowid, body) values ('delete', old.id, old.body); end",
        ),
      ]);
    });

    it("finds, ranks and highlights through external content kept by triggers", async () => {
      await db().batch([
        db().prepare("insert into doc (body) values ('the budget of the project'), ('nothing of interest')"),
      ]);
      const sql =
        "select rowid as id, highlight(doc_text, 0, '<', '>') as h, bm25(doc_text) < 0 as ranked, snippet(doc_text, 0, '<', '>', '…', 3) as s from doc_text where doc_text match ? order by rank";
      expect((await db().prepare(sql).bind("budget").all()).results).toEqual([
        { id: 1, h: "the <budget> of the project", ranked: 1, s: "the <budget> of…" },
      ]);
      await db().prepare("delete from doc").run();
      expect((await db().prepare(sql).bind("budget").all()).results).toEqual([]);
    });

    it("a malformed query is an SQLITE_ERROR", async () => {
      await expect(
        db().prepare("select * from doc_text where doc_text match 'a AND ('").all(),
      ).rejects.toThrow(/D1_ERROR: fts5: syntax error near.*SQLITE_ERROR/);
    });

    it("the index can be rebuilt from its content", async () => {
      await db().prepare("insert into doc (body) values ('budget')").run();
      await db().prepare("insert into doc_text (doc_text) values ('rebuild')").run();
      expect(
        (await db().prepare("select rowid from doc_text where doc_text match 'budget'").all()).results,
      ).toHaveLength(1);
    });
  });
}

async function errorOf(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error("expected a failure, and there was none");
}
