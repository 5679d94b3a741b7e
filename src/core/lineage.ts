/** The life of one record, in words and in time order. Pure. */
import type { Base, FieldValue } from "./merge.ts";

/** Kinds of records whose life can be told, as people name them. */
export const LINEAGE_KINDS = ["meeting", "project", "client"] as const;
export type LineageKind = (typeof LINEAGE_KINDS)[number];

/** What kind of thing an event of a life is. */
export type EventKind =
  | "discovered"
  | "decision"
  | "set aside"
  | "chunks"
  | "history"
  | "push"
  | "conflict"
  | "review"
  | "attempt"
  | "deletion"
  | "record";

/** Something that happened to a record. */
export type LineageEvent = {
  /** World ms. */
  readonly atMs: number;
  readonly what: EventKind;
  /** One sentence. */
  readonly says: string;
  /** The run in which it happened; null if it is not known, or was no run. */
  readonly runId: string | null;
};

/** How a record stands in one place at the moment. */
export type LineageFact = { readonly where: string; readonly says: string };

/** The newest rows of a list, oldest first, and how many there are in all. */
export type Cut<T> = { readonly items: readonly T[]; readonly total: number };

/** The life of a record. */
export type Lineage = {
  readonly kind: LineageKind;
  /** Id in D1; null while it has never become a record. */
  readonly recordId: string | null;
  /** Id at the vendor: of the transcript or of the page; null if it has none. */
  readonly sourceId: string | null;
  readonly name: string | null;
  readonly now: readonly LineageFact[];
  /** Oldest first. */
  readonly events: readonly LineageEvent[];
  /** What was left out of a list that is too long; nothing as a rule. */
  readonly more: readonly { readonly what: EventKind; readonly count: number }[];
};

/** What a run said of a record. */
export type VerdictFact = {
  readonly runId: string;
  readonly sync: string;
  readonly trigger: string;
  readonly verdict: string;
  readonly reason: string | null;
  /** When the run ended; of one that goes on, when it began. */
  readonly atMs: number;
};

/** A try that did not succeed. */
export type AttemptFact = {
  readonly runId: string;
  readonly party: string;
  readonly operation: string;
  readonly outcome: string;
  readonly detail: string | null;
  readonly next: string | null;
  readonly nextMs: number | null;
  readonly atMs: number;
};

/** What the ledger says of a meeting. */
export type MeetingFacts = {
  readonly sighting: {
    readonly state: string;
    readonly dateString: string;
    readonly contentHash: string;
    readonly revisionKey: string;
    readonly firstSeenMs: number;
    readonly lastSeenMs: number;
    /** The newest complete listing that is on record as containing it. */
    readonly vouchedBy: string;
    readonly foundBy: string | null;
    readonly foundKind: string | null;
    readonly runId: string | null;
    readonly trigger: string | null;
  };
  /** Null: it has no row. */
  readonly record: {
    readonly title: string;
    readonly contentHash: string;
    readonly revisionKey: string;
    readonly summaryState: string;
    readonly indexedHash: string | null;
    readonly owedMs: number | null;
    readonly deletedMs: number | null;
    readonly createdAt: string;
    readonly updatedAt: string;
  } | null;
  readonly quarantine: {
    readonly problems: readonly { readonly field: string; readonly problem: string }[];
    readonly firstMs: number;
    readonly lastMs: number;
    readonly resolvedMs: number | null;
    readonly runId: string;
  } | null;
  readonly refusal: { readonly reason: string; readonly retryMs: number } | null;
  /** Chunks by state, of the live index and of any other. */
  readonly chunks: readonly { readonly state: string; readonly isLive: boolean; readonly count: number }[];
  /** How many chunks were planned, sent, seen in the index or given up at one moment. */
  readonly chunkSteps: Cut<{ readonly step: ChunkStep; readonly atMs: number; readonly count: number }>;
  /** Listings that should have shown it and did not, while nothing follows from that; null: there are none. */
  readonly absence: {
    readonly firstMs: number;
    readonly secondMs: number | null;
    readonly approvedMs: number | null;
  } | null;
  readonly deletions: Cut<DeletionFact>;
  readonly verdicts: Cut<VerdictFact>;
  readonly attempts: Cut<AttemptFact>;
};

