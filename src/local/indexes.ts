import type { Miniflare } from "miniflare";
import type { VectorizeControlApi } from "../../emulators/vectorize/control-api.ts";
import { createIndexRegistry } from "../adapters/d1/index-registry.ts";
import { METADATA_INDEXES } from "../core/chunk-plan.ts";
import { LOCAL_EMBEDDINGS, parseEmbeddings, type EmbeddingChoice } from "../core/embedding-choice.ts";
import { planEmbeddings, type EmbeddingPlan, type IndexRow } from "../core/embedding-plan.ts";
import type { LocalEmbeddings } from "./embeddings.ts";
import { StartRefused } from "./start-refused.ts";

/** Index bindings of the product's Worker, and the indexes behind them; the names of wrangler.jsonc. */
export const INDEX_NAMES = { VECTORS_A: "meeting-sync-a", VECTORS_B: "meeting-sync-b" } as const;

/** Name of the Worker that hosts the stand-in for Vectorize. */
export const VECTORIZE_WORKER = "vectorize";

/**
 * Have an index behind each binding, as a person does on Cloudflare with wrangler: the ones in use as the ledger says, the
 * one that is free with the length of the model that is wanted. Nothing that the ledger knows is ever taken away.
 *
 * Called before anything runs, on a database that is up to date.
 *
 * @throws StartRefused where the length of the wanted model cannot be found out
 */
export async function prepareIndexes(
  miniflare: Miniflare,
  productName: string,
  { configured, unanswered }: Pick<LocalEmbeddings, "configured" | "unanswered">,
): Promise<void> {
  const database = await miniflare.getD1Database("DB", productName);
  const { items: rows } = await createIndexRegistry(database as never).rows();
  const plan = planEmbeddings({
    configured,
    usual: parseEmbeddings(LOCAL_EMBEDDINGS) as EmbeddingChoice,
    rows,
    bindings: Object.keys(INDEX_NAMES),
  });
  const bindings = await miniflare.getBindings<{ CONTROL: VectorizeControlApi }>(VECTORIZE_WORKER);
  const free = dimensionsOfFree(plan, rows);
  if (free === null)
    throw new StartRefused(unanswered ?? "EMBEDDINGS does not say how long its vectors are.");
  for (const [binding, name] of Object.entries(INDEX_NAMES)) {
    const row = rows.find((one) => one.binding === binding);
    await prepareIndex(bindings.CONTROL, name, {
      dimensions: row?.dimensions ?? free,
      isUsed: row !== undefined,
    });
  }
}

/** How long the vectors of an index are that the ledger does not know yet; null if nobody can say. */
function dimensionsOfFree({ live, wanted }: EmbeddingPlan, rows: readonly IndexRow[]): number | null {
  const next = wanted ?? live.choice;
  if (!("problem" in next)) return next.model.dimensions;
  return rows.find((row) => row.state === "live")?.dimensions ?? null;
}

async function prepareIndex(
  control: VectorizeControlApi,
  name: string,
  { dimensions, isUsed }: { dimensions: number; isUsed: boolean },
): Promise<void> {
  const found = await control.getIndex(name);
  // An index that nobody uses may be of another length, or hold what came late of one that was emptied.
  const isFit =
    found !== null &&
    (isUsed ||
      (found.config.dimensions === dimensions && (await control.listVectors(name)).totalCount === 0));
  if (!isFit) {
    if (found !== null) await control.deleteIndex(name);
    await control.createIndex(name, { dimensions, metric: "cosine" });
  }
  const covered = new Set((await control.listMetadataIndexes(name)).map((index) => index.propertyName));
  for (const [property, type] of Object.entries(METADATA_INDEXES))
    if (!covered.has(property)) await control.createMetadataIndex(name, property, type);
}
