import { failureOf } from "../core/errors.ts";
import { SEARCH_VECTOR_CANDIDATES_MAX } from "../core/policy.ts";
import {
  mergeNeighbours,
  placeOf,
  rankChunks,
  type Candidate,
  type FoundBy,
  type Passage,
} from "../core/search/rank.ts";
import { cursorOf, type SearchFilter, type SearchRequest } from "../core/search/request.ts";
import { snippetOf, type SnippetPart } from "../core/search/snippet.ts";
import { anyOf, searchWords } from "../core/search/words.ts";
import type { Ports } from "../ports/ports.ts";
import type { FoundChunk } from "../ports/search-store.ts";
import type { VectorFilter } from "../ports/vectors.ts";

/** A passage that answers: what was said, by whom, when, and in which meeting. */
export type SearchHit = {
  readonly meeting: { readonly id: string; readonly title: string; readonly dateTime: string };
  /** Vector id of the chunk that answers best. */
  readonly chunk: string;
  /** Who begins to speak where the snippet begins; null if the source does not say. */
  readonly speaker: string | null;
  /** Second of the meeting at which the snippet begins, and at which the passage ends. */
  readonly startSeconds: number | null;
  readonly endSeconds: number | null;
  readonly snippet: readonly SnippetPart[];
  /** The transcript at that second; null if the source gave no address. */
  readonly link: string | null;
  readonly foundBy: readonly FoundBy[];
  readonly score: number;
  /** What was said before and after the passage; null where there is nothing, or where it was not asked for. */
  readonly before: string | null;
  readonly after: string | null;
};

export type SearchReply = {
  readonly items: readonly SearchHit[];
  /** Asks for the next page of this search; null at the end. */
  readonly cursor: string | null;
  /** Sentences about what this answer lacks; empty as a rule. */
  readonly notes: readonly string[];
};

type SearchPorts = Pick<Ports, "search" | "embedder" | "index">;

/**
 * Find passages by words and by vectors, fused into one order. Reads only; every hit is live in the ledger.
 *
 * If the embedder or the index does not answer, words alone are searched and a note says so.
 *
 * @throws FailureError if the database does not answer
 */
export async function search(ports: SearchPorts, request: SearchRequest): Promise<SearchReply> {
  const { words, cut } = searchWords(request.question);
  const expression = anyOf(words);
  const { found, notes } = await findChunks(ports, request, expression);
  const passages = mergeNeighbours(rankChunks(found));
  const end = request.offset + request.limit;
  const items = await hitsOf(ports, passages.slice(request.offset, end), {
    expression,
    context: request.context,
  });
  return {
    items,
    cursor: end < passages.length ? await cursorOf(request, end) : null,
    notes: [...(cut ? [`only the first ${words.length} words were looked for`] : []), ...notes],
  };
}

type Found = Parameters<typeof rankChunks>[0];

/**
 * What both indexes find, before it is put into one order.
 *
 * @param expression full-text expression of the question's words; null if it has none, and then nothing is found
 */
export async function findChunks(
  ports: SearchPorts,
  { question, filter }: Pick<SearchRequest, "question" | "filter">,
  expression: string | null,
): Promise<{ found: Found; notes: readonly string[] }> {
  if (expression === null) {
    const found = { text: [], vectors: [], meetings: new Map() };
    return { found, notes: ["there is no word to look for in this question"] };
  }
  const scope = { model: ports.embedder.model, filter };
  const [{ chunks, meetings }, near] = await Promise.all([
    ports.search.byWords(expression, scope),
    nearest(ports, question, filter),
  ]);
  return { found: { text: chunks, vectors: near.candidates, meetings }, notes: near.notes };
}

