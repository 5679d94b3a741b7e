import type { Moment } from "../core/chunk.ts";
import type { LargeMeeting } from "../core/large-pages.ts";
import type { Discovery, ListingFacts, Standing } from "../core/plan.ts";
import type { Problem } from "../core/records/field.ts";
import type { MeetingRecord } from "../core/records/meeting.ts";
import type { PageEvidence } from "./deletion-store.ts";
import type { Fence } from "./run-store.ts";

export type SightingState = "live" | "pending" | "quarantined" | "failed" | "deleted";

export type Known = {
  readonly id: string;
  readonly dateString: string;
  readonly contentHash: string;
  readonly state: SightingState;
  readonly revisionKey: string;
  readonly storedSha256: string | null;
  readonly storedBytes: number;
  readonly audioExpiresMs: number | null;
  /** What it last looked like on the wire; empty if that is not known. */
  readonly wireHash: string;
  /** False if the only enumeration that holds it is not complete. */
  readonly proven: boolean;
  /** World ms when it was last asked for by itself; null: never. */
  readonly aloneMs: number | null;
  /** Its size as JSON where it is more than comes together in a page; else 0. */
  readonly largeBytes: number;
  /** sha256 of its row on a page of ids; empty if that is not known. */
  readonly rowHash: string;
};

export type Revision = {
  readonly id: string;
  readonly dateString: string;
  readonly contentHash: string;
  readonly revisionKey: string;
  readonly storedSha256: string | null;
  readonly storedBytes: number;
  readonly audioUrl: string | null;
  readonly audioExpiresMs: number | null;
  /** Null if it came alone. */
  readonly wireHash: string | null;
};

/** What became of one meeting of a batch. */
export type MeetingChange =
  | { readonly state: "live"; readonly revision: Revision; readonly record: MeetingRecord }
  | { readonly state: "pending"; readonly revision: Revision; readonly reason: string }
  | { readonly state: "quarantined"; readonly revision: Revision; readonly problems: readonly Problem[] };

/** One page of a listing, done: everything that its commit vouches for. */
export type PageCommit = {
  readonly runId: string;
  readonly nowMs: number;
  /** Observation time of the page, world ms. */
  readonly observedMs: number;
  /** Name of the line that counts items with nothing to do. */
  readonly line: string;
  readonly untouched: Readonly<Record<"unchanged" | "quarantined", number>>;
  /** Ids of changed or failed meetings that a line of an earlier page has counted: they get no second verdict. */
  readonly counted: readonly string[];
  readonly changes: readonly MeetingChange[];
  readonly failed: readonly {
    readonly id: string;
    readonly dateString: string;
    readonly reason: string;
    /** False if it was not asked for: it still counts as failed, and nothing new is known of it. */
    readonly isTried: boolean;
  }[];
  /** What was learned of meetings on a page of ids, or asked for by themselves; null where nothing was. */
  readonly notes: readonly {
    readonly id: string;
    readonly aloneMs: number | null;
    readonly largeBytes: number | null;
    readonly rowHash: string | null;
  }[];
  /** Ids on the page that no complete enumeration vouched for so far. */
  readonly unproven: readonly string[];
  /** Recording links to replace: nothing else about these meetings is new. */
  readonly recordings: readonly { readonly id: string; readonly url: string; readonly expiresMs: number }[];
  /** Meetings that came in other bytes than before and say the same. */
  readonly rewired: readonly {
    readonly id: string;
    readonly contentHash: string;
    readonly wireHash: string;
  }[];
  /** Ids that the source showed this time: whatever was said of their absence or deletion is over. */
  readonly seen: readonly string[];
  /** True if meetings that are new on it tell how late they came. */
  readonly tellsArrivals: boolean;
  /** What the page proves about others; null if it is none of a listing. */
  readonly evidence: PageEvidence | null;
  /**
   * Meetings on the page that nothing is left to be read of for now: what announced them up to its observation is closed. And
   * whether what is pending is asked for again when its time has come, at once after `againMs`; null leaves that alone.
   */
  readonly settled: readonly string[];
  readonly waits: { readonly ids: readonly string[]; readonly againMs: number | null } | null;
  /** Null outside of any listing: what it shows, the source has shown by itself. Its checkpoint goes with it. */
  readonly discovery: Discovery | null;
  readonly checkpoint: Standing;
};

