import type { Rebuild, RebuildScope } from "../core/rebuild.ts";
import type { MeetingChange, OwedDocument, Revision } from "./record-store.ts";
import type { Fence, Priority, Run } from "./run-store.ts";

/** A meeting as the source last showed it, whose revision is stored. */
export type SightedRevision = Revision & {
  /** World ms. */
  readonly observedMs: number;
  /** The source could not give it the last time; what it gave before stands. */
  readonly failed: boolean;
};

/** What became of one meeting whose record was made again. */
export type RecordAgain = {
  readonly sighting: SightedRevision;
  /** Null if its revision is missing or damaged. */
  readonly change: MeetingChange | null;
};

type ReindexedDocument = {
  readonly id: string;
  readonly contentHash: string;
  readonly verdict: "created" | "updated" | "unchanged" | "pending" | "failed";
  readonly reason: string | null;
  /** When a document that was refused is tried again, world ms; null otherwise. */
  readonly retryMs: number | null;
};

/** A run to be queued for a rebuild. */
export type RebuildRun = Pick<Run, "id" | "queuedMs"> & { readonly priority: Priority };

/**
 * What somebody asked to have made anew, in D1. At most one rebuild is open. Fencing and failures as in RunStore; every
 * write may be done twice.
 */
export type RebuildStore = {
  /** The rebuild that is not at its end. */
  open(): Promise<Rebuild | null>;
  rebuild(id: string): Promise<Rebuild | null>;
  /** The runs of a rebuild, newest first. */
  runsOf(rebuildId: string, limit: number): Promise<{ items: Run[]; cursor: null }>;
  /**
   * Note a wish and queue its first run, all at once. If a rebuild is open already, nothing is noted.
   *
   * @returns the open rebuild, which may be another one
   */
  ask(
    rebuild: Pick<Rebuild, "id" | "what" | "scope" | "model" | "liveModel" | "askedMs">,
    run: RebuildRun,
  ): Promise<Rebuild>;
  /** Queue the next run of an open rebuild, unless one is unfinished; it waits in its lane behind a run that is going on. */
  queueRun(rebuild: Pick<Rebuild, "id" | "what">, run: RebuildRun): Promise<void>;
  /** The rebuild is at its end. */
  end(fence: Fence, id: string, outcome: "done" | "given_up", nowMs: number): Promise<void>;
  /** Meetings of a scope, with a record or stored: all of them, and those up to the cursor. */
  progress(rebuild: Pick<Rebuild, "what" | "scope" | "cursor">): Promise<{ done: number; total: number }>;
  /** Those of the ids that the source never showed. */
  unknownMeetings(ids: readonly string[]): Promise<string[]>;

  /** Sightings after an id whose revision is stored, in the order of ids. */
  sightings(
    scope: RebuildScope,
    after: string,
    limit: number,
  ): Promise<{ items: SightedRevision[]; cursor: null }>;
  /**
   * Write records again from their revisions, with verdicts and cursor. A row that is as it should be is not touched;
   * nothing that was observed later is overwritten; a tombstone stays.
   */
  commitRecords(
    fence: Fence,
    done: {
      readonly runId: string;
      readonly rebuildId: string;
      readonly nowMs: number;
      readonly items: readonly RecordAgain[];
    },
  ): Promise<void>;

  /** Documents after an id, owed or not, in the order of ids. */
  documents(
    scope: RebuildScope,
    after: string,
    limit: number,
  ): Promise<{ items: OwedDocument[]; cursor: null }>;
  /**
   * The live index was seen to hold what these documents want, or not: then they are owed, and vectors that should have
   * been there count as sent. Verdicts and cursor with it.
   */
  commitReindexed(
    fence: Fence,
    done: {
      readonly runId: string;
      readonly rebuildId: string;
      readonly nowMs: number;
      readonly documents: readonly ReindexedDocument[];
      readonly unseenIds: readonly string[];
    },
  ): Promise<void>;
};
