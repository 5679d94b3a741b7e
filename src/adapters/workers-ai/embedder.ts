import type { EmbeddingModel } from "../../core/embedding-models.ts";
import { checkedVectors } from "../../core/embedding-reply.ts";
import { FailureError, type FailureKind } from "../../core/errors.ts";
import { inTime } from "../../core/in-time.ts";
import { MODEL_TIMEOUT_MS } from "../../core/policy.ts";
import type { Embedder } from "../../ports/vectors.ts";
import type { World } from "../../ports/world.ts";

/** The part of the AI binding that is used. */
export type AiBinding = { run(model: string, inputs: Record<string, unknown>): Promise<unknown> };

/** Embeddings by Workers AI. Replies are checked for count, length and finite numbers before anything relies on them. */
export function createEmbedder(ai: AiBinding, model: EmbeddingModel, world: World): Embedder {
  const embed = async (
    texts: readonly string[],
    as: "documents" | "queries",
  ): Promise<Float32Array<ArrayBuffer>[]> => {
    const reply = await run(ai, model.served, inputOf(model, texts, as), world);
    const data = (reply as { data?: unknown } | null)?.data;
    return checkedVectors(data, { party: "workers-ai", count: texts.length, dimensions: model.dimensions });
  };
  return {
    model: model.name,
    dimensions: model.dimensions,
    pooling: model.pooling,
    address: null,
    tokensMax: model.tokensMax,
    embedDocuments: (texts) => embed(texts, "documents"),
    embedQuery: async (text) => (await embed([text], "queries"))[0] as Float32Array<ArrayBuffer>,
  };
}

function inputOf(
  { input, pooling }: EmbeddingModel,
  texts: readonly string[],
  as: "documents" | "queries",
): Record<string, unknown> {
  return { [input === "documents" ? as : "text"]: texts, ...(pooling === null ? {} : { pooling }) };
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

function late(): FailureError {
  return new FailureError({ kind: "timed_out", party: "workers-ai", detail: "no answer in time" });
}

async function run(
  ai: AiBinding,
  model: string,
  inputs: Record<string, unknown>,
  world: World,
): Promise<unknown> {
  try {
    return await inTime(ai.run(model, inputs), world.timer(MODEL_TIMEOUT_MS), late);
  } catch (error) {
    if (error instanceof FailureError) throw error;
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
