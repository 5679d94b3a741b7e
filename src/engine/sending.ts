import { failureOf } from "../core/errors.ts";
import { REFUSALS_ALONE_MAX } from "../core/policy.ts";
import type { ChunkRow } from "../ports/record-store.ts";
import type { Embedder, VectorIndex } from "../ports/vectors.ts";
import { fail, type StepScope } from "./durably.ts";
import { embeddingsOf } from "./embeddings.ts";
import type { RunContext } from "./run-context.ts";

/** An index, and the model that fills it. */
export type IndexTarget = { readonly index: VectorIndex; readonly embedder: Embedder };

/** A document that the model or the index refuses, whoever it comes with. */
export type Refusal = { readonly documentId: string; readonly reason: string };

/**
 * Embed what was never embedded, note the intent, send. Repeating it sends the same bytes under the same ids.
 *
 * What is refused as a whole is sent again document by document, so that one document costs itself alone.
 *
 * @returns the documents that were refused by themselves
 * @throws FailureError of kind refused if that is every one of so many that it cannot be the documents' fault
 */
export async function sendChunks(
  context: RunContext,
  scope: StepScope,
  target: IndexTarget,
  ids: readonly string[],
): Promise<Refusal[]> {
  const { items: rows } = await context.ports.records.chunksById(ids);
  const send = (some: readonly ChunkRow[]): Promise<string | null> =>
    unlessRefused(() => deliver(context, scope, target, some));
  if ((await send(rows)) === null) return [];
  const byDocument = Map.groupBy(rows, (row) => row.documentId);
  const refusals: Refusal[] = [];
  for (const [documentId, own] of byDocument) {
    const reason = await send(own);
    if (reason !== null) refusals.push({ documentId, reason });
  }
  const [first] = refusals;
  if (first !== undefined && refusals.length === byDocument.size && byDocument.size > REFUSALS_ALONE_MAX) {
    const detail = `every one of ${byDocument.size} documents: ${first.reason}`;
    return fail({ kind: "refused", party: "engine", detail });
  }
  return refusals;
}

/** Null if it went well, else why it was refused; every other failure is thrown. */
async function unlessRefused(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const { kind, party, detail } = failureOf(error);
    if (kind !== "refused") throw error;
    return `${party} refuses it: ${detail}`;
  }
}

async function deliver(
  context: RunContext,
  scope: StepScope,
  { index, embedder }: IndexTarget,
  rows: readonly ChunkRow[],
): Promise<void> {
  const { records, world } = context.ports;
  const placed = await embeddingsOf({ ...context.ports, embedder }, scope, rows);
  const counted = new Set<string>();
  const sent = rows.map((row) => {
    const place = placed.get(row.textHash);
    const embedded = place?.made === true && !counted.has(row.textHash);
    counted.add(row.textHash);
    return { id: row.id, key: place?.key ?? "", index: place?.index ?? 0, embedded };
  });
  const { id: runId } = context.run;
  await scope.timed("record", () =>
    records.markSent(context.fence, { runId, nowMs: world.nowMs(), rows: sent }),
  );
  const vectors = rows.map((row) => ({
    id: row.id,
    values: placed.get(row.textHash)?.values ?? [],
    metadata: row.metadata,
  }));
  await scope.timed("index", () => index.upsert(vectors));
}
