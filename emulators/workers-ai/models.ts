/** Which keys a model's input takes, and what it answers. */
type InputShape = "qwen3" | "bge" | "bge-m3" | "text";

export interface EmbeddingModel {
  name: string;
  /** Length of its vectors. */
  dimensions: number;
  /** Longest text it takes, in its own tokens. */
  tokensMax: number;
  /** Most tokens of one call; null when its page names no bound. */
  callTokensMax: number | null;
  /** Most texts of one call; null when its schema names no bound. */
  textsMax: number | null;
  shape: InputShape;
  /** Takes asynchronous batches. */
  batch: boolean;
}

const BGE = { tokensMax: 512, callTokensMax: 153_600, textsMax: 100, shape: "bge", batch: true } as const;

/**
 * Text-embedding models of Workers AI, autumn 2026.
 *
 * Sources: developers.cloudflare.com/workers-ai/models/<name> (dimensions, tokens, "batch", input schemas with their
 * `maxItems`); where a model's page names no tokens (embeddinggemma), /ai-search/configuration/models/supported-models.
 * bge-m3's page names 60,000 tokens, more than the model can read at once (8,192), so that is taken for a whole call.
 * plamo-embedding-1b is left out: no page names its tokens or the length of its vectors, which by its makers is 2,048 and
 * more than Vectorize takes.
 */
export const EMBEDDING_MODELS: readonly EmbeddingModel[] = [
  {
    name: "@cf/qwen/qwen3-embedding-0.6b",
    dimensions: 1024,
    tokensMax: 8192,
    callTokensMax: null,
    textsMax: 32,
    shape: "qwen3",
    batch: false,
  },
  {
    name: "@cf/baai/bge-m3",
    dimensions: 1024,
    tokensMax: 8192,
    callTokensMax: 60_000,
    textsMax: 100,
    shape: "bge-m3",
    batch: true,
  },
  { ...BGE, name: "@cf/baai/bge-small-en-v1.5", dimensions: 384 },
  { ...BGE, name: "@cf/baai/bge-base-en-v1.5", dimensions: 768 },
  { ...BGE, name: "@cf/baai/bge-large-en-v1.5", dimensions: 1024 },
  {
    name: "@cf/google/embeddinggemma-300m",
    dimensions: 768,
    tokensMax: 512,
    callTokensMax: null,
    textsMax: null,
    shape: "text",
    batch: false,
  },
];

/** Sizes of the stand-in's own model: Vectorize takes no more than 1,536 dimensions, below 16 words fall together. */
const LEXICAL_DIMENSIONS = { min: 16, max: 1536 } as const;

const LEXICAL = /^lexical#([1-9]\d*)$/;

/** Whether a model is the stand-in's own, which finds shared words whatever the other models stand on. */
export function isLexical({ name }: EmbeddingModel): boolean {
  return LEXICAL.test(name);
}

/** The model of that name, or undefined. `lexical#<dimensions>` is the stand-in's own: qwen3's input, lexical vectors. */
export function modelNamed(name: string): EmbeddingModel | undefined {
  const dimensions = Number(LEXICAL.exec(name)?.[1]);
  if (dimensions >= LEXICAL_DIMENSIONS.min && dimensions <= LEXICAL_DIMENSIONS.max) {
    return {
      name,
      dimensions,
      tokensMax: 8192,
      callTokensMax: null,
      textsMax: 32,
      shape: "qwen3",
      batch: false,
    };
  }
  return EMBEDDING_MODELS.find((model) => model.name === name);
}
