import type { IndexRow } from "../core/embedding-plan.ts";
import { EMPTY_CHUNKS_PER_RUN, SEND_CHUNKS_PER_STEP, VISIBLE_WAITS_MS } from "../core/policy.ts";
import type { Check } from "../core/report.ts";
import type { VectorIndex } from "../ports/vectors.ts";
import { giveUp, stillThere } from "./dead-vectors.ts";
import { durably, fail } from "./durably.ts";
import { pause, untilNone } from "./looking.ts";
import type { RunContext } from "./run-context.ts";

/** What became of an index that answers no longer. */
export type Emptied = {
  /** Null if there is more than one run may give up. */
  readonly check: Check | null;
  readonly findings: readonly string[];
};

/**
 * Give up everything that an index holds, see it gone, and forget the index. Its ids are dead first, as any that are given
 * up: whatever arrives late of it can so be told apart.
 */
export async function emptyIndex(context: RunContext, row: IndexRow): Promise<Emptied> {
  const { registry } = context.ports;
  const index = boundIndex(context, row.binding);
  const slices: string[][] = [];
  for (;;) {
    if (slices.length * SEND_CHUNKS_PER_STEP >= EMPTY_CHUNKS_PER_RUN) return seenGone(context, index, slices);
    const after = slices.at(-1)?.at(-1) ?? "";
    const ids = await durably(context, `empty:${slices.length + 1}`, async (scope) => {
      const { items } = await registry.remainingIds(row.model, after, SEND_CHUNKS_PER_STEP);
      if (items.length > 0) await giveUp(context, scope, index, items);
      return items;
    });
    if (ids.length === 0) break;
    slices.push(ids);
  }
  const { findings } = await seenGone(context, index, slices);
  // What lingers keeps the index in the ledger: the next run gives it up again.
  if (findings.length > 0) return { check: null, findings };
  const vectorCount = await countWhere(context, "empty", index, (count) => count === 0);
  await durably(context, "remove", async () => {
    await registry.remove(context.fence, row);
    return null;
  });
  const check = {
    name: `old index: vectors left of ${row.model}`,
    ok: vectorCount === 0,
    expected: 0,
    actual: vectorCount,
  };
  const strange = vectorCount === 0 ? [] : [`${row.binding} shows ${vectorCount} vectors that nobody knows`];
  return { check, findings: strange };
}

async function seenGone(
  context: RunContext,
  index: VectorIndex,
  slices: readonly (readonly string[])[],
): Promise<Emptied> {
  let lingering = 0;
  for (const [place, ids] of slices.entries()) {
    const left = await untilNone(context, `emptied:${place + 1}`, ids, (scope, some) =>
      stillThere(context, scope, index, some),
    );
    lingering += left.length;
  }
  const findings = lingering === 0 ? [] : [`${lingering} deleted vectors are still visible`];
  return { check: null, findings };
}

/** How many vectors an index says it holds, asked at growing intervals until that is as it should be. */
export async function countWhere(
  context: RunContext,
  name: string,
  index: VectorIndex,
  isRight: (vectorCount: number) => boolean,
): Promise<number> {
  let count = 0;
  for (const [times, waitMs] of [0, ...VISIBLE_WAITS_MS].entries()) {
    if (waitMs > 0) await pause(context, `${name} count.${times}`, waitMs);
    count = await durably(context, `${name} count.${times}`, async (scope) => {
      const { vectorCount } = await scope.timed("count vectors", () => index.describe());
      return vectorCount;
    });
    if (isRight(count)) break;
  }
  return count;
}

/** The index behind a binding. @throws FailureError if there is none of that name */
export function boundIndex(context: RunContext, binding: string): VectorIndex {
  const index = context.ports.indexes[binding];
  return (
    index ??
    fail({ kind: "embeddings_refused", party: "engine", detail: `no vector index is bound as ${binding}` })
  );
}
