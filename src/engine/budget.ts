import { KEPT_WAIT_MAX_MS } from "../core/policy.ts";
import { useIn, type CallUse } from "../core/quota.ts";
import { callsLeft } from "../core/quota/grant.ts";
import { quotaPlan } from "../core/quota/plan.ts";
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
 * When work that has time gets another call. Reads the clock, so within a step. One read.
 *
 * @returns world ms, if that is longer than a run waits for; null: it may go on
 */
export async function shareOpensMs(context: RunContext, use: CallUse): Promise<number | null> {
  const { calls, notBeforeMs } = await budgetFor(context, use);
  if (calls !== 0 || notBeforeMs === null) return null;
  return notBeforeMs - context.ports.world.nowMs() > KEPT_WAIT_MAX_MS ? notBeforeMs : null;
}
