/** Which keys a model's input takes, and what it answers. */
type InputShape = "qwen3" | "bge" | "bge-m3" | "text";

export interface EmbeddingModel {
  name: string;
  /** Length of its vectors. */
  dimensions: number;
  /** Longest text it takes, in its own tokens. */
  tokensMax: number;
  /** Most texts of one call; null when the model's schema names no bound. */
  textsMax: number | null;
  shape: InputShape;
}

/**
 * Text-embedding models of Workers AI, autumn 2026.
 *
 * Sources: developers.cloudflare.com/workers-ai/models/<name> (dimensions, input schemas with their `maxItems`) and
 * /ai-search/configuration/models/supported-models (tokens). Where the two disagree on tokens (bge-m3,
 * embeddinggemma) the smaller stands here, so that what passes here passes there. plamo-embedding-1b names no token
 * bound and has more dimensions (2,048) than Vectorize takes, so it is left out.
 */
export const EMBEDDING_MODELS: readonly EmbeddingModel[] = [
  { name: "@cf/qwen/qwen3-embedding-0.6b", dimensions: 1024, tokensMax: 8192, textsMax: 32, shape: "qwen3" },
  { name: "@cf/baai/bge-m3", dimensions: 1024, tokensMax: 8192, textsMax: 100, shape: "bge-m3" },
  { name: "@cf/baai/bge-small-en-v1.5", dimensions: 384, tokensMax: 512, textsMax: 100, shape: "bge" },
  { name: "@cf/baai/bge-base-en-v1.5", dimensions: 768, tokensMax: 512, textsMax: 100, shape: "bge" },
  { name: "@cf/baai/bge-large-en-v1.5", dimensions: 1024, tokensMax: 512, textsMax: 100, shape: "bge" },
  { name: "@cf/google/embeddinggemma-300m", dimensions: 768, tokensMax: 512, textsMax: null, shape: "text" },
];

/** The model of that name, or undefined. */
export function modelNamed(name: string): EmbeddingModel | undefined {
  return EMBEDDING_MODELS.find((model) => model.name === name);
}
