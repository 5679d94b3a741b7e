import { AI_DESCRIPTIONS, aiError, descriptionOf, errorResponse, isAiError } from "./ai-errors.ts";
import {
  Batches,
  readBatch,
  type BatchItem,
  type BatchOutput,
  type BatchResponse,
  type BatchWorld,
  type QueuedOutput,
} from "./batches.ts";
import type { Embedder } from "./embedder.ts";
import { readInputs, type EmbeddingRequest } from "./inputs.ts";
import { LexicalEmbedder } from "./lexical-embedder.ts";
import { isLexical, modelNamed, type EmbeddingModel } from "./models.ts";
import { fitToWindow, type FittingTexts } from "./window.ts";

/** Embeddings, as every model answers them; `pooling` where the model tells it. */
export interface EmbeddingOutput {
  shape: [count: number, dimensions: number];
  data: number[][];
  pooling?: "mean" | "cls";
}

/** What bge-m3 answers to `contexts`: a ranking with a query, embeddings without. */
type ContextsOutput =
  | { response: { id: number; score: number }[] }
  | { response: number[][]; shape: [count: number, dimensions: number]; pooling: "cls" };

type TextOutput = EmbeddingOutput | ContextsOutput;

/** A `Response` when the option `returnRawResponse` is set. */
export type AiOutput = TextOutput | QueuedOutput | BatchOutput<TextOutput> | Response;

/** The part of the `AI` binding that exists here. */
export interface AiBinding {
  run(model: string, inputs: Record<string, unknown>, options?: Record<string, unknown>): Promise<AiOutput>;
}

/** Failures for the next calls. */
export interface AiFailure {
  /** 3040 (out of capacity, retry) or 3036 (daily allocation, stop until 00:00 UTC), for instance. */
  code: number;
  /** The service's words; those of `AI_DESCRIPTIONS` when absent. */
  description?: string;
  /** How many calls fail. */
  times: number;
}

/** What was asked so far; refused calls count as calls, not as texts. */
export interface AiCounts {
  calls: number;
  texts: number;
  estimatedTokens: number;
}

/** Options of the stand-in. */
export interface AiOptions {
  /** Lexical when absent; `lexical#<dimensions>` is lexical in any case. */
  embedder?: Embedder;
  /** Vector length for every model of the catalog instead of its own, to try small or large indexes. */
  dimensions?: number;
  /** How long an asynchronous batch takes, in milliseconds; 1,000 when absent. */
  batchDelayMs?: number;
  nowMs?: BatchWorld["nowMs"];
  newRequestId?: BatchWorld["newRequestId"];
}

const BATCH_DELAY_MS = 1_000;

/**
 * Text embeddings with the shapes, limits and errors of Workers AI.
 *
 * Rejects with name "AiError" and `5007` for an unknown model, `5006` for bad input, `3006` for an over-long text
 * (unless bge-m3 was told to truncate), and with whatever `failNext` planned.
 */
export class WorkersAiCore implements AiBinding {
  readonly #lexical = new LexicalEmbedder();
  readonly #embedder: Embedder;
  readonly #dimensions: number | null;
  readonly #batches: Batches<TextOutput>;
  readonly #counts: AiCounts = { calls: 0, texts: 0, estimatedTokens: 0 };
  #failure: AiFailure | null = null;
  #clockOffsetMs = 0;

