import type { Moment } from "../core/chunk.ts";
import type { Candidate } from "../core/search/rank.ts";
import type { SearchFilter } from "../core/search/request.ts";

/** What of the ledger may be found: live chunks of one model, of meetings that are not deleted, within a filter. */
type SearchScope = { readonly model: string; readonly filter: SearchFilter };

/** A chunk to be shown, and the meeting it is of. */
export type FoundChunk = {
  readonly id: string;
  readonly documentId: string;
  readonly position: number;
  /** Its text; with marks (core/search/snippet.ts) around the words that matched, if an expression was given. */
  readonly text: string;
  readonly speaker: string | null;
  readonly speakers: readonly string[];
  readonly moments: readonly Moment[];
  readonly startSeconds: number | null;
  readonly endSeconds: number | null;
  readonly title: string;
  /** Moment of the meeting, ISO 8601. */
  readonly dateTime: string;
  readonly transcriptUrl: string | null;
};

/** Reading for search; every hit is joined with the ledger. Fails with a FailureError of party "d1". */
export type SearchStore = {
  /**
   * Chunks in which any word of a full-text expression stands, with their BM25 score, and the chunks next to these, with
   * score 0; and how well meetings match by title, topics and keywords. Read at one instant.
   */
  byWords(
    expression: string,
    scope: SearchScope,
  ): Promise<{ chunks: Candidate[]; meetings: Map<string, number>; cursor: null }>;
  /** Places of those of the ids that are within the scope, by id. */
  within(
    ids: readonly string[],
    scope: SearchScope,
  ): Promise<Map<string, { documentId: string; position: number }>>;
  /** Chunks with their texts, by id; one that is live no longer is left out. */
  chunks(ids: readonly string[], expression: string | null): Promise<Map<string, FoundChunk>>;
  /** Live chunks at places of meetings, without marks. */
  chunksAt(
    places: readonly { documentId: string; position: number }[],
    model: string,
  ): Promise<{ items: FoundChunk[]; cursor: null }>;
};
