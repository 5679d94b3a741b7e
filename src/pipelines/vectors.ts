import { REFUSED_RETRY_AFTER_MS, VECTOR_BATCH_DOCUMENTS_MAX } from "../core/policy.ts";
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
  const { records, index, embedder, world } = context.ports;
  const risen = await durably(context, "dead", (scope) => lookAtDead(context, scope));
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
    findings: [...(risen === 0 ? [] : [`${risen} deleted vectors were still visible`]), ...findings],
  };
}

/** Close the documents of a batch. One that misses a vector stays owed. */
async function settle(context: RunContext, { planned, missing }: Batch): Promise<void> {
  const nowMs = context.ports.world.nowMs();
  const documents = planned.map(({ id, contentHash, indexedBefore, wanted, failed, isRefused }) => {
    const base = { id, contentHash, retryMs: null };
    if (failed !== null) {
      const retryMs = isRefused ? nowMs + REFUSED_RETRY_AFTER_MS : null;
      return { ...base, verdict: "failed" as const, reason: failed, retryMs };
    }
    const waits = wanted.filter((chunk) => missing.has(chunk)).length;
    if (waits > 0)
      return { ...base, verdict: "pending" as const, reason: `${waits} vectors are not visible yet` };
    return { ...base, verdict: indexedBefore ? ("updated" as const) : ("created" as const), reason: null };
  });
  await context.ports.records.commitDocuments(context.fence, {
    runId: context.run.id,
    nowMs,
    documents,
    checkpoint: { last: planned.at(-1)?.id ?? null },
  });
}
