import type { D1Database, D1Result } from "@cloudflare/workers-types";
import {
  SEARCH_MEETING_CANDIDATES_MAX,
  SEARCH_NEIGHBOURS_OF_MAX,
  SEARCH_TEXT_CANDIDATES_MAX,
} from "../../core/policy.ts";
import type { Candidate } from "../../core/search/rank.ts";
import type { SearchFilter } from "../../core/search/request.ts";
import { MARK } from "../../core/search/snippet.ts";
import type { FoundChunk, SearchStore } from "../../ports/search-store.ts";
import { createDatabase, jsonSlices, statement, type Value } from "./database.ts";

/** Search over the full-text indexes of migrations/0005_search.sql. */
export function createSearchStore(d1: D1Database): SearchStore {
  const database = createDatabase(d1);
  return {
    byWords: async (expression, { model, filter }) => {
      const isNarrowed = valuesOf(filter).some((value) => value !== null);
      const [chunks, meetings] = await database.batch([
        statement(
          isNarrowed ? BY_WORDS_NARROWED : BY_WORDS,
          model,
          ...valuesOf(filter),
          expression,
          SEARCH_TEXT_CANDIDATES_MAX,
          SEARCH_NEIGHBOURS_OF_MAX,
        ),
        statement(MEETINGS_BY_WORDS, expression, SEARCH_MEETING_CANDIDATES_MAX),
      ]);
      const scores = (meetings?.results ?? []) as { id: string; score: number }[];
      return {
        chunks: candidatesOf(chunks),
        meetings: new Map(scores.map(({ id, score }) => [id, score])),
        cursor: null,
      };
    },
    within: async (ids, { model, filter }) => {
      const [list = "[]"] = jsonSlices(ids);
      const rows = await database.rows<{ id: string; documentId: string; position: number }>(
        `select chunks.id, document_id as documentId, position
         from json_each(?7) as wanted cross join chunks on chunks.id = wanted.value
           cross join meetings on meetings.id = document_id
         where ${WITHIN_SCOPE}`,
        model,
        ...valuesOf(filter),
        list,
      );
      return new Map(rows.map(({ id, ...place }) => [id, place]));
    },
    chunks: async (ids, expression) => {
      const [list = "[]"] = jsonSlices(ids);
      const rows = await (expression === null
        ? database.rows<FoundRow>(FOUND_BY_ID, list)
        : database.rows<FoundRow>(FOUND_AND_MARKED, list, expression, MARK.open, MARK.close));
      return new Map(rows.map((row) => [row.id, foundChunk(row)]));
    },
    chunksAt: async (places, model) => {
      const [list = "[]"] = jsonSlices(places);
      const rows = await database.rows<FoundRow>(FOUND_AT, list, model);
      return { items: rows.map(foundChunk), cursor: null };
    },
  };
}

/** A name or an address that is what was asked for, or has a word that begins so. Values of ASCII ignore case. */
const named = (column: string, value: string): string =>
  `instr(' ' || lower(${column}), ' ' || lower(${value})) > 0`;

/** ?1 model, ?2 from, ?3 to, ?4 participant, ?5 speaker, ?6 meeting; null leaves a filter out. */
const LIVE_CHUNK = `chunks.state = 'live' and chunks.model = ?1
  and (?5 is null or exists (select 1 from json_each(chunks.speakers) where ${named("value", "?5")}))`;

const WITHIN_SCOPE = `${LIVE_CHUNK} and meetings.deleted_ms is null
  and (?2 is null or meetings.date >= ?2) and (?3 is null or meetings.date <= ?3)
  and (?4 is null
    or exists (select 1 from json_each(meetings.participants) where ${named("value", "?4")})
    or exists (select 1 from json_each(meetings.attendees) where ${named("value ->> 'name'", "?4")})
    or exists (select 1 from json_each(meetings.speakers) where ${named("value", "?4")}))
  and (?6 is null or meetings.id = ?6)`;

function valuesOf({ from, to, participant, speaker, meeting }: SearchFilter): Value[] {
  return [from, to, participant, speaker, meeting];
}

