import type { Domain, Fault, Finding, Mender, Proof, ProofMode, ProofState } from "../core/proof.ts";
import type { SeenObject } from "./cleanup-store.ts";
import type { SightingState } from "./record-store.ts";
import type { Fence } from "./run-store.ts";

/** Everything the ledger says of a meeting. */
export type ProofMeeting = {
  readonly id: string;
  readonly state: SightingState;
  readonly contentHash: string;
  readonly revisionKey: string;
  /** True if a complete enumeration on record holds it. */
  readonly proven: boolean;
  /** True if it is known deleted at the source. */
  readonly deleted: boolean;
  readonly record: {
    readonly contentHash: string;
    readonly indexedHash: string | null;
    readonly owed: boolean;
  } | null;
};

/** A live chunk of the live index. */
export type ProofChunk = {
  readonly id: string;
  readonly documentId: string;
  readonly text: string | null;
  readonly textHash: string;
  readonly model: string;
  readonly metadata: Readonly<Record<string, string | number>>;
  /** Whether the full-text index has it. */
  readonly isIndexed: boolean;
};

/** What a proof is planned from. */
export type ProofStanding = {
  readonly open: Proof | null;
  /** World ms at which the last complete proof ended. */
  readonly lastCompleteMs: number | null;
  /** World ms at which the last proof was asked for that has ended, and its state. */
  readonly lastAskedMs: number | null;
  readonly lastEndedMs: number | null;
  readonly sliceEnd: string;
};

/** Which meetings a page of a proof is about. */
export type ProofPage =
  | { readonly after: string; readonly limit: number }
  /** Those of which something was new since then, world ms. */
  | { readonly after: string; readonly limit: number; readonly sinceMs: number }
  | { readonly ids: readonly string[] };

/**
 * Proofs and findings in D1, and what a proof asks the ledger. Fencing and failures as in RunStore. Every write may be done
 * twice.
 */
export type ProofStore = {
  /**
   * Note that a proof is wanted. One that is open is that one; it begins anew with `isAnew`, and as a complete one if that is
   * asked for and it was none.
   */
  ask(proof: {
    readonly id: string;
    readonly mode: ProofMode;
    readonly isAnew: boolean;
    readonly nowMs: number;
  }): Promise<Proof>;
  standing(): Promise<ProofStanding>;
  /** The proof of an id; the newest if it is null. */
  proof(id: string | null): Promise<Proof | null>;
  /**
   * Keep how far a proof is, with what it has found; open findings that it saw again count as seen by it, and are mended once
   * more. Nothing is kept of a proof that has begun anew meanwhile.
   */
  keep(
    fence: Fence,
    kept: {
      readonly proofId: string;
      readonly mode: ProofMode;
      readonly runId: string;
      readonly nowMs: number;
      readonly state: ProofState;
      readonly faults: readonly (Fault & { readonly id: string })[];
      /** Objects of the raw store; those that nothing refers to are named once the proof, a complete one, has ended. */
      readonly seen: readonly SeenObject[];
    },
  ): Promise<void>;
  /**
   * The proof is at its end: findings of the domains that it looked at and that it did not see again are verified.
   *
   * @returns false if it has begun anew meanwhile
   */
  end(
    fence: Fence,
    ended: {
      readonly proofId: string;
      readonly mode: ProofMode;
      readonly nowMs: number;
      readonly state: ProofState;
    },
  ): Promise<boolean>;
  /** Findings that are open, or that were found since then, newest first, at most `limit`. */
  findings(sinceMs: number, limit: number): Promise<{ items: Finding[]; cursor: null }>;
  /** What open findings of these domains are about, once each, after a subject. */
  openSubjects(
    domains: readonly Domain[],
    after: string,
    limit: number,
  ): Promise<{ items: string[]; cursor: string | null }>;
  /**
   * How many findings are open, and whose runs are to mend some now; `repaired`: mended, and not seen since, the last of them
   * at `repairedMs`, world ms.
   */
  open(
    nowMs: number,
  ): Promise<{ count: number; repaired: number; repairedMs: number | null; menders: Mender[] }>;
  /** Findings to be mended by a sync now, oldest first, at most `limit`. */
  toMend(mender: Mender, nowMs: number, limit: number): Promise<{ items: Finding[]; cursor: null }>;
  /** What was done about findings. `isDone` false: nothing could be, and it is tried again. */
  noteRepair(
    fence: Fence,
    repair: {
      readonly ids: readonly string[];
      readonly words: string;
      readonly isDone: boolean;
      readonly nowMs: number;
    },
  ): Promise<void>;

  /** Meetings in the order of their ids; the cursor is the last id where there may be more. */
  meetings(page: ProofPage): Promise<{ items: ProofMeeting[]; cursor: string | null }>;
  /** Meetings that were ever sighted. */
  sightingCount(): Promise<number>;
  /** Ids of rows of meetings that the source never showed, at most `limit`. */
  strays(limit: number): Promise<{ items: string[]; cursor: null }>;
  /** Live chunks of documents, in the live index. */
  chunks(documentIds: readonly string[]): Promise<{ items: ProofChunk[]; cursor: null }>;
  /** How many of these keys are the revision of now of a meeting. */
  revisionsAmong(keys: readonly string[]): Promise<number>;
  /** Keys of revisions of now that the ledger has. */
  revisionCount(): Promise<number>;
  /** Chunks with a text, and entries of the full-text index. */
  fullText(): Promise<{ chunks: number; entries: number }>;
  /** Hold the full-text indexes against their tables word by word. False: they differ. */
  isFullTextSound(fence: Fence): Promise<boolean>;
  /** Live chunks of the live index; and all whose vectors may be there: sent, live, or given up and not seen gone. */
  vectorCounts(): Promise<{ live: number; max: number }>;
  /** Ids of vectors of the live model that were seen gone, after an id. */
  goneIds(after: string, limit: number): Promise<{ items: string[]; cursor: null }>;
  /** Ids of meetings that a complete listing holds and whose place lies strictly between two, newest first. */
  idsBetween(newerPlace: string, olderPlace: string): Promise<{ items: string[]; cursor: null }>;
  /**
   * When the newest complete listing of the whole history began, world ms; null: never. Looked at are those of backfills, and
   * those that complete proofs made for themselves which ended at `sinceMs` or later.
   */
  lastWholeListingMs(sinceMs: number): Promise<number | null>;
  /** Rows of what a sync writes, counted in its own table. */
  rowCount(sync: Mender): Promise<number>;

  /** Documents are owed again; vectors that should be in the index and are not count as sent. */
  oweDocuments(
    fence: Fence,
    owed: { readonly ids: readonly string[]; readonly unseenIds: readonly string[]; readonly nowMs: number },
  ): Promise<void>;
  /** Make the full-text indexes anew from their tables. */
  rebuildFullText(fence: Fence): Promise<void>;
};
