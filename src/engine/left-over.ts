import { CALLS_RESERVED, CALLS_RESERVED_SHARE_MAX, PARK_ABOVE_MS } from "../core/policy.ts";
import type { CallUse } from "../core/quota.ts";
import type { RunContext } from "./run-context.ts";

/** Calls that may be made for a use now; null: as many as the vendor lets through. `notBeforeMs`: when there are more. */
export type LeftOver = { readonly calls: number | null; readonly notBeforeMs: number | null };

/** Uses that take what nothing better needs. */
const LEFT_OVER_USES: ReadonlySet<CallUse> = new Set(["reconcile", "backfill"]);

/**
 * Calls to Fireflies that are left for a use until the budget begins anew. Backfill and sweep leave one to each check that
 * is due until then, and a few more; from a small budget they take the half.
 */
export async function budgetFor({ ports }: RunContext, use: CallUse): Promise<LeftOver> {
  const { source, runs, world, scheduleMs } = ports;
  if (source === null || !LEFT_OVER_USES.has(use)) return { calls: null, notBeforeMs: null };
  const { budget, used, windowEndsMs } = (await runs.vendorKey(source.keyName)).quota;
  const nowMs = world.nowMs();
  // A budget that begins anew in a moment is waited for.
  if (budget === null || windowEndsMs === null || windowEndsMs - nowMs <= PARK_ABOVE_MS)
    return { calls: null, notBeforeMs: null };
  const checks = Math.ceil((windowEndsMs - nowMs) / scheduleMs.fireflies);
  const reserved = Math.min(checks + CALLS_RESERVED, Math.floor(budget * CALLS_RESERVED_SHARE_MAX));
  return { calls: Math.max(0, budget - used - reserved), notBeforeMs: windowEndsMs };
}
