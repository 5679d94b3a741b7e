import { fileURLToPath } from "node:url";
import { vectorizeWorkerConfig } from "../../emulators/vectorize/miniflare.ts";
import { workersAiWorkerConfig } from "../../emulators/workers-ai/miniflare.ts";
import type { AlertVariables } from "../core/alert-settings.ts";
import { bundleWorker } from "./bundle.ts";
import type { LocalEmbeddings } from "./embeddings.ts";
import type { FirefliesVendor } from "./fireflies-vendor.ts";
import { INDEX_NAMES, VECTORIZE_WORKER } from "./indexes.ts";
import type { NotionVendor } from "./notion-vendor.ts";
import { writePage } from "./page-files.ts";
import type { LocalWorker } from "./runtime.ts";

/** What the product's Worker is told locally. */
export type ProductSettings = {
  readonly apiToken: string;
  /** Null: Fireflies is off. */
  readonly fireflies: Pick<FirefliesVendor, "url" | "key" | "account"> | null;
  /** What webhooks of Fireflies are signed with; null: none is taken. */
  readonly firefliesWebhookSecret?: string | null;
  /** Null: Notion is off. */
  readonly notion: Omit<NotionVendor, "clock" | "close" | "webhooks"> | null;
  /** Settings of the configuration file, as text; null: there is none. */
  readonly config?: string | null;
  /** Who is told of alerts; without it nobody is. Mail goes to Miniflare's stand-in, which keeps it in a file. */
  readonly alerts?: AlertVariables;
  /** Country of phone numbers that name none, ISO 3166; null: the usual one. */
  readonly phoneCountry?: string | null;
  /** JSON of the emulated vendor's clock; null with real vendors. */
  readonly worldClock: string | null;
  readonly freeBytes: () => Promise<number>;
  /** Kept once database and indexes are as the Worker needs them; until then its API makes callers wait. */
  readonly ready: Promise<void>;
  /** Whether somebody keeps the clock, so that wake-ups are followed; without it nobody does. */
  readonly hasClock?: () => boolean;
  /** How long a mutation of the vector stand-in stays invisible, ms. */
  readonly vectorDelayMs: number;
  /** Where the files of the page are written, to be served from there; without it there is no page. */
  readonly pagePath?: string;
  readonly embeddings: Pick<LocalEmbeddings, "text" | "tokensMax" | "apiKey" | "liveApiKey">;
};

/** Name of the product's Worker, as in wrangler.jsonc. */
export const PRODUCT_WORKER = "meeting-sync";
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
  // What each index is stands in the index itself, as on Cloudflare; `prepareIndexes` sees to it.
  const vectors = vectorizeWorkerConfig({
    name: VECTORIZE_WORKER,
    script: vectorize.script,
    indexes: Object.entries(INDEX_NAMES).map(([binding, name]) => ({
      binding,
      name,
      delayMs: settings.vectorDelayMs,
    })),
  });
  const ai = workersAiWorkerConfig({ name: "workers-ai", script: workersAi.script });
  const env = { ...bindings(settings), ...vectors.bindings, AI: ai.binding } as LocalWorker["config"]["env"];
  const worker = {
    config: {
      name: PRODUCT_WORKER,
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
  const { fireflies, notion } = settings;
  const named = {
    DB: { type: "d1", id: "alleato" },
    RAW: { type: "r2", name: "alleato" },
    WAKE: { type: "queue", name: "sync-wake" },
    RUNS: { type: "workflow", name: "sync-run", worker: PRODUCT_WORKER, exportName: "SyncRun" },
    API_TOKEN: text(settings.apiToken),
    FIREFLIES_API_KEY: text(fireflies?.key ?? null),
    FIREFLIES_WEBHOOK_SECRET: text(settings.firefliesWebhookSecret ?? null),
    FIREFLIES_URL: text(fireflies?.url ?? null),
    FIREFLIES_ACCOUNT: text(fireflies?.account ?? null),
    NOTION_TOKEN: text(notion?.token ?? null),
    NOTION_URL: text(notion?.url ?? null),
    NOTION_WORKSPACE: text(notion?.workspace ?? null),
    NOTION_PROJECTS_DATABASE_ID: text(notion?.databases.projects ?? null),
    NOTION_CLIENTS_DATABASE_ID: text(notion?.databases.clients ?? null),
    NOTION_MAY_WRITE: text(notion?.mayWrite === true ? "yes" : null),
    SYNC_CONFIG: text(settings.config ?? null),
    PHONE_COUNTRY: text(settings.phoneCountry ?? null),
    ALERT_WEBHOOK_URL: text(settings.alerts?.webhookUrl ?? null),
    ALERT_EMAIL_TO: text(settings.alerts?.emailTo ?? null),
    ALERT_EMAIL_FROM: text(settings.alerts?.emailFrom ?? null),
    EMAIL: { type: "send-email" },
    WORLD_CLOCK: text(settings.worldClock),
    EMBEDDINGS: text(settings.embeddings.text),
    EMBEDDINGS_TOKENS_MAX: text(settings.embeddings.tokensMax),
    OPENAI_API_KEY: text(settings.embeddings.apiKey),
    OPENAI_API_KEY_LIVE: text(settings.embeddings.liveApiKey),
    HOST: { type: "fetcher", handler: (request: Request) => answerWorker(request, settings) },
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** Files first, as on Cloudflare; what is no file, and WORKER_FIRST, is the Worker's. */
function assetsIn(directory: string): NonNullable<LocalWorker["config"]["assets"]> {
  return { directory, hasUserWorker: true, runWorkerFirst: WORKER_FIRST };
}

/** What the Worker asks of the machine it runs on. */
async function answerWorker(
  { url }: Request,
  { freeBytes, hasClock, ready }: ProductSettings,
): Promise<Response> {
  const { pathname } = new URL(url);
  if (pathname === "/free-bytes") return new Response(String(await freeBytes()));
  if (pathname === "/clock") return new Response(hasClock?.() === true ? "runs" : "stands");
  await ready;
  return new Response("ready");
}

function pathTo(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
