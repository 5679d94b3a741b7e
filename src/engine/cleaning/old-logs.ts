import { CLEANED, CLEANED_TABLES, type CleanedTable } from "../../core/cleanup.ts";
import { dayOf } from "../../core/headroom.ts";
import {
  CLEANUP_BATCHES_PER_RUN,
  CLEANUP_DAYS_PER_RUN,
  CLEANUP_ROWS_PER_BATCH,
  DAY_SETTLED_AFTER_MS,
} from "../../core/policy.ts";
import { durably } from "../durably.ts";
import { yieldIfAsked } from "../making-way.ts";
import type { RunContext } from "../run-context.ts";

/** Days counted between two looks whether somebody more urgent waits. */
const DAYS_PER_STEP = 20;

/**
 * Count every day that is over, once and for all. Only of such days rows are deleted later, so the figures hold whatever
 * happens to the rows.
 *
 * @returns whether all were counted; false: another run has to go on
 */
export async function rollUpDays(context: RunContext): Promise<boolean> {
  const { ports, run, fence } = context;
  const before = dayOf(run.ceilingMs - DAY_SETTLED_AFTER_MS);
  for (let done = 0; done < CLEANUP_DAYS_PER_RUN; done += DAYS_PER_STEP) {
    if (done > 0 && (await yieldIfAsked(context, `days:${done}`))) return false;
    const rolled = await durably(context, `days:${done}`, (scope) =>
      scope.timed("count days", async () => {
        const { items } = await ports.cleanup.daysToRoll(before, DAYS_PER_STEP);
        for (const day of items)
          await ports.cleanup.rollDay(fence, { runId: run.id, day, nowMs: ports.world.nowMs() });
        return items.length;
      }),
    );
    if (rolled < DAYS_PER_STEP) return true;
  }
  return false;
}

/**
 * Delete what is older than it is kept and that nothing needs, batch by batch.
 *
 * @returns whether all of it is gone; false: another run has to go on
 */
export async function deleteOldRows(context: RunContext): Promise<boolean> {
  let batches = 0;
  for (const table of CLEANED_TABLES) {
    for (let deleted = CLEANUP_ROWS_PER_BATCH; deleted === CLEANUP_ROWS_PER_BATCH; batches += 1) {
      if (batches >= CLEANUP_BATCHES_PER_RUN) return false;
      if (batches > 0 && (await yieldIfAsked(context, `rows:${batches}`))) return false;
      deleted = await durably(context, `delete ${table}:${batches}`, (scope) =>
        scope.timed("delete rows", () => deleteBatch(context, table)),
      );
    }
  }
  return true;
}

function oldBeforeMs({ run }: RunContext, table: CleanedTable): number {
  return run.ceilingMs - CLEANED[table].keptMs;
}

function deleteBatch(context: RunContext, table: CleanedTable): Promise<number> {
  const { ports, fence, run } = context;
  return ports.cleanup.deleteOld(fence, { runId: run.id, table, beforeMs: oldBeforeMs(context, table) });
}

/** Count what is old and stays all the same, so that the report says so. */
export async function countKeptRows(context: RunContext): Promise<void> {
  const { ports, fence, run } = context;
  await durably(context, "kept", async () => {
    for (const table of CLEANED_TABLES)
      await ports.cleanup.countKept(fence, { runId: run.id, table, beforeMs: oldBeforeMs(context, table) });
  });
}
