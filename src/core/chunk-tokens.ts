/**
 * Counts o200k tokens of normalised text: words parted by single spaces.
 *
 * Why word by word is exact: the tokenizer first splits text into pieces, left to right, and no piece crosses the
 * place before a single space that follows a character other than white space. So the count of "a b" is the count
 * of "a" plus the count of " b", and each distinct word needs to be encoded once. The same holds right after a
 * line break unless the next character is "/" (a run of punctuation swallows line breaks and slashes).
 * Source: the split pattern of o200k_base in gpt-tokenizer 4.0.0, the same as tiktoken's.
 */
import { countTokens, setMergeCacheSize } from "gpt-tokenizer/encoding/o200k_base";
import { O200K_TOKEN_SPLIT_REGEX } from "gpt-tokenizer/encodingParams/constants";

/** Words remembered at most, a power of two. */
const WORDS_REMEMBERED_MAX = 32_768;
/** The same for words at the end of a turn. */
const LAST_WORDS_REMEMBERED_MAX = 4_096;
/** A longer word is counted each time: it is rarely met again. Code units; so the memory holds 4 MB at most. */
const REMEMBERED_WORD_UNITS_MAX = 32;
/**
 * A piece (a run without space and without a change between letters, digits and punctuation) that is longer is
 * charged one token per byte: encoding costs the square of its length. Never too few, as a token is a byte at least.
 */
const PIECE_UNITS_MAX = 128;
/** From this length on V8 makes a substring point into its parent, and a remembered word would keep that alive. */
const SLICED_UNITS_MIN = 13;
const SPACE = 0x20;
const [FIRST_LETTER, LAST_LETTER] = [0x61, 0x7a];

// "<|endoftext|>" and its like are what somebody said: nothing is special.
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

// The tokenizer's own memory holds 100,000 entries of any length; the one below replaces it.
setMergeCacheSize(0);

const encoder = new TextEncoder();

/**
 * Remembers a small number for each word. A Map of substrings took three quarters of the whole time: this table
 * compares in place and allocates nothing for a word it knows. Of three words with the same slot the last two stay.
 */
class WordMemory {
  private readonly words: string[];
  private readonly counts: Uint8Array;
  private readonly measure: (word: string) => number;

  /** `size`: a power of two. `measure`: gives 0 to 255 for words of up to 32 code units. */
  constructor(size: number, measure: (word: string) => number) {
    this.words = Array.from({ length: size }, () => "");
    this.counts = new Uint8Array(size);
    this.measure = measure;
  }

  /** The measure of text.slice(start, end), a word whose hash by `hashStep` is `hash`. */
  count(text: string, start: number, end: number, hash: number): number {
    if (end - start > REMEMBERED_WORD_UNITS_MAX) {
      return this.measure(text.slice(start, end));
    }
    const slot = (hash ^ (hash >>> 15)) & (this.words.length - 2);
    if (isWordAt(this.words[slot]!, text, start, end)) {
      return this.counts[slot]!;
    }
    if (isWordAt(this.words[slot + 1]!, text, start, end)) {
      return this.counts[slot + 1]!;
    }
    const word = text.slice(start, end);
    this.words[slot + 1] = this.words[slot]!;
    this.counts[slot + 1] = this.counts[slot]!;
    this.words[slot] = word.length < SLICED_UNITS_MIN ? word : Array.from(word).join("");
    this.counts[slot] = this.measure(word);
    return this.counts[slot]!;
  }
}

// 32 code units are at most 97 bytes with the space, so a count fits into one byte.
const spacedWords = new WordMemory(WORDS_REMEMBERED_MAX, (word) => countWord(` ${word}`));
const lastWords = new WordMemory(LAST_WORDS_REMEMBERED_MAX, (word) => lineBreakAfter(` ${word}`));
/** One mark after a letter is a piece and a token of its own, so "well," needs no place beside "well". */
const MARKS = new Map([".", ",", "?", "!"].map((mark) => [mark.charCodeAt(0), lineBreakAfter(mark)]));

/**
 * Count the tokens that normalised text adds when it follows other text and a space.
 *
 * @param text words parted by single spaces, not empty, without the space before it
 * @returns tokens of " " + text; exact, but a word with a piece above 128 code units counts its bytes, never fewer
 */
export function countSpaced(text: string): number {
  let tokens = 0;
  let start = 0;
  let hash = 0;
  let hashBefore = 0;
  for (let index = 0; index <= text.length; index++) {
    const code = index < text.length ? text.charCodeAt(index) : SPACE;
    if (code !== SPACE) {
      hashBefore = hash;
      hash = hashStep(hash, code);
      continue;
    }
    tokens += endsInMark(text, index)
      ? 1 + spacedWords.count(text, start, index - 1, hashBefore)
      : spacedWords.count(text, start, index, hash);
    start = index + 1;
    hash = 0;
  }
  return tokens;
}

/** Tokens that a line break adds after normalised text: none where it merges with the last punctuation. */
export function countLineBreak(text: string): number {
  if (endsInMark(text, text.length)) {
    return MARKS.get(text.charCodeAt(text.length - 1))!;
  }
  const start = text.lastIndexOf(" ") + 1;
  let hash = 0;
  for (let index = start; index < text.length; index++) {
    hash = hashStep(hash, text.charCodeAt(index));
  }
  return lastWords.count(text, start, text.length, hash);
}

/** Tokens of normalised text that opens a text or a line. Exact or never fewer (see {@link countSpaced}). */
export function countOpening(text: string): number {
  const end = text.indexOf(" ");
  return end < 0 ? countWord(text) : countWord(text.slice(0, end)) + countSpaced(text.slice(end + 1));
}

/**
 * Count the tokens of one word, with or without the space before it or the line break after it.
 *
 * @param word no other white space
 * @returns exact or never fewer (see {@link countSpaced})
 */
export function countWord(word: string): number {
  if (word.length <= PIECE_UNITS_MAX) {
    return countTokens(word, AS_PLAIN_TEXT);
  }
  const pieces = piecesOf(word);
  return pieces === undefined
    ? countBytes(word)
    : pieces.reduce((sum, piece) => sum + countTokens(piece, AS_PLAIN_TEXT), 0);
}

/**
 * Split a word where the tokenizer splits it.
 *
 * @param word no white space
 * @returns its pieces in order; joined they are the word; undefined if one is too long to be encoded
 */
export function piecesOf(word: string): string[] | undefined {
  const pieces = word.match(O200K_TOKEN_SPLIT_REGEX) ?? [];
  return pieces.some((piece) => piece.length > PIECE_UNITS_MAX) ? undefined : pieces;
}

/** Length in UTF-8, which no token count exceeds. */
export function countBytes(text: string): number {
  return encoder.encode(text).length;
}

/** Not below 0, so that a longer text never counts less. */
function lineBreakAfter(word: string): number {
  return Math.max(0, countWord(`${word}\n`) - countWord(word));
}

/** Is the character before `end` a mark, and the one before that an ASCII small letter? */
function endsInMark(text: string, end: number): boolean {
  const letter = text.charCodeAt(end - 2);
  return letter >= FIRST_LETTER && letter <= LAST_LETTER && MARKS.has(text.charCodeAt(end - 1));
}

function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

function isWordAt(word: string, text: string, start: number, end: number): boolean {
  if (word.length !== end - start) {
    return false;
  }
  for (let index = 0; index < word.length; index++) {
    if (word.charCodeAt(index) !== text.charCodeAt(start + index)) {
      return false;
    }
  }
  return true;
}
