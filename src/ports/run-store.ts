import type { Acknowledgement } from "./alert-store.ts";
import type { Failure, Party } from "../core/errors.ts";
import type { PRIORITIES, SYNC_NAMES } from "../core/policy.ts";
import type { QuotaState } from "../core/quota.ts";
import type { Next } from "../core/retry.ts";
import type { AlertKind } from "../core/alerts.ts";
import type { RebuildName } from "../core/rebuild.ts";
import type { RunCounts, RunResult } from "../core/report.ts";

export type SyncName = (typeof SYNC_NAMES)[number];
export type Trigger = "schedule" | "manual" | "webhook" | "recovery";
export type Priority = (typeof PRIORITIES)[number];
export type RunState = "queued" | "running" | "succeeded" | "succeeded_with_findings" | "parked" | "failed";

export type Run = {
  readonly id: string;
  readonly sync: SyncName;
  readonly trigger: Trigger;
  readonly priority: Priority;
  readonly state: RunState;
  readonly epoch: number;
  readonly ceilingMs: number;
  readonly queuedMs: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly startedRealMs: number | null;
  readonly durationMs: number | null;
  readonly notBeforeMs: number | null;
  readonly detail: string | null;
  readonly sourceCount: number | null;
  readonly destinationCount: number | null;
  readonly continues: boolean;
  readonly result: RunResult | null;
  /** The rebuild that it carries in its lane; null for a run of the sync itself. */
  readonly rebuild: { readonly id: string; readonly what: RebuildName } | null;
  /** What it was asked for beyond an ordinary run; null as a rule. */
  readonly preview: Preview | null;
};

/** A dry run, and the plan that it has made once it is over; or a run that is to carry out a plan, and nothing else. */
export type Preview =
  | { readonly mode: "dry_run"; readonly planHash: string | null }
  | { readonly mode: "plan"; readonly planHash: string };

/** What a writing batch must prove: that its run still holds the lane. */
export type Fence = { readonly lane: SyncName; readonly token: number };

export type Attempt = {
  readonly id: string;
  readonly runId: string;
  readonly step: string;
  readonly party: Party;
  readonly operation: string;
  readonly isCall: boolean;
  readonly atMs: number;
};

export type AttemptRow = Attempt & {
  readonly durationMs: number | null;
  readonly outcome: string;
  readonly detail: string | null;
  readonly next: string | null;
  readonly nextMs: number | null;
};

export type VendorKey = {
  readonly keyName: string;
  readonly version: number;
  readonly quota: QuotaState;
  readonly withoutFields: readonly string[];
  readonly accountHash: string | null;
  /** Account that this database's records come from: the first that was proven; null before there is one. */
  readonly workspaceAccountHash: string | null;
  readonly meetingsEstimate: number | null;
  readonly denied: boolean;
};

export type Alert = {
  readonly id: string;
  readonly kind: AlertKind;
  readonly subject: string;
  readonly detail: string;
  readonly openedMs: number;
  readonly lastMs: number;
  /** Who has it in hand; null: nobody yet. */
  readonly acknowledged: Acknowledgement | null;
};

export type Lane = {
  readonly lane: SyncName;
  readonly notBeforeMs: number | null;
  readonly reason: string | null;
  readonly keyName: string | null;
};

/** An alert to be opened. */
export type NewAlert = Pick<Alert, "id" | "kind" | "subject" | "detail">;

/** Alerts to be opened, and those whose condition is gone. */
export type AlertChange = {
  readonly open: readonly NewAlert[];
  readonly close: readonly Pick<Alert, "kind" | "subject">[];
};

/**
 * The ledger of runs in D1. Methods that take a Fence commit nothing unless the lane's lease still carries its token;
 * otherwise they fail with kind "superseded". All fail with party "d1" and kind locked, unreachable, storage_full or
 * defect. Every write may be done twice.
 */
