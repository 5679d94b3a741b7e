import { AI_DESCRIPTIONS, aiError } from "./ai-errors.ts";
import type { Embedder } from "./embedder.ts";
import { readInputs, type EmbeddingRequest } from "./inputs.ts";
import { LexicalEmbedder } from "./lexical-embedder.ts";
import { modelNamed, type EmbeddingModel } from "./models.ts";
import { estimateTokens } from "./token-estimate.ts";

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

export type AiOutput = EmbeddingOutput | ContextsOutput;

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
  /** Lexical when absent. */
  embedder?: Embedder;
  /** Vector length for every model instead of its own, to try small or large indexes. */
  dimensions?: number;
}

/**
 * Text embeddings with the shapes, limits and errors of Workers AI.
 *
 * Rejects with name "AiError" and `5007` for an unknown model, `5006` for bad input, `3006` for an over-long text
 * (unless bge-m3 was told to truncate), and with whatever `failNext` planned.
 */
export class WorkersAiCore implements AiBinding {
  readonly #embedder: Embedder;
  readonly #dimensions: number | null;
  readonly #counts: AiCounts = { calls: 0, texts: 0, estimatedTokens: 0 };
  #failure: AiFailure | null = null;

  constructor(options: AiOptions = {}) {
    this.#embedder = options.embedder ?? new LexicalEmbedder();
    this.#dimensions = options.dimensions ?? null;
  }

  async run(
    model: string,
    inputs: Record<string, unknown>,
    options: Record<string, unknown> = {},
  ): Promise<AiOutput> {
    this.#counts.calls += 1;
    this.#failIfTold();
    const known = modelNamed(model);
    if (known === undefined) throw aiError(5007, `No such model ${model} or task`);
    if (options["queueRequest"] === true || options["returnRawResponse"] === true) {
      throw new Error("This stand-in for Workers AI knows neither queueRequest nor returnRawResponse.");
    }
    const request = readInputs(known, inputs);
    const texts = this.#withinLimit(known, request);
    this.#counts.texts += texts.length;
    return this.#answer(known, request, texts);
  }

  /** Let the next calls fail. Replaces an earlier plan. */
  failNext(failure: AiFailure): void {
    this.#failure = failure;
  }

  counts(): AiCounts {
    return { ...this.#counts };
  }

  async #answer(model: EmbeddingModel, request: EmbeddingRequest, texts: string[]): Promise<AiOutput> {
    const dimensions = this.#dimensions ?? model.dimensions;
    const vectors = await this.#embedder.embed(texts, dimensions, request.role);
    const shape: [number, number] = [vectors.length, dimensions];
    const data = vectors.map(toNumbers);
    if (request.contexts === null)
      return { shape, data, ...(request.pooling === null ? {} : { pooling: request.pooling }) };
    if (request.contexts.query === null) return { response: data, shape, pooling: "cls" };
    const [query = []] = (await this.#embedder.embed([request.contexts.query], dimensions, "query")).map(
      toNumbers,
    );
    const ranked = data.map((vector, id) => ({ id, score: cosine(query, vector) }));
    return { response: ranked.sort((one, other) => other.score - one.score) };
  }

  #withinLimit(model: EmbeddingModel, request: EmbeddingRequest): string[] {
    const instructionTokens = request.instruction === null ? 0 : estimateTokens(request.instruction);
    return request.texts.map((text, at) => {
      const tokens = estimateTokens(text) + instructionTokens;
      this.#counts.estimatedTokens += Math.min(tokens, model.tokensMax);
      if (tokens <= model.tokensMax) return text;
      if (request.truncate) return cutToTokens(text, model.tokensMax);
      const detail = `text ${at} has about ${tokens} tokens, ${model.name} takes ${model.tokensMax}`;
      throw aiError(AI_DESCRIPTIONS.tooLarge.code, `${AI_DESCRIPTIONS.tooLarge.description}: ${detail}`);
    });
  }

  #failIfTold(): void {
    if (this.#failure === null || this.#failure.times <= 0) return;
    this.#failure = { ...this.#failure, times: this.#failure.times - 1 };
    const { code } = this.#failure;
    const usual = Object.values(AI_DESCRIPTIONS).find((known) => known.code === code)?.description;
    throw aiError(code, this.#failure.description ?? usual ?? "Unknown error");
  }
}

/** The stand-in inside this process: `run`, and what tests may do beside it. */
export function createWorkersAiInProcess(options: AiOptions = {}): WorkersAiCore {
  return new WorkersAiCore(options);
}

function cutToTokens(text: string, tokensMax: number): string {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (estimateTokens(text.slice(0, middle)) <= tokensMax) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low);
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
