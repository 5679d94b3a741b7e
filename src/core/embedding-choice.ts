/** Which model makes the embeddings, as a person writes it: `EMBEDDINGS`. Pure. */
import { lexicalModel, openAiModel, workersAiModel, workersAiNames } from "./embedding-models.ts";
import type { EmbeddingModel } from "./embedding-models.ts";
import { VECTOR_DIMENSIONS_MAX } from "./limits.ts";
import { CHUNK_SIZES, EMBEDDING_MODEL, LEXICAL_DIMENSIONS } from "./policy.ts";

/** A model, and where it is. */
export type EmbeddingChoice =
  | { readonly kind: "lexical" | "workers-ai"; readonly model: EmbeddingModel; readonly address: null }
  | { readonly kind: "openai"; readonly model: EmbeddingModel; readonly address: string };

/** An openai model whose length only its server knows so far. */
export type UnmeasuredChoice = {
  readonly kind: "unmeasured";
  readonly served: string;
  readonly address: string;
  readonly tokensMax: number | null;
};

/** One sentence about what is wrong with a setting and what to write instead. */
export type SettingProblem = { readonly problem: string };

/** Where a deployed Worker gets its embeddings if nobody says. */
export const DEPLOYED_EMBEDDINGS = `workers-ai:${EMBEDDING_MODEL.served}`;
/** Where the local runner gets its own if nobody says: offline, and found words only. */
export const LOCAL_EMBEDDINGS = "lexical";

const FORMS =
  "lexical, lexical#<dimensions>, openai:<base url>#<model> (as in openai:http://127.0.0.1:11434/v1#nomic-embed-text) or workers-ai:<model>";

/**
 * Read `EMBEDDINGS` and `EMBEDDINGS_TOKENS_MAX`.
 *
 * @param text one of `FORMS`; an openai model may be followed by its number of dimensions, `#768`
 * @param tokensMax the window of an openai model, if somebody states it
 * @returns the choice, still without dimensions where an openai model does not come with them; or the one thing that is
 *   wrong. What is wrong with an address is said without it: it may hold a password
 */
export function parseEmbeddings(
  text: string,
  tokensMax?: string,
): EmbeddingChoice | UnmeasuredChoice | SettingProblem {
  const window = tokensMax === undefined || tokensMax.trim() === "" ? null : Number(tokensMax);
  if (window !== null && !(Number.isInteger(window) && window > 0))
    return { problem: "EMBEDDINGS_TOKENS_MAX must be a whole number of tokens, such as 8192." };
  const choice = choiceIn(text.trim(), window);
  if ("problem" in choice) return choice;
  if (window !== null && choice.kind !== "openai" && choice.kind !== "unmeasured")
    return {
      problem:
        "EMBEDDINGS_TOKENS_MAX is only for openai models, the window of every other one is known: leave it out.",
    };
  const longest = choice.kind === "unmeasured" ? choice.tokensMax : choice.model.tokensMax;
  if (longest !== null && longest < CHUNK_SIZES.tokensMax) {
    const name = choice.kind === "unmeasured" ? choice.served : choice.model.served;
    return {
      problem: `EMBEDDINGS: ${name} takes ${longest} tokens and a chunk has up to ${CHUNK_SIZES.tokensMax}: choose a model with a larger window.`,
    };
  }
  return choice;
}

function choiceIn(text: string, window: number | null): EmbeddingChoice | UnmeasuredChoice | SettingProblem {
  if (text === "lexical")
    return { kind: "lexical", model: lexicalModel(LEXICAL_DIMENSIONS.usual), address: null };
  if (text.startsWith("lexical#")) return lexicalIn(text.slice("lexical#".length));
  if (text.startsWith("workers-ai:")) return workersAiIn(text.slice("workers-ai:".length));
  if (text.startsWith("openai:")) return openAiIn(text.slice("openai:".length), window);
  return { problem: `EMBEDDINGS must be ${FORMS}.` };
}

