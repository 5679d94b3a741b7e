import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FIREFLIES_DEMO_KEY } from "../emulators/fireflies/keys.ts";
import { bundleWorker } from "../src/local/bundle.ts";
import { openDataDir } from "../src/local/data-dir.ts";
import { prepareIndexes } from "../src/local/indexes.ts";
import { applyMigrations } from "../src/local/migrations.ts";
import { PRODUCT_WORKER, productWorkers } from "../src/local/product-workers.ts";
import { type LocalWorker, type Runtime, startRuntime } from "../src/local/runtime.ts";
import type { SyncName } from "../src/ports/run-store.ts";
import type { SearchReply } from "../src/queries/search.ts";
import type { RunReport } from "../src/queries/status.ts";
import { type ApiClient, createApiClient } from "../src/surfaces/client.ts";
import type { Source } from "./source.ts";

/** The product on a new data directory beside the yardsticks, all in one workerd. */
export type Laboratory = {
  /** Process id of workerd; another one after a crash. */
  readonly workerdPid: () => number;
  /** Run a sync to its end, continuations included. @returns the reports, oldest first */
  run(sync: SyncName): Promise<readonly RunReport[]>;
  /** Have everything proved, continuations included. @returns ms that its runs took, by their own clock */
  prove(): Promise<number>;
  /** Ask a yardstick; rejects if workerd dies over it. */
  yardstick<T>(path: string): Promise<T>;
  /** Ask the product's search; rejects with its sentence. */
  search(question: string): Promise<SearchReply>;
  /** Run one of the yardsticks' Workflows to its end. @returns ms it took, by its own clock */
  runFlow(flow: "copy" | "empty"): Promise<number>;
  /** One beat of the clock. */
  tick(): Promise<unknown>;
  /** The cheapest answer of the API: it reads nothing. */
  health(): Promise<unknown>;
  /** Every row of every table, to see what changes; D1's own count of changes rises with each read. */
  allRows(): Promise<readonly string[]>;
  /** What is stored, to see what a run adds. */
  stock(): Promise<Stock>;
  stop(): Promise<void>;
};

/** What the product holds. */
export type Stock = {
  /** Rows of each table. */
  readonly rows: Readonly<Record<string, number>>;
  /** A digest of the rows that applications and the vector ledger read. */
  readonly digest: string;
  readonly objects: number;
  readonly vectors: number;
};

const YARDSTICK = "yardstick";
/** The usual model. */
const NO_SETTING = {
  configured: null,
  text: null,
  tokensMax: null,
  apiKey: null,
  liveApiKey: null,
  unanswered: null,
};
/** A look costs the product's workerd some milliseconds, so they are few. */
const POLL_MS = 250;
const RUN_POLLS_MAX = (20 * 60_000) / POLL_MS;
const RUNS_MAX = 20;

