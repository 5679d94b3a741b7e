import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApiClient, type ApiClient } from "../surfaces/client.ts";
import { openDataDir, type DataDir } from "./data-dir.ts";
import { readEmbeddings, type LocalEmbeddings } from "./embeddings.ts";
import { prepareIndexes } from "./indexes.ts";
import { applyMigrations } from "./migrations.ts";
import type { RunOptions } from "./options.ts";
import { PRODUCT_WORKER, productWorkers } from "./product-workers.ts";
import { startRuntime, type Runtime, type RuntimeLog } from "./runtime.ts";
import { refusalOf, StartRefused } from "./start-refused.ts";
import { openFireflies, readMeetings, type FirefliesVendor } from "./vendors.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/", import.meta.url));

/** How long the vector stand-in keeps a mutation invisible; production takes seconds. */
const VECTOR_DELAY_MS = 100;

/** Everything of one start, running. */
export type Product = {
  readonly client: ApiClient;
  readonly runtime: Runtime;
  readonly fireflies: FirefliesVendor;
  readonly dataDir: string;
  readonly token: string;
  stop(): Promise<void>;
};

/** What a start found outside: the vendor, who makes embeddings; and when the Worker may be asked. */
type Surroundings = {
  readonly fireflies: FirefliesVendor;
  readonly embeddings: LocalEmbeddings;
  readonly readiness: PromiseWithResolvers<void>;
};

/**
 * Open the data directory, find or start the vendors, boot workerd, bring the database up to date, and take up what an
 * earlier process left behind.
 *
 * @throws StartRefused with one sentence; nothing is left running then
 */
export async function startProduct(
  options: RunOptions,
  defaults: { port: number; onLog: (log: RuntimeLog) => void },
): Promise<Product> {
  // Read before anything is made, so that a wrong name leaves nothing behind.
  const meetings = options.meetings === undefined ? null : readMeetings(options.meetings);
  const embeddings = await readEmbeddings(process.env);
  // What nobody answers for may be known to an older data directory, and to no new one.
  if (embeddings.unanswered !== null && !existsSync(join(options.dataDir, "state")))
    throw new StartRefused(embeddings.unanswered);
  const dataDir = await openDataDir(options.dataDir);
  let fireflies: FirefliesVendor | null = null;
  try {
    fireflies = await openFireflies(
      { ...options, meetingsFile: meetings },
      join(dataDir.path, "fireflies-emulator"),
    );
    const surroundings = { fireflies, embeddings, readiness: Promise.withResolvers<void>() };
    const runtime = await bootRuntime(options, dataDir, { ...defaults, ...surroundings });
    return await readyProduct(dataDir, runtime, surroundings);
  } catch (error) {
    await fireflies?.close();
    await dataDir.close();
    throw refusalOf(error, options.dataDir);
  }
}

async function bootRuntime(
  options: RunOptions,
  dataDir: DataDir,
  given: { port: number; onLog: (log: RuntimeLog) => void } & Surroundings,
): Promise<Runtime> {
  const workers = await productWorkers({
    apiToken: dataDir.token,
    firefliesUrl: given.fireflies.url,
    firefliesKey: given.fireflies.key,
    firefliesAccount: given.fireflies.account,
    worldClock: given.fireflies.clock,
    freeBytes: () => freeBytes(dataDir.path),
    vectorDelayMs: VECTOR_DELAY_MS,
    embeddings: given.embeddings,
    ready: given.readiness.promise,
  });
  let client: ApiClient | null = null;
  const runtime = await startRuntime({
    dataDir,
    port: options.port ?? given.port,
    workers,
    onLog: given.onLog,
    onRestart: () => void client?.resume().catch(() => undefined),
  });
  client = createApiClient(runtime.url, dataDir.token);
  return runtime;
}

async function readyProduct(
  dataDir: DataDir,
  runtime: Runtime,
  { fireflies, embeddings, readiness }: Surroundings,
): Promise<Product> {
  const client = createApiClient(runtime.url, dataDir.token);
  const stop = async (): Promise<void> => {
    await runtime.stop();
    await fireflies.close();
  };
  try {
    await applyMigrations(await runtime.miniflare.getD1Database("DB"), MIGRATIONS);
    await prepareIndexes(runtime.miniflare, PRODUCT_WORKER, embeddings);
    readiness.resolve();
    await client.resume();
  } catch (error) {
    await stop();
    throw error;
  }
  return { client, runtime, fireflies, dataDir: dataDir.path, token: dataDir.token, stop };
}

async function freeBytes(path: string): Promise<number> {
  const stats = await statfs(path);
  return stats.bavail * stats.bsize;
}
