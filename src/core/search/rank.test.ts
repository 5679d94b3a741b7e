import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PASSAGE_CHUNKS_MAX } from "../policy.ts";
import { mergeNeighbours, rankChunks, type Candidate } from "./rank.ts";

const chunk = (documentId: string, position: number, score: number): Candidate => ({
  id: `${documentId}${position}`,
  documentId,
  position,
  score,
});
const idsOf = (ranked: readonly { id: string }[]): string[] => ranked.map(({ id }) => id);
const NONE = new Map<string, number>();

describe("rankChunks", () => {
  it("orders one list by its scores", () => {
    const text = [chunk("a", 0, 1), chunk("b", 0, 3), chunk("c", 0, 2)];
    expect(idsOf(rankChunks({ text, vectors: [], meetings: NONE }))).toEqual(["b0", "c0", "a0"]);
  });

  it("puts equals in the order of meeting and position", () => {
    const text = [chunk("b", 0, 1), chunk("a", 9, 1), chunk("a", 2, 1)];
    expect(idsOf(rankChunks({ text, vectors: [], meetings: NONE }))).toEqual(["a2", "a9", "b0"]);
  });

  it("lifts a chunk whose neighbours match too", () => {
    const text = [chunk("a", 5, 10), chunk("b", 1, 9.5), chunk("b", 2, 9)];
    expect(idsOf(rankChunks({ text, vectors: [], meetings: NONE }))).toEqual(["b1", "b2", "a5"]);
  });

  it("lifts what was said in a meeting that is about the question", () => {
    const text = [chunk("a", 0, 5), chunk("b", 0, 4)];
    expect(idsOf(rankChunks({ text, vectors: [], meetings: new Map([["b", 1]]) }))).toEqual(["b0", "a0"]);
  });

  it("puts what both indexes found above what one of them put first, and says who found it", () => {
    const ranked = rankChunks({
      text: [chunk("a", 0, 5), chunk("b", 0, 5)],
      vectors: [chunk("b", 0, 0.9), chunk("c", 0, 0.8)],
      meetings: NONE,
    });
    expect(ranked.map(({ id, foundBy }) => [id, foundBy])).toEqual([
      ["b0", ["text", "vectors"]],
      ["a0", ["text"]],
      ["c0", ["vectors"]],
    ]);
  });

  it("gives each chunk once and the same order whatever the order of what it is given", () => {
    const candidate = fc.record({ m: fc.constantFrom("a", "b", "c"), p: fc.nat(6), score: fc.nat(4) });
    const list = fc
      .uniqueArray(candidate, { selector: ({ m, p }) => `${m}${p}` })
      .map((items) => items.map(({ m, p, score }) => chunk(m, p, score)));
    fc.assert(
      fc.property(list, list, (text, vectors) => {
        const ranked = rankChunks({ text, vectors, meetings: NONE });
        expect(new Set(idsOf(ranked))).toEqual(new Set([...idsOf(text), ...idsOf(vectors)]));
        expect(new Set(idsOf(ranked)).size).toBe(ranked.length);
        const turned = { text: text.toReversed(), vectors: vectors.toReversed(), meetings: NONE };
        expect(rankChunks(turned)).toEqual(ranked);
      }),
    );
  });
});

describe("mergeNeighbours", () => {
  it("says of a passage by which indexes any of it was found, and leaves a gap of one chunk apart", () => {
    const found = (position: number, ...foundBy: ("text" | "vectors")[]) => ({
      ...chunk("a", position, 1),
      foundBy,
    });
    const passages = mergeNeighbours([
      found(4, "text"),
      found(3, "vectors"),
      found(6, "text"),
      found(1, "text"),
    ]);
    expect(passages.map((one) => [one.firstPosition, one.lastPosition, one.foundBy])).toEqual([
      [3, 4, ["text", "vectors"]],
      [6, 6, ["text"]],
      [1, 1, ["text"]],
    ]);
  });

  it("merges neighbours of one meeting where the better stood, and nothing else", () => {
    const ranked = rankChunks({
      text: [chunk("a", 4, 9), chunk("b", 0, 8), chunk("a", 9, 7), chunk("a", 5, 1)],
      vectors: [],
      meetings: NONE,
    });
    expect(
      mergeNeighbours(ranked).map(({ best, firstPosition, lastPosition }) => [
        best.id,
        firstPosition,
        lastPosition,
      ]),
    ).toEqual([
      ["a4", 4, 5],
      ["b0", 0, 0],
      ["a9", 9, 9],
    ]);
  });

  it("never makes a passage longer than the bound, loses no chunk and shows none twice", () => {
    const positions = fc.uniqueArray(fc.record({ m: fc.constantFrom("a", "b"), p: fc.nat(12) }), {
      selector: ({ m, p }) => `${m}${p}`,
    });
    fc.assert(
      fc.property(positions, (places) => {
        const ranked = places.map(({ m, p }) => ({ ...chunk(m, p, 1), foundBy: ["text"] as const }));
        const passages = mergeNeighbours(ranked);
        const covers = (p: (typeof passages)[number], c: Candidate): boolean =>
          p.documentId === c.documentId && p.firstPosition <= c.position && c.position <= p.lastPosition;
        for (const item of ranked) expect(passages.some((passage) => covers(passage, item))).toBe(true);
        for (const { firstPosition, lastPosition } of passages)
          expect(lastPosition - firstPosition).toBeLessThan(PASSAGE_CHUNKS_MAX);
        expect(new Set(passages.map(({ best }) => best.id)).size).toBe(passages.length);
      }),
    );
  });
});
