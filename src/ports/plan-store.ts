import type { PlanCounts, PlanItem } from "../core/preview.ts";
import type { TableName } from "../core/records/table.ts";
import type { Fence } from "./run-store.ts";

/** What a dry run found that there is to do. */
export type Plan = {
  readonly hash: string;
  readonly sync: TableName;
  /** The dry run that has made it last. */
  readonly runId: string;
  /** World ms. */
  readonly madeMs: number;
  readonly counts: PlanCounts;
  /** Sentences about what no plan can hold. */
  readonly notes: readonly string[];
  /** When a person had it carried out, world ms; null: nobody has. */
  readonly approvedMs: number | null;
};

type PlacedItem = PlanItem & { readonly place: number; readonly digest: string };

/** A table, and the database of which workspace it is kept in step with. */
export type PlanSubject = {
  readonly sync: TableName;
  /** sha256 of the workspace. */
  readonly account: string;
  readonly dataSourceId: string;
};

/**
 * Plans of what runs would do, and who approved them, in D1. Fencing and failures as in RunStore. Every write may be done
 * twice.
 */
export type PlanStore = {
  /**
   * Take away what earlier runs left of plans that are not kept, some rows of them.
   *
   * @returns whether there may be more
   */
  clean(fence: Fence, sync: TableName, runId: string): Promise<boolean>;
  /** Write down what a run found, instead of all that it wrote from this place on. */
  add(
    fence: Fence,
    to: { readonly sync: TableName; readonly runId: string; readonly fromPlace: number },
    items: readonly PlacedItem[],
  ): Promise<void>;
  /** Keep what a run found as a plan, and say in the run which it is. */
  keep(fence: Fence, plan: Omit<Plan, "approvedMs">): Promise<void>;
  /** Null if there is no plan of that hash. */
  plan(hash: string): Promise<Plan | null>;
  /** Items of a plan behind a place, in their order; the cursor is the last place, null at the end. */
  items(
    plan: Pick<Plan, "runId">,
    afterPlace: number,
    limit: number,
  ): Promise<{ items: PlanItem[]; cursor: number | null }>;
  /** In how many places the plan of one run differs from that of another. */
  differences(runId: string, otherRunId: string): Promise<number>;
  /** Take away what a run found. */
  drop(fence: Fence, runId: string): Promise<void>;
  /** Note that a person has a plan carried out by this run; from now on this source may be written to, without delay. */
  approve(
    fence: Fence,
    approval: PlanSubject & { readonly hash: string; readonly runId: string; readonly atMs: number },
  ): Promise<void>;
  /** Whether a plan for this source was ever approved. */
  isApproved(subject: PlanSubject): Promise<boolean>;
};
