import type { Chunk } from "../core/chunk.ts";
import type { IndexRow } from "../core/embedding-plan.ts";
import type { OwedDocument } from "./record-store.ts";
import type { Fence } from "./run-store.ts";

/** What is locked when an index is first used. */
export type IndexLock = Omit<IndexRow, "state">;

/** A document that an index being built does not hold as it is now. */
export type UnbuiltDocument = OwedDocument & {
  /** The revision whose vectors the live index holds; null if it holds none. */
  readonly indexedHash: string | null;
};

export type BuiltDocument = {
  readonly id: string;
  /** The revision that was built; null if it was not. */
  readonly contentHash: string | null;
  readonly verdict: "created" | "updated" | "pending" | "failed";
  readonly reason: string | null;
};

/** How far an index being built is behind: documents, those it holds as they are now, and those that keep it from going live. */
export type BuildState = {
  readonly documents: number;
  readonly built: number;
  readonly missing: number;
  /** At most 50 ids of those. */
  readonly missingIds: readonly string[];
};

/**
 * The ledger of vector indexes in D1: what each is promised to hold, and which one answers. Fencing and failures as in
 * RunStore; every write may be done twice.
 */
export type IndexRegistry = {
  /** Every index in use, at most one per binding. */
  rows(): Promise<{ items: IndexRow[]; cursor: null }>;
  /**
   * Make an index live if none is, and note where its model is served by now.
   *
   * @returns the index that is live
   */
  lock(first: IndexLock, nowMs: number): Promise<IndexRow>;
  /** Begin to build an index beside the live one. Nothing if its binding is in use. */
  begin(fence: Fence, lock: IndexLock, nowMs: number): Promise<void>;
  /**
   * Documents after an id, in the order of ids, that an index does not hold as they are now.
   *
   * @param notIds left out
   */
  unbuilt(
    model: string,
    after: string,
    limit: number,
    notIds: readonly string[],
  ): Promise<{ items: UnbuiltDocument[]; cursor: null }>;
  /** The vectors of these documents were read back from the index being built; verdicts with them. */
  commitBuilt(
    fence: Fence,
    done: { readonly runId: string; readonly model: string; readonly documents: readonly BuiltDocument[] },
  ): Promise<void>;
  buildState(model: string): Promise<BuildState>;
  /** How many chunks of an index the ledger calls live. */
  liveCount(model: string): Promise<number>;
  /** Those of one document, as they were cut, in order; none if the text of one is missing. */
  liveChunks(model: string, documentId: string): Promise<Chunk[]>;
  /**
   * Make the index being built live and the live one the one to be emptied, all at once, if nothing that can be found in
   * the live one would be missing. What is owed stays owed unless the new index holds it already.
   *
   * @returns true if the new index is live, by this call or an earlier one
   */
  switchTo(fence: Fence, change: { from: string; to: string; nowMs: number }): Promise<boolean>;
  /** Give up an index that is being built: it is emptied instead. */
  giveUp(fence: Fence, binding: string, nowMs: number): Promise<void>;
  /** Ids after an id, in order, that an index still holds or may hold. */
  remainingIds(model: string, after: string, limit: number): Promise<{ items: string[]; cursor: null }>;
  /** Forget an index that is empty, and what was built in it so far. */
  remove(fence: Fence, row: IndexRow): Promise<void>;
};
