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
  let after = "";
  for (let n = 1; n <= DOOMED_CHUNKS_PER_RUN / SEND_CHUNKS_PER_STEP; n += 1) {
    const last = after;
    const sent = await durably(context, `doomed:${n}`, async (scope) => {
      if (n === 1) await deletions.doomLeft(context.fence, context.ports.world.nowMs());
      const { items } = await deletions.doomedChunks(last, SEND_CHUNKS_PER_STEP);
      // An index that is no longer in use holds nothing of them.
      for (const [binding, ids] of byBinding(items))
        await scope.timed("delete vectors", async () => indexOf(binding)?.deleteByIds(ids));
      return items;
    });
    if (sent.length === 0) break;
    after = sent.at(-1)?.id ?? after;
    for (const [binding, ids] of byBinding(sent)) {
      const left = await untilNone(context, `doomed gone:${n} ${binding}`, ids, async (scope, some) => {
        const index = indexOf(binding);
        if (index !== undefined) return stillThere(context, scope, index, some);
        await context.ports.records.markGone(context.fence, some);
        return [];
      });
      lingering += left.length;
    }
  }
  return lingering === 0 ? [] : [`${lingering} deleted vectors are still visible`];
}

function byBinding(
  chunks: readonly { readonly id: string; readonly binding: string | null }[],
): Map<string, string[]> {
  const groups = Map.groupBy(chunks, ({ binding }) => binding ?? "");
  return new Map([...groups].map(([binding, some]) => [binding, some.map(({ id }) => id)]));
}