/** Boot workerd with the product and the yardsticks, and bring the database up to date. Takes 1 to 3 s. */
export async function openLaboratory(
  source: Source,
  onLog: (line: string) => void = () => undefined,
): Promise<Laboratory> {
  const directory = await mkdtemp(join(tmpdir(), "meeting-sync-bench-"));
  const dataDir = await openDataDir(directory);
  const runtime = await startRuntime({
    dataDir,
    port: 0,
    workers: await workers(source, dataDir.token),
    onLog: ({ message }) => onLog(message),
  });
  const { miniflare } = runtime;
  const database = await miniflare.getD1Database("DB", PRODUCT_WORKER);
  await applyMigrations(database, fileURLToPath(new URL("../migrations/", import.meta.url)));
  await prepareIndexes(miniflare, PRODUCT_WORKER, NO_SETTING);
  const client = createApiClient(runtime.url, dataDir.token);
  const yardstick = async <T>(path: string): Promise<T> => {
    const worker = await miniflare.getWorker(YARDSTICK);
    const response = await worker.fetch(`http://yardstick${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    workerdPid: () => runtime.workerdPid,
    run: (sync) => runToEnd(client, sync),
    prove: () => proveAll(client),
    yardstick,
    search: (question) => client.search({ q: question }),
    runFlow: (flow) => flowToEnd(yardstick, flow),
    tick: () => client.tick(),
    health: async () => (await fetch(`${runtime.url}/healthz`)).text(),
    allRows: () => allRowsOf(database),
    stock: () => stockOf(miniflare),
    stop: async () => {
      await runtime.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type Yardstick = Laboratory["yardstick"];

async function flowToEnd(yardstick: Yardstick, flow: string): Promise<number> {
  const { id } = await yardstick<{ id: string }>(`/start?flow=${flow}`);
  for (let polls = 0; polls < RUN_POLLS_MAX; polls += 1) {
    await delay(POLL_MS);
    const { status, output } = await yardstick<{ status: string; output: number }>(
      `/status?flow=${flow}&id=${id}`,
    );
    if (status === "complete") return output;
    if (status === "errored") break;
  }
  throw new Error(`the yardstick ${flow} failed`);
}

async function proveAll(client: ApiClient): Promise<number> {
  const { run_id: first } = await client.askProof(true);
  const reports = await runToEnd(client, "verify", first);
  return reports.reduce((sum, { run }) => sum + (run.durationMs ?? Number.NaN), 0);
}

async function runToEnd(
  client: ApiClient,
  sync: SyncName,
  first: string | null = null,
): Promise<RunReport[]> {
  const reports: RunReport[] = [];
  for (let runs = 0; runs < RUNS_MAX; runs += 1) {
    const runId = runs === 0 && first !== null ? first : (await client.start(sync)).run_id;
    const report = await ended(client, runId);
    reports.push(report);
    if (report.run.state !== "succeeded") {
      throw new Error(`the run of ${sync} ended as ${report.run.state}: ${report.run.detail}`);
    }
    if (!report.run.continues) return reports;
  }
  throw new Error(`${sync} goes on and on`);
}

async function ended(client: ApiClient, runId: string): Promise<RunReport> {
  for (let polls = 0; polls < RUN_POLLS_MAX; polls += 1) {
    await delay(POLL_MS);
    const report = await client.run(runId);
    if (report.run.endedMs !== null) return report;
  }
  throw new Error("a run did not end");
}

async function workers({ url, clock }: Source, token: string): Promise<LocalWorker[]> {
  const [product, yardstick, embedder] = await Promise.all([
    productWorkers({
      apiToken: token,
      fireflies: { url, key: FIREFLIES_DEMO_KEY, account: null },
      notion: null,
      worldClock: clock,
      freeBytes: async () => 2 ** 40,
      vectorDelayMs: 100,
      embeddings: NO_SETTING,
      ready: Promise.resolve(),
    }),
    bundleWorker(fileURLToPath(new URL("./workers/yardstick.ts", import.meta.url))),
    bundleWorker(fileURLToPath(new URL("./workers/still-embedder.ts", import.meta.url))),
  ]);
  const [main, vectorize] = product;
  if (main === undefined || vectorize === undefined) throw new Error("the product has no Workers");
  const bound = main.config.env as Record<string, unknown>;
  const env = {
    DB: { type: "d1", id: "naive" },
    RAW: { type: "r2", name: "naive" },
    VECTORS: bound["VECTORS_B"],
    PRODUCT_DB: bound["DB"],
    PRODUCT_RAW: bound["RAW"],
    PRODUCT_VECTORS: bound["VECTORS_A"],
    AI: bound["AI"],
    COPY: { type: "workflow", name: "naive-copy", worker: YARDSTICK, exportName: "NaiveCopy" },
    EMPTY: { type: "workflow", name: "empty-run", worker: YARDSTICK, exportName: "EmptyRun" },
    FIREFLIES_URL: { type: "text", value: url },
    FIREFLIES_KEY: { type: "text", value: FIREFLIES_DEMO_KEY },
  };
  return [
    main,
    vectorize,
    workerOf("workers-ai", embedder.script, {}),
    workerOf(YARDSTICK, yardstick.script, env),
  ];
}

function workerOf(name: string, script: string, env: Record<string, unknown>): LocalWorker {
  const manifest = {
    mainModule: "worker.mjs",
    modules: { "worker.mjs": { type: "esm", contents: script } },
  };
  return { config: { name, compatibilityDate: "2026-10-01", manifest, env, exports: {} } } as LocalWorker;
}

async function stockOf(miniflare: Runtime["miniflare"]): Promise<Stock> {
  const database = await miniflare.getD1Database("DB", PRODUCT_WORKER);
  const { VECTORS_A: index } = await miniflare.getBindings<{
    VECTORS_A: { describe(): Promise<{ vectorCount: number }> };
  }>(PRODUCT_WORKER);
  const { vectorCount } = await index.describe();
  return {
    rows: await tableRows(database),
    digest: await digestOf(database),
    objects: await objectCount(miniflare),
    vectors: vectorCount,
  };
}

async function objectCount(miniflare: Runtime["miniflare"]): Promise<number> {
  const bucket = await miniflare.getR2Bucket("RAW", PRODUCT_WORKER);
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    count += page.objects.length;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return count;
}

type Database = Awaited<ReturnType<Runtime["miniflare"]["getD1Database"]>>;

async function tableNames(database: Database): Promise<string[]> {
  const tables = await database
    .prepare("select name from sqlite_schema where type = 'table' order by name")
    .all<{ name: string }>();
  return tables.results.map(({ name }) => name).filter((name) => !/^(sqlite|_cf|d1)_/.test(name));
}

async function allRowsOf(database: Database): Promise<string[]> {
  const lines: string[] = [];
  for (const name of await tableNames(database)) {
    const { results } = await database.prepare(`select * from ${name}`).all();
    lines.push(...results.map((row) => `${name} ${JSON.stringify(row)}`));
  }
  return lines;
}

async function tableRows(database: Database): Promise<Record<string, number>> {
  const names = await tableNames(database);
  const counts: Record<string, number> = {};
  for (const name of names) {
    const row = await database.prepare(`select count(*) as n from ${name}`).first<{ n: number }>();
    counts[name] = row?.n ?? 0;
  }
  return counts;
}

const DIGESTED = [
  "select * from meetings order by id",
  "select * from sightings order by source_id",
  "select id, state, position, embedding_key, sent_ms, live_ms, dead_ms, rechecks from chunks order by id",
];

async function digestOf(database: Database): Promise<string> {
  const hash = createHash("sha256");
  for (const sql of DIGESTED) hash.update(JSON.stringify((await database.prepare(sql).all()).results));
  return hash.digest("hex");
}
