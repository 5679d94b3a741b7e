import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { D1_VALUE_BYTES_MAX } from "../../core/limits.ts";
import { createDatabase, forRows, jsonSlices, statement } from "./database.ts";

describe("fenced", () => {
  it("commits with the lane's token and rolls everything back with an older one", async () => {
    const { d1 } = await aWorkspace();
    const database = createDatabase(d1);
    await database.batch([
      statement(
        "insert into leases (lane, token, epoch, run_id, expires_real_ms) values ('fireflies', 2, 1, 'r', 0)",
      ),
    ]);
    const write = (token: number) =>
      database.fenced({ lane: "fireflies", token }, [
        statement("insert into lanes (lane) values (?1)", `lane-${token}`),
      ]);
    await expect(write(1)).rejects.toMatchObject({ failure: { kind: "superseded" } });
    await write(2);
    expect(await database.rows("select lane from lanes")).toEqual([{ lane: "lane-2" }]);
  });

  it("refuses a lane that nobody holds", async () => {
    const { d1 } = await aWorkspace();
    await expect(createDatabase(d1).fenced({ lane: "vectors", token: 1 }, [])).rejects.toMatchObject({
      failure: { kind: "superseded" },
    });
  });
});

describe("failures of D1", () => {
  it.each([
    ["Network connection lost.", "unreachable"],
    ["D1 DB is overloaded. Requests queued for too long.", "locked"],
    ["database is locked: SQLITE_BUSY", "locked"],
    ["Exceeded maximum DB size", "storage_full"],
    ["database or disk is full: SQLITE_FULL", "storage_full"],
    ["no such column: x: SQLITE_ERROR", "defect"],
  ])("sorts %j as %s", async (message, kind) => {
    const { d1 } = await aWorkspace();
    const broken = {
      prepare: (sql: string) => d1.prepare(sql),
      batch: async () => {
        throw new Error(`D1_ERROR: ${message}`, { cause: new Error(message) });
      },
    };
    await expect(createDatabase(broken as never).batch([statement("select 1")])).rejects.toMatchObject({
      failure: { kind, party: "d1" },
    });
  });
});

describe("jsonSlices", () => {
  it("keeps every slice below what D1 binds, counted in bytes, and loses no row", () => {
    const rows = Array.from({ length: 500 }, (_, n) => ({ n, text: "ж€😀".repeat(1_000) }));
    const slices = jsonSlices(rows);
    expect(slices.length).toBeGreaterThan(1);
    for (const slice of slices)
      expect(new TextEncoder().encode(slice).byteLength).toBeLessThanOrEqual(D1_VALUE_BYTES_MAX);
    expect(slices.flatMap((slice) => JSON.parse(slice) as unknown[])).toEqual(rows);
  });

  it("makes no statement of no rows", () => {
    expect(forRows([], "insert")).toEqual([]);
  });
});

describe("a batch of nothing", () => {
  it("asks D1 nothing, which refuses it", async () => {
    const { d1 } = await aWorkspace();
    expect(await createDatabase(d1).batch([])).toEqual([]);
    await expect(d1.batch([])).rejects.toThrow("No SQL statements detected");
  });
});
