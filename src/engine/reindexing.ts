import { VECTOR_BATCH_DOCUMENTS_MAX } from "../core/policy.ts";
import type { Rebuild } from "../core/rebuild.ts";
import { lookAtDead } from "./dead-vectors.ts";
import { settledOf, type Batch } from "./batch.ts";
import { indexDocuments } from "./indexing.ts";
import { endRebuild, findingOf, NOTHING_TO_TELL, type RebuildInRun } from "./rebuild-run.ts";
import type { PipelineOutcome, RunContext } from "./run-context.ts";

/**
 * Cut documents again and hold them against the live index, which answers all the while: the same text keeps its id, other
 * text comes under new ids before the old ones are given up.
 *
 * @param resend send every vector again, not only what the ledger misses
 */
export async function reindex(
  context: RunContext,
  { rebuild, isLate }: RebuildInRun,
  resend: boolean,
): Promise<PipelineOutcome> {
  const { index, embedder, rebuilds } = context.ports;
  const risen = await lookAtDead(context);
  const { more, unsettled, findings } = await indexDocuments(context, {
    target: { index, embedder },
    name: "",
    resend,
    take: async (taken) => {
      if (isLate()) return null;
      const after = taken.at(-1) ?? rebuild.cursor;
      return (await rebuilds.documents(rebuild.scope, after, VECTOR_BATCH_DOCUMENTS_MAX)).items;
    },
    settle: (batch) => settle(context, rebuild, batch),
  });
  if (!more) await endRebuild(context, rebuild, "done");
  return {
    ...NOTHING_TO_TELL,
    continues: more,
    findings: [...risen, ...findings, ...findingOf("not as they should be", unsettled)],
  };
}

/** A document that misses a vector is owed from now on, so that the next run of vectors sends it. */
async function settle(context: RunContext, { id }: Rebuild, batch: Batch): Promise<void> {
  const { rebuilds, world } = context.ports;
  const nowMs = world.nowMs();
  const documents = batch.planned.map((document) => {
    const settled = settledOf(document, batch, nowMs);
    const isUnchanged = settled.verdict === "updated" && !document.changed;
    return {
      ...settled,
      verdict: isUnchanged ? ("unchanged" as const) : settled.verdict,
      contentHash: document.contentHash,
    };
  });
  await rebuilds.commitReindexed(context.fence, {
    runId: context.run.id,
    rebuildId: id,
    nowMs,
    documents,
    unseenIds: [...batch.missing],
  });
}