  constructor(options: AiOptions = {}) {
    const nowMs = options.nowMs ?? Date.now;
    this.#embedder = options.embedder ?? this.#lexical;
    this.#dimensions = options.dimensions ?? null;
    this.#batches = new Batches({
      nowMs: () => nowMs() + this.#clockOffsetMs,
      newRequestId: options.newRequestId ?? (() => crypto.randomUUID()),
      delayMs: options.batchDelayMs ?? BATCH_DELAY_MS,
    });
  }

  async run(
    model: string,
    inputs: Record<string, unknown>,
    options: Record<string, unknown> = {},
  ): Promise<AiOutput> {
    const isQueued = options["queueRequest"] === true;
    if (options["returnRawResponse"] !== true) return this.#run(model, inputs, isQueued);
    try {
      return Response.json(await this.#run(model, inputs, isQueued));
    } catch (error) {
      // The binding hands on whatever the service answered, refusals included.
      if (isAiError(error)) return errorResponse(error);
      throw error;
    }
  }

  /** Let the next calls fail. Replaces an earlier plan. */
  failNext(failure: AiFailure): void {
    this.#failure = failure;
  }

  /** Move the clock of asynchronous batches ahead. */
  advance(ms: number): void {
    this.#clockOffsetMs += ms;
  }

  counts(): AiCounts {
    return { ...this.#counts };
  }

  async #run(name: string, inputs: Record<string, unknown>, isQueued: boolean): Promise<AiOutput> {
    this.#counts.calls += 1;
    this.#failIfTold(name);
    const model = modelNamed(name);
    if (model === undefined) throw noSuchModel(name);
    if (typeof inputs?.["request_id"] === "string") {
      holdToBatches(model);
      return this.#batches.poll(model, inputs["request_id"]);
    }
    if (isQueued) return this.#submit(model, inputs);
    const request = readInputs(model, inputs);
    return this.#answer(model, request, fitToWindow(model, request));
  }

  /** Bad input refuses the batch; a text that is too long fails its own request only. */
  #submit(model: EmbeddingModel, inputs: Record<string, unknown>): QueuedOutput {
    holdToBatches(model);
    const items = readBatch(inputs).map((item) => ({ ...item, request: readInputs(model, item.inputs) }));
    return this.#batches.submit(model, async () => {
      const answered = await Promise.all(items.map((item, id) => this.#respond(model, item, id)));
      const tokens = answered.reduce((sum, one) => sum + one.tokens, 0);
      return {
        responses: answered.map(({ response }) => response),
        usage: { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens },
      };
    });
  }

  async #respond(
    model: EmbeddingModel,
    item: BatchItem & { request: EmbeddingRequest },
    id: number,
  ): Promise<{ response: BatchResponse<TextOutput>; tokens: number }> {
    const reference = item.externalReference === null ? {} : { external_reference: item.externalReference };
    try {
      const fitting = fitToWindow(model, item.request);
      const result = await this.#answer(model, item.request, fitting);
      return { response: { id, result, success: true, ...reference }, tokens: fitting.estimatedTokens };
    } catch (error) {
      if (!isAiError(error)) throw error;
      return { response: { id, success: false, error: error.message, ...reference }, tokens: 0 };
    }
  }

  async #answer(
    model: EmbeddingModel,
    request: EmbeddingRequest,
    { texts, query, estimatedTokens }: FittingTexts,
  ): Promise<TextOutput> {
    this.#counts.texts += texts.length;
    this.#counts.estimatedTokens += estimatedTokens;
    const embedder = isLexical(model) ? this.#lexical : this.#embedder;
    const dimensions = isLexical(model) ? model.dimensions : (this.#dimensions ?? model.dimensions);
    const vectors = await embedder.embed(texts, dimensions, request.role);
    const shape: [number, number] = [vectors.length, dimensions];
    const data = vectors.map(toNumbers);
    if (request.contexts === null)
      return { shape, data, ...(request.pooling === null ? {} : { pooling: request.pooling }) };
    if (query === null) return { response: data, shape, pooling: "cls" };
    const [asked = []] = (await embedder.embed([query], dimensions, "query")).map(toNumbers);
    const ranked = data.map((vector, id) => ({ id, score: cosine(asked, vector) }));
    return { response: ranked.sort((one, other) => other.score - one.score) };
  }

  #failIfTold(model: string): void {
    if (this.#failure === null || this.#failure.times <= 0) return;
    this.#failure = { ...this.#failure, times: this.#failure.times - 1 };
    const { code, description } = this.#failure;
    if (description === undefined && code === AI_DESCRIPTIONS.noSuchModel.code) throw noSuchModel(model);
    throw aiError(code, description ?? descriptionOf(code));
  }
}

/** The stand-in inside this process: `run`, and what tests may do beside it. */
export function createWorkersAiInProcess(options: AiOptions = {}): WorkersAiCore {
  return new WorkersAiCore(options);
}

function noSuchModel(name: string): Error {
  return aiError(AI_DESCRIPTIONS.noSuchModel.code, `No such model ${name} or task`);
}

/** Refuse batches of a model that the catalog does not flag for them; the code is our choice [?]. */
function holdToBatches(model: EmbeddingModel): void {
  if (model.batch) return;
  throw aiError(AI_DESCRIPTIONS.badInput.code, `Error: ${model.name} takes no asynchronous batches`);
}

function cosine(one: readonly number[], other: readonly number[]): number {
  const [product, left, right] = [productOf(one, other), productOf(one, one), productOf(other, other)];
  return left === 0 || right === 0 ? 0 : product / Math.sqrt(left * right);
}

function productOf(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}

// A loop: `Array.from` takes twelve times as long on a typed array.
function toNumbers(values: Float32Array): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < values.length; at++) numbers.push(values[at] as number);
  return numbers;
}