async function nearest(
  ports: SearchPorts,
  question: string,
  filter: SearchFilter,
): Promise<{ candidates: Candidate[]; notes: string[] }> {
  let matches: readonly { id: string; score: number }[];
  try {
    const values = await ports.embedder.embedQuery(question.toWellFormed());
    const narrowed = vectorFilterOf(filter);
    const options = narrowed === null ? {} : { filter: narrowed };
    matches = (await ports.index.query(values, { topK: SEARCH_VECTOR_CANDIDATES_MAX, ...options })).items;
  } catch (error) {
    const { party, kind } = failureOf(error);
    return { candidates: [], notes: [`found by words alone: ${party} did not answer (${kind})`] };
  }
  const scope = { model: ports.embedder.model, filter };
  const places = await ports.search.within(
    matches.map(({ id }) => id),
    scope,
  );
  const candidates = matches.flatMap(({ id, score }) => {
    const place = places.get(id);
    return place === undefined ? [] : [{ id, score, ...place }];
  });
  return { candidates, notes: [] };
}

/** What the vector index can narrow by itself; the ledger checks everything again. */
function vectorFilterOf({ from, to, meeting }: SearchFilter): VectorFilter | null {
  const dayOf = (day: string): number => Number(day.replaceAll("-", ""));
  const day = { ...(from === null ? {} : { from: dayOf(from) }), ...(to === null ? {} : { to: dayOf(to) }) };
  const filter = {
    ...(meeting === null ? {} : { document: meeting }),
    ...(from === null && to === null ? {} : { day }),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}

async function hitsOf(
  { search: store, embedder }: SearchPorts,
  passages: readonly Passage[],
  asked: { expression: string | null; context: boolean },
): Promise<SearchHit[]> {
  if (passages.length === 0) return [];
  const around = passages.flatMap(({ documentId, firstPosition, lastPosition, best }) => [
    ...(asked.context ? [{ documentId, position: firstPosition - 1 }] : []),
    ...(lastPosition > best.position ? [{ documentId, position: lastPosition }] : []),
    ...(asked.context ? [{ documentId, position: lastPosition + 1 }] : []),
  ]);
  const [found, beside] = await Promise.all([
    store.chunks(
      passages.map(({ best }) => best.id),
      asked.expression,
    ),
    around.length === 0 ? { items: [] } : store.chunksAt(around, embedder.model),
  ]);
  const at = new Map(beside.items.map((chunk) => [placeOf(chunk.documentId, chunk.position), chunk]));
  return passages.flatMap((passage) => {
    const chunk = found.get(passage.best.id);
    // Given up between two reads.
    if (chunk === undefined) return [];
    const { documentId, firstPosition, lastPosition } = passage;
    const before = asked.context ? at.get(placeOf(documentId, firstPosition - 1)) : undefined;
    const after = asked.context ? at.get(placeOf(documentId, lastPosition + 1)) : undefined;
    return [hitOf(passage, chunk, { last: at.get(placeOf(documentId, lastPosition)), before, after })];
  });
}

type Beside = Readonly<Record<"last" | "before" | "after", FoundChunk | undefined>>;

function hitOf({ best, foundBy }: Passage, chunk: FoundChunk, { last, before, after }: Beside): SearchHit {
  const { parts, ...spoken } = snippetOf(chunk.text, chunk.moments, chunk.speakers);
  const startSeconds = spoken.startSeconds ?? chunk.startSeconds;
  return {
    meeting: { id: chunk.documentId, title: chunk.title, dateTime: chunk.dateTime },
    chunk: chunk.id,
    speaker: spoken.speaker ?? (chunk.moments.length === 0 ? chunk.speaker : null),
    startSeconds,
    endSeconds: (last ?? chunk).endSeconds,
    snippet: parts,
    link: linkOf(chunk.transcriptUrl, startSeconds),
    foundBy,
    score: best.score,
    before: before?.text ?? null,
    after: after?.text ?? null,
  };
}

function linkOf(transcriptUrl: string | null, startSeconds: number | null): string | null {
  if (transcriptUrl === null || !/^https?:\/\//i.test(transcriptUrl) || !URL.canParse(transcriptUrl))
    return null;
  const url = new URL(transcriptUrl);
  if (startSeconds !== null) url.searchParams.set("t", String(Math.max(0, Math.floor(startSeconds))));
  return url.href;
}
