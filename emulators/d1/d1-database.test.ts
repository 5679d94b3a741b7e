import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { d1DatabaseSuite } from "../contracts/d1-database.testsuite.ts";
import { createD1 } from "./d1-database.ts";
import { d1Fault } from "./d1-errors.ts";

d1DatabaseSuite("in-process", async () => createD1());

describe("D1 in-process, stricter than local workerd", () => {
  it("a value of 2,000,000 bytes passes, one byte more does not", async () => {
    const db = createD1();
    const measure = (bytes: number) => db.prepare("select length(?) as n").bind("x".repeat(bytes)).first("n");
    expect(await measure(2_000_000)).toBe(2_000_000);
    await expect(measure(2_000_001)).rejects.toThrow("D1_ERROR: string or blob too big: SQLITE_TOOBIG");
  });

  it("a row above 2,000,000 bytes is refused even if each value is smaller", async () => {
    const db = createD1();
    await db.prepare("create table t (a, b)").run();
    const half = "x".repeat(1_000_001);
    await expect(db.prepare("insert into t values (?, ?)").bind(half, half).run()).rejects.toThrow(
      "SQLITE_TOOBIG",
    );
  });

  it("a function takes 32 arguments, not 33", async () => {
    const db = createD1();
    const max = (count: number) =>
      db.prepare(`select max(${Array.from({ length: count }, () => 1).join()}) as m`);
    expect(await max(32).first("m")).toBe(1);
    await expect(max(33).first("m")).rejects.toThrow("too many arguments on function max");
  });

  it("statements per invocation are counted, each of a batch too, and bounded when asked", async () => {
    const db = createD1({ queriesMax: 3 });
    const one = db.prepare("select 1");
    await db.batch([one, one]);
    await one.run();
    expect(db.queryCount).toBe(3);
    await expect(one.run()).rejects.toThrow("D1_ERROR: Too many API requests by single worker invocation.");
    db.startInvocation();
    await expect(one.run()).resolves.toBeDefined();
    expect(db.queryCount).toBe(1);
  });

  it("a full database refuses writes, still reads and deletes, and recovers when there is room", async () => {
    const db = createD1({ sizeMaxBytes: 200_000 });
    await db.prepare("create table t (a)").run();
    const insert = db.prepare("insert into t values (?)").bind("x".repeat(50_000));
    await expect(Promise.all([insert.run(), insert.run(), insert.run(), insert.run()])).rejects.toThrow(
      "D1_ERROR: Exceeded maximum DB size",
    );
    expect(await db.prepare("select count(*) as n from t").first("n")).toBe(3);
    await db.prepare("delete from t where rowid = 1").run();
    await insert.run();
    await expect(insert.run()).rejects.toThrow("Exceeded maximum DB size");
    db.setSizeMax(1_000_000);
    expect((await insert.run()).meta.size_after).toBe(db.sizeBytes);
  });

  it("named parameters are refused: production documents ? and ?NNN only", async () => {
    await expect(createD1().prepare("select :a").bind(1).run()).rejects.toThrow("named parameter :a refused");
  });

  it("a deferred foreign key that fails at commit rolls back as a constraint error", async () => {
    const db = createD1();
    await db.exec("create table p (id integer primary key)\ncreate table c (p integer references p (id))");
    const batch = db.batch([
      db.prepare("pragma defer_foreign_keys = on"),
      db.prepare("insert into c values (1)"),
    ]);
    await expect(batch).rejects.toThrow("D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT");
    expect(await db.prepare("select count(*) as n from c").first("n")).toBe(0);
  });

  it.each(["select datetime('now')", "select current_timestamp", "select random()", "select unixepoch()"])(
    "when replayable, SQL cannot ask for the clock or for chance: %s",
    async (sql) => {
      await expect(createD1({ isReplayable: true }).prepare(sql).run()).rejects.toThrow(
        "real clock or for chance",
      );
      await expect(createD1().prepare(sql).run()).resolves.toBeDefined();
    },
  );
});

describe("D1 in-process, for the simulation", () => {
  it("a failure before the call leaves nothing done", async () => {
    const db = createD1();
    await db.prepare("create table t (a)").run();
    db.setHooks({
      beforeCall: () => {
        throw d1Fault("overloaded");
      },
    });
    await expect(db.prepare("insert into t values (1)").run()).rejects.toThrow(
      "D1_ERROR: D1 DB is overloaded.",
    );
    db.setHooks({});
    expect(await db.prepare("select count(*) as n from t").first("n")).toBe(0);
  });

  it("a connection lost after the call leaves the batch committed", async () => {
    const db = createD1();
    await db.prepare("create table t (a)").run();
    const seen: string[] = [];
    db.setHooks({
      afterCall: (kind, statements) => {
        seen.push(`${kind} of ${statements.length}`);
        throw d1Fault("connection_lost");
      },
    });
    const batch = db.batch([db.prepare("insert into t values (1)"), db.prepare("insert into t values (2)")]);
    await expect(batch).rejects.toThrow("D1_ERROR: Network connection lost.");
    db.setHooks({});
    expect(seen).toEqual(["batch of 2"]);
    expect(await db.prepare("select count(*) as n from t").first("n")).toBe(2);
  });

  it("results never arrive in the turn of the call", async () => {
    const order: string[] = [];
    const pending = createD1()
      .prepare("select 1")
      .all()
      .then(() => order.push("result"));
    order.push("next line");
    await pending;
    expect(order).toEqual(["next line", "result"]);
  });

  it("a file keeps its rows when the object is gone", async () => {
    const dir = mkdtempSync(join(tmpdir(), "d1-"));
    const path = join(dir, "db.sqlite");
    const first = createD1({ path });
    await first.exec("create table t (a)\ninsert into t values (1)");
    first.close();
    const second = createD1({ path });
    expect(await second.prepare("select a from t").first("a")).toBe(1);
    second.close();
    rmSync(dir, { recursive: true });
  });
});
