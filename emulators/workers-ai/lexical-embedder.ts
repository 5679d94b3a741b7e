import type { Embedder } from "./embedder.ts";
import { STOP_WORDS } from "./stop-words.ts";

/** Distinct words whose buckets are remembered; a full table is dropped, which costs time, never results. */
const REMEMBERED_WORDS_MAX = 200_000;

/** A pair of neighbouring words says less about a topic than its words do, and takes buckets from them. */
const PAIR_WEIGHT = 0.25;

/**
 * A deterministic **lexical** embedder: it finds texts that share words, not texts that share meaning.
 *
 * Words are cut out by Unicode letters and digits, lower-cased, stripped of stop words and English endings; scripts
 * written without spaces (Chinese, Japanese, Thai, ...) are cut into overlapping pairs of characters. Words and
 * pairs of neighbouring words are hashed to a signed bucket each, weighted 1 + ln(count), and the vector is scaled
 * to length 1. A text without any word gets the unit vector of its bucket 0, since a zero vector has no direction.
 */
export class LexicalEmbedder implements Embedder {
  readonly #hashes = new Map<string, number>();

  async embed(texts: readonly string[], dimensions: number): Promise<Float32Array[]> {
    return texts.map((text) => this.embedOne(text, dimensions));
  }

  /** Embed one text; pure in its result. */
  embedOne(text: string, dimensions: number): Float32Array {
    const counts = new Map<number, number>();
    const pairCounts = new Map<number, number>();
    let before = 0;
    for (const hash of this.#hashesOf(text)) {
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
      if (before !== 0) {
        const pair = mix(before, hash);
        pairCounts.set(pair, (pairCounts.get(pair) ?? 0) + 1);
      }
      before = hash;
    }
    const vector = new Float32Array(dimensions);
    addAll(vector, counts, 1);
    addAll(vector, pairCounts, PAIR_WEIGHT);
    return scaledToOne(vector);
  }

  *#hashesOf(text: string): Generator<number> {
    for (const [word] of text.matchAll(WORD)) {
      if (UNSPACED.test(word)) yield* characterPairs(word);
      else {
        const hash = this.#hashOfWord(word);
        if (hash !== 0) yield hash;
      }
    }
  }

  /** Hash of a word's stem, 0 for a stop word. */
  #hashOfWord(word: string): number {
    const known = this.#hashes.get(word);
    if (known !== undefined) return known;
    const lower = word.toLowerCase();
    const hash = STOP_WORDS.has(lower) ? 0 : hashOf(stemOf(lower));
    if (this.#hashes.size >= REMEMBERED_WORDS_MAX) this.#hashes.clear();
    this.#hashes.set(word, hash);
    return hash;
  }
}

// Marks belong to the letter before them (Devanagari vowels, combining accents).
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

function* characterPairs(word: string): Generator<number> {
  const characters = [...word];
  if (characters.length === 1) yield hashOf(word);
  for (let at = 1; at < characters.length; at++) yield hashOf(`${characters[at - 1]}${characters[at]}`);
}

/**
 * Strip common English endings, so that "meetings", "meeting" and "meet" fall together. Rough on purpose: it needs
 * to be the same for texts and queries, not to be right. Words with other than a-z are left alone.
 */
export function stemOf(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  let stem = word;
  if (stem.endsWith("ies") && stem.length > 4) stem = `${stem.slice(0, -3)}y`;
  else if (stem.endsWith("sses")) stem = stem.slice(0, -2);
  else if (/[^su]s$/.test(stem)) stem = stem.slice(0, -1);
  for (const [ending, replacement] of ENDINGS) {
    if (!stem.endsWith(ending) || stem.length - ending.length < 3) continue;
    stem = stem.slice(0, -ending.length) + replacement;
    break;
  }
  if (/([bdfgmnprt])\1$/.test(stem)) stem = stem.slice(0, -1);
  return stem.length > 3 && stem.endsWith("e") ? stem.slice(0, -1) : stem;
}

const ENDINGS: readonly (readonly [string, string])[] = [
  ["ization", "ize"],
  ["ational", "ate"],
  ["fulness", "ful"],
  ["ement", ""],
  ["ation", "ate"],
  ["ingly", ""],
  ["ness", ""],
  ["ment", ""],
  ["edly", ""],
  ["ing", ""],
  ["ied", "y"],
  ["ed", ""],
  ["ly", ""],
];

/** FNV-1a over UTF-16 units, never 0. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return scramble(hash) || 1;
}

function mix(left: number, right: number): number {
  return scramble(Math.imul(left, 0x9e3779b1) ^ right) || 1;
}

// FNV leaves the low bits of short words alike; this spreads them (the finish of MurmurHash3).
function scramble(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function addAll(vector: Float32Array, counts: ReadonlyMap<number, number>, share: number): void {
  for (const [hash, count] of counts) {
    const weight = share * (1 + Math.log(count));
    const bucket = (hash >>> 1) % vector.length;
    vector[bucket] = (vector[bucket] ?? 0) + ((hash & 1) === 0 ? weight : -weight);
  }
}

function scaledToOne(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) {
    vector.fill(0);
    vector[0] = 1;
    return vector;
  }
  const scale = 1 / Math.sqrt(squares);
  for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) * scale;
  return vector;
}
