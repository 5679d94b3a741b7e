import { describe, expect, it } from "vitest";
import { chooseCuts, type Measures } from "./chunk-cuts.ts";

const SIZES = { tokensMax: 100, tokensMin: 60, overlapTokens: 20 };

/** Atoms of so many tokens each, every one a sentence, in the order of their hashes. */
function atomsOf(tokens: readonly number[], hash = tokens.map((_, n) => n * 7)): Measures {
  return {
    boundary: tokens.map(() => 2),
    from: tokens.map(() => 0),
    tokensSaid: tokens,
    tokensAlone: tokens,
    tokensAdded: tokens,
    hash,
  } as unknown as Measures;
}

describe("chooseCuts", () => {
  it("cuts nothing where there is nothing, and makes one chunk of what fits into one", () => {
    expect(chooseCuts(atomsOf([]), SIZES)).toEqual([]);
    expect(chooseCuts(atomsOf([50, 50]), SIZES)).toEqual([{ start: 0, core: 0, end: 2, tokens: 100 }]);
  });

  it("ends the first chunk where it still fits, if its atoms leave no other cut", () => {
    const [first, second] = chooseCuts(atomsOf([50, 51, 20]), SIZES);
    expect(first).toEqual({ start: 0, core: 0, end: 1, tokens: 50 });
    expect(second).toMatchObject({ core: 1, end: 3 });
  });

  it("takes a first cut behind which little is left, if there is no other", () => {
    const cuts = chooseCuts(atomsOf([50, 30, 21]), SIZES);
    expect(cuts.map(({ core, end }) => [core, end])).toEqual([
      [0, 2],
      [2, 3],
    ]);
  });

  it("ends the first chunk at the best place in its window, both ends of which are inside", () => {
    const firstEnd = (tokens: readonly number[], boundary: readonly number[]): number | undefined =>
      chooseCuts({ ...atomsOf(tokens), boundary: boundary as Measures["boundary"] }, SIZES)[0]?.end;
    const even = [60, 40, 40, 40];
    expect(firstEnd(even, [2, 3, 2, 2]), "60 tokens").toBe(1);
    expect(firstEnd(even, [2, 2, 3, 2]), "100 tokens").toBe(2);
    expect(
      firstEnd([59, 1, 40, 40, 40], [2, 3, 2, 2, 2]),
      "59 are too few, whatever speaks for them",
    ).not.toBe(1);
    expect(firstEnd([60, 41, 40, 40], [2, 2, 3, 2]), "101 are too many").toBe(1);
  });

  it("leaves enough behind the first chunk for another core, rather than take a better place", () => {
    const turnsLate = (tokens: readonly number[]): number | undefined =>
      chooseCuts({ ...atomsOf(tokens), boundary: [2, 2, 1, 3, 3].slice(0, tokens.length) as never }, SIZES)[0]
        ?.end;
    expect(turnsLate([60, 10, 10, 10, 15]), "25 and 15 tokens are too few").toBe(1);
    const lastTurn = { ...atomsOf([60, 5, 5, 10, 30]), boundary: [2, 2, 2, 2, 3] as never };
    expect(chooseCuts(lastTurn, SIZES)[0]?.end, "30 tokens are enough").toBe(4);
    expect(turnsLate([80, 5, 5, 12]), "where none leaves enough, the first that is long enough").toBe(1);
  });

  it.each([
    ["118 tokens", [100, 31, 9, 40, 38]],
    ["120 tokens, one and a half of the longest core", [100, 31, 9, 40, 40]],
  ])(
    "splits a stretch of %s into two cores and never into three, whatever speaks for another place",
    (_, tokens) => {
      const turnEarly = { ...atomsOf(tokens), boundary: [2, 3, 3, 2, 2] as unknown as Measures["boundary"] };
      expect(chooseCuts(turnEarly, SIZES).map(({ core }) => core)).toEqual([0, 1, 3]);
    },
  );

  it("repeats just as many tokens as are to be repeated, where sentences allow it", () => {
    const cuts = chooseCuts(atomsOf(Array.from({ length: 40 }, () => 10)), SIZES).slice(1);
    const long = cuts.filter(({ core, end }) => (end - core) * 10 + SIZES.overlapTokens >= SIZES.tokensMin);
    expect(long.length).toBeGreaterThan(2);
    expect(new Set(long.map(({ start, core }) => (core - start) * 10))).toEqual(
      new Set([SIZES.overlapTokens]),
    );
  });

  it("covers every atom once by cores, each chunk repeating the end of the one before", () => {
    const cuts = chooseCuts(atomsOf(Array.from({ length: 60 }, (_, n) => 5 + (n % 4))), SIZES);
    expect(cuts.length).toBeGreaterThan(3);
    for (const [n, cut] of cuts.entries()) {
      expect(cut.core).toBe(cuts[n - 1]?.end ?? 0);
      expect(cut.tokens).toBeLessThanOrEqual(SIZES.tokensMax);
      expect(cut.tokens).toBeGreaterThanOrEqual(SIZES.tokensMin);
      if (n > 0) expect(cut.start).toBeLessThan(cut.core);
    }
    expect(cuts.at(-1)?.end).toBe(60);
  });
});