function lexicalIn(digits: string): EmbeddingChoice | SettingProblem {
  const { min, max } = LEXICAL_DIMENSIONS;
  const dimensions = wholeNumber(digits);
  return dimensions === null || dimensions < min || dimensions > max
    ? { problem: `EMBEDDINGS: lexical has ${min} to ${max} dimensions, as in lexical#512.` }
    : { kind: "lexical", model: lexicalModel(dimensions), address: null };
}

function workersAiIn(served: string): EmbeddingChoice | SettingProblem {
  const model = workersAiModel(served);
  if (model !== undefined) return { kind: "workers-ai", model, address: null };
  const names = workersAiNames(CHUNK_SIZES.tokensMax).join(" and ");
  return {
    problem: `EMBEDDINGS: Workers AI has no model for embeddings of that name that we know; ${names} take whole chunks.`,
  };
}

function openAiIn(text: string, window: number | null): EmbeddingChoice | UnmeasuredChoice | SettingProblem {
  const [url = "", served = "", digits, ...rest] = text.split("#");
  const address = addressOf(url);
  if (typeof address !== "string") return address;
  if (served === "" || rest.length > 0)
    return {
      problem:
        "EMBEDDINGS: after the address comes # and the model's name on that server, as in #nomic-embed-text.",
    };
  if (digits === undefined) return { kind: "unmeasured", served, address, tokensMax: window };
  return measured({ kind: "unmeasured", served, address, tokensMax: window }, wholeNumber(digits) ?? 0);
}

/** The base address, without a slash at its end; `/v1` where a bare host is given, because that is where every such server answers. */
function addressOf(text: string): string | SettingProblem {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    return { problem: "EMBEDDINGS: openai: wants an address such as http://127.0.0.1:11434/v1." };
  if (url.username !== "" || url.password !== "" || url.search !== "")
    return {
      problem:
        "EMBEDDINGS: the address is stored beside the vectors, so it must hold no password and no parameters; a key belongs in OPENAI_API_KEY.",
    };
  const path = url.pathname.replace(/\/+$/, "");
  if (path.endsWith("/embeddings"))
    return { problem: "EMBEDDINGS: leave /embeddings out of the address; it is added to it." };
  return `${url.origin}${path === "" ? "/v1" : path}`;
}

/** An openai model whose number of dimensions is known by now. */
export function measured(choice: UnmeasuredChoice, dimensions: number): EmbeddingChoice | SettingProblem {
  const { served, address, tokensMax } = choice;
  if (dimensions < 1 || dimensions > VECTOR_DIMENSIONS_MAX)
    return {
      problem: `EMBEDDINGS: a vector index takes 1 to ${VECTOR_DIMENSIONS_MAX} dimensions, and ${served} would have ${dimensions}: choose another model.`,
    };
  return { kind: "openai", model: openAiModel(served, dimensions, tokensMax), address };
}

function wholeNumber(digits: string): number | null {
  return /^\d{1,6}$/.test(digits) ? Number(digits) : null;
}

/** The setting that stands for a choice; read back it gives the same choice. */
export function embeddingsText(choice: EmbeddingChoice): string {
  if (choice.kind === "lexical") return choice.model.name;
  if (choice.kind === "workers-ai") return `workers-ai:${choice.model.served}`;
  return `openai:${choice.address}#${choice.model.served}#${choice.model.dimensions}`;
}

/** Keys of embeddings servers, as the environment gives them. */
type EmbeddingKeys = {
  /** For the server that `EMBEDDINGS` names. */
  readonly named: string | null;
  /** For that of the live model, while `EMBEDDINGS` names another. */
  readonly live: string | null;
};

/**
 * Which key a server is given: the one that was set for it, and never another's.
 *
 * @param address of the server that is asked
 * @param named address of the server that `EMBEDDINGS` names; null if it names none
 */
export function keyFor(address: string, named: string | null, keys: EmbeddingKeys): string | null {
  const isNamed = named === null || new URL(named).origin === new URL(address).origin;
  return isNamed ? keys.named : keys.live;
}
