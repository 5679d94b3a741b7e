import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createApiClient, type ApiClient } from "../surfaces/client.ts";
import { configText } from "./config-file.ts";
import { FREE_BYTES_MIN, openDataDir, type DataDir } from "./data-dir.ts";
import { requireSpace } from "./data-files.ts";
import { readEmbeddings, type LocalEmbeddings } from "./embeddings.ts";
import { prepareIndexes } from "./indexes.ts";
import { applyMigrations } from "./migrations.ts";
import type { RunOptions } from "./options.ts";
import { patientFetch } from "./patient-fetch.ts";
import { PRODUCT_WORKER, productWorkers } from "./product-workers.ts";
import { startRuntime, type Runtime, type RuntimeLog } from "./runtime.ts";
import { refusalOf, StartRefused } from "./start-refused.ts";
import { webhookSecretOf } from "./webhooks.ts";
import { openVendors, readInputFiles, type Vendors } from "./vendors.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/", import.meta.url));

/** How long the vector stand-in keeps a mutation invisible unless told; production takes seconds. */
const VECTOR_DELAY_MS = 100;

/** Tries to take up unfinished runs after a crash; the ledger may still be busy with what the dead workerd left. */
const RESUME_TRIES_MAX = 10;
const RESUME_PAUSE_MS = 1_000;

/** Everything of one start, running. */
export type Product = {
  readonly client: ApiClient;
  readonly runtime: Runtime;
  readonly vendors: Vendors;
  readonly dataDir: string;
  readonly token: string;
  /** From now on somebody keeps the clock, and wake-ups are followed. */
  startClock(): void;
  /** What an emulator of ours signs its webhooks with; null if they are somebody else's, or nobody serves. */
  readonly webhookSecret: string | null;
  stop(): Promise<void>;
};

/** What a start found outside: the vendors, who makes embeddings; and when the Worker may be asked. */
type Surroundings = {
  readonly vendors: Vendors;
  readonly embeddings: LocalEmbeddings;
  /** Settings of the configuration file; null if there is none. */
  readonly config: string | null;
  readonly webhookSecret: string | null;
  readonly readiness: PromiseWithResolvers<void>;
  readonly clock: { runs: boolean };
};

/**
 * Open the data directory, find or start the vendors, boot workerd, bring the database up to date, and take up what an
 * earlier process left behind.
 *
 * @throws StartRefused with one sentence; nothing is left running then
 */
export async function startProduct(
  options: RunOptions,
  defaults: { port: number; onLog: (log: RuntimeLog) => void; hasPage?: boolean },
): Promise<Product> {
  // Read before anything is made, so that a wrong name leaves nothing behind.
  const config = configText(options);
  const files = readInputFiles(options);
  const embeddings = await readEmbeddings(process.env);
  // What nobody answers for may be known to an older data directory, and to no new one.
  if (embeddings.unanswered !== null && !existsSync(join(options.dataDir, "state")))
    throw new StartRefused(embeddings.unanswered);
  const dataDir = await openDataDir(options.dataDir);
  let vendors: Vendors | null = null;
  try {
    vendors = await openVendors(options, files, dataDir.path, process.env);
    const isAnnounced = defaults.hasPage === true && vendors.fireflies?.announceTo != null;
    const webhookSecret = isAnnounced ? await webhookSecretOf(dataDir.path) : null;
    const surroundings = {
      vendors,
      embeddings,
      config,
      webhookSecret,
      readiness: Promise.withResolvers<void>(),
      clock: { runs: false },
    };
    const booted = await bootRuntime(options, dataDir, { ...defaults, ...surroundings });
    return await readyProduct(dataDir, booted, surroundings);
  } catch (error) {
    await vendors?.close();
    await dataDir.close();
    throw refusalOf(error, options.dataDir);
  }
}

/** workerd, running, and the way to talk to it. */
type Booted = {
  readonly runtime: Runtime;
  readonly client: ApiClient;
  /** Aborted when the product stops. */
  readonly ended: AbortController;
};

