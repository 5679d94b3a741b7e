import { VISIBLE_WAITS_MS } from "../core/policy.ts";
import { WAIT_FOR_INDEX } from "../core/report-stages.ts";
import { durably, type StepScope } from "./durably.ts";
import type { RunContext } from "./run-context.ts";

/**
 * Look again at growing intervals until nothing is left over: an index shows late what it took.
 *
 * @param look returns what is left of what it was given
 * @returns what is left after the last look
 */
export async function untilNone(
  context: RunContext,
  name: string,
  ids: readonly string[],
  look: (scope: StepScope, ids: readonly string[]) => Promise<string[]>,
): Promise<string[]> {
  let left = [...ids];
  for (const [times, waitMs] of [0, ...VISIBLE_WAITS_MS].entries()) {
    if (left.length === 0) return [];
    if (waitMs > 0) await pause(context, `${name}.${times}`, waitMs);
    const looked = left;
    left = await durably(context, `${name}.${times}`, (scope) => look(scope, looked));
  }
  return left;
}

/** Sleep for so many world ms; a restart waits for the same instant. */
export async function pause(context: RunContext, name: string, waitMs: number): Promise<void> {
  const untilMs = await durably(context, `${name} due`, async () => context.ports.world.nowMs() + waitMs);
  await context.steps.sleepUntil(`${name} wait`, untilMs);
  context.spent.push({ [WAIT_FOR_INDEX]: { times: 1, ms: waitMs } });
}

/** A list in parts of a size. */
export function slicesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}
