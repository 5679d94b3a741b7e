import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, it } from "vitest";
import { charactersOf } from "./chunk-parts.ts";
import { countBytes, countWord, piecesOf } from "./chunk-tokens.ts";

it("no word has no pieces, no characters and no tokens", () => {
  expect(piecesOf("")).toEqual([]);
  expect([...charactersOf("", 10)]).toEqual([]);
  expect(countWord("")).toBe(0);
});

it("a word is its pieces, and counts as many tokens as the whole, unless one is too long to be encoded", () => {
  for (const word of ["well,", "Überraschung!", "naïveté-42", "a".repeat(60) + "!" + "b".repeat(100)]) {
    expect(piecesOf(word)?.join("")).toBe(word);
    expect(countWord(word)).toBe(countTokens(word));
  }
  const endless = "漢".repeat(2_000);
  expect(piecesOf(endless)).toBeUndefined();
  expect(countWord(endless)).toBe(countBytes(endless));
});

it("what a reader sees as one character stays one, as far as it fits", () => {
  const family = "👩‍👩‍👧";
  expect([...charactersOf(`a${family}é`, 100)]).toEqual(["a", family, "é"]);
  expect([...charactersOf(family, 8)].join("")).toBe(family);
  expect([...charactersOf(family, 8)].every((part) => countBytes(part) <= 8)).toBe(true);
});
