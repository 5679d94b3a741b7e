import type { CleanedTable } from "../core/cleanup.ts";
import type { StoredObject } from "./raw-store.ts";
import type { Fence } from "./run-store.ts";

/** What a run of cleanup has done to one thing, counted from its items. */
export type Tally = { readonly what: string; readonly verdict: string; readonly items: number };

/**
 * What takes old logs away, in D1. Fencing and failures as in RunStore. Whatever is deleted is counted as an item of the run
 * in the same batch, so that a batch that is repeated after a lost reply deletes other rows, and counts those.
 */
export type CleanupStore = {
  /** Days before that one with anything to count that were not counted yet, oldest first, at most `limit`; ISO 8601. */
  daysToRoll(beforeDay: string, limit: number): Promise<{ items: string[]; cursor: null }>;
  /**
   * Count the logs of days, once and for all: a day that was counted stays as it is. World ms.
   *
   * @returns nothing; the days are items of the run
   */
  rollDay(
    fence: Fence,
    rolled: { readonly runId: string; readonly day: string; readonly nowMs: number },
  ): Promise<void>;
  /**
   * Delete rows of a table that are old and that nothing needs, at most CLEANUP_ROWS_PER_BATCH.
   *
   * @param beforeMs rows of before then are old, world ms
   * @returns how many it were; 0: no more
   */
  deleteOld(
    fence: Fence,
    old: { readonly runId: string; readonly table: CleanedTable; readonly beforeMs: number },
  ): Promise<number>;
  /** Count as items of the run, once, rows that are old and that something needs. */
  countKept(
    fence: Fence,
    old: { readonly runId: string; readonly table: CleanedTable; readonly beforeMs: number },
  ): Promise<void>;
  /** What the run has done so far. */
  tallies(runId: string): Promise<{ items: Tally[]; cursor: null }>;

  /**
   * Take back what is to be deleted and is referred to again; then have deleted, from now on, what a complete proof named long
   * enough ago: objects of no known meeting, and earlier revisions but the newest of each meeting. None while a rebuild is
   * open. Times are world ms.
   */
  doomObjects(
    fence: Fence,
    at: {
      readonly nowMs: number;
      readonly revisionsBeforeMs: number;
      readonly orphansBeforeMs: number;
      readonly limit: number;
    },
  ): Promise<void>;
  /** Objects that were to be deleted long enough and that nothing refers to; from here on nobody may put them. */
  takeDoomed(fence: Fence, beforeMs: number, limit: number): Promise<{ items: string[]; cursor: null }>;
  /** These are gone from the store. They are items of the run. */
  forgetObjects(fence: Fence, runId: string, keys: readonly string[]): Promise<void>;
  /**
   * An object is about to be put, whether it lies there or not: it is not to be deleted any more.
   *
   * @returns false if the store is being told to delete it right now
   */
  keepObject(key: string): Promise<boolean>;

  /** Bytes of the largest row among the next ones of what may be large, and where to go on. */
  largestRow(after: string, limit: number): Promise<{ bytes: number; cursor: string | null }>;
  /** Lay the rows of the ballast that were used up. */
  layBallast(fence: Fence): Promise<void>;
};

/** What a complete proof has seen that nothing refers to, to be named once it has ended. */
export type SeenObject = Pick<StoredObject, "key" | "sizeBytes" | "uploadedMs">;
