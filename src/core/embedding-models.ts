/** What a model for embeddings is, and which models of Workers AI there are. */
import { EMBEDDING_MODEL } from "./policy.ts";

/** How a model of Workers AI is given its texts. */
type ModelInput =
  /** `documents` to index, `queries` to search: the model treats the two differently. */
  "documents" | "text";

/** A model as its adapter needs it. */
export type EmbeddingModel = {
  /** Name in the ledger. Whatever changes the vectors changes the name, so that one name always means the same vectors. */
  readonly name: string;
  /** Name that whoever serves the model knows it by. */
  readonly served: string;
  readonly dimensions: number;
  /** How token vectors become one, where the model leaves the choice; null where it does not. */
  readonly pooling: string | null;
  /** Longest text in tokens; null if nobody has said. */
  readonly tokensMax: number | null;
  readonly input: ModelInput;
};

/**
 * Models of Workers AI. Of bge models the schema names two ways of pooling that do not go together; Cloudflare recommends
 * `cls`. Source: developers.cloudflare.com/workers-ai/models/<name>; windows as the stand-in's table has them, the smaller
 * figure where two pages disagree. plamo-embedding-1b has more dimensions than Vectorize takes.
 */
const WORKERS_AI_MODELS: readonly (Omit<EmbeddingModel, "name"> & { readonly tokensMax: number })[] = [
  EMBEDDING_MODEL,
  { served: "@cf/baai/bge-m3", dimensions: 1_024, tokensMax: 8_192, pooling: null, input: "text" },
  { served: "@cf/baai/bge-small-en-v1.5", dimensions: 384, tokensMax: 512, pooling: "cls", input: "text" },
  { served: "@cf/baai/bge-base-en-v1.5", dimensions: 768, tokensMax: 512, pooling: "cls", input: "text" },
  { served: "@cf/baai/bge-large-en-v1.5", dimensions: 1_024, tokensMax: 512, pooling: "cls", input: "text" },
  { served: "@cf/google/embeddinggemma-300m", dimensions: 768, tokensMax: 512, pooling: null, input: "text" },
];

/** Window of the stand-in's lexical model, which counts words and would take any text. Source: emulators/workers-ai. */
const LEXICAL_TOKENS_MAX = 8_192;

/** A model of Workers AI by the name that Cloudflare gives it; undefined if we do not know it. */
export function workersAiModel(served: string): EmbeddingModel | undefined {
  const model = WORKERS_AI_MODELS.find((known) => known.served === served);
  return model && { ...model, name: model.pooling === null ? served : `${served}#${model.pooling}` };
}

/** The names of the models of Workers AI whose window takes a chunk of so many tokens. */
export function workersAiNames(tokensMin: number): string[] {
  return WORKERS_AI_MODELS.filter((model) => model.tokensMax >= tokensMin).map(({ served }) => served);
}

/** The stand-in's own model: words, hashed into so many dimensions. It finds shared words, not shared meaning. */
export function lexicalModel(dimensions: number): EmbeddingModel {
  const name = `lexical#${dimensions}`;
  return {
    name,
    served: name,
    dimensions,
    tokensMax: LEXICAL_TOKENS_MAX,
    pooling: null,
    input: "documents",
  };
}

/** A model of a server that speaks OpenAI's `/v1/embeddings`. Servers of one model may differ in length, so that is part of the name. */
export function openAiModel(served: string, dimensions: number, tokensMax: number | null): EmbeddingModel {
  const name = `openai:${served}#${dimensions}`;
  return { name, served, dimensions, tokensMax, pooling: null, input: "text" };
}
