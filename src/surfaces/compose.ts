import type { WorkflowStep } from "cloudflare:workers";
import { createEmbedder } from "../adapters/workers-ai/embedder.ts";
import { createFirefliesSource } from "../adapters/fireflies/source.ts";
import { createRawStore } from "../adapters/r2/raw-store.ts";
import { createRecordStore } from "../adapters/d1/record-store.ts";
import { createRunStore } from "../adapters/d1/run-store.ts";
import { createSearchStore } from "../adapters/d1/search-store.ts";
import { createVectorIndex } from "../adapters/vectorize/vector-index.ts";
import { createWorkflowSteps } from "../adapters/workflows/steps.ts";
import { createRunEngine } from "../adapters/workflows/run-engine.ts";
import { createSystemWorld, followingClock, parseClock, REAL_CLOCK } from "../adapters/world/system-world.ts";
import { rememberingQueries, type QueryVectors } from "../adapters/memory/query-vectors.ts";
import { EMBEDDING_MODEL, QUERY_VECTORS_MAX, SCHEMA_VERSION } from "../core/policy.ts";
import type { Ports } from "../ports/ports.ts";
import type { RunEngine } from "../ports/run-engine.ts";
import type { Steps } from "../ports/steps.ts";
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
  return {
    world,
    source,
    runs: createRunStore(env.DB, world),
    records: createRecordStore(env.DB),
    search: createSearchStore(env.DB),
    raw: createRawStore(env.RAW, world),
    embedder: rememberingQueries(
      createEmbedder(env.AI, EMBEDDING_MODEL, world),
      QUERY_VECTORS,
      QUERY_VECTORS_MAX,
    ),
    index: createVectorIndex(env.VECTORS_A, world),
    indexName: "VECTORS_A",
    freeBytes: () => freeBytes(env),
    schemaVersion: SCHEMA_VERSION,
  };
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
