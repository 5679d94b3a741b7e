import { ROWS_KEPT, type Check, type RunCounts, type RunResult } from "../core/report.ts";
import type { Mender } from "../core/proof.ts";
import { ALERT_MISMATCH_SHARE } from "../core/policy.ts";
import { asksVendor } from "./lanes.ts";
import { durably } from "./durably.ts";
import type { RunContext } from "./run-context.ts";

/** Rows of what a run writes, counted in its own table before it begins; null where it writes none, or makes none away. */
export async function rowsBefore(context: RunContext): Promise<number | null> {
  const sync = countedOf(context);
  return sync === null ? null : durably(context, "rows before", () => context.ports.proofs.rowCount(sync));
}

function countedOf({ run }: RunContext): Mender | null {
  // Chunks come and go with every revision, and a preview writes nothing.
  return run.rebuild === null && run.preview === null && asksVendor(run.sync) ? run.sync : null;
}

/**
 * Hold the rows after a run against those before it: fewer, beyond those that it counted as deleted, were lost. People may
 * delete some meanwhile, so it takes more than a hundredth of them. Source: requirements, "Data count mismatch > 1%".
 */
export async function rowsKept(
  context: RunContext,
  before: number | null,
  { deleted }: RunCounts,
): Promise<{ readonly checks: readonly Check[]; readonly rows: RunResult["rows"] }> {
  const sync = countedOf(context);
  if (before === null || sync === null) return { checks: [], rows: null };
  const after = await context.ports.proofs.rowCount(sync);
  return { checks: [keptCheck(before, after, deleted)], rows: { before, after } };
}

/** Whether no more rows are gone than were deleted. Both sides are shown. */
export function keptCheck(before: number, after: number, deleted: number): Check {
  const lost = before - deleted - after;
  return {
    name: ROWS_KEPT,
    ok: lost <= before * ALERT_MISMATCH_SHARE,
    expected: `at least ${before - deleted}`,
    actual: after,
  };
}