/** That a meeting was taken for deleted, on which evidence, and what undid it. World ms. */
export type DeletionFact = {
  readonly firstMs: number;
  readonly secondMs: number;
  readonly lookedMs: number;
  readonly decidedBy: string;
  readonly atMs: number;
  readonly runId: string;
  readonly restoredMs: number | null;
  readonly seenMs: number | null;
};

/** What happens to chunks, in this order. */
export type ChunkStep = "planned" | "sent" | "live" | "dead";

/** What the ledger says of a project or client and its page. */
export type PageFacts = {
  /** Null: it has no page. */
  readonly page: {
    readonly state: string;
    readonly observedMs: number;
    readonly editedMs: number;
    readonly isOwed: boolean;
    readonly againMs: number | null;
    /** Columns on which both sides have agreed. */
    readonly agreed: number;
    /** The last complete listing that showed it; null: none has. */
    readonly listedBy: string | null;
  } | null;
  /** Null: it has no row. */
  readonly record: {
    readonly name: string | null;
    readonly deletedMs: number | null;
    readonly createdAt: string | null;
    readonly version: number | null;
    /** When it was last written, whoever wrote, by the clock of the database; real ms. */
    readonly changedRealMs: number | null;
  } | null;
  readonly fields: Cut<{
    readonly column: string;
    readonly problem: string;
    readonly runId: string;
    readonly atMs: number;
  }>;
  readonly history: Cut<{
    readonly column: string;
    readonly side: string;
    readonly value: FieldValue;
    readonly replacedBy: FieldValue;
    readonly runId: string;
    readonly atMs: number;
  }>;
  readonly pushes: Cut<{
    readonly kind: string;
    readonly columns: readonly string[];
    readonly runId: string;
    readonly atMs: number;
    readonly settledMs: number | null;
    readonly outcome: string | null;
    readonly isForced: boolean;
  }>;
  readonly conflicts: Cut<{
    readonly column: string;
    readonly notion: FieldValue;
    readonly d1: FieldValue;
    readonly base: Base | null;
    readonly taken: string | null;
    readonly isByPerson: boolean;
    readonly runId: string;
    readonly atMs: number;
    readonly resolvedMs: number | null;
  }>;
  readonly reviews: Cut<{
    readonly reason: string;
    readonly atMs: number;
    readonly decision: string | null;
    readonly decidedMs: number | null;
  }>;
  readonly verdicts: Cut<VerdictFact>;
  readonly attempts: Cut<AttemptFact>;
};

/** Order of what happened within the same millisecond: what is found comes before what was decided about it. */
const ORDER: readonly EventKind[] = [
  "discovered",
  "attempt",
  "review",
  "conflict",
  "history",
  "push",
  "set aside",
  "deletion",
  "record",
  "decision",
  "chunks",
];

/** Events oldest first. */
export function inTimeOrder(events: readonly LineageEvent[]): LineageEvent[] {
  return events.toSorted((a, b) => a.atMs - b.atMs || ORDER.indexOf(a.what) - ORDER.indexOf(b.what));
}

/** What lists were cut by, for those that were. */
export function leftOut(lists: readonly (readonly [EventKind, Cut<unknown>])[]): Lineage["more"] {
  return lists
    .map(([what, { items, total }]) => ({ what, count: total - items.length }))
    .filter(({ count }) => count > 0);
}

/** A page's id as the ledger has it: Notion's links write it without dashes. Anything else stays as it is. */
export function asPageId(id: string): string {
  const [, a, b, c, d, e] =
    /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i.exec(id) ?? [];
  return a === undefined ? id : `${a}-${b}-${c}-${d}-${e}`.toLowerCase();
}
