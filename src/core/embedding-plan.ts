/** Which model answers now, and which one the configuration wants instead. Pure. */
import { measured } from "./embedding-choice.ts";
import type { EmbeddingChoice, SettingProblem, UnmeasuredChoice } from "./embedding-choice.ts";
import { lexicalModel, openAiModel, workersAiModel } from "./embedding-models.ts";
import type { EmbeddingModel } from "./embedding-models.ts";

/** One index in the ledger: what it is promised to hold, which nothing changes while it exists. */
export type IndexRow = {
  readonly binding: string;
  /** Name of the model in the ledger; chunks of this name are the index's, and no others. */
  readonly model: string;
  readonly dimensions: number;
  readonly pooling: string | null;
  /** Where an openai model was last served; null for any other. A moved server is the same model. */
  readonly address: string | null;
  /** Exactly one is live: it answers questions. One that is built becomes live when it is complete. */
  readonly state: "live" | "building" | "emptying";
};

/** What a start or a request goes by. */
export type EmbeddingPlan = {
  /** The index that answers, and the model to ask it with; without any index yet, the one that will be made first. */
  readonly live: { readonly binding: string; readonly choice: EmbeddingChoice | SettingProblem };
  /** What the configuration asks for, if that is not what is live. */
  readonly wanted: EmbeddingChoice | SettingProblem | null;
};

/**
 * Hold the configuration against the ledger of indexes.
 *
 * @param configured what `EMBEDDINGS` says; null if it says nothing: then the index that is being built is to become
 *   live, or what is live stays, so that a start without the setting changes nothing
 * @param usual what is taken where there is neither a setting nor an index
 * @param bindings index bindings there are, in order
 */
export function planEmbeddings(known: {
  readonly configured: EmbeddingChoice | UnmeasuredChoice | SettingProblem | null;
  readonly usual: EmbeddingChoice;
  readonly rows: readonly IndexRow[];
  readonly bindings: readonly string[];
}): EmbeddingPlan {
  const { rows, usual, bindings } = known;
  const live = rows.find((row) => row.state === "live");
  const building = rows.find((row) => row.state === "building");
  const inLedger = building ?? live;
  const unsaid = inLedger === undefined ? usual : choiceOfIndex(inLedger);
  const wish = known.configured === null ? unsaid : withDimensions(known.configured, live, building);
  if (live === undefined) {
    const free = bindings.find((name) => rows.every((row) => row.binding !== name));
    return { live: { binding: free ?? bindings[0] ?? "", choice: wish }, wanted: null };
  }
  const isLive = "model" in wish && holds(live, wish.model);
  return {
    live: { binding: live.binding, choice: isLive ? wish : choiceOfIndex(live) },
    wanted: isLive ? null : wish,
  };
}

/** Whether an index was made for exactly this model. */
function holds(row: IndexRow, model: EmbeddingModel): boolean {
  return row.model === model.name && row.dimensions === model.dimensions && row.pooling === model.pooling;
}

/** An openai model is as long as it was when its index was made, until its server was asked and said otherwise. */
function withDimensions(
  choice: EmbeddingChoice | UnmeasuredChoice | SettingProblem,
  live: IndexRow | undefined,
  building: IndexRow | undefined,
): EmbeddingChoice | SettingProblem {
  if ("problem" in choice || choice.kind !== "unmeasured") return choice;
  const row = [live, building].find(
    (one) => one?.model === openAiModel(choice.served, one?.dimensions ?? 0, null).name,
  );
  if (row !== undefined) return measured(choice, row.dimensions);
  return {
    problem: `EMBEDDINGS: how many dimensions ${choice.served} has is not known: add it at the end, as in #${choice.served}#768.`,
  };
}

/** The choice that an index was made by. */
export function choiceOfIndex({ model, dimensions, pooling, address }: IndexRow): EmbeddingChoice {
  const lexical = lexicalModel(dimensions);
  if (model === lexical.name) return { kind: "lexical", model: lexical, address: null };
  const served = /^openai:(.+)#\d+$/.exec(model)?.[1];
  if (served !== undefined && address !== null)
    return { kind: "openai", model: openAiModel(served, dimensions, null), address };
  const name = model.split("#")[0]!;
  const known = workersAiModel(name) ?? { served: name, tokensMax: null, input: "documents" as const };
  return { kind: "workers-ai", model: { ...known, name: model, dimensions, pooling }, address: null };
}
