import { aiError } from "./ai-errors.ts";
import type { EmbeddingModel } from "./models.ts";

/** What a call asks for, the same for every model. */
export interface EmbeddingRequest {
  texts: string[];
  role: "document" | "query";
  /** Goes in front of every query, as qwen3 does it. */
  instruction: string | null;
  pooling: "mean" | "cls" | null;
  /** Cut over-long texts instead of refusing them. */
  truncate: boolean;
  /** bge-m3 with `contexts`: rank them by this query, or embed them when it is null. */
  contexts: { query: string | null } | null;
}

type Inputs = Record<string, unknown>;

const NOTHING = {
  role: "document",
  instruction: null,
  pooling: null,
  truncate: false,
  contexts: null,
} as const;

/**
 * Check a call's input against the model's schema.
 *
 * Throws AiError 5006 (bad input), for the `requests` of a batch without the option `queueRequest` too [?].
 */
export function readInputs(model: EmbeddingModel, inputs: unknown): EmbeddingRequest {
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) {
    throw badInput("Type mismatch of '/', 'object' not in 'null'");
  }
  const given = inputs as Inputs;
  if ("requests" in given) throw badInput("'/requests' needs the option queueRequest");
  if (model.shape === "qwen3") return readQwen3(model, given);
  if (model.shape === "bge-m3" && "contexts" in given) return readContexts(given);
  const texts = readTexts(model, given, "text");
  const request: EmbeddingRequest = { ...NOTHING, texts };
  if (model.shape === "bge") request.pooling = readPooling(given);
  if (model.shape === "bge-m3") {
    request.pooling = "cls";
    request.truncate = given["truncate_inputs"] === true;
  }
  return request;
}

function readQwen3(model: EmbeddingModel, given: Inputs): EmbeddingRequest {
  if (given["queries"] !== undefined) {
    const instruction =
      given["instruction"] ?? "Given a web search query, retrieve relevant passages that answer the query";
    if (typeof instruction !== "string") throw badInput("Type mismatch of '/instruction'");
    return { ...NOTHING, texts: readTexts(model, given, "queries"), role: "query", instruction };
  }
  return {
    ...NOTHING,
    texts: readTexts(model, given, given["documents"] === undefined ? "text" : "documents"),
  };
}

function readContexts(given: Inputs): EmbeddingRequest {
  const { query, contexts } = given;
  if (!Array.isArray(contexts) || contexts.length === 0) throw badInput("Type mismatch of '/contexts'");
  const texts = contexts.map((context: unknown, at) => {
    const text = typeof context === "object" && context !== null ? (context as Inputs)["text"] : undefined;
    if (typeof text !== "string" || text === "") throw badInput(`Type mismatch of '/contexts/${at}/text'`);
    return text;
  });
  if (query !== undefined && (typeof query !== "string" || query === ""))
    throw badInput("Type mismatch of '/query'");
  return {
    ...NOTHING,
    texts,
    truncate: given["truncate_inputs"] === true,
    contexts: { query: query ?? null },
  };
}

function readTexts(model: EmbeddingModel, given: Inputs, key: string): string[] {
  const value = given[key];
  if (value === undefined) throw badInput(`required properties at '/' are '${key}'`);
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 0) throw badInput(`Length of '/${key}' must be >= 1`);
  if (model.textsMax !== null && texts.length > model.textsMax) {
    throw badInput(`Length of '/${key}' must be <= ${model.textsMax}, got ${texts.length}`);
  }
  for (const [at, text] of texts.entries()) {
    if (typeof text !== "string") throw badInput(`Type mismatch of '/${key}/${at}', 'string' expected`);
    if (text === "" && model.shape !== "text") throw badInput(`Length of '/${key}/${at}' must be >= 1`);
  }
  return texts as string[];
}

function readPooling(given: Inputs): "mean" | "cls" {
  const pooling = given["pooling"] ?? "mean";
  if (pooling !== "mean" && pooling !== "cls") throw badInput("'/pooling' must be one of 'mean', 'cls'");
  return pooling;
}

function badInput(problem: string): Error {
  return aiError(5006, `Error: ${problem}`);
}
