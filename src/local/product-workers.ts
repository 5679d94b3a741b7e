import { fileURLToPath } from "node:url";
import { vectorizeWorkerConfig } from "../../emulators/vectorize/miniflare.ts";
import { workersAiWorkerConfig } from "../../emulators/workers-ai/miniflare.ts";
import { METADATA_INDEXES } from "../core/chunk-plan.ts";
import { EMBEDDING_MODEL } from "../core/policy.ts";
import { bundleWorker } from "./bundle.ts";
import { writePage } from "./page-files.ts";
import type { LocalWorker } from "./runtime.ts";

/** What the product's Worker is told locally. */
export type ProductSettings = {
  readonly apiToken: string;
  readonly firefliesUrl: string | null;
  readonly firefliesKey: string;
  /** Account of an emulated workspace; absent with the real vendor, whose keys differ by account. */
  readonly firefliesAccount?: string | null;
  /** JSON of the emulated vendor's clock; null with real vendors. */
  readonly worldClock: string | null;
  readonly freeBytes: () => Promise<number>;
  /** How long a mutation of the vector stand-in stays invisible, ms. */
  readonly vectorDelayMs: number;
  /** Where the files of the page are written, to be served from there; without it there is no page. */
  readonly pagePath?: string;
};

const NAME = "meeting-sync";
/** As in wrangler.jsonc; a test compares them. */
const COMPATIBILITY_DATE = "2026-10-01";
/** Addresses that are the Worker's even if a file has their name; as in wrangler.jsonc. */
const WORKER_FIRST = ["/api/*", "/healthz", "/webhooks/*"];

/**
 * The product's Worker, bundled from the same source that is deployed, with the bindings of wrangler.jsonc; beside it the
 * stand-ins for Vectorize and Workers AI, bound by RPC under the same names.
 */
export async function productWorkers(settings: ProductSettings): Promise<LocalWorker[]> {
  const [product, vectorize, workersAi] = await Promise.all([
    bundleWorker(pathTo("../surfaces/worker.ts")),
    bundleWorker(pathTo("../../emulators/vectorize/worker.ts")),
    bundleWorker(pathTo("../../emulators/workers-ai/worker.ts")),
    settings.pagePath === undefined ? undefined : writePage(settings.pagePath),
  ]);
  const index = {
    dimensions: EMBEDDING_MODEL.dimensions,
    metric: "cosine",
    delayMs: settings.vectorDelayMs,
    metadataIndexes: METADATA_INDEXES,
  } as const;
  const vectors = vectorizeWorkerConfig({
    name: "vectorize",
    script: vectorize.script,
    indexes: [
      { binding: "VECTORS_A", name: "meeting-sync-a", ...index },
      { binding: "VECTORS_B", name: "meeting-sync-b", ...index },
    ],
  });
  const ai = workersAiWorkerConfig({ name: "workers-ai", script: workersAi.script });
  const env = { ...bindings(settings), ...vectors.bindings, AI: ai.binding } as LocalWorker["config"]["env"];
  const worker = {
    config: {
      name: NAME,
      compatibilityDate: COMPATIBILITY_DATE,
      manifest: {
        mainModule: "worker.mjs",
        modules: { "worker.mjs": { type: "esm", contents: product.script } },
      },
      env,
      exports: {},
      ...(settings.pagePath !== undefined && { assets: assetsIn(settings.pagePath) }),
      triggers: [{ type: "queue", name: "sync-wake", maxBatchSize: 100, maxBatchTimeout: 1, maxRetries: 3 }],
    },
  } as LocalWorker;
  return [worker, { config: vectors.config } as LocalWorker, { config: ai.config } as LocalWorker];
}

function bindings(settings: ProductSettings): Record<string, unknown> {
  const text = (value: string | null): Record<string, unknown> | undefined =>
    value === null ? undefined : { type: "text", value };
  const named = {
    DB: { type: "d1", id: "alleato" },
    RAW: { type: "r2", name: "alleato" },
    WAKE: { type: "queue", name: "sync-wake" },
    RUNS: { type: "workflow", name: "sync-run", worker: NAME, exportName: "SyncRun" },
    API_TOKEN: text(settings.apiToken),
    FIREFLIES_API_KEY: text(settings.firefliesKey),
    FIREFLIES_URL: text(settings.firefliesUrl),
    FIREFLIES_ACCOUNT: text(settings.firefliesAccount ?? null),
    WORLD_CLOCK: text(settings.worldClock),
    HOST: { type: "fetcher", handler: async () => new Response(String(await settings.freeBytes())) },
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** Files first, as on Cloudflare; what is no file, and WORKER_FIRST, is the Worker's. */
function assetsIn(directory: string): NonNullable<LocalWorker["config"]["assets"]> {
  return { directory, hasUserWorker: true, runWorkerFirst: WORKER_FIRST };
}

function pathTo(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
