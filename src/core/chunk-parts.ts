/** Splits a sentence that is too long for one window of permitted cuts: at words, and a huge word at characters. */
import { countBytes, countWord, piecesOf } from "./chunk-tokens.ts";

/** What lies before a part or atom; the higher the better a place for a cut. */
export const BOUNDARY = { character: 0, word: 1, sentence: 2, turn: 3 } as const;

/** A hash of text that says where cuts are attractive: 32 bits, any sign. */
export type ContentHash = (text: string) => number;

/** A part of a sentence. */
export type Part = {
  readonly text: string;
  /** offset in the sentence, code units */
  readonly from: number;
  /** `character` means that no space stands before it */
  readonly boundary: number;
  /** tokens after a space */
  readonly tokensSpaced: number;
  /** tokens without a space before it; worked out only where it is needed */
  readonly tokensBare: number | undefined;
  /** the tokens are bytes: the word is too long to be encoded or to be cut between pieces */
  readonly inBytes: boolean;
};

/** How to split. `tokensMax`: of a part. */
export type Splitting = { readonly tokensMax: number; readonly hashOf: ContentHash };

// Marks, joiners, variation selectors, skin tones and tags belong to the character before them.
const BELONGS_TO_PREVIOUS = /^(?:\p{M}|\p{Emoji_Modifier}|\u200c|\u200d|[\u{e0020}-\u{e007f}])/u;
const FIRST_MARK = 0x300;
const JOINER = "\u200d";
const REGIONAL = /^\p{Regional_Indicator}$/u;
/** Once it has this many tokens a part ends at about one word in four, chosen by content. */
const PART_TOKENS_MIN = 8;

/**
 * Split a sentence.
 *
 * @param text normalised, not empty
 * @returns parts in order, each at most `tokensMax`; joined (a space before all but `character` parts) they are the text
 */
export function splitSentence(text: string, splitting: Splitting): Part[] {
  const parts: Part[] = [];
  let from = 0;
  let tokens = 0;
  for (let start = 0; start < text.length;) {
    const space = text.indexOf(" ", start);
    const end = space < 0 ? text.length : space;
    const word = text.slice(start, end);
    const wordTokens = countWord(` ${word}`);
    if (tokens > 0 && tokens + wordTokens > splitting.tokensMax) {
      parts.push(wordsPart(text.slice(from, start - 1), from, tokens));
      [from, tokens] = [start, 0];
    }
    if (wordTokens > splitting.tokensMax) {
      parts.push(...splitWord(word, start, splitting));
      from = end + 1;
    } else {
      tokens += wordTokens;
      if (endsPart(tokens, word, splitting)) {
        parts.push(wordsPart(text.slice(from, end), from, tokens));
        [from, tokens] = [end + 1, 0];
      }
    }
    start = end + 1;
  }
  if (tokens > 0) {
    parts.push(wordsPart(text.slice(from), from, tokens));
  }
  return parts;
}

/** The characters of a text as a reader sees them, as far as each fits into `bytesMax`; else code points. */
export function* charactersOf(text: string, bytesMax: number): Generator<string> {
  let current = "";
  for (const point of text) {
    if (current !== "" && joins(current, point) && countBytes(current + point) <= bytesMax) {
      current += point;
    } else {
      if (current !== "") {
        yield current;
      }
      current = point;
    }
  }
  if (current !== "") {
    yield current;
  }
}

function splitWord(word: string, from: number, splitting: Splitting): Part[] {
  const pieces = piecesOf(word)?.map((text) => ({ text, tokens: countWord(text) }));
  if (pieces === undefined || pieces.some((piece) => piece.tokens > splitting.tokensMax)) {
    return splitByBytes(word, from, splitting.tokensMax);
  }
  const parts: Part[] = [];
  let run: { text: string; tokens: number }[] = [];
  let tokens = 0;
  let at = from;
  const flush = () => {
    const text = run.map((piece) => piece.text).join("");
    const spaced = tokens - run[0]!.tokens + countWord(` ${run[0]!.text}`);
    const boundary = parts.length === 0 ? startBoundary(from) : BOUNDARY.character;
    parts.push({ text, from: at, boundary, tokensSpaced: spaced, tokensBare: tokens, inBytes: false });
    at += text.length;
    [run, tokens] = [[], 0];
  };
  for (const piece of pieces) {
    // One token is kept free for the space before the part.
    const full =
      tokens + piece.tokens + 1 > splitting.tokensMax || endsPart(tokens, run.at(-1)?.text ?? "", splitting);
    if (run.length > 0 && full && !BELONGS_TO_PREVIOUS.test(piece.text)) {
      flush();
    }
    run.push(piece);
    tokens += piece.tokens;
  }
  flush();
  return parts;
}

function splitByBytes(word: string, from: number, tokensMax: number): Part[] {
  const parts: Part[] = [];
  let text = "";
  let bytes = 0;
  let at = from;
  const flush = () => {
    const boundary = parts.length === 0 ? startBoundary(from) : BOUNDARY.character;
    parts.push({ text, from: at, boundary, tokensSpaced: bytes + 1, tokensBare: bytes, inBytes: true });
    at += text.length;
    [text, bytes] = ["", 0];
  };
  // One byte is kept free for the space before the part.
  for (const character of charactersOf(word, tokensMax - 1)) {
    const size = countBytes(character);
    if (bytes + size > tokensMax - 1) {
      flush();
    }
    text += character;
    bytes += size;
  }
  flush();
  return parts;
}

function wordsPart(text: string, from: number, tokensSpaced: number): Part {
  return { text, from, boundary: startBoundary(from), tokensSpaced, tokensBare: undefined, inBytes: false };
}

function startBoundary(from: number): number {
  return from === 0 ? BOUNDARY.sentence : BOUNDARY.word;
}

function endsPart(tokens: number, last: string, splitting: Splitting): boolean {
  return tokens >= PART_TOKENS_MIN && (splitting.hashOf(last) & 3) === 0;
}

function joins(current: string, point: string): boolean {
  if (point.codePointAt(0)! < FIRST_MARK) {
    return false;
  }
  return (
    BELONGS_TO_PREVIOUS.test(point) ||
    current.endsWith(JOINER) ||
    (REGIONAL.test(point) && REGIONAL.test(current))
  );
}
