import { AI_DESCRIPTIONS, aiError } from "./ai-errors.ts";
import type { EmbeddingRequest } from "./inputs.ts";
import type { EmbeddingModel } from "./models.ts";
import { estimateTokens } from "./token-estimate.ts";

/** Texts that fit the model, and what they count. */
export interface FittingTexts {
  texts: string[];
  /** Of a ranking. */
  query: string | null;
  estimatedTokens: number;
}

/**
 * Hold a request to the model's window, text by text, and to what it takes in one call.
 *
 * Throws AiError 3006 for a text that is too long, unless it may be cut, and for a call that is.
 */
export function fitToWindow(model: EmbeddingModel, request: EmbeddingRequest): FittingTexts {
  const extraTokens = request.instruction === null ? 0 : estimateTokens(request.instruction);
  let estimatedTokens = 0;
  const fit = (text: string, what: string): string => {
    const tokens = estimateTokens(text) + extraTokens;
    estimatedTokens += Math.min(tokens, model.tokensMax);
    if (tokens <= model.tokensMax) return text;
    if (request.truncate) return cutToTokens(text, model.tokensMax);
    throw tooLarge(`${what} has about ${tokens} tokens, ${model.name} takes ${model.tokensMax}`);
  };
  const texts = request.texts.map((text, at) => fit(text, `text ${at}`));
  const asked = request.contexts?.query ?? null;
  const query = asked === null ? null : fit(asked, "the query");
  if (model.callTokensMax !== null && estimatedTokens > model.callTokensMax) {
    throw tooLarge(`about ${estimatedTokens} tokens, ${model.name} takes ${model.callTokensMax} in one call`);
  }
  return { texts, query, estimatedTokens };
}

function tooLarge(detail: string): Error {
  const { code, description } = AI_DESCRIPTIONS.tooLarge;
  return aiError(code, `${description}: ${detail}`);
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