/**
 * Chunks that match, and beside them those that do not but stand between or next to some: score 0. The cross joins keep the
 * planner from reading every chunk to find a few. One text for all of them, because D1 takes longer over 500 rows than
 * SQLite does over writing them out.
 */
const withNeighbours = (found: string, condition: string): string => `with found as materialized (${found}),
  best as (select documentId, position from found order by score desc limit ?9),
  beside as (
    select documentId, position - 1 as position from best union select documentId, position + 1 from best)
  select json_group_array(json_array(id, documentId, position, score)) as candidates from (
    select id, documentId, position, score from found
    union all
    select chunks.id, chunks.document_id, chunks.position, 0
    from beside cross join chunks on chunks.document_id = beside.documentId and chunks.position = beside.position
    where ${condition} and chunks.id not in (select id from found))`;

function candidatesOf(result: D1Result | undefined): Candidate[] {
  const [{ candidates = "[]" } = {}] = (result?.results ?? []) as { candidates?: string }[];
  const values = JSON.parse(candidates) as [
    id: string,
    documentId: string,
    position: number,
    score: number,
  ][];
  return values.map(([id, documentId, position, score]) => ({ id, documentId, position, score }));
}

/**
 * Without a filter the index chooses before any row is read, for rows of chunks are wide; some more than are wanted, because
 * a few may be on their way in or out.
 */
const BY_WORDS = withNeighbours(
  `select chunks.id, document_id as documentId, position, score from (
     select rowid as place, -rank as score from chunks_fts where chunks_fts match ?7 order by rank limit ?8 + 100)
   cross join chunks on chunks.rowid = place
   where chunks.state = 'live' and chunks.model = ?1
     and document_id not in (select id from meetings where deleted_ms is not null)
   order by score desc, chunks.id limit ?8`,
  "chunks.state = 'live' and chunks.model = ?1",
);

const BY_WORDS_NARROWED = withNeighbours(
  `select chunks.id, document_id as documentId, position, -rank as score
   from chunks_fts cross join chunks on chunks.rowid = chunks_fts.rowid cross join meetings on meetings.id = document_id
   where chunks_fts match ?7 and ${WITHIN_SCOPE} order by rank, chunks.id limit ?8`,
  LIVE_CHUNK,
);

const MEETINGS_BY_WORDS = `select meetings.id, score from (
    select rowid as place, -rank as score from meetings_fts where meetings_fts match ?1 order by rank limit ?2)
  join meetings on meetings.rowid = place where deleted_ms is null`;

/** Chunks named by ?1, from there and not the other way round: the planner would read every chunk or every meeting. */
const foundChunks = (isWanted: string, text = "chunks.text"): string => `
  select chunks.id, document_id as documentId, position, ${text} as text, speaker, chunks.speakers, moments,
    start_seconds as startSeconds, end_seconds as endSeconds, title, date_time as dateTime,
    transcript_url as transcriptUrl
  from json_each(?1) as wanted cross join chunks on ${isWanted} cross join meetings on meetings.id = document_id
  where chunks.state = 'live' and chunks.text is not null and meetings.deleted_ms is null`;

const FOUND_BY_ID = foundChunks("chunks.id = wanted.value");

/** By rowid, so that the index looks at these rows alone and not at everything that matches. */
const FOUND_AND_MARKED = foundChunks(
  "chunks.id = wanted.value",
  `coalesce(
    (select highlight(chunks_fts, 0, ?3, ?4) from chunks_fts where chunks_fts match ?2 and chunks_fts.rowid = chunks.rowid),
    chunks.text)`,
);

const FOUND_AT = foundChunks(
  `chunks.document_id = wanted.value ->> 'documentId' and chunks.position = wanted.value ->> 'position'
   and chunks.model = ?2`,
);

type FoundRow = Omit<FoundChunk, "speakers" | "moments"> & { speakers: string; moments: string };

function foundChunk(row: FoundRow): FoundChunk {
  return { ...row, speakers: JSON.parse(row.speakers), moments: JSON.parse(row.moments) };
}
