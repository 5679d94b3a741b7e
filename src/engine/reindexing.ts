import { REFUSED_RETRY_AFTER_MS, VECTOR_BATCH_DOCUMENTS_MAX } from "../core/policy.ts";
import type { Rebuild } from "../core/rebuild.ts";
import { lookAtDead } from "./dead-vectors.ts";
import { durably } from "./durably.ts";
import { indexDocuments, type Batch } from "./indexing.ts";
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
  const risen = await durably(context, "dead", (scope) => lookAtDead(context, scope));
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
    findings: [
      ...(risen === 0 ? [] : [`${risen} deleted vectors were still visible`]),
      ...findings,
      ...findingOf("not as they should be", unsettled),
    ],
  };
}

/** A document that misses a vector is owed from now on, so that the next run of vectors sends it. */
async function settle(context: RunContext, { id }: Rebuild, { planned, missing }: Batch): Promise<void> {
  const { rebuilds, world } = context.ports;
  const documents = planned.map((document) => ({
    id: document.id,
    contentHash: document.contentHash,
    ...verdictOf(document, missing),
    retryMs: document.isRefused ? world.nowMs() + REFUSED_RETRY_AFTER_MS : null,
  }));
  await rebuilds.commitReindexed(context.fence, {
    runId: context.run.id,
    rebuildId: id,
    nowMs: world.nowMs(),
    documents,
    unseenIds: [...missing],
  });
}

function verdictOf(
  { failed, wanted, indexedBefore, changed }: Batch["planned"][number],
  missing: ReadonlySet<string>,
): { verdict: "created" | "updated" | "unchanged" | "pending" | "failed"; reason: string | null } {
  if (failed !== null) return { verdict: "failed", reason: failed };
  const waits = wanted.filter((chunk) => missing.has(chunk)).length;
  if (waits > 0) return { verdict: "pending", reason: `${waits} vectors are not visible yet` };
  if (!indexedBefore) return { verdict: "created", reason: null };
  return { verdict: changed ? "updated" : "unchanged", reason: null };
}
