import { DEAD_CHECK_IDS_MAX, MENDS_PER_RUN } from "../../core/policy.ts";
import type { Finding, FaultKind } from "../../core/proof.ts";
import { durably, type StepScope } from "../durably.ts";
import type { RunContext } from "../run-context.ts";

/** Kinds that are about one index as a whole. */
const OF_FULL_TEXT: ReadonlySet<FaultKind> = new Set(["text_unindexed", "full_text_damaged"]);

/** Rounds of ids seen gone that are looked up for vectors that are there again. */
const RISEN_ROUNDS_MAX = 50;

/**
 * Mend what proofs found about chunks, full text and vectors. Documents become owed again, so that the same run cuts them
 * anew, sends what the index lacks under the same id (no id that is live was ever given up, so nothing that is late can take
 * it away), and reads it back.
 */
export async function mendDocuments(context: RunContext): Promise<void> {
  const { proofs, world } = context.ports;
  const found = await durably(
    context,
    "mends",
    async () => (await proofs.toMend("vectors", world.nowMs(), MENDS_PER_RUN)).items,
  );
  const fullText = found.filter(({ kind }) => OF_FULL_TEXT.has(kind));
  const risen = found.filter(({ kind }) => kind === "vectors_risen");
  const owed = found.filter(({ kind }) => !OF_FULL_TEXT.has(kind) && kind !== "vectors_risen");
  if (owed.length > 0) await durably(context, "mend documents", (scope) => oweAgain(context, scope, owed));
  if (fullText.length > 0)
    await durably(context, "mend full text", async () => {
      await proofs.rebuildFullText(context.fence);
      return note(context, fullText, "full-text indexes made anew from their tables");
    });
  if (risen.length > 0)
    await durably(context, "mend risen", async (scope) => {
      const deleted = await deleteRisen(context, scope);
      return note(context, risen, `${deleted} vectors that had been given up were deleted again`);
    });
}

async function oweAgain(context: RunContext, scope: StepScope, owed: readonly Finding[]): Promise<null> {
  const { proofs, index, world } = context.ports;
  const ids = [...new Set(owed.map(({ subject }) => subject))];
  const chunks = (await proofs.chunks(ids)).items.map(({ id }) => id);
  const back = await scope.timed("read vectors back", () => index.getByIds(chunks));
  const there = new Set(back.map(({ id }) => id));
  const unseenIds = chunks.filter((id) => !there.has(id));
  await proofs.oweDocuments(context.fence, { ids, unseenIds, nowMs: world.nowMs() });
  return note(context, owed, "cut again, and what the index lacked was sent again");
}

/** Dead in the ledger first; what was seen gone and is there again is deleted again, and looked up until it is gone. */
async function deleteRisen(context: RunContext, scope: StepScope): Promise<number> {
  const { proofs, records, index } = context.ports;
  let after = "";
  let deleted = 0;
  for (let round = 0; round < RISEN_ROUNDS_MAX; round += 1) {
    const { items } = await proofs.goneIds(after, DEAD_CHECK_IDS_MAX);
    after = items.at(-1) ?? "";
    const there = (await index.getByIds(items)).map(({ id }) => id);
    if (there.length > 0) {
      await records.markRisen(context.fence, there, context.ports.world.nowMs());
      await scope.timed("delete vectors", () => index.deleteByIds(there));
    }
    deleted += there.length;
    if (items.length < DEAD_CHECK_IDS_MAX) break;
  }
  return deleted;
}

async function note(context: RunContext, findings: readonly Finding[], words: string): Promise<null> {
  const { proofs, world } = context.ports;
  const ids = findings.map(({ id }) => id);
  await proofs.noteRepair(context.fence, { ids, words, isDone: true, nowMs: world.nowMs() });
  return null;
}
