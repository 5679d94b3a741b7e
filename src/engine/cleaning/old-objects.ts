import { rawReading, rowReading } from "../../core/headroom.ts";
import {
  CLEANUP_BATCHES_PER_RUN,
  CLEANUP_LISTS_PER_RUN,
  CLEANUP_LISTS_PER_STEP,
  CLEANUP_OBJECTS_PER_STEP,
  CLEANUP_ROWS_MEASURED_PER_STEP,
  DOOMED_FOR_MS,
  ORPHANS_KEPT_MS,
  REVISIONS_KEPT_MS,
} from "../../core/policy.ts";
import { durably } from "../durably.ts";
import { yieldIfAsked } from "../making-way.ts";
import type { RunContext } from "../run-context.ts";

/**
 * Objects that a complete proof named long enough ago stand in the ledger as to be deleted; those that have stood so for a
 * day, and that still nothing refers to, are deleted. Whatever was under way when they were judged is over by then.
 *
 * @returns whether all of them are gone; false: another run has to go on
 */
export async function deleteOldObjects(context: RunContext): Promise<boolean> {
  const { ports, run, fence } = context;
  const { cleanup, raw } = ports;
  for (let n = 1; n <= CLEANUP_BATCHES_PER_RUN; n += 1) {
    if (n > 1 && (await yieldIfAsked(context, `objects:${n}`))) return false;
    const deleted = await durably(context, `delete objects:${n}`, (scope) =>
      scope.timed("delete objects", async () => {
        const beforeMs = run.ceilingMs - DOOMED_FOR_MS;
        const { items } = await cleanup.takeDoomed(fence, beforeMs, CLEANUP_OBJECTS_PER_STEP);
        if (items.length === 0) return 0;
        await raw.remove(items);
        await cleanup.forgetObjects(fence, run.id, items);
        return items.length;
      }),
    );
    if (deleted < CLEANUP_OBJECTS_PER_STEP) break;
    if (n === CLEANUP_BATCHES_PER_RUN) return false;
  }
  await durably(context, "doom objects", () =>
    cleanup.doomObjects(fence, {
      nowMs: ports.world.nowMs(),
      revisionsBeforeMs: run.ceilingMs - REVISIONS_KEPT_MS,
      orphansBeforeMs: run.ceilingMs - ORPHANS_KEPT_MS,
      limit: CLEANUP_OBJECTS_PER_STEP * CLEANUP_BATCHES_PER_RUN,
    }),
  );
  return true;
}

/** Measure what takes long: bytes in the raw store, listed to its end, and the largest row. */
export async function measureStores(context: RunContext): Promise<void> {
  const bytes = await rawBytes(context);
  let largest = 0;
  let after: string | null = "";
  for (let n = 1; after !== null && n <= CLEANUP_LISTS_PER_RUN; n += 1) {
    const from: string = after;
    const page: { bytes: number; cursor: string | null } = await durably(context, `rows measured:${n}`, () =>
      context.ports.cleanup.largestRow(from, CLEANUP_ROWS_MEASURED_PER_STEP),
    );
    largest = Math.max(largest, page.bytes);
    after = page.cursor;
  }
  const { storage, cleanup, world } = context.ports;
  await durably(context, "measured", async () => {
    await storage.keep(
      [...(bytes === null ? [] : [rawReading(bytes)]), ...(after === null ? [rowReading(largest)] : [])],
      world.nowMs(),
    );
    await cleanup.layBallast(context.fence);
  });
}

/** Null if there is more than one run may list. */
async function rawBytes(context: RunContext): Promise<number | null> {
  const { raw } = context.ports;
  let bytes = 0;
  let cursor: string | null = null;
  for (let lists = 0; lists < CLEANUP_LISTS_PER_RUN; lists += CLEANUP_LISTS_PER_STEP) {
    const from: string | null = cursor;
    const listed: { bytes: number; cursor: string | null } = await durably(
      context,
      `raw measured:${lists}`,
      async () => {
        let [sum, at] = [0, from];
        for (let n = 0; n < CLEANUP_LISTS_PER_STEP; n += 1) {
          const page = await raw.list("", at);
          sum += page.items.reduce((all, { sizeBytes }) => all + sizeBytes, 0);
          at = page.cursor;
          if (at === null) break;
        }
        return { bytes: sum, cursor: at };
      },
    );
    bytes += listed.bytes;
    cursor = listed.cursor;
    if (cursor === null) return bytes;
  }
  return null;
}
