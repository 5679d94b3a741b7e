import { concurrently } from "../core/concurrently.ts";
import { REBUILD_RECORDS_PER_STEP, RUN_ITEMS_MAX } from "../core/policy.ts";
import type { Rebuild } from "../core/rebuild.ts";
import { durably, type StepScope } from "../engine/durably.ts";
import { endRebuild, findingOf, NOTHING_TO_TELL, rebuildOf } from "../engine/rebuild-run.ts";
import { yieldIfAsked } from "../engine/making-way.ts";
import { judgeRevision } from "../engine/revisions.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import type { RecordAgain, SightedRevision } from "../ports/rebuild-store.ts";

/**
 * Records again from the stored revisions, without a call to the source: a row that is missing comes back, one that was
 * changed by another hand is as its revision says. Nothing that was observed later is overwritten.
 */
export async function rebuildRecords(context: RunContext): Promise<PipelineOutcome> {
  const found = await rebuildOf(context);
  if (found === null) return NOTHING_TO_TELL;
  const { rebuild, isLate } = found;
  const { rebuilds } = context.ports;
  const lost: string[] = [];
  let after = rebuild.cursor;
  let continues = true;
  let taken = 0;
  for (let n = 1; taken < RUN_ITEMS_MAX; n += 1) {
    if (n > 1 && (await yieldIfAsked(context, n))) break;
    const from = after;
    const batch = await durably(context, `take:${n}`, async () =>
      isLate() ? null : (await rebuilds.sightings(rebuild.scope, from, REBUILD_RECORDS_PER_STEP)).items,
    );
    continues = batch === null || batch.length > 0;
    if (batch === null || batch.length === 0) break;
    taken += batch.length;
    for (const { id } of batch) context.unreached.set(id, null);
    lost.push(
      ...(await durably(context, `records:${n}`, (scope) => makeAgain(context, scope, rebuild, batch))),
    );
    for (const { id } of batch) context.unreached.delete(id);
    after = batch.at(-1)?.id ?? after;
  }
  if (!continues) await endRebuild(context, rebuild, "done");
  return {
    ...NOTHING_TO_TELL,
    continues,
    findings: findingOf("raw revision missing or damaged", lost),
  };
}

/** Read, verify, map, check, write. @returns ids of meetings whose revision is missing or damaged */
async function makeAgain(
  context: RunContext,
  scope: StepScope,
  { id: rebuildId }: Rebuild,
  batch: readonly SightedRevision[],
): Promise<string[]> {
  const { rebuilds, world } = context.ports;
  const items = await concurrently(batch, async (sighting): Promise<RecordAgain> => {
    const judged = await judgeRevision(context, scope, sighting);
    return { sighting, change: judged.state === "unreadable" ? null : judged };
  });
  const done = { runId: context.run.id, rebuildId, nowMs: world.nowMs(), items };
  await scope.timed("record", () => rebuilds.commitRecords(context.fence, done));
  return items.filter(({ change }) => change === null).map(({ sighting }) => sighting.id);
}
