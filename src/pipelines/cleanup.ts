import { cleanedChecks } from "../core/cleanup.ts";
import { deleteOldObjects, measureStores } from "../engine/cleaning/old-objects.ts";
import { countKeptRows, deleteOldRows, rollUpDays } from "../engine/cleaning/old-logs.ts";
import { durably } from "../engine/durably.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";

/**
 * Count the logs of every day that is over, delete what is older than it is kept and that nothing needs, and what a complete
 * proof has named in the raw store. Source: requirements, "Clean up old sync logs weekly"; protocols 1.
 *
 * Its items are days counted (created), rows and objects deleted, and old rows that something needs (unchanged). A run that has
 * done enough ends, and its continuation goes on.
 */
export async function cleanUp(context: RunContext): Promise<PipelineOutcome> {
  const isDone =
    (await rollUpDays(context)) && (await deleteOldRows(context)) && (await deleteOldObjects(context));
  if (isDone) {
    await countKeptRows(context);
    await measureStores(context);
  }
  const { items } = await durably(context, "tallies", () => context.ports.cleanup.tallies(context.run.id));
  return {
    continues: !isDone,
    sourceCount: null,
    destinationCount: null,
    failedCount: 0,
    findings: [],
    checks: cleanedChecks(items),
  };
}
