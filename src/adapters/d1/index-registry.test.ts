import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createD1 } from "../../../emulators/d1/d1-database.ts";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import type { IndexLock, IndexRegistry } from "../../ports/index-registry.ts";
import { splitStatements } from "../../local/sql-statements.ts";
import { createIndexRegistry } from "./index-registry.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../migrations");
const FENCE = { lane: "vectors", token: 1 } as const;
const aLock = (change: Partial<IndexLock> = {}): IndexLock => ({
  binding: "VECTORS_A",
  model: "lexical#1024",
  dimensions: 1_024,
  pooling: null,
  address: null,
  ...change,
});
const OTHER = aLock({ binding: "VECTORS_B", model: "lexical#64", dimensions: 64 });

describe("the registry of indexes", () => {
  let registry: IndexRegistry;
  let run: (sql: string) => Promise<unknown[]>;
  beforeEach(async () => {
    const { d1 } = await aWorkspace();
    registry = createIndexRegistry(d1);
    run = async (sql) => (await d1.prepare(sql).all()).results;
    await run("insert into leases (lane, token, epoch, expires_real_ms) values ('vectors', 1, 1, 0)");
  });
  const states = async (): Promise<unknown[]> => run("select binding, state from indexes order by binding");

  it("locks the first index once, whoever comes later", async () => {
    expect(await registry.lock(aLock(), 1)).toMatchObject({ model: "lexical#1024", state: "live" });
    expect(await registry.lock(aLock(), 2)).toMatchObject({ model: "lexical#1024" });
    expect(await registry.lock(OTHER, 3)).toMatchObject({ binding: "VECTORS_A", model: "lexical#1024" });
    expect(await states()).toEqual([{ binding: "VECTORS_A", state: "live" }]);
  });

  it("notes where a model is served by now", async () => {
    await registry.lock(aLock({ model: "openai:m#3", address: "http://one/v1" }), 1);
    expect(await registry.lock(aLock({ model: "openai:m#3", address: "http://two/v1" }), 2)).toMatchObject({
      address: "http://two/v1",
    });
  });

  it("begins a build once, and never on a binding that is in use", async () => {
    await registry.lock(aLock(), 1);
    await registry.begin(FENCE, OTHER, 2);
    await registry.begin(FENCE, OTHER, 3);
    await registry.begin(FENCE, aLock({ model: "lexical#32" }), 4);
    expect(await states()).toEqual([
      { binding: "VECTORS_A", state: "live" },
      { binding: "VECTORS_B", state: "building" },
    ]);
  });

  it("switches once, says so again after a reply that was lost, and never for a life that lost its lane", async () => {
    await registry.lock(aLock(), 1);
    const change = { from: "VECTORS_A", to: "VECTORS_B", nowMs: 3 };
    expect(await registry.switchTo(FENCE, change)).toBe(false);
    await registry.begin(FENCE, OTHER, 2);
    await expect(registry.switchTo({ ...FENCE, token: 0 }, change)).rejects.toMatchObject({
      failure: { kind: "superseded" },
    });
    expect(await registry.switchTo(FENCE, change)).toBe(true);
    expect(await registry.switchTo(FENCE, change)).toBe(true);
    expect(await states()).toEqual([
      { binding: "VECTORS_A", state: "emptying" },
      { binding: "VECTORS_B", state: "live" },
    ]);
    // A give-up that comes late takes nothing from the live index.
    await registry.giveUp(FENCE, "VECTORS_B", 4);
    await registry.remove(FENCE, { ...OTHER, state: "emptying" });
    await registry.remove(FENCE, { ...aLock(), state: "emptying" });
    expect(await states()).toEqual([{ binding: "VECTORS_B", state: "live" }]);
  });

  it("has one live index, whatever is written", async () => {
    await registry.lock(aLock(), 1);
    await registry.begin(FENCE, OTHER, 2);
    await expect(run("update indexes set state = 'live'")).rejects.toThrow(/unique/i);
  });
});

describe("the migration", () => {
  it("keeps the index that was live before there was a registry", async () => {
    const d1 = createD1();
    const files = readdirSync(MIGRATIONS).toSorted();
    for (const name of files) {
      if (name === "0006_rebuilds.sql")
        await d1
          .prepare(
            "insert into indexes (binding, model, dimensions, live) values ('VECTORS_A', '@cf/x', 1024, 1)",
          )
          .run();
      const sql = readFileSync(join(MIGRATIONS, name), "utf8");
      await d1.batch(splitStatements(sql).map((statement) => d1.prepare(statement)));
    }
    expect((await createIndexRegistry(d1).rows()).items).toEqual([
      { binding: "VECTORS_A", model: "@cf/x", dimensions: 1024, pooling: null, address: null, state: "live" },
    ]);
  });
});
