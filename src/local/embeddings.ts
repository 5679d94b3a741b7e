import { measureDimensions } from "../adapters/openai/embedder.ts";
import {
  embeddingsText,
  measured,
  parseEmbeddings,
  type EmbeddingChoice,
  type UnmeasuredChoice,
} from "../core/embedding-choice.ts";
import { failureOf } from "../core/errors.ts";
import { BadSetting, StartRefused } from "./start-refused.ts";

/** Which model makes the embeddings of this start, as the environment says. */
export type LocalEmbeddings = {
  /** Null: nothing is said, so what is live goes on, or the usual model begins. */
  readonly configured: EmbeddingChoice | UnmeasuredChoice | null;
  /** What the Worker is told; null: nothing. */
  readonly text: string | null;
  readonly tokensMax: string | null;
  readonly apiKey: string | null;
  /** For the server of the live model, while another is named. */
  readonly liveApiKey: string | null;
  /** One sentence if the server did not answer, and so did not say how long its vectors are; null as a rule. */
  readonly unanswered: string | null;
};

/** A model may have to be loaded before it answers the first word. */
const MEASURE_MS_MAX = 60_000;

/**
 * Read `EMBEDDINGS`, `EMBEDDINGS_TOKENS_MAX`, `OPENAI_API_KEY` and `OPENAI_API_KEY_LIVE`, and ask the server of an openai model how long its
 * vectors are. A server that does not answer now may do so when it is needed.
 *
 * @throws BadSetting for what means nothing; StartRefused for what the server refuses
 */
export async function readEmbeddings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LocalEmbeddings> {
  const said = (name: string): string | null => environment[name]?.trim() || null;
  const text = said("EMBEDDINGS");
  const tokensMax = said("EMBEDDINGS_TOKENS_MAX");
  const apiKey = said("OPENAI_API_KEY");
  const keys = { apiKey, liveApiKey: said("OPENAI_API_KEY_LIVE") };
  if (text === null) return { configured: null, text, tokensMax: null, ...keys, unanswered: null };
  const parsed = parseEmbeddings(text, tokensMax ?? undefined);
  if ("problem" in parsed) throw new BadSetting(parsed.problem);
  const configured =
    parsed.kind === "openai" || parsed.kind === "unmeasured" ? await measure(parsed, apiKey) : parsed;
  if (configured.kind !== "unmeasured")
    return { configured, text: embeddingsText(configured), tokensMax, ...keys, unanswered: null };
  const unanswered = `Nothing answers at ${configured.address}: start the embeddings server there, or correct EMBEDDINGS.`;
  return { configured, text, tokensMax, ...keys, unanswered };
}

async function measure(
  choice: Extract<EmbeddingChoice, { kind: "openai" }> | UnmeasuredChoice,
  apiKey: string | null,
): Promise<EmbeddingChoice | UnmeasuredChoice> {
  const served = choice.kind === "unmeasured" ? choice.served : choice.model.served;
  const server = {
    address: choice.address,
    apiKey,
    fetch: (request: Request) => fetch(request),
    world: { nowMs: () => Date.now(), timeout: () => AbortSignal.timeout(MEASURE_MS_MAX) },
  };
  let dimensions: number;
  try {
    dimensions = await measureDimensions(server, served);
  } catch (error) {
    const { kind, detail } = failureOf(error);
    if (kind === "denied" || kind === "embeddings_refused" || kind === "refused")
      throw new StartRefused(`EMBEDDINGS at ${choice.address}: ${detail}.`, { cause: error });
    return choice;
  }
  if (choice.kind === "openai") {
    if (choice.model.dimensions === dimensions) return choice;
    throw new BadSetting(
      `EMBEDDINGS says that ${served} has ${choice.model.dimensions} dimensions and the server at ${choice.address} answers ${dimensions}: correct it, or leave the number out.`,
    );
  }
  const known = measured(choice, dimensions);
  if ("problem" in known) throw new BadSetting(known.problem);
  return known;
}