/** Ids at the source and in the destination, as a batch leaves them. */
export type Balance = {
  /** Ids of complete enumerations that are not known to be deleted. */
  readonly ids: number;
  /** How many have a record or a reason. */
  readonly accounted: number;
  readonly failed: number;
  readonly failing: number;
};

export type OwedDocument = {
  readonly id: string;
  readonly revisionKey: string;
  readonly contentHash: string;
  readonly date: string;
  readonly storedBytes: number;
  /** Whether vectors of an earlier revision were indexed. */
  readonly indexedBefore: boolean;
};

export type ChunkState = "planned" | "sent" | "live" | "dead" | "gone";

export type ChunkRow = {
  readonly id: string;
  readonly documentId: string;
  readonly text: string | null;
  readonly textHash: string;
  readonly repetition: number;
  readonly generation: number;
  readonly model: string;
  readonly metadata: Readonly<Record<string, string | number>>;
  readonly position: number;
  readonly speaker: string | null;
  readonly startSeconds: number | null;
  readonly endSeconds: number | null;
  readonly firstSentence: number;
  readonly lastSentence: number;
  readonly tokens: number;
  readonly state: ChunkState;
  readonly embeddingKey: string | null;
  readonly embeddingIndex: number | null;
};

/** A chunk as it is planned: its embedding comes later. */
export type PlannedRow = Omit<ChunkRow, "embeddingKey" | "embeddingIndex"> & {
  readonly speakers: readonly string[];
  readonly moments: readonly Moment[];
};

/**
 * Records, sightings, chunks and discoveries in D1. Fencing and failures as in RunStore. Bulk values travel as JSON
 * parameters; every write is an upsert guarded by hash and observation time, so it may be done twice.
 */
