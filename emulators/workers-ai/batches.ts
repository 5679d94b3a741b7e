import { AI_DESCRIPTIONS, aiError } from "./ai-errors.ts";
import type { EmbeddingModel } from "./models.ts";

/** Most batches that are remembered; the oldest is forgotten first. */
const BATCHES_MAX = 1_000;

/** Bytes of JSON a batch may have. Source: developers.cloudflare.com/workers-ai/features/batch-api ("under 10 MB"). */
const BATCH_BYTES_MAX = 10_000_000;

/** One request of a batch. */
export interface BatchItem {
  inputs: Record<string, unknown>;
  externalReference: string | null;
}

export interface QueuedOutput {
  status: "queued" | "running";
  request_id: string;
  model: string;
}

export interface BatchResponse<Result> {
  /** Place of the request in the batch. */
  id: number;
  success: boolean;
  result?: Result;
  /** [?] Production does not say how it shows the failure of one request. */
  error?: string;
  external_reference?: string;
}

export interface BatchOutput<Result> {
  responses: BatchResponse<Result>[];
  usage: { prompt_tokens: number; completion_tokens: 0; total_tokens: number };
}

interface Batch<Result> {
  model: string;
  dueMs: number;
  runningMs: number;
  /** Made by the first who asks after it is due. */
  output?: Promise<BatchOutput<Result>>;
  work: () => Promise<BatchOutput<Result>>;
}

/** What the queue needs from outside. */
export interface BatchWorld {
  nowMs(): number;
  /** A fresh UUID. */
  newRequestId(): string;
  /** From "queued" to the responses, in milliseconds; half of it is "running". */
  delayMs: number;
}

/** The queue of asynchronous batches. It ends with the process. */
export class Batches<Result> {
  readonly #world: BatchWorld;
  readonly #batches = new Map<string, Batch<Result>>();

  constructor(world: BatchWorld) {
    this.#world = world;
  }

  submit(model: EmbeddingModel, work: Batch<Result>["work"]): QueuedOutput {
    const { nowMs, newRequestId, delayMs } = this.#world;
    const id = newRequestId();
    const oldest = this.#batches.keys().next();
    if (this.#batches.size >= BATCHES_MAX && oldest.done === false) this.#batches.delete(oldest.value);
    const acceptedMs = nowMs();
    const [runningMs, dueMs] = [acceptedMs + delayMs / 2, acceptedMs + delayMs];
    this.#batches.set(id, { model: model.name, runningMs, dueMs, work });
    return { status: "queued", request_id: id, model: model.name };
  }

  /** How far a batch has come. Throws AiError 5006 [?] for an id that is unknown, or another model's. */
  async poll(model: EmbeddingModel, id: string): Promise<QueuedOutput | BatchOutput<Result>> {
    const batch = this.#batches.get(id);
    if (batch === undefined || batch.model !== model.name) {
      throw aiError(AI_DESCRIPTIONS.badInput.code, `Error: no batch ${JSON.stringify(id)} of ${model.name}`);
    }
    const nowMs = this.#world.nowMs();
    if (nowMs >= batch.dueMs) return this.#outputOf(batch);
    const status = nowMs < batch.runningMs ? "queued" : "running";
    return { status, request_id: id, model: model.name };
  }

  /** Worked out once, unless it failed: a batch is answered in the end. */
  #outputOf(batch: Batch<Result>): Promise<BatchOutput<Result>> {
    batch.output ??= batch.work().catch((error: unknown) => {
      delete batch.output;
      throw error;
    });
    return batch.output;
  }
}

/**
 * Take the requests of a batch apart.
 *
 * Throws AiError 5006 if they are no list of objects, and 3006 above 10 MB.
 */
export function readBatch(inputs: Record<string, unknown>): BatchItem[] {
  const { requests } = inputs;
  if (!Array.isArray(requests) || requests.length === 0) throw badBatch("Type mismatch of '/requests'");
  if (new TextEncoder().encode(JSON.stringify(requests)).length >= BATCH_BYTES_MAX) {
    const { code, description } = AI_DESCRIPTIONS.tooLarge;
    throw aiError(code, `${description}: a batch has less than ${BATCH_BYTES_MAX} bytes`);
  }
  return requests.map((request: unknown, at) => {
    if (typeof request !== "object" || request === null || Array.isArray(request))
      throw badBatch(`Type mismatch of '/requests/${at}'`);
    const { external_reference: reference, ...rest } = request as Record<string, unknown>;
    if (reference !== undefined && typeof reference !== "string")
      throw badBatch(`Type mismatch of '/requests/${at}/external_reference', 'string' expected`);
    return { inputs: rest, externalReference: reference ?? null };
  });
}

function badBatch(problem: string): Error {
  return aiError(AI_DESCRIPTIONS.badInput.code, `Error: ${problem}`);
}
