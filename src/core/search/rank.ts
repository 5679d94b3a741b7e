/**
 * From what two indexes found to an order of passages. Pure. The weights are measured: `npm run bench -- retrieval`.
 */
import {
  PASSAGE_CHUNKS_MAX,
  SEARCH_MEETING_WEIGHT,
  SEARCH_NEIGHBOUR_SHARE,
  SEARCH_RANK_CONSTANT,
  SEARCH_VECTOR_MEETING_WEIGHT,
  SEARCH_VECTOR_WEIGHT,
} from "../policy.ts";

/** A chunk that an index found. Within one list a higher score is better. */
export type Candidate = {
  readonly id: string;
  readonly documentId: string;
  readonly position: number;
  readonly score: number;
};

export type FoundBy = "text" | "vectors";

/** A candidate of the fused order. */
export type Ranked = Candidate & { readonly foundBy: readonly FoundBy[] };

/** Neighbouring chunks of one meeting that answer together; `best` is the one to show. */
export type Passage = {
  readonly best: Ranked;
  readonly documentId: string;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly foundBy: readonly FoundBy[];
};

/**
 * Fuse what was found by words and by vectors into one order.
 *
 * @param found lists as the indexes gave them, and how well each meeting's title, topics and keywords match
 * @returns best first; equal scores in the order of meeting and position, so that the order is always the same
 *
 * Three things move a chunk up in its own list: its score, a share of its neighbours' scores (talk about one thing goes on
 * over several chunks), and a meeting that is about what is asked. The lists are fused by weighted reciprocal rank.
 */
export function rankChunks(found: {
  readonly text: readonly Candidate[];
  readonly vectors: readonly Candidate[];
  readonly meetings: ReadonlyMap<string, number>;
}): Ranked[] {
  const lists = [
    { by: "text", weight: 1, items: lifted(found.text, found.meetings, SEARCH_MEETING_WEIGHT) },
    {
      by: "vectors",
      weight: SEARCH_VECTOR_WEIGHT,
      items: lifted(found.vectors, found.meetings, SEARCH_VECTOR_MEETING_WEIGHT),
    },
  ] as const;
  const fused = new Map<string, Ranked>();
  for (const { by, weight, items } of lists) {
    for (const [place, item] of items.entries()) {
      const before = fused.get(item.id);
      const score = (before?.score ?? 0) + weight / (SEARCH_RANK_CONSTANT + place + 1);
      fused.set(item.id, { ...item, score, foundBy: [...(before?.foundBy ?? []), by] });
    }
  }
  return [...fused.values()].toSorted(betterFirst);
}

/** Candidates of one list with the shares of their neighbours and of their meeting, best first. */
function lifted(
  candidates: readonly Candidate[],
  meetings: ReadonlyMap<string, number>,
  meetingWeight: number,
): Candidate[] {
  const scores = new Map(candidates.map((item) => [placeOf(item.documentId, item.position), item.score]));
  return candidates
    .map((item) => {
      const { documentId, position } = item;
      const neighbours =
        (scores.get(placeOf(documentId, position - 1)) ?? 0) +
        (scores.get(placeOf(documentId, position + 1)) ?? 0);
      const meeting = meetings.get(documentId) ?? 0;
      return {
        ...item,
        score: item.score + SEARCH_NEIGHBOUR_SHARE * neighbours + meetingWeight * meeting,
      };
    })
    .toSorted(betterFirst);
}

/** One text for a chunk's place in a meeting. */
export function placeOf(documentId: string, position: number): string {
  return `${position} ${documentId}`;
}

function betterFirst(a: Candidate, b: Candidate): number {
  if (a.score !== b.score) return b.score - a.score;
  if (a.documentId !== b.documentId) return a.documentId < b.documentId ? -1 : 1;
  return a.position - b.position;
}

/** Merge neighbouring chunks of a meeting into passages; a passage stands where its best chunk stood. */
export function mergeNeighbours(ranked: readonly Ranked[]): Passage[] {
  const passages: Passage[] = [];
  const ofMeeting = new Map<string, number[]>();
  for (const item of ranked) {
    const places = ofMeeting.get(item.documentId) ?? [];
    const place = places.find((n) => isNeighbour(passages[n]!, item));
    if (place === undefined) {
      ofMeeting.set(item.documentId, [...places, passages.length]);
      const { documentId, position, foundBy } = item;
      passages.push({ best: item, documentId, firstPosition: position, lastPosition: position, foundBy });
    } else {
      const passage = passages[place]!;
      passages[place] = {
        ...passage,
        firstPosition: Math.min(passage.firstPosition, item.position),
        lastPosition: Math.max(passage.lastPosition, item.position),
        foundBy: [...new Set([...passage.foundBy, ...item.foundBy])],
      };
    }
  }
  return passages;
}

function isNeighbour(passage: Passage, { position }: Ranked): boolean {
  const { firstPosition, lastPosition } = passage;
  const touches = position >= firstPosition - 1 && position <= lastPosition + 1;
  return touches && Math.max(lastPosition, position) - Math.min(firstPosition, position) < PASSAGE_CHUNKS_MAX;
}
