import type { WorkflowStep } from "cloudflare:workers";
import { createEmbedder } from "../adapters/workers-ai/embedder.ts";
import { createIndexRegistry } from "../adapters/d1/index-registry.ts";
import { createOpenAiEmbedder } from "../adapters/openai/embedder.ts";
import { createRebuildStore } from "../adapters/d1/rebuild-table.ts";
import { createFirefliesSource } from "../adapters/fireflies/source.ts";
import { createRawStore } from "../adapters/r2/raw-store.ts";
import { createRecordStore } from "../adapters/d1/record-store.ts";
import { createRunStore } from "../adapters/d1/run-store.ts";
import { createSearchStore } from "../adapters/d1/search-store.ts";
import { createVectorIndex } from "../adapters/vectorize/vector-index.ts";
import { createWorkflowSteps } from "../adapters/workflows/steps.ts";
import { createRunEngine } from "../adapters/workflows/run-engine.ts";
import { rememberingQueries, type QueryVectors } from "../adapters/memory/query-vectors.ts";
import { createSystemWorld, followingClock, parseClock, REAL_CLOCK } from "../adapters/world/system-world.ts";
import {
  DEPLOYED_EMBEDDINGS,
  LOCAL_EMBEDDINGS,
  parseEmbeddings,
  type EmbeddingChoice,
  type SettingProblem,
} from "../core/embedding-choice.ts";
import { planEmbeddings, type IndexRow } from "../core/embedding-plan.ts";
import { FailureError } from "../core/errors.ts";
import { QUERY_VECTORS_MAX, SCHEMA_VERSION } from "../core/policy.ts";
import type { Ports } from "../ports/ports.ts";
import type { RunEngine } from "../ports/run-engine.ts";
import type { Steps } from "../ports/steps.ts";
import type { Embedder } from "../ports/vectors.ts";
import type { World } from "../ports/world.ts";
import type { Env } from "./env.ts";

const FIREFLIES_URL = "https://api.fireflies.ai";

/** Outlives a request, for as long as the platform keeps this Worker in memory. */
const QUERY_VECTORS: QueryVectors = new Map();

/** The only place where ports meet their adapters: bindings and secrets in, ports out. */
export async function composePorts(env: Env): Promise<Ports> {
  const clock = env.WORLD_CLOCK === undefined ? null : parseClock(env.WORLD_CLOCK);
  const world = createSystemWorld(clock ?? REAL_CLOCK);
  const plainFetch = (request: Request): Promise<Response> => fetch(request);
  const key = env.FIREFLIES_API_KEY ?? "";
  const source =
    key === ""
      ? null
      : await createFirefliesSource({
          url: env.FIREFLIES_URL ?? FIREFLIES_URL,
          key,
          keyOf: env.FIREFLIES_ACCOUNT ?? "",
          fetch: clock === null ? plainFetch : followingClock(plainFetch, world),
          world,
        });
  const registry = createIndexRegistry(env.DB);
  return {
    world,
    source,
    runs: createRunStore(env.DB, world),
    records: createRecordStore(env.DB),
    search: createSearchStore(env.DB),
    raw: createRawStore(env.RAW, world),
    registry,
    rebuilds: createRebuildStore(env.DB),
    ...vectorPorts(env, world, (await registry.rows()).items),
    freeBytes: () => freeBytes(env),
    schemaVersion: SCHEMA_VERSION,
  };
}

type VectorPorts = Pick<Ports, "embedder" | "index" | "indexName" | "indexes" | "wanted">;

/** Which index answers and with which model, as the ledger says; and what the configuration asks for beyond that. */
function vectorPorts(env: Env, world: World, rows: readonly IndexRow[]): VectorPorts {
  const indexes = {
    VECTORS_A: createVectorIndex(env.VECTORS_A),
    VECTORS_B: createVectorIndex(env.VECTORS_B),
  };
  const isLocal = env.HOST !== undefined;
  const configured =
    (env.EMBEDDINGS ?? "").trim() === ""
      ? null
      : parseEmbeddings(env.EMBEDDINGS ?? "", env.EMBEDDINGS_TOKENS_MAX);
  const usual = parseEmbeddings(isLocal ? LOCAL_EMBEDDINGS : DEPLOYED_EMBEDDINGS) as EmbeddingChoice;
  const known = { configured: isServed(configured, isLocal), usual, rows, bindings: Object.keys(indexes) };
  const { live, wanted } = planEmbeddings(known);
  const problem = "problem" in live.choice ? live.choice.problem : null;
  const indexName = live.binding === "VECTORS_B" ? "VECTORS_B" : "VECTORS_A";
  return {
    embedder: embedderOf(env, world, live.choice),
    index: indexes[indexName],
    indexName,
    indexes,
    wanted:
      problem !== null
        ? { embedder: null, problem }
        : wanted === null
          ? null
          : "problem" in wanted
            ? { embedder: null, problem: wanted.problem }
            : { embedder: embedderOf(env, world, wanted), problem: null },
  };
}

/** The lexical model is one of the stand-in's own. */
function isServed(choice: ReturnType<typeof parseEmbeddings> | null, isLocal: boolean): typeof choice {
  const isLexical = choice !== null && "kind" in choice && choice.kind === "lexical";
  if (!isLexical || isLocal) return choice;
  return { problem: "EMBEDDINGS: the lexical model exists in the local runner only; choose another." };
}

function embedderOf(env: Env, world: World, choice: EmbeddingChoice | SettingProblem): Embedder {
  if ("problem" in choice) return refusingEmbedder(choice.problem);
  return rememberingQueries(makerOf(env, world, choice), QUERY_VECTORS, QUERY_VECTORS_MAX);
}

function makerOf(env: Env, world: World, choice: EmbeddingChoice): Embedder {
  if (choice.kind !== "openai") return createEmbedder(env.AI, choice.model, world);
  const apiKey = env.OPENAI_API_KEY ?? "";
  const plainFetch = (request: Request): Promise<Response> => fetch(request);
  const server = {
    address: choice.address,
    apiKey: apiKey === "" ? null : apiKey,
    fetch: plainFetch,
    world,
  };
  return createOpenAiEmbedder(server, choice.model);
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