async function bootRuntime(
  options: RunOptions,
  dataDir: DataDir,
  given: { port: number; onLog: (log: RuntimeLog) => void; hasPage?: boolean } & Surroundings,
): Promise<Booted> {
  const workers = await productWorkers({
    apiToken: dataDir.token,
    fireflies: given.vendors.fireflies,
    firefliesWebhookSecret: given.webhookSecret ?? (process.env["FIREFLIES_WEBHOOK_SECRET"]?.trim() || null),
    notion: given.vendors.notion,
    config: given.config,
    alerts: {
      webhookUrl: process.env["ALERT_WEBHOOK_URL"],
      emailTo: process.env["ALERT_EMAIL_TO"],
      emailFrom: process.env["ALERT_EMAIL_FROM"],
    },
    phoneCountry: process.env["PHONE_COUNTRY"]?.trim() || null,
    worldClock: given.vendors.clock,
    freeBytes: () => freeBytes(dataDir.path),
    vectorDelayMs: options.vectorDelay ?? VECTOR_DELAY_MS,
    ...(given.hasPage === true && { pagePath: join(dataDir.scratchPath, "page") }),
    embeddings: given.embeddings,
    ready: given.readiness.promise,
    hasClock: () => given.clock.runs,
  });
  const ended = new AbortController();
  let client: ApiClient | null = null;
  const runtime = await startRuntime({
    dataDir,
    port: options.port ?? given.port,
    workers,
    onLog: given.onLog,
    onRestart: () => void (client && resumeAfterRestart(client, ended.signal, given.onLog)),
  });
  client = createApiClient(runtime.url, dataDir.token, patientFetch(fetch, ended.signal));
  return { runtime, client, ended };
}

/** Until somebody takes them up, unfinished runs sleep; in a one-shot nobody else would. */
async function resumeAfterRestart(
  client: ApiClient,
  ended: AbortSignal,
  onLog: (log: RuntimeLog) => void,
): Promise<void> {
  for (let tries = 1; tries <= RESUME_TRIES_MAX && !ended.aborted; tries += 1) {
    try {
      await client.resume();
      return;
    } catch (error) {
      const message = JSON.stringify({ event: "resume_failed", error: String(error) });
      if (!ended.aborted) onLog({ timestamp: Date.now(), level: "error", message });
      await delay(RESUME_PAUSE_MS, undefined, { signal: ended }).catch(() => undefined);
    }
  }
}

async function readyProduct(
  dataDir: DataDir,
  { runtime, client, ended }: Booted,
  { vendors, embeddings, webhookSecret, readiness, clock }: Surroundings,
): Promise<Product> {
  const stop = async (): Promise<void> => {
    ended.abort();
    await runtime.stop();
    await vendors.close();
  };
  try {
    await openDatabase(dataDir, async () => {
      await applyMigrations(await runtime.miniflare.getD1Database("DB"), MIGRATIONS);
      await prepareIndexes(runtime.miniflare, PRODUCT_WORKER, embeddings);
      readiness.resolve();
      await client.resume();
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const startClock = (): void => {
    clock.runs = true;
  };
  const { path, token } = dataDir;
  return { client, runtime, vendors, dataDir: path, token, webhookSecret, startClock, stop };
}

/** Make the first calls of the database. What SQLite cannot read, workerd reports as an internal error of its own. */
async function openDatabase(dataDir: DataDir, firstCalls: () => Promise<void>): Promise<void> {
  try {
    await firstCalls();
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    await requireSpace(dataDir.path, dataDir.path, FREE_BYTES_MIN);
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartRefused(
      `The database in ${join(dataDir.statePath, "d1")} cannot be read (${reason}): restore ${dataDir.path} from a copy, or choose another directory with --data-dir.`,
      { cause: error },
    );
  }
}

async function freeBytes(path: string): Promise<number> {
  const stats = await statfs(path);
  return stats.bavail * stats.bsize;
}