export type RunStore = {
  run(id: string): Promise<Run | null>;
  /** Newest first, at most 200. */
  runs(limit: number): Promise<{ items: Run[]; cursor: null }>;
  /** Runs that are queued or running: of each lane first the one under way, then by priority and age. */
  unfinished(): Promise<{ items: Run[]; cursor: null }>;
  /** The last run of the sync itself: no dry run, none that refused its plan, and none that only read announced meetings. */
  lastEnded(sync: SyncName): Promise<Run | null>;
  /** The last run in a lane, a rebuild's included. */
  lastInLane(lane: SyncName): Promise<Run | null>;
  /** Count one revival of a run, so that its lease step gets a new name. */
  raiseEpoch(runId: string): Promise<void>;

  /**
   * Take or retake the lane for a run and mark it running. The token rises each time. Null if another run holds it;
   * else the fence, and what the lane waits for. Times are real ms.
   */
  acquireLease(
    run: Run,
    at: { startedMs: number; realNowMs: number; termMs: number },
  ): Promise<{ fence: Fence; lane: Lane } | null>;
  renewLease(fence: Fence, expiresRealMs: number): Promise<void>;
  /**
   * Close the run and free the lane in one batch, and close its requests unless another run has to go on. What a rebuild
   * waits for holds back the rebuild, and not its lane; a run that made way (`yieldedTo`) holds back neither, nor does a
   * parked run that `continues`: it waits for its share of a budget, and others may still have theirs.
   *
   * @returns whether another run or request waits for the lane
   */
  closeRun(
    fence: Fence,
    runId: string,
    end: Pick<
      Run,
      | "state"
      | "endedMs"
      | "durationMs"
      | "notBeforeMs"
      | "detail"
      | "sourceCount"
      | "destinationCount"
      | "continues"
    > & {
      result: RunResult;
      laneKeyName: string | null;
      yieldedTo: string | null;
      /** An ordinary run is to go on with what this one left. */
      leavesRest: boolean;
    },
  ): Promise<{ isAwaited: boolean }>;
  /**
   * Close a run whose engine instance is lost, and open the alert that says so, without a fence. False if it has ended by
   * itself meanwhile: then there is no alert either.
   */
  closeLost(runId: string, alert: NewAlert, endedMs: number): Promise<boolean>;
  /**
   * Give a verdict to items that a run took on and did not reach: pending if it will go on, else failed. One that has a
   * verdict, or whose page's line stands, was reached after all: only the reply that said so was lost.
   */
  markUnreached(
    fence: Fence,
    runId: string,
    items: readonly { readonly id: string; readonly line: string | null }[],
    goesOn: boolean,
  ): Promise<void>;
  /** Whether the run holds its lane's lease at this real ms. */
  isLeaseHeld(run: Run, realNowMs: number): Promise<boolean>;
  /** Ended runs whose engine instance was not deleted yet, at most `limit`. */
  undeletedInstances(limit: number): Promise<{ items: string[]; cursor: null }>;
  markInstancesDeleted(runIds: readonly string[]): Promise<void>;

  lane(sync: SyncName): Promise<Lane>;
  lanes(): Promise<{ items: Lane[]; cursor: null }>;

  vendorKey(keyName: string): Promise<VendorKey>;
  /**
   * Write the counter of a key and an attempt in one fenced batch. The key row is only written if its version is still
   * the one that was read.
   *
   * @returns false if another writer was faster; nothing was written then
   */
  takeCall(fence: Fence, key: VendorKey, quota: QuotaState, attempt: Attempt): Promise<boolean>;
  /**
   * Write what came of a call: the attempt's outcome and the key's counter as the reply corrects it. An account that comes
   * with a key becomes the owner of the records in the same batch, if they have none.
   */
  settleCall(
    fence: Fence,
    attemptId: string,
    outcome: { durationMs: number; failure: Failure | null },
    key: Omit<VendorKey, "version">,
  ): Promise<void>;
  /** Write a failed attempt of a step, or complete the call's row with what happens next, and when (world ms) that was decided. */
  recordFailure(
    fence: Fence,
    attempt: Attempt,
    what: { failure: Failure; next: Next; decidedMs: number; durationMs: number },
  ): Promise<void>;
  /** Failed attempts of a step so far, by kind, in order. Interrupted and refused ones are not failures. */
  failuresOf(runId: string, step: string): Promise<{ items: Failure["kind"][]; cursor: null }>;
  /** Attempts of a run that did not succeed, oldest first, at most `limit`. */
  troubles(runId: string, limit: number): Promise<{ items: AttemptRow[]; cursor: null }>;
  /** Totals of a run by verdict, from its items. */
  counts(runId: string): Promise<RunCounts>;
  /**
   * Items of a run that were set aside or failed, with reasons, at most `limit`; then, with the verdict `field`, values of
   * its records that are kept aside, by column.
   */
  setAside(
    runId: string,
    limit: number,
  ): Promise<{ items: { itemId: string; verdict: string; reason: string | null }[]; cursor: null }>;
  /**
   * What the end of a run is judged by, read at one instant: its totals, its vendor calls and retried attempts, when it
   * began (real ms), the most vendor calls that failed within one window of world time that ends in the run, whoever made
   * them, how often the lane has parked since it last finished, how many documents the model or the index refuses, and every
   * open alert.
   *
   * @param asked the length of the window, and the time until which the run parks, if it does
   */
  summary(
    runId: string,
    asked: { windowMs: number; parksUntilMs: number | null },
  ): Promise<{
    counts: RunCounts;
    calls: number;
    retries: number;
    startedRealMs: number | null;
    /** How the run ended, if it has. */
    endedState: RunState | null;
    apiErrors: number;
    parks: number;
    refused: number;
    openAlerts: Alert[];
  }>;

  openAlerts(): Promise<{ items: Alert[]; cursor: null }>;
  /**
   * Open alerts (once per kind and subject; again only moves `last_ms`) and close others, in one batch.
   *
   * @param fence of the run that says so; null outside of any run
   */
  updateAlerts(fence: Fence | null, nowMs: number, change: AlertChange): Promise<void>;

  /** Vendor calls since then that failed for a reason that may concern the vendor's health, whoever made them. */
  failedCalls(sinceMs: number): Promise<number>;

  /** State of the database: its size in bytes and the newest migration applied. */
  health(): Promise<{ sizeBytes: number; migration: string | null; latencyMs: number }>;
};
