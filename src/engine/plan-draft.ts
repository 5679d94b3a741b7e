import { PLAN_ITEMS_MAX } from "../core/policy.ts";
import {
  addCounts,
  countActions,
  itemDigest,
  shownItem,
  type PlanCounts,
  type PlanItem,
} from "../core/preview.ts";
import type { TableName } from "../core/records/table.ts";
import type { RunContext } from "./run-context.ts";

/** What one step of a preview found, as it is remembered; the things themselves stand in the ledger. */
export type Share = { readonly digests: readonly string[]; readonly counts: PlanCounts };

/** A plan as far as it is made. */
export type Draft = {
  readonly digests: string[];
  counts: PlanCounts;
  /** Sentences about what it cannot hold. */
  readonly notes: string[];
};

/** Write down what a step found, behind all that was found before it. */
export async function writeShare(
  { ports, fence, run }: RunContext,
  sync: TableName,
  draft: Draft,
  items: readonly PlanItem[],
): Promise<Share> {
  const fromPlace = draft.digests.length;
  const digests = await Promise.all(items.map(itemDigest));
  const placed = items.map((item, at) => ({
    ...shownItem(item),
    place: fromPlace + at,
    digest: digests[at] ?? "",
  }));
  const kept = placed.filter(({ place }) => place < PLAN_ITEMS_MAX);
  await ports.plans.add(fence, { sync, runId: run.id, fromPlace }, kept);
  return { digests, counts: countActions(items) };
}

/** Take what a step found into the draft. */
export function takeShare(draft: Draft, { digests, counts }: Share): void {
  draft.digests.push(...digests);
  draft.counts = addCounts(draft.counts, counts);
}
