import { useIn, type CallUse } from "../core/quota.ts";
import { callsLeft } from "../core/quota/grant.ts";
import { quotaPlan } from "../core/quota/plan.ts";
import { RunEnded } from "./durably.ts";
import type { RunContext } from "./run-context.ts";

/**
 * What a use may spend of the budget of Fireflies now: before a pipeline takes on work that has time. Reads the clock, so
 * within a step. One read.
 *
 * @returns calls that may go out at once (null: no budget is known, so as many as it likes), and if none may, the world ms
 * at which the first may, if nobody else makes one
 */
export async function budgetFor(
  { ports, run }: RunContext,
  use: CallUse,
): Promise<{ readonly calls: number | null; readonly notBeforeMs: number | null }> {
  if (ports.source === null) return { calls: 0, notBeforeMs: null };
  const { quota } = await ports.runs.vendorKey(ports.source.keyName);
  const nowMs = ports.world.nowMs();
  return callsLeft(quota, { ...quotaPlan(ports, "fireflies"), nowMs, use: useIn(run, use) });
}

/**
 * Carry out work that has time, as far as the budget of its use goes. Steps that are done stay done; the one that found no
 * call is begun again by a later run.
 *
 * @returns what the work came to; or, if its share of the budget is used up, the world ms at which it has another call
 */
export async function withinBudget<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly notBeforeMs: number }> {
  try {
    return { value: await work() };
  } catch (error) {
    const notBeforeMs = shareEndsMs(error);
    if (notBeforeMs === null) throw error;
    return { notBeforeMs };
  }
}

/** When a run that ended for its share of a budget has another call; null if it ended for anything else. */
function shareEndsMs(error: unknown): number | null {
  if (!(error instanceof RunEnded) || error.failure.kind !== "reserved") return null;
  return error.next.do === "park" ? error.next.untilMs : null;
}
