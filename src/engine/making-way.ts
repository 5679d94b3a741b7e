import type { Run } from "../ports/run-store.ts";
import { durably } from "./durably.ts";
import type { PipelineOutcome, RunContext } from "./run-context.ts";

/**
 * At the edge between two batches: whether a more urgent run waits for this lane. Then the pipeline takes on nothing more
 * and hands back `continues`; the run ends, the other begins, and a later run goes on from the checkpoint.
 *
 * To be asked between batches only, never before the first: a run with one batch pays nothing. The answer is remembered
 * like any step, so that a run that is taken up after a crash ends at the same edge. Previews make no way: half of a plan
 * is none.
 *
 * @param edge what names the edge within the run
 */
export async function yieldIfAsked(context: RunContext, edge: string | number): Promise<boolean> {
  const { run, ports, fence } = context;
  if (run.preview !== null) return false;
  context.yieldsTo = await durably(context, `edge:${edge}`, () =>
    ports.requests.waitingAbove(fence, run.priority),
  );
  return context.yieldsTo !== null;
}

/** How a run ended whose pipeline came back. */
type Ended = Pick<Run, "state" | "detail" | "notBeforeMs"> & { readonly yieldedTo: string | null };

/** A run that made way is parked, and may go on as soon as its lane is free; any other has succeeded. */
export function endOf({ yieldsTo, ports }: RunContext, { continues }: PipelineOutcome): Ended {
  if (yieldsTo === null || !continues)
    return { state: "succeeded", detail: null, notBeforeMs: null, yieldedTo: null };
  return {
    state: "parked",
    detail: `made way for the ${yieldsTo.priority} run ${yieldsTo.id}`,
    notBeforeMs: ports.world.nowMs(),
    yieldedTo: yieldsTo.id,
  };
}
