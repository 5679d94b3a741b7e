import type { ScheduledName } from "../core/schedule.ts";
import type { Fence, Lane, Priority, Run, SyncName, Trigger } from "./run-store.ts";

/** What was asked for. Times are world ms. */
export type RunRequest = {
  readonly id: string;
  readonly sync: SyncName;
  readonly trigger: Trigger;
  readonly priority: Priority;
  /** What it was asked for beyond an ordinary run; null as a rule. The plan of a dry run is not known yet. */
  readonly preview: Run["preview"];
  readonly askedMs: number;
  /** The run that is to answer it; null: none yet, or the one before has to go on. */
  readonly runId: string | null;
};

/** A run to be queued. */
export type NewRun = Pick<Run, "id" | "sync" | "trigger" | "priority" | "queuedMs" | "preview">;

/** What came of queueing. */
export type Queued = {
  /** The run that was queued, or the one that was there already. */
  readonly run: Run;
  readonly created: boolean;
  /** Whether the run is the next of its lane; another one has to end or to make way before it otherwise. */
  readonly isNext: boolean;
  /** The open request, if one was made or stood already. */
  readonly request: RunRequest | null;
};

/** What one beat of the clock goes by, read at one instant. */
export type Glance = {
  /** Runs that are queued or running: of each lane first the one that is under way, then by priority and age. */
  readonly unfinished: readonly Run[];
  /** The run of each sync itself that was queued last among those that have ended: no dry run, no rebuild. */
  readonly last: readonly Run[];
  readonly lanes: readonly Lane[];
  /** Up to when the due times of each sync were handled, world ms. */
  readonly handledMs: Readonly<Partial<Record<ScheduledName, number>>>;
  /** Requests without a run, the most urgent first. */
  readonly waiting: readonly RunRequest[];
  /** Whether documents are owed, or dead ids due for another look. */
  readonly owesVectors: boolean;
  /** Tables with pages that have something owed. */
  readonly owedTables: readonly SyncName[];
  readonly isRebuilding: boolean;
  /** Whether the step engine still keeps something of ended runs. */
  readonly hasEnded: boolean;
  /** Whether answered requests are old enough to be deleted. */
  readonly hasOldRequests: boolean;
  /** Whether webhooks left anything to be looked at or deleted. */
  readonly hasInbox: boolean;
  /** Whether a proof has found anything that is not seen mended. */
  readonly hasFindings: boolean;
  /** Whether people are to be told of an alert over one of the channels asked about. */
  readonly hasNotices: boolean;
  /** What alerts of a full store are about: syncs, or rebuilds, as `runName` names them. */
  readonly fullSubjects: readonly string[];
  /** World ms at which it was last measured how full the stores are; null: never. */
  readonly sampledMs: number | null;
  /** World ms at which the first run was queued; null: there was none. */
  readonly firstRunMs: number | null;
};

/**
 * Requests and the queue of each lane, in D1. All methods fail with party "d1" and kind locked, unreachable, storage_full or
 * defect. Every write may be done twice.
 */
export type RequestStore = {
  /**
   * Queue a run, in one batch with the request that it answers and the due times that it handles: those up to now. A lane has one run at a
   * time, and behind it at most runs that are more urgent than all before them: where one stands that is as urgent, that
   * one is returned. A preview is only queued in a lane with nothing in it. Open requests that are at least as urgent are
   * answered by the new run as well; the same request twice is one.
   *
   * @param requestId null for a run that nobody asked for
   */
  queue(run: NewRun, requestId: string | null): Promise<Queued>;
  /**
   * @param oldMs requests that were answered before are old
   * @param channels names of those that people are told of alerts by
   */
  glance(nowMs: number, oldMs: number, channels: readonly string[]): Promise<Glance>;
  /** Open requests, the most urgent first, at most REQUESTS_OPEN_MAX. */
  open(): Promise<{ items: RunRequest[]; cursor: null }>;
  /** Up to when the due times of each sync were handled, world ms. */
  handled(): Promise<Glance["handledMs"]>;
  /** The run that waits for a running one to make way: the most urgent above it in its lane. Null as a rule. */
  waitingAbove(fence: Fence, priority: Priority): Promise<Pick<Run, "id" | "priority"> | null>;
  /** Delete answered requests that ended before, at most `limit`. @returns how many it were */
  forget(endedBeforeMs: number, limit: number): Promise<number>;
};
