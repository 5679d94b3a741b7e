import type { Candidate, Missing } from "../core/deletions.ts";
import type { Cover } from "../core/reconcile.ts";
import type { Balance } from "./record-store.ts";
import type { Fence } from "./run-store.ts";

/** A page of a listing as evidence. */
export type PageEvidence = {
  /** From 1, within its enumeration. */
  readonly page: number;
  readonly skip: number;
  /** World ms before the request. */
  readonly askedMs: number;
  /** ISO 8601; null: an empty page. */
  readonly firstPlace: string | null;
  readonly lastPlace: string | null;
  readonly ids: readonly string[];
  readonly joined: boolean;
  /** Meetings of these places that were known before it was asked for and are not on it were invisible; null: it proves none. */
  readonly cover: Cover | null;
  /** Whose eyes they were, sha256; null if that was not proven. */
  readonly accountHash: string | null;
};

/** What one reply said of missing meetings, and what becomes of them. */
export type Looked = {
  readonly runId: string;
  readonly nowMs: number;
  /** World ms before the request. */
  readonly askedMs: number;
  readonly accountHash: string;
  readonly liveId: string;
  /** To be taken for deleted, each with the absence that was judged. */
  readonly gone: readonly Pick<Candidate, "id" | "firstMs" | "isApproved">[];
  /** The source shows them after all: their absence is over. */
  readonly shown: readonly string[];
  /** The reply left these open. */
  readonly unclear: readonly string[];
};

/** A missing meeting as people look at it. Times are world ms. */
export type MissingMeeting = {
  readonly id: string;
  readonly title: string | null;
  /** Its place in the listing, ISO 8601. */
  readonly date: string;
  readonly firstMs: number;
  readonly secondMs: number | null;
  readonly approvedMs: number | null;
};

/** A verdict, with the pages that it rests on. Times are world ms. */
export type Deletion = {
  readonly id: string;
  readonly title: string | null;
  readonly deletedMs: number;
  readonly decidedBy: "evidence" | "person";
  readonly runId: string;
  readonly firstMs: number;
  readonly secondMs: number;
  readonly lookedMs: number;
  /** What the same reply showed. */
  readonly liveId: string;
  readonly pages: readonly {
    readonly discovery: string;
    readonly page: number;
    readonly askedMs: number;
    readonly first: string | null;
    readonly last: string | null;
    readonly rows: number;
  }[];
  readonly restoredMs: number | null;
  readonly seenMs: number | null;
};

/**
 * Absences and deletions of meetings in D1. Fencing and failures as in RunStore; every write may be done twice. Absences
 * themselves are written, and ended, by the batch of each page (RecordStore).
 */
export type DeletionStore = {
  /**
   * Known meetings around a missing one that is due to be looked for again, as the window of a listing; it is marked as
   * looked for in the batch of the page, by its place. Null if none can be covered by a page.
   *
   * @param asked those absent before a world time and not looked for since; how many neighbours on either side
   */
  windowAround(asked: {
    absentBeforeMs: number;
    neighbours: number;
  }): Promise<{ id: string; fromMs: number; toMs: number; above: number } | null>;
  /** A missing meeting was looked for by a window around it, whatever came of that. */
  markLooked(fence: Fence, id: string, nowMs: number): Promise<void>;
  /** The window below a world time that holds so many known meetings; `fromMs` null if that is all there are. */
  windowBelow(
    toMs: number,
    rows: number,
    marginMs: number,
  ): Promise<{ fromMs: number | null; toMs: number; above: number }>;
  /**
   * Missing meetings that were absent twice, at most `limit` that were not asked for since `lookedBeforeMs`, approved ones
   * and oldest absences first, and what they are judged by. Verdicts count since `verdictsSinceMs`.
   */
  candidates(asked: {
    limit: number;
    accountHash: string;
    lookedBeforeMs: number;
    verdictsSinceMs: number;
  }): Promise<{ items: Candidate[]; missing: Missing; cursor: null }>;
  /**
   * Write down what a look said, in one fenced batch. A verdict is only written if its absence still stands: tombstone, out
   * of search, chunks dead, verdict `deleted` of the run.
   *
   * @returns how many were taken for deleted by this batch or an earlier try of it, and the balance it leaves
   */
  settleLook(fence: Fence, looked: Looked): Promise<{ deleted: number; balance: Balance }>;
  /** Give up chunks that a run of vectors planned for a meeting while it was taken for deleted. */
  doomLeft(fence: Fence, nowMs: number): Promise<void>;
  /**
   * Chunks that died with their meeting and were not seen gone yet, after an id in id order. `binding` is that of the index
   * whose model they are of; null if it is no longer in use.
   */
  doomedChunks(
    afterId: string,
    limit: number,
  ): Promise<{ items: { id: string; binding: string | null }[]; cursor: null }>;

  /** Missing meetings, those that were absent twice and longest first, at most `limit`; and how many there are. */
  missing(limit: number): Promise<{ items: MissingMeeting[]; count: number; cursor: null }>;
  /** Verdicts, newest first, at most `limit`. */
  deletions(limit: number): Promise<{ items: Deletion[]; cursor: null }>;
  /**
   * Approve absences, each with its two times, all or none.
   *
   * @returns false if one of them does not stand so any more; nothing was written then
   */
  approve(
    absences: readonly { readonly id: string; readonly firstMs: number; readonly secondMs: number }[],
    nowMs: number,
  ): Promise<boolean>;
  /**
   * Undo a verdict: the record is back, its vectors are owed. Until the source shows the meeting again, nobody takes it for
   * deleted once more.
   *
   * @returns false if there is no verdict on it that stands
   */
  restore(id: string, nowMs: number): Promise<boolean>;
  /** How the sweep stands: when one of the whole history last came to its end, and of the last window its bounds; world ms. */
  sweeps(): Promise<{
    completedMs: number | null;
    window: { fromMs: number | null; toMs: number; completedMs: number | null } | null;
  }>;
};
