import { failureOf } from "../core/errors.ts";
import { DEAD_CHECK_IDS_MAX } from "../core/policy.ts";
import type { VectorIndex } from "../ports/vectors.ts";
import { durably, type StepScope } from "./durably.ts";
import type { RunContext } from "./run-context.ts";

/** Dead first, in the ledger, for ever; only then deleted. A late delete can so never hit a live vector (protocols 6). */
export async function giveUp(
  context: RunContext,
  scope: StepScope,
  index: VectorIndex,
  ids: readonly string[],
): Promise<null> {
  const { records, world } = context.ports;
  await records.markDead(context.fence, ids, world.nowMs());
  await scope.timed("delete vectors", () => index.deleteByIds(ids));
  return null;
}

/** Look for vectors that were given up. @returns those that the index still shows */
export async function stillThere(
  context: RunContext,
  scope: StepScope,
  index: VectorIndex,
  ids: readonly string[],
): Promise<string[]> {
  const there = await shownOf(scope, index, ids);
  const gone = ids.filter((id) => !there.has(id));
  if (gone.length > 0) await context.ports.records.markGone(context.fence, gone);
  return [...there];
}

/** Which of the ids an index shows. */
async function shownOf(scope: StepScope, index: VectorIndex, ids: readonly string[]): Promise<Set<string>> {
  const back = await scope.timed("see vectors gone", () => index.getByIds(ids));
  return new Set(back.map((vector) => vector.id));
}

/**
 * Dead ids are looked up again after an hour and a day: a delete that was lost, or an upsert that came late, shows then.
 * Those of an index that is no longer in use may be in any: its binding may have been given to another since.
 *
 * @returns findings of the run: how many were still there; they are deleted again, and looked for until they are gone
 */
export async function lookAtDead(context: RunContext): Promise<string[]> {
  const risen = await durably(context, "dead", (scope) => deleteRisen(context, scope));
  return risen === 0 ? [] : [`${risen} deleted vectors were still visible`];
}

async function deleteRisen(context: RunContext, scope: StepScope): Promise<number> {
  const { records, world, index: live, indexName, indexes } = context.ports;
  const { items } = await records.deadDue(world.nowMs(), DEAD_CHECK_IDS_MAX);
  let risen = 0;
  for (const [binding, due] of Map.groupBy(items, (item) => item.binding)) {
    const index = binding === null ? undefined : binding === indexName ? live : indexes[binding];
    const there =
      index === undefined
        ? await inAnyIndex(context, scope, due)
        : await foundAgain(context, scope, { index, ids: idsOf(due) });
    const gone = due.filter((item) => !there.has(item.id));
    if (gone.length > 0) {
      await records.markGone(context.fence, idsOf(gone));
      await records.markRechecked(context.fence, gone);
    }
    risen += there.size;
  }
  return risen;
}

type Due = { readonly id: string; readonly rechecks: number };

function idsOf(items: readonly Due[]): string[] {
  return items.map((item) => item.id);
}

async function inAnyIndex(context: RunContext, scope: StepScope, due: readonly Due[]): Promise<Set<string>> {
  const there = new Set<string>();
  for (const index of Object.values(context.ports.indexes)) {
    try {
      for (const id of await foundAgain(context, scope, { index, ids: idsOf(due) })) there.add(id);
    } catch (error) {
      // An index that was taken away after it was emptied holds nothing.
      if (failureOf(error).party !== "vectorize" || failureOf(error).kind !== "defect") throw error;
    }
  }
  return there;
}

async function foundAgain(
  context: RunContext,
  scope: StepScope,
  { index, ids }: { index: VectorIndex; ids: readonly string[] },
): Promise<Set<string>> {
  const there = await shownOf(scope, index, ids);
  if (there.size === 0) return there;
  await context.ports.records.markRisen(context.fence, [...there], context.ports.world.nowMs());
  await scope.timed("delete vectors", () => index.deleteByIds([...there]));
  return there;
}
