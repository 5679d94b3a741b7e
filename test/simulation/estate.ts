import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createD1, type D1Emulator } from "../../emulators/d1/d1-database.ts";
import { createFirefliesEmulator, type FirefliesEmulator } from "../../emulators/fireflies/emulator.ts";
import { createR2, type R2Emulator } from "../../emulators/r2/r2-bucket.ts";
import { createVectorizeInMemory, type InMemoryIndex } from "../../emulators/vectorize/in-memory.ts";
import type { Deliver } from "../../emulators/world/deliver.ts";
import { WorkflowStore } from "../../emulators/workflows/store.ts";
import { createWorkersAiInProcess, type WorkersAiCore } from "../../emulators/workers-ai/ai-core.ts";
import { METADATA_INDEXES } from "../../src/core/chunk-plan.ts";
import { EMBEDDING_MODEL } from "../../src/core/policy.ts";
import { D1_LIMITS } from "../../emulators/d1/d1-limits.ts";
import { splitStatements } from "../../src/local/sql-statements.ts";
import type { Scenario } from "./scenario.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Dimensions of a simulated embedding: enough to tell texts apart, and sixty times cheaper than the real ones. */
export const DIMENSIONS = 16;

/** The model as the product is told of it; the name must be one that the stand-in knows. */
export const MODEL = { ...EMBEDDING_MODEL, dimensions: DIMENSIONS };

/** Everything that outlives the process: the stores, the vendor, and what the step engine remembers. */
export type Estate = {
  readonly d1: D1Emulator;
  readonly r2: R2Emulator;
  readonly index: InMemoryIndex;
  readonly ai: WorkersAiCore;
  readonly fireflies: FirefliesEmulator;
  readonly steps: WorkflowStore;
  close(): Promise<void>;
};

const MIGRATIONS_DIR = fileURLToPath(new URL("../../migrations/", import.meta.url));

/** The migrations, each with its statements. */
const MIGRATIONS = readdirSync(MIGRATIONS_DIR)
  .filter((name) => name.endsWith(".sql"))
  .toSorted()
  .map((name) => ({ name, statements: splitStatements(readFileSync(join(MIGRATIONS_DIR, name), "utf8")) }));

/** Build the durable world of a seed, with its database migrated. */
export async function openEstate(
  scenario: Scenario,
  clock: VirtualClock,
  deliver: Deliver | null,
): Promise<Estate> {
  const fireflies = await openSource(scenario, clock, deliver);
  const d1 = idle.pop() ?? (await newDatabase());
  let mutations = 0;
  const index = createVectorizeInMemory({
    dimensions: DIMENSIONS,
    metric: "cosine",
    metadataIndexes: METADATA_INDEXES,
    delayMs: scenario.vectorDelayMs,
    nowMs: () => clock.nowMs(),
    newMutationId: () => `mutation-${++mutations}`,
  });
  return {
    d1,
    r2: createR2({ nowMs: () => clock.nowMs() }),
    index,
    ai: createWorkersAiInProcess({ dimensions: DIMENSIONS }),
    fireflies,
    steps: new WorkflowStore(),
    close: async () => {
      await leave(d1);
      index.close();
      await fireflies.close();
    },
  };
}

/** A Fireflies workspace of the scenario; a second one of the same scenario is the same. */
export async function openSource(
  scenario: Scenario,
  clock: VirtualClock,
  deliver: Deliver | null = null,
): Promise<FirefliesEmulator> {
  const source = await createFirefliesEmulator({
    seed: scenario.seed,
    epochMs: clock.nowMs(),
    realNowMs: () => clock.nowMs(),
    sleep: (ms) => clock.sleepUntil(clock.nowMs() + ms),
    meetings: scenario.meetings,
    meetingsHash: `seed ${scenario.seed}`,
    plan: scenario.plan,
    ...(deliver === null ? {} : { deliver }),
    ...(scenario.quotaPerDay === null ? {} : { quotaPerDay: scenario.quotaPerDay }),
  });
  for (const { op } of scenario.past) source.control(op);
  return source;
}

/** Databases of simulations that are over, as the migrations made them: their statements are compiled already. */
const idle: D1Emulator[] = [];
const IDLE_MAX = 3;

let migrated: Promise<Uint8Array> | null = null;

/** Made once, and then copied. */
function migratedOnce(): Promise<Uint8Array> {
  return (migrated ??= migratedContents());
}

async function newDatabase(): Promise<D1Emulator> {
  return createD1({ isReplayable: true, contents: await migratedOnce() });
}

/** Nothing but the clean-up of a full database touches them, and they are large. */
const LEFT_ALONE = ["d1_migrations", "ballast"];
const TABLES = `select name from sqlite_master where type = 'table' and name not like 'sqlite%'
  and name not like '%\\_fts%' escape '\\' and name not in (select value from json_each(?1))`;

let resetting: Promise<readonly Query[]> | null = null;
type Query = { readonly sql: string; readonly values: readonly unknown[] };

/** What makes any database of a simulation anew what the migrations made. */
async function resetStatements(): Promise<Query[]> {
  const d1 = await newDatabase();
  const { results } = await d1.prepare(TABLES).bind(JSON.stringify(LEFT_ALONE)).all<{ name: string }>();
  const deletions = results.map(({ name }): Query => ({ sql: `delete from ${name}`, values: [] }));
  const rows: Query[] = [];
  for (const { name } of results) {
    for (const row of (await d1.prepare(`select * from ${name}`).all()).results) {
      const places = Object.keys(row).map((_, place) => `?${place + 1}`);
      const sql = `insert into ${name} (${Object.keys(row).join()}) values (${places.join()})`;
      rows.push({ sql, values: Object.values(row) });
    }
  }
  d1.close();
  const ballast = MIGRATIONS.flatMap(({ statements }) => statements).filter((sql) => BALLAST.test(sql));
  return [
    // Twice, for triggers write what they delete into other tables.
    ...deletions,
    ...deletions,
    ...rows,
    ...["chunks_fts", "meetings_fts"].map((name) => ({
      sql: `insert into ${name} (${name}) values ('rebuild')`,
      values: [],
    })),
    ...ballast.map((sql) => ({ sql: sql.replace(BALLAST, "insert or ignore into ballast"), values: [] })),
  ];
}
const BALLAST = /insert into ballast\b/i;

/** Leave a database to a later simulation. */
async function leave(left: D1Emulator): Promise<void> {
  if (idle.length === IDLE_MAX) return left.close();
  const d1 = left.handOver();
  d1.setSizeMax(D1_LIMITS.databaseBytesMax);
  resetting ??= resetStatements();
  await d1.batch((await resetting).map(({ sql, values }) => d1.prepare(sql).bind(...values)));
  const { byteLength } = await migratedOnce();
  if (d1.sizeBytes === byteLength) idle.push(d1);
  else d1.close();
}

/** A database as the migrations leave it, as bytes: each simulation begins with a copy. */
async function migratedContents(): Promise<Uint8Array> {
  const d1 = createD1({ isReplayable: true });
  await d1.prepare("create table d1_migrations (id integer primary key, name text unique)").run();
  for (const { name, statements } of MIGRATIONS) {
    const note = d1.prepare("insert into d1_migrations (name) values (?)").bind(name);
    await d1.batch([...statements.map((sql) => d1.prepare(sql)), note]);
  }
  const contents = d1.contents();
  d1.close();
  return contents;
}
