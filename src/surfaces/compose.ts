import type { WorkflowStep } from "cloudflare:workers";
import { createEmbedder } from "../adapters/workers-ai/embedder.ts";
import { createOpenAiEmbedder } from "../adapters/openai/embedder.ts";
import { createEmailChannel } from "../adapters/notify/email.ts";
import { createWebhookChannel } from "../adapters/notify/webhook.ts";
import { createFirefliesSource } from "../adapters/fireflies/source.ts";
import { createRawStore } from "../adapters/r2/raw-store.ts";
import { createNotionTables } from "../adapters/notion/tables.ts";
import { createWake } from "../adapters/queues/wake.ts";
import { createStores } from "../adapters/d1/stores.ts";
import { createWebhookInbox } from "../adapters/d1/webhook-inbox.ts";
import { createVectorIndex } from "../adapters/vectorize/vector-index.ts";
import { createWorkflowSteps } from "../adapters/workflows/steps.ts";
import { createRunEngine } from "../adapters/workflows/run-engine.ts";
import { rememberingQueries, type QueryVectors } from "../adapters/memory/query-vectors.ts";
import {
  createSystemWorld,
  followingClock,
  parseClock,
  REAL_CLOCK,
  type WorldClock,
} from "../adapters/world/system-world.ts";
import {
  DEPLOYED_EMBEDDINGS,
  keyFor,
  LOCAL_EMBEDDINGS,
  parseEmbeddings,
  type EmbeddingChoice,
} from "../core/embedding-choice.ts";
import { planEmbeddings, type IndexRow } from "../core/embedding-plan.ts";
import { parseConfig, settingsOf, USUAL_SETTINGS, type Settings } from "../core/config.ts";
import { FailureError } from "../core/errors.ts";
import { QUERY_VECTORS_MAX, SCHEMA_VERSION } from "../core/policy.ts";
import { alertSettings } from "../core/alert-settings.ts";
import type { AlertChannels } from "../ports/alert-channel.ts";
import type { NotionSetup, Ports } from "../ports/ports.ts";
import type { RunEngine } from "../ports/run-engine.ts";
import type { Steps } from "../ports/steps.ts";
import type { Embedder } from "../ports/vectors.ts";
import type { World } from "../ports/world.ts";
import type { Env } from "./env.ts";

const FIREFLIES_URL = "https://api.fireflies.ai";
const NOTION_URL = "https://api.notion.com";

/** Outlives a request, for as long as the platform keeps this Worker in memory. */
const QUERY_VECTORS: QueryVectors = new Map();

/** The only place where ports meet their adapters: bindings and secrets in, ports out. */
export async function composePorts(env: Env): Promise<Ports> {
  const { clock, world } = composeWorld(env);
  const plainFetch = (request: Request): Promise<Response> => fetch(request);
  const send = clock === null ? plainFetch : followingClock(plainFetch, world);
  const key = env.FIREFLIES_API_KEY ?? "";
  const source =
    key === ""
      ? null
      : await createFirefliesSource({
          url: env.FIREFLIES_URL ?? FIREFLIES_URL,
          key,
          keyOf: env.FIREFLIES_ACCOUNT ?? "",
          fetch: send,
          world,
        });
  const stores = createStores(env.DB, world);
  const { settings, problem: configProblem } = configurationOf(env);
  return {
    world,
    source,
    ...stores,
    raw: createRawStore(env.RAW, world),
    wake: createWake(env.WAKE),
    notion: await composeNotion(env, settings, { world, send }),
    scheduleMs: settings.scheduleMs,
    rates: settings.rates,
    channels: await composeChannels(env, world),
    configProblem,
    ...vectorPorts(env, world, (await stores.registry.rows()).items),
    freeBytes: () => freeBytes(env),
    schemaVersion: SCHEMA_VERSION,
  };
}

/** What an emulated vendor said last of the clock that this isolate began with: a run that calls no vendor goes by it, too. */
let heard: { readonly of: string; readonly clock: WorldClock } | null = null;

