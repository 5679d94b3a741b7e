import { VECTOR_BATCH_DOCUMENTS_MAX } from "../core/policy.ts";
import { lookAtDead } from "../engine/dead-vectors.ts";
import { deleteDoomed } from "../engine/doomed-vectors.ts";
import { durably, RunEnded } from "../engine/durably.ts";
import { mendDocuments } from "../engine/mending/documents.ts";
import { settledOf, type Batch } from "../engine/batch.ts";
import { indexDocuments } from "../engine/indexing.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";

/**
 * Owed documents to chunks to vectors of the live index. Source: requirements, "Document Vectorization"; protocols 6.
 *
 * A document stops being owed only when every vector it wants was read back and every leftover was given up.
 */
export async function syncVectors(context: RunContext): Promise<PipelineOutcome> {
  const { records, index, embedder, world } = context.ports;
  const lingering = await deleteDoomed(context);
  const risen = await lookAtDead(context);
  if (context.lacksRoom !== null)
    throw new RunEnded(context.lacksRoom, { do: "halt", alert: true, exhausted: false });
  await mendDocuments(context);
  const { due: total } = await durably(context, "owed", () => records.owedCount(world.nowMs()));
  const { taken, more, findings } = await indexDocuments(context, {
    target: { index, embedder },
    name: "",
    resend: false,
    take: async (taken) =>
      (await records.owedDocuments(VECTOR_BATCH_DOCUMENTS_MAX, taken, world.nowMs())).items,
    settle: (batch) => settle(context, batch),
  });
  return {
    continues: more && total > taken.length,
    sourceCount: null,
    destinationCount: null,
    failedCount: 0,
    findings: [...lingering, ...risen, ...findings],
  };
}

/** Close the documents of a batch. One that misses a vector stays owed. */
async function settle(context: RunContext, batch: Batch): Promise<void> {
  const nowMs = context.ports.world.nowMs();
  const documents = batch.planned.map((document) => ({
    ...settledOf(document, batch, nowMs),
    contentHash: document.contentHash,
  }));
  await context.ports.records.commitDocuments(context.fence, {
    runId: context.run.id,
    nowMs,
    documents,
    checkpoint: { last: documents.at(-1)?.id ?? null },
  });
}
