import { NOTHING_TO_TELL, rebuildOf } from "../engine/rebuild-run.ts";
import { reindex } from "../engine/reindexing.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";

/** Chunks again from the stored revisions: what is missing or was changed by another hand comes back; a new size gives new ids. */
export async function rebuildChunks(context: RunContext): Promise<PipelineOutcome> {
  const found = await rebuildOf(context);
  return found === null ? NOTHING_TO_TELL : reindex(context, found, false);
}