/** Time, and the clock of an emulated vendor if there is one. */
function composeWorld({ WORLD_CLOCK: of }: Env) {
  const given = of === undefined ? null : parseClock(of);
  if (of === undefined || given === null) return { clock: null, world: createSystemWorld(REAL_CLOCK) };
  const clock = heard?.of === of ? heard.clock : given;
  const world = createSystemWorld(clock);
  const follow = (newer: WorldClock): void => {
    heard = { of, clock: newer };
    world.follow(newer);
  };
  return { clock, world: { ...world, follow } };
}

/** What an open door needs: no more than that is made for a stranger's request. */
export function composeInbox(env: Env): Pick<Ports, "inbox" | "wake" | "world"> {
  return { inbox: createWebhookInbox(env.DB), wake: createWake(env.WAKE), world: composeWorld(env).world };
}

/** What the configuration file says; with one that cannot be followed, what goes for everybody, beside the problem. */
function configurationOf({ SYNC_CONFIG = "" }: Env): { settings: Settings; problem: string | null } {
  if (SYNC_CONFIG.trim() === "") return { settings: USUAL_SETTINGS, problem: null };
  const read = parseConfig(SYNC_CONFIG);
  return "problem" in read
    ? { settings: USUAL_SETTINGS, problem: `SYNC_CONFIG: ${read.problem}` }
    : { settings: settingsOf(read.config), problem: null };
}

/** How people are told of alerts. Locally a stand-in takes the mail, which nobody gets. */
async function composeChannels(env: Env, world: World): Promise<AlertChannels> {
  const variables = {
    webhookUrl: env.ALERT_WEBHOOK_URL,
    emailTo: env.ALERT_EMAIL_TO,
    emailFrom: env.ALERT_EMAIL_FROM,
  };
  const binding = env.EMAIL;
  const { webhook, email } = alertSettings(variables, {
    isLocal: isLocal(env),
    canMail: binding !== undefined,
  });
  const usable = [];
  const unusable = [];
  const plainFetch = (request: Request): Promise<Response> => fetch(request);
  if (webhook !== null && "url" in webhook)
    usable.push(await createWebhookChannel({ url: webhook.url, fetch: plainFetch, world }));
  else if (webhook !== null) unusable.push({ kind: "webhook", ...webhook } as const);
  if (email !== null && "from" in email && binding !== undefined)
    usable.push(
      await createEmailChannel({ ...email, binding, world, note: isLocal(env) ? LOCAL_MAIL : null }),
    );
  else if (email !== null && "problem" in email) unusable.push({ kind: "email", ...email } as const);
  return { usable, unusable };
}

const LOCAL_MAIL = "on this machine mail is only kept in a file; deployed, Cloudflare sends it";

/** Notion, if there is a token for it. What the environment names stands before the configuration file. */
async function composeNotion(
  env: Env,
  { databases, tables: settings, phoneCountry }: Settings,
  { world, send }: { world: World; send: (request: Request) => Promise<Response> },
): Promise<NotionSetup | null> {
  const token = env.NOTION_TOKEN ?? "";
  if (token === "") return null;
  const tables = await createNotionTables({
    url: env.NOTION_URL ?? NOTION_URL,
    token,
    keyOf: env.NOTION_WORKSPACE ?? "",
    fetch: send,
    world,
  });
  return {
    tables,
    databases: {
      projects: env.NOTION_PROJECTS_DATABASE_ID || databases.projects,
      clients: env.NOTION_CLIENTS_DATABASE_ID || databases.clients,
    },
    settings,
    mayWrite: isLocal(env) && env.NOTION_MAY_WRITE === "yes",
    country: env.PHONE_COUNTRY || phoneCountry,
  };
}

type VectorPorts = Pick<Ports, "embedder" | "index" | "indexName" | "indexes" | "wanted">;

