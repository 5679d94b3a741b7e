import type { EmbeddingModel } from "../../core/embedding-models.ts";
import { checkedVectors } from "../../core/embedding-reply.ts";
import { FailureError, type FailureKind } from "../../core/errors.ts";
import {
  OPENAI_CALL_MS_MAX,
  OPENAI_REPLY_BYTES_MAX,
  OPENAI_TEXTS_PER_CALL,
  PARK_ABOVE_MS,
  UNNAMED_RATE_WAIT_MS,
} from "../../core/policy.ts";
import type { Embedder } from "../../ports/vectors.ts";
import type { World } from "../../ports/world.ts";
import { boundedFetch, type BoundedReply, type Fetch } from "../http/bounded-fetch.ts";

/** A server that speaks OpenAI's `POST /v1/embeddings`: Ollama, LM Studio, vLLM, llama.cpp, OpenAI itself. */
export type OpenAiServer = {
  /** Up to and without `/embeddings`. */
  readonly address: string;
  /** Null where the server wants none. */
  readonly apiKey: string | null;
  readonly fetch: Fetch;
  readonly world: Pick<World, "nowMs" | "timeout">;
};

/** Embeddings by an OpenAI-compatible server. A call takes few texts, because a small server reads them slowly. */
export function createOpenAiEmbedder(server: OpenAiServer, model: EmbeddingModel): Embedder {
  const embed = async (texts: readonly string[]): Promise<Float32Array<ArrayBuffer>[]> => {
    const vectors: Float32Array<ArrayBuffer>[] = [];
    for (let start = 0; start < texts.length; start += OPENAI_TEXTS_PER_CALL) {
      const some = texts.slice(start, start + OPENAI_TEXTS_PER_CALL);
      const data = await ask(server, model.served, some);
      const promised = { party: "openai", count: some.length, dimensions: model.dimensions } as const;
      vectors.push(...checkedVectors(data, promised));
    }
    return vectors;
  };
  return {
    model: model.name,
    dimensions: model.dimensions,
    pooling: model.pooling,
    address: server.address,
    tokensMax: model.tokensMax,
    embedDocuments: embed,
    embedQuery: async (text) => (await embed([text]))[0] as Float32Array<ArrayBuffer>,
  };
}

/** Ask a server how long the vectors of its model are, by embedding one word. */
export async function measureDimensions(server: OpenAiServer, served: string): Promise<number> {
  const [first] = await ask(server, served, ["length"]);
  const dimensions = Array.isArray(first) ? first.length : 0;
  checkedVectors([first], { party: "openai", count: 1, dimensions });
  return dimensions;
}

async function ask(
  { address, apiKey, fetch, world }: OpenAiServer,
  served: string,
  texts: readonly string[],
): Promise<unknown[]> {
  const request = new Request(`${address}/embeddings`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify({ model: served, input: texts, encoding_format: "float" }),
    // Followed, a redirect would carry the key and what was said to somebody nobody named.
    redirect: "manual",
  });
  const bounds = {
    party: "openai",
    signal: world.timeout(OPENAI_CALL_MS_MAX),
    bytesMax: OPENAI_REPLY_BYTES_MAX,
  } as const;
  const reply = await boundedFetch(fetch, request, bounds);
  if (reply.status !== 200) throw failureIn(reply, served, world.nowMs());
  return inOrder(dataOf(reply.body), texts.length);
}

function dataOf(body: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as { data?: unknown } | null)?.data;
  } catch {
    return undefined;
  }
}

/** Vectors in the order of the texts: each names its place. A place that is missing or taken twice is a wrong count. */
function inOrder(data: unknown, count: number): unknown[] {
  const entries = (Array.isArray(data) ? data : []) as ({ index?: unknown; embedding?: unknown } | null)[];
  const byPlace = new Map(entries.map((entry, place) => [entry?.index ?? place, entry?.embedding]));
  const vectors = Array.from({ length: count }, (_, place) => byPlace.get(place));
  if (entries.length !== count || vectors.includes(undefined)) {
    const detail = `${entries.length === count ? "misnumbered" : entries.length} vectors for ${count} texts`;
    throw new FailureError({ kind: "unreachable", party: "openai", detail });
  }
  return vectors;
}

/** What a status calls for. The body is not read: an error may quote the text that it is about. */
function failureIn({ status, headers }: BoundedReply, served: string, nowMs: number): FailureError {
  const failed = (kind: FailureKind, detail: string): FailureError =>
    new FailureError({ kind, party: "openai", detail });
  if (status === 429) return rateLimited(headers, nowMs);
  if (status === 401 || status === 403)
    return failed("denied", `the embeddings server refused the key (HTTP ${status}): set OPENAI_API_KEY`);
  if (status === 404)
    return failed("embeddings_refused", `the embeddings server knows no model ${served}, or no /embeddings`);
  if (status === 408) return failed("timed_out", "HTTP 408");
  if (status >= 500) return failed("unreachable", `HTTP ${status}`);
  // About a text, as a rule: then it costs that text's document alone.
  if (status === 400 || status === 413 || status === 422)
    return failed(
      "refused",
      `HTTP ${status}; if it is too long for the model, state its window with EMBEDDINGS_TOKENS_MAX`,
    );
  return failed("embeddings_refused", `the embeddings server answered HTTP ${status} to model ${served}`);
}

/** Source: RFC 9110, Retry-After: seconds, or a date. */
function rateLimited(headers: Headers, nowMs: number): FailureError {
  const text = headers.get("retry-after") ?? "";
  const namedMs = /^\d+$/.test(text) ? nowMs + Number(text) * 1_000 : Date.parse(text);
  const notBeforeMs = Number.isFinite(namedMs) ? namedMs : nowMs + UNNAMED_RATE_WAIT_MS;
  const kind = notBeforeMs - nowMs > PARK_ABOVE_MS ? "quota" : "rate_limited";
  return new FailureError({ kind, party: "openai", detail: "HTTP 429", notBeforeMs });
}