export type RecordStore = {
  /** What is known of these source ids. */
  known(ids: readonly string[]): Promise<Map<string, Known>>;
  /** What is known of meetings that last came in these bytes, by wire hash. */
  knownByWire(wireHashes: readonly string[]): Promise<Map<string, Known>>;
  /**
   * Rows, verdicts, discovery and checkpoint of one page, in one fenced batch.
   *
   * @returns the balance once the page completes its enumeration; null before
   */
  commitPage(fence: Fence, page: PageCommit): Promise<Balance | null>;
  /**
   * The upper bound of the newest complete listing of the newest meetings, and when the whole history was first listed
   * completely, in world ms; null: not yet.
   */
  discoveries(): Promise<Pick<ListingFacts, "lastCeilingMs" | "backfilledMs">>;
  /**
   * What the next listings are planned from, read at one instant: `discoveries`, the lane's checkpoint, how many meetings
   * lie no further than `overlapMs` before the newest complete listing (0 without one), the delays of arrival, the account of
   * the key (sha256; null before it was proven), at most `retriesMax` meetings that failed and were last tried before
   * `failedBeforeMs`, longest ago first, at most `largeMax` meetings that are more than comes together in a page, newest
   * first, and how many missing meetings are due to be looked for again: absent before `absentBeforeMs`.
   */
  listingState(asked: {
    keyName: string;
    overlapMs: number;
    failedBeforeMs: number;
    retriesMax: number;
    largeMax: number;
    absentBeforeMs: number;
  }): Promise<
    ListingFacts & {
      accountHash: string | null;
      failed: string[];
      large: LargeMeeting[];
      looks: number;
    }
  >;
  /** Live ids of complete enumerations, and when the newest of these was completed. */
  sourceCount(): Promise<{ ids: number; asOfMs: number | null }>;
  /**
   * What the destination holds: records without tombstone, meetings set aside without a record, live chunks of the live index.
   * `accounted` is every id with a record or a reason.
   */
  totals(): Promise<{
    records: number;
    pending: number;
    quarantined: number;
    accounted: number;
    documents: number;
    liveChunks: number;
  }>;

  /** Documents whose vectors are owed and that were not refused of late, longest owed first. */
  owedDocuments(
    limit: number,
    notIds: readonly string[],
    nowMs: number,
  ): Promise<{ items: OwedDocument[]; cursor: null }>;
  /** Documents whose vectors are owed, and how many of them are to be taken now. */
  owedCount(nowMs: number): Promise<{ owed: number; due: number }>;
  /** Every chunk row of documents for one model, dead ones included, without text. */
  chunksOf(documentIds: readonly string[], model: string): Promise<Map<string, ChunkRow[]>>;
  /** Chunks by id, without text, in the order of the ids. */
  chunksById(ids: readonly string[]): Promise<{ items: ChunkRow[]; cursor: null }>;
  /** Texts of chunks by id; a chunk that is gone has none. The costly part of a chunk, so asked for apart. */
  chunkTexts(ids: readonly string[]): Promise<Map<string, string>>;
  /** Where embeddings of these text hashes lie, if they were ever made. */
  embeddings(textHashes: readonly string[]): Promise<Map<string, { key: string; index: number }>>;
  /** Plan a document: new chunk rows; rows that stay are made what they should be, if they are not. */
  planChunks(fence: Fence, plan: { rows: readonly PlannedRow[]; nowMs: number }): Promise<void>;
  /** Note where embeddings lie and that their vectors go out now. */
  markSent(
    fence: Fence,
    sent: {
      runId: string;
      nowMs: number;
      rows: readonly { id: string; key: string; index: number; embedded: boolean }[];
    },
  ): Promise<void>;
  /** The vectors of these ids were read back. */
  markLive(fence: Fence, ids: readonly string[], nowMs: number): Promise<void>;
  /** Give ids up for ever, before their vectors are deleted. */
  markDead(fence: Fence, ids: readonly string[], nowMs: number): Promise<void>;
  /** The vectors of these dead ids were looked for and are absent. */
  markGone(fence: Fence, ids: readonly string[]): Promise<void>;
  /** A document's vectors are as its revision wants them: nothing owed, unless the revision has changed meanwhile. */
  commitDocuments(
    fence: Fence,
    done: {
      runId: string;
      nowMs: number;
      documents: readonly {
        id: string;
        contentHash: string;
        verdict: "created" | "updated" | "unchanged" | "pending" | "failed";
        reason: string | null;
        /** World ms before which a refused document is not taken again; null for any other. */
        retryMs: number | null;
      }[];
      checkpoint: unknown;
    },
  ): Promise<void>;
  /** Vectors seen gone are there again: an upsert or a delete came late. */
  markRisen(fence: Fence, ids: readonly string[], nowMs: number): Promise<void>;
  /**
   * Dead ids whose next look is due by age, and those that were never seen gone. `binding` is that of the index whose model
   * they are of; null if it is no longer in use.
   */
  deadDue(
    nowMs: number,
    limit: number,
  ): Promise<{ items: { id: string; rechecks: number; binding: string | null }[]; cursor: null }>;
  /** One more look found these gone; `rechecks` is the number of looks before it. */
  markRechecked(fence: Fence, items: readonly { id: string; rechecks: number }[]): Promise<void>;
  embeddedCount(runId: string): Promise<number>;
  /** How far vectors have come since a world time: documents planned, their new chunks, and how many of these were sent. */
  vectorProgress(sinceMs: number): Promise<{ documents: number; chunks: number; sent: number }>;
};
