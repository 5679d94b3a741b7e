import { VECTOR_BATCH_DOCUMENTS_MAX } from "../core/policy.ts";
import { lookAtDead } from "../engine/dead-vectors.ts";
import { durably } from "../engine/durably.ts";
import { indexDocuments, type Batch } from "../engine/indexing.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";

/**
 * Owed documents to chunks to vectors of the live index. Source: requirements, "Document Vectorization"; protocols 6.
 *
 * A document stops being owed only when every vector it wants was read back and every leftover was given up.
 */
export async function syncVectors(context: RunContext): Promise<PipelineOutcome> {
  const { records, index, embedder } = context.ports;
  const risen = await durably(context, "dead", (scope) => lookAtDead(context, scope));
  const total = await durably(context, "owed", () => records.owedCount());
  const { taken, more, findings } = await indexDocuments(context, {
    target: { index, embedder },
    name: "",
    resend: false,
    take: async (taken) => (await records.owedDocuments(VECTOR_BATCH_DOCUMENTS_MAX, taken)).items,
    settle: (batch) => settle(context, batch),
  });
  return {
    continues: more && total > taken.length,
    sourceCount: null,
    destinationCount: null,
    failedCount: 0,
    findings: [...(risen === 0 ? [] : [`${risen} deleted vectors were still visible`]), ...findings],
  };
}

/** Close the documents of a batch. One that misses a vector stays owed. */
async function settle(context: RunContext, { planned, missing }: Batch): Promise<void> {
  const documents = planned.map(({ id, contentHash, indexedBefore, wanted, failed }) => {
    if (failed !== null) return { id, contentHash, verdict: "failed" as const, reason: failed };
    const waits = wanted.filter((chunk) => missing.has(chunk)).length;
    if (waits > 0)
      return { id, contentHash, verdict: "pending" as const, reason: `${waits} vectors are not visible yet` };
    return {
      id,
      contentHash,
      verdict: indexedBefore ? ("updated" as const) : ("created" as const),
      reason: null,
    };
  });
  await context.ports.records.commitDocuments(context.fence, {
    runId: context.run.id,
    nowMs: context.ports.world.nowMs(),
    documents,
    checkpoint: { last: planned.at(-1)?.id ?? null },
  });
}
