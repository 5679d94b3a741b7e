import { FailureError, type FailureKind } from "../../core/errors.ts";
import type { Embedder } from "../../ports/vectors.ts";
import type { World } from "../../ports/world.ts";

/** The part of the AI binding that is used. */
export type AiBinding = { run(model: string, inputs: Record<string, unknown>): Promise<unknown> };

export type EmbeddingModel = {
  readonly name: string;
  readonly dimensions: number;
  readonly tokensMax: number;
};

/** Embeddings by Workers AI. Replies are checked for count, length and finite numbers before anything relies on them. */
export function createEmbedder(ai: AiBinding, model: EmbeddingModel, world: World): Embedder {
  return {
    model: model.name,
    dimensions: model.dimensions,
    tokensMax: model.tokensMax,
    embedDocuments: async (texts) =>
      checkedVectors(await run(ai, model.name, { documents: texts }, world), texts.length, model.dimensions),
    embedQuery: async (text) => {
      const [vector] = checkedVectors(
        await run(ai, model.name, { queries: [text] }, world),
        1,
        model.dimensions,
      );
      return vector ?? raiseBroken("no vector for a question");
    },
  };
}

function checkedVectors(reply: unknown, count: number, dimensions: number): Float32Array<ArrayBuffer>[] {
  const data = (reply as { data?: unknown } | null)?.data;
  if (!Array.isArray(data) || data.length !== count) {
    raiseBroken(`${Array.isArray(data) ? data.length : "no"} vectors for ${count} texts`);
  }
  return data.map((values: unknown) => checkedVector(values, dimensions));
}

function checkedVector(values: unknown, dimensions: number): Float32Array<ArrayBuffer> {
  const isList = Array.isArray(values) || values instanceof Float32Array;
  if (!isList || values.length !== dimensions) {
    raiseBroken(`a vector of ${isList ? values.length : "no"} dimensions where ${dimensions} were promised`);
  }
  // By the constructor: `from` goes through an iterator, which takes ten times as long.
  const vector = new Float32Array(values as ArrayLike<number>);
  if (!vector.every(Number.isFinite)) raiseBroken("a vector with a value that is no number");
  return vector;
}

function raiseBroken(detail: string): never {
  throw new FailureError({ kind: "unreachable", party: "workers-ai", detail });
}

/** Internal codes of Workers AI at the start of its messages. Source: Cloudflare docs, Workers AI errors. */
const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  "3003": "defect",
  "3006": "refused",
  "3042": "defect",
  "5004": "refused",
  "5006": "refused",
  "5007": "defect",
  "5018": "defect",
  "5035": "defect",
  "3007": "timed_out",
  "3008": "timed_out",
  "3036": "quota",
  "3040": "rate_limited",
};

async function run(
  ai: AiBinding,
  model: string,
  inputs: Record<string, unknown>,
  world: World,
): Promise<unknown> {
  try {
    return await ai.run(model, inputs);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = /^(?:AiError: )?(\d{4}):/.exec(message)?.[1];
    const kind = KIND_OF_CODE[code ?? ""] ?? "unreachable";
    const notBeforeMs = kind === "quota" ? { notBeforeMs: nextUtcMidnightMs(world.nowMs()) } : {};
    throw new FailureError(
      { kind, party: "workers-ai", detail: code ?? "no code", ...notBeforeMs },
      { cause: error },
    );
  }
}

/** The daily allocation comes back at 00:00 UTC. Source: Cloudflare docs, Workers AI pricing. */
function nextUtcMidnightMs(nowMs: number): number {
  const dayMs = 24 * 60 * 60_000;
  return (Math.floor(nowMs / dayMs) + 1) * dayMs;
}