/** Which index answers and with which model, as the ledger says; and what the configuration asks for beyond that. */
function vectorPorts(env: Env, world: World, rows: readonly IndexRow[]): VectorPorts {
  const indexes = {
    VECTORS_A: createVectorIndex(env.VECTORS_A, world),
    VECTORS_B: createVectorIndex(env.VECTORS_B, world),
  };
  const configured = configuredEmbeddings(env);
  const usual = parseEmbeddings(isLocal(env) ? LOCAL_EMBEDDINGS : DEPLOYED_EMBEDDINGS) as EmbeddingChoice;
  const { live, wanted } = planEmbeddings({ configured, usual, rows, bindings: Object.keys(indexes) });
  const named = configured !== null && "address" in configured ? configured.address : null;
  const makerOf = (choice: EmbeddingChoice): Embedder =>
    rememberingQueries(embedderOf(env, world, { choice, named }), QUERY_VECTORS, QUERY_VECTORS_MAX);
  const indexName = live.binding === "VECTORS_B" ? "VECTORS_B" : "VECTORS_A";
  const common = { index: indexes[indexName], indexName, indexes } as const;
  if ("problem" in live.choice) {
    const { problem } = live.choice;
    return { ...common, embedder: refusingEmbedder(problem), wanted: { embedder: null, problem } };
  }
  const embedder = makerOf(live.choice);
  if (wanted === null) return { ...common, embedder, wanted };
  return "problem" in wanted
    ? { ...common, embedder, wanted: { embedder: null, ...wanted } }
    : { ...common, embedder, wanted: { embedder: makerOf(wanted), problem: null } };
}

/** A machine of ours answers for itself; deployed, nobody does. */
function isLocal({ HOST }: Env): boolean {
  return HOST !== undefined;
}

/** What `EMBEDDINGS` says; null if it says nothing. The lexical model is one of the stand-in's own. */
function configuredEmbeddings(env: Env): ReturnType<typeof parseEmbeddings> | null {
  const text = (env.EMBEDDINGS ?? "").trim();
  if (text === "") return null;
  const choice = parseEmbeddings(text, env.EMBEDDINGS_TOKENS_MAX);
  const isLexical = "kind" in choice && choice.kind === "lexical";
  if (!isLexical || isLocal(env)) return choice;
  return { problem: "EMBEDDINGS: the lexical model exists in the local runner only; choose another." };
}

/** @param named address of the server that `EMBEDDINGS` names, whose key goes to no other */
function embedderOf(
  env: Env,
  world: World,
  { choice, named }: { choice: EmbeddingChoice; named: string | null },
): Embedder {
  if (choice.kind !== "openai") return createEmbedder(env.AI, choice.model, world);
  const keys = { named: env.OPENAI_API_KEY || null, live: env.OPENAI_API_KEY_LIVE || null };
  const apiKey = keyFor(choice.address, named, keys);
  const plainFetch = (request: Request): Promise<Response> => fetch(request);
  return createOpenAiEmbedder({ address: choice.address, apiKey, fetch: plainFetch, world }, choice.model);
}

/** Stands where no model can: whoever needs one is told why. */
function refusingEmbedder(problem: string): Embedder {
  const refuse = (): Promise<never> =>
    Promise.reject(new FailureError({ kind: "embeddings_refused", party: "engine", detail: problem }));
  return {
    model: "none",
    dimensions: 0,
    pooling: null,
    address: null,
    tokensMax: null,
    embedDocuments: refuse,
    embedQuery: refuse,
  };
}

/** Asked once by each process of the Worker. */
let isReady = false;

/** Wait until a runner on a machine of ours has brought database and indexes up to date; deployed, they are. */
export async function awaitReadiness({ HOST }: Env): Promise<void> {
  if (isReady || HOST === undefined) return;
  await HOST.fetch("http://host/ready");
  isReady = true;
}

/**
 * Whether a wake-up is to be followed. On a machine of ours the runner keeps the clock, and while it makes every sync once
 * nothing else may begin.
 */
export async function hasClock({ HOST }: Env): Promise<boolean> {
  if (HOST === undefined) return true;
  const reply = await HOST.fetch("http://host/clock");
  return (await reply.text()) === "runs";
}

/** Durable steps of one run. */
export function composeSteps(step: WorkflowStep, world: World): Steps {
  return createWorkflowSteps(step, world);
}

/** The engine that carries runs. */
export function composeEngine(env: Env): RunEngine {
  return createRunEngine(env.RUNS);
}

async function freeBytes(env: Env): Promise<number | null> {
  if (env.HOST === undefined) return null;
  const reply = await env.HOST.fetch("http://host/free-bytes");
  return Number(await reply.text());
}
