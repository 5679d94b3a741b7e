import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEARCH_SNIPPET_CHARS } from "../policy.ts";
import { chunkTranscript, type Moment } from "../chunk.ts";
import { MARK, snippetOf, type Snippet } from "./snippet.ts";

const marked = (word: string): string => `${MARK.open}${word}${MARK.close}`;
const textOf = ({ parts }: Snippet): string => parts.map(({ text }) => text).join("");
const matchesOf = ({ parts }: Snippet): string[] =>
  parts.filter(({ isMatch }) => isMatch).map(({ text }) => text);

/** Forty sentences, by two people, five seconds each. */
function aChunk(): { text: string; moments: readonly Moment[]; speakers: readonly string[] } {
  const sentences = Array.from({ length: 40 }, (_, n) => ({
    speaker: n % 8 < 4 ? "Ann" : "Bob",
    text: `Sentence ${n} is about matter${n} and nothing else.`,
    startSeconds: n * 5,
    endSeconds: null,
  }));
  const [chunk] = chunkTranscript(sentences, { tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 });
  if (chunk === undefined) throw new Error("there is no chunk");
  return chunk;
}

describe("snippetOf", () => {
  const { text, moments, speakers } = aChunk();

  it("begins with the sentence that holds the first match, and knows who says it and when", () => {
    const snippet = snippetOf(text.replace("matter14 ", `${marked("matter14")} `), moments, speakers);
    expect(textOf(snippet)).toMatch(/^… Sentence 14 is about/);
    expect(matchesOf(snippet)).toEqual(["matter14"]);
    expect(snippet).toMatchObject({ speaker: "Bob", startSeconds: 70 });
  });

  it("is where most different words are, not where one is repeated", () => {
    const repeated = text
      .replaceAll("Sentence 2 is", `${marked("Sentence")} 2 ${marked("is")}`)
      .replace("matter30 ", `${marked("matter30")} `)
      .replace("matter31 ", `${marked("matter31")} `)
      .replace("matter32 ", `${marked("matter32")} `);
    expect(matchesOf(snippetOf(repeated, moments, speakers))).toEqual(["matter30", "matter31", "matter32"]);
  });

  it("counts only words that it would show, from its first to its last", () => {
    const early = [2, 3, 4].reduce((all, n) => all.replace(`matter${n} `, `${marked(`matter${n}`)} `), text);
    const snippet = snippetOf(early.replace("matter30 ", `${marked("matter30")} `), moments, speakers);
    expect(matchesOf(snippet)).toEqual(["matter2", "matter3", "matter4"]);
    const filler = `${"x".repeat(SEARCH_SNIPPET_CHARS)} `;
    const twoFit = `${marked("one")} ${"x".repeat(SEARCH_SNIPPET_CHARS - 8)} ${marked("two")}`;
    const first = `${marked("one")} ${filler}`;
    const begins: Moment[] = [0, 4 + filler.length].map((at, n) => [at, n, null]);
    expect(matchesOf(snippetOf(first + twoFit, begins, [])), "the second begins and ends with one").toEqual([
      "one",
      "two",
    ]);
  });

  it("holds no empty parts, where a match is first or last", () => {
    expect(snippetOf(`${marked("one")} ${marked("two")}`, [], []).parts).toEqual([
      { text: "one", isMatch: true },
      { text: " ", isMatch: false },
      { text: "two", isMatch: true },
    ]);
    expect(snippetOf("", [], []).parts).toEqual([]);
  });

  it("shows a text whole that is as long as a snippet may be", () => {
    const long = `a ${"x".repeat(SEARCH_SNIPPET_CHARS - 2)}`;
    expect(textOf(snippetOf(long, [], []))).toBe(long);
    const sentences = `${long} and so on`;
    expect(
      textOf(
        snippetOf(
          sentences,
          [
            [0, 0, null],
            [SEARCH_SNIPPET_CHARS, 5, null],
          ],
          [],
        ),
      ),
    ).toBe(`${long} …`);
  });

  it.each(["😀", "🐀", "\u{1f3ff}"])("does not cut %s in two where it ends", (sign) => {
    const shown = textOf(snippetOf(`x${sign.repeat(1_000)}`, [], []));
    expect(shown).toBe(`x${sign.repeat((SEARCH_SNIPPET_CHARS - 2) / 2)} …`);
    const narrow = textOf(snippetOf("ｗ".repeat(1_000), [], []));
    expect(narrow).toBe(`${"ｗ".repeat(SEARCH_SNIPPET_CHARS)} …`);
  });

  it("shows the beginning of a chunk in which no word matched", () => {
    const snippet = snippetOf(text, moments, speakers);
    expect(textOf(snippet)).toMatch(/^Ann: Sentence 0 .* …$/s);
    expect(snippet).toMatchObject({ speaker: "Ann", startSeconds: 0 });
  });

  it("shows chunks whose moments were never recorded", () => {
    expect(snippetOf(`x ${marked("y")} z`, [], [])).toEqual({
      parts: [
        { text: "x ", isMatch: false },
        { text: "y", isMatch: true },
        { text: " z", isMatch: false },
      ],
      speaker: null,
      startSeconds: null,
    });
  });

  it("takes a mark that encloses nothing, or that is never closed, for none", () => {
    const odd = `a${MARK.open}${MARK.close}b ${MARK.close}c ${MARK.open}d`;
    expect(snippetOf(odd, [], []).parts).toEqual([{ text: "ab c d", isMatch: false }]);
  });

  it("names nobody where a moment refers to a speaker who is not on record", () => {
    expect(snippetOf(`x ${marked("y")}`, [[0, 7, 3]], ["Ann"])).toMatchObject({
      speaker: null,
      startSeconds: 7,
    });
  });

  it("ends with the last sentence that fits, and marks nothing beyond it", () => {
    const sentences = ["one", "two", "one"].map((word) => `${marked(word)} ${"x".repeat(199)} `);
    const moments = sentences.map((_, n): Moment => [n * 204, n, null]);
    const snippet = snippetOf(sentences.join(""), moments, []);
    expect(matchesOf(snippet)).toEqual(["one"]);
    expect(textOf(snippet)).toBe(`one ${"x".repeat(199)} …`);
  });

  it("ends at a word where no sentence ends in time, and inside one that has no end", () => {
    const words = "word ".repeat(200);
    const shown = textOf(snippetOf(words, [], []));
    expect(shown).toMatch(/^(word )+…$/);
    expect(shown.length).toBeGreaterThan(SEARCH_SNIPPET_CHARS - 5);
    const wide = textOf(snippetOf(`x${"😀".repeat(1_000)}`, [], []));
    expect(wide.isWellFormed()).toBe(true);
    const endless = textOf(snippetOf("x".repeat(2_000), [], []));
    expect(endless).toBe(`${"x".repeat(SEARCH_SNIPPET_CHARS)} …`);
  });

  it("is a part of the text, not too long, whole characters, whatever is marked and wherever marks stand", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(MARK.open, MARK.close, marked("word"), "😀".repeat(200), " ", "\n"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(2_000)), (pieces, begins) => {
        const whole = pieces.join("");
        const plain = whole.replaceAll(MARK.open, "").replaceAll(MARK.close, "");
        const inside = begins
          .toSorted((a, b) => a - b)
          .filter((at) => at < plain.length && !/[\udc00-\udfff]/.test(plain.charAt(at)));
        const at = inside.map((place): Moment => [place, place, null]);
        const snippet = snippetOf(whole, at, []);
        const shown = textOf(snippet).replace(/^… /, "").replace(/ …$/, "");
        expect(plain).toContain(shown);
        expect(shown.length).toBeLessThanOrEqual(SEARCH_SNIPPET_CHARS);
        expect(plain.isWellFormed() && !shown.isWellFormed()).toBe(false);
      }),
    );
  });
});
