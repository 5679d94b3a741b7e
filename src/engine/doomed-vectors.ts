import { DOOMED_CHUNKS_PER_RUN, SEND_CHUNKS_PER_STEP } from "../core/policy.ts";
import { stillThere } from "./dead-vectors.ts";
import { durably } from "./durably.ts";
import { untilNone } from "./looking.ts";
import type { RunContext } from "./run-context.ts";

/**
 * Delete the vectors of chunks that died with their meeting, and see them gone. The ledger said so first, so a late delete
 * hits nothing that lives (protocols 6).
 *
 * @returns findings of the run: how many are still there
 */
export async function deleteDoomed(context: RunContext): Promise<string[]> {
  const { deletions, index: live, indexName, indexes } = context.ports;
  const indexOf = (binding: string): typeof live | undefined =>
    binding === indexName ? live : indexes[binding];
  let lingering = 0;
  for (let n = 1; n <= DOOMED_CHUNKS_PER_RUN / SEND_CHUNKS_PER_STEP; n += 1) {
    const sent = await durably(context, `doomed:${n}`, async (scope) => {
      if (n === 1) await deletions.doomLeft(context.fence, context.ports.world.nowMs());
      const { items } = await deletions.doomedChunks(SEND_CHUNKS_PER_STEP);
      const byBinding = [...Map.groupBy(items, ({ binding }) => binding ?? "")].map(([binding, chunks]) => ({
        binding,
        ids: chunks.map(({ id }) => id),
      }));
      // An index that is no longer in use holds nothing of them.
      for (const { binding, ids } of byBinding)
        await scope.timed("delete vectors", async () => indexOf(binding)?.deleteByIds(ids));
      if (items.length > 0)
        await deletions.markDeleted(
          context.fence,
          items.map(({ id }) => id),
        );
      return byBinding;
    });
    if (sent.length === 0) break;
    for (const { binding, ids } of sent) {
      const index = indexOf(binding);
      if (index === undefined) continue;
      const left = await untilNone(context, `doomed gone:${n} ${binding}`, ids, (scope, some) =>
        stillThere(context, scope, index, some),
      );
      lingering += left.length;
    }
  }
  return lingering === 0 ? [] : [`${lingering} deleted vectors are still visible`];
}
