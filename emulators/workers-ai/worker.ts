import { WorkerEntrypoint } from "cloudflare:workers";
import { WorkersAiCore, type AiBinding, type AiCounts, type AiFailure, type AiOutput } from "./ai-core.ts";
import { OpenAiEmbedder, type OpenAiOptions } from "./openai-embedder.ts";

interface Env {
  /** Vector length for every model instead of its own. */
  DIMENSIONS?: number;
  /** A server to take embeddings from; lexical when absent. */
  OPENAI?: OpenAiOptions;
  /** How long an asynchronous batch takes, in milliseconds. */
  BATCH_DELAY_MS?: number;
}

/** What tests may do to the stand-in. */
export interface WorkersAiControlApi {
  failNext(failure: AiFailure): Promise<void>;
  counts(): Promise<AiCounts>;
  /** Move the clock of asynchronous batches ahead. */
  advance(ms: number): Promise<void>;
}

// One per process of the runtime: counts, planned failures and batches are shared by all bindings
// and end with the process.
let core: WorkersAiCore | undefined;

function coreOf(env: Env): WorkersAiCore {
  core ??= new WorkersAiCore({
    ...(env.DIMENSIONS === undefined ? {} : { dimensions: env.DIMENSIONS }),
    ...(env.BATCH_DELAY_MS === undefined ? {} : { batchDelayMs: env.BATCH_DELAY_MS }),
    ...(env.OPENAI === undefined ? {} : { embedder: new OpenAiEmbedder(env.OPENAI) }),
  });
  return core;
}

/** The binding: `env.AI.run(...)`, unchanged. */
export class WorkersAi extends WorkerEntrypoint<Env> implements AiBinding {
  async run(
    model: string,
    inputs: Record<string, unknown>,
    options?: Record<string, unknown>,
  ): Promise<AiOutput> {
    return coreOf(this.env).run(model, inputs, options);
  }
}

/** Faults and counts for tests and simulations. Bind it to test drivers only. */
export class WorkersAiControl extends WorkerEntrypoint<Env> implements WorkersAiControlApi {
  async failNext(failure: AiFailure): Promise<void> {
    coreOf(this.env).failNext(failure);
  }

  async counts(): Promise<AiCounts> {
    return coreOf(this.env).counts();
  }

  async advance(ms: number): Promise<void> {
    coreOf(this.env).advance(ms);
  }
}
