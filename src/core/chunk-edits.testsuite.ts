/** Made-up and real transcripts, random edits, and how many chunks an edit changes. For tests and bench/chunk.ts. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { atomLimitsOf } from "./chunk.ts";
import type { SpokenSentence } from "./chunk.ts";
import { atomsOf, hashText } from "./chunk-atoms.ts";
import type { Atoms } from "./chunk-atoms.ts";
import { SPLIT_RULES, chooseCuts } from "./chunk-cuts.ts";
import type { Cut, SplitRules } from "./chunk-cuts.ts";

/** The sizes of the requirements. */
export const SIZES = { tokensMax: 1000, tokensMin: 800, overlapTokens: 200 };

/** One change of one sentence. `insert` puts `sentence` before `at`; `replace` may change speaker, text or both. */
export type Edit =
  | { readonly kind: "delete"; readonly at: number }
  | { readonly kind: "insert" | "replace"; readonly at: number; readonly sentence: SpokenSentence };

/** A stream of numbers in [0, 1) that a seed determines (mulberry32, public domain). */
export function rollsOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SYLLABLES = "ba de ki lo mu na per ro sa ti vu wen zo chi gra lin mon tor shu ple".split(" ");
const SHORT_ANSWERS = ["Yeah.", "Okay.", "Mm-hmm.", "Right.", "Yes.", "Sure.", "No.", "I see."];

/**
 * Make up a meeting: Zipf-like words, sentences of 1 to about 60 words, short answers, turns of a few sentences.
 *
 * @param seed determines everything
 * @param sentenceCount about 2,700 give 100 chunks
 */
export function makeTranscript(seed: number, sentenceCount: number): SpokenSentence[] {
  const roll = rollsOf(seed);
  const turnSentences = 1 + Math.floor(roll() * 8);
  const speakerCount = 2 + Math.floor(roll() * 5);
  const sentences: SpokenSentence[] = [];
  let speaker = "Speaker 0";
  for (let index = 0; index < sentenceCount; index++) {
    if (roll() < 1 / turnSentences) {
      speaker = `Speaker ${Math.floor(roll() * speakerCount)}`;
    }
    sentences.push({ speaker, text: makeSentence(roll), startSeconds: index * 4, endSeconds: index * 4 + 3 });
  }
  return sentences;
}

function makeSentence(roll: () => number): string {
  if (roll() < 0.2) {
    return SHORT_ANSWERS[Math.floor(roll() * SHORT_ANSWERS.length)]!;
  }
  const words = Array.from({ length: 1 + Math.floor(-13 * Math.log(1 - roll() * 0.99)) }, () => {
    const rank = Math.floor(SYLLABLES.length ** (1 + 2 * roll()));
    const [low, high] = [rank % SYLLABLES.length, Math.floor(rank / SYLLABLES.length) % SYLLABLES.length];
    return rank < 400
      ? SYLLABLES[low]! + SYLLABLES[high]!
      : SYLLABLES[high]! + SYLLABLES[low]! + SYLLABLES[rank % 7]!;
  });
  return `${words.join(" ")}${roll() < 0.15 ? "?" : "."}`;
}

/** Read meetings in the format of bench/chunk.ts's --meetings, JSON lines, gzipped or not. */
export function readTranscripts(path: string): SpokenSentence[][] {
  const bytes = readFileSync(path);
  const lines = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const meeting = JSON.parse(line) as {
        sentences: {
          speaker_name: string | null;
          text: string;
          start_time: number | null;
          end_time: number | null;
        }[];
      };
      return meeting.sentences.map((sentence) => ({
        speaker: sentence.speaker_name,
        text: sentence.text,
        startSeconds: sentence.start_time,
        endSeconds: sentence.end_time,
      }));
    });
}

/** Join meetings until each has at least this many characters of text; about 170,000 give 100 chunks. */
export function joinTranscripts(
  transcripts: readonly SpokenSentence[][],
  unitsMin: number,
): SpokenSentence[][] {
  const joined: SpokenSentence[][] = [];
  let current: SpokenSentence[] = [];
  let units = 0;
  for (const transcript of transcripts) {
    current.push(...transcript);
    units += transcript.reduce((sum, sentence) => sum + sentence.text.length, 0);
    if (units >= unitsMin) {
      joined.push(current);
      [current, units] = [[], 0];
    }
  }
  return joined;
}

/** Any edit: deletion, insertion, another text (a few words up to four sentences), another speaker. */
export function makeEdit(transcript: readonly SpokenSentence[], roll: () => number): Edit {
  const any = () => transcript[Math.floor(roll() * transcript.length)]!;
  const at = Math.floor(roll() * transcript.length);
  const kind = Math.floor(roll() * 4);
  if (kind === 0) {
    return { kind: "delete", at };
  }
  const length = roll();
  let text = any().text;
  if (length < 0.15) {
    text = [text, any().text, any().text, any().text].join(" ");
  } else if (length < 0.3) {
    text = text.split(" ").slice(0, 2).join(" ");
  }
  const here = transcript[at]!;
  const speaker = roll() < 0.5 ? here.speaker : any().speaker;
  if (kind === 1) {
    return { kind: "insert", at, sentence: { ...here, speaker, text } };
  }
  const edited = kind === 2 ? { ...here, text } : { ...here, speaker: any().speaker };
  return { kind: "replace", at, sentence: edited };
}

/** The transcript after an edit. */
export function applyEdit(transcript: readonly SpokenSentence[], edit: Edit): SpokenSentence[] {
  if (edit.kind === "delete") {
    return transcript.toSpliced(edit.at, 1);
  }
  return transcript.toSpliced(edit.at, edit.kind === "insert" ? 0 : 1, edit.sentence);
}

/** How many of the new chunks are not among the old ones: what an edit makes us embed again. */
export function countChanged(before: readonly string[], after: readonly string[]): number {
  const left = new Map<string, number>();
  for (const chunk of before) {
    left.set(chunk, (left.get(chunk) ?? 0) + 1);
  }
  let changed = 0;
  for (const chunk of after) {
    const count = left.get(chunk) ?? 0;
    left.set(chunk, count - 1);
    changed += count > 0 ? 0 : 1;
  }
  return changed;
}

/**
 * A transcript whose edits are measured near the edit only, so that tens of thousands can be tried. A test compares it
 * with chunking the edited transcript as a whole.
 */
export class EditedOften {
  private readonly transcript: readonly SpokenSentence[];
  private readonly atoms: Atoms;
  private readonly rules: SplitRules;
  private readonly chunks: string[];
  /** the chunks before any edit, as ranges of atoms */
  readonly cuts: readonly Cut[];

  constructor(transcript: readonly SpokenSentence[], rules: SplitRules = SPLIT_RULES) {
    this.transcript = transcript;
    this.rules = rules;
    this.atoms = measure(transcript);
    this.cuts = chooseCuts(this.atoms, SIZES, rules);
    this.chunks = namesOf(this.atoms.hash, this.cuts);
  }

  /** How many chunks an edit changes. */
  changedBy(edit: Edit): number {
    const near = 3;
    const from = Math.max(0, edit.at - near);
    const to = Math.min(this.transcript.length, edit.at + near + 1);
    const local = measure(applyEdit(this.transcript.slice(from, to), { ...edit, at: edit.at - from }));
    const [first, last] = [this.atomFrom(from), this.atomFrom(to)];
    const splice = (whole: readonly number[], part: readonly number[], keepFirst: boolean) =>
      whole
        .slice(0, first)
        .concat(keepFirst && from > 0 ? whole[first]! : part[0]!, part.slice(1), whole.slice(last));
    const edited = {
      boundary: splice(this.atoms.boundary, local.boundary, true),
      from: splice(this.atoms.from, local.from, false),
      tokensSaid: splice(this.atoms.tokensSaid, local.tokensSaid, false),
      tokensAlone: splice(this.atoms.tokensAlone, local.tokensAlone, false),
      tokensAdded: splice(this.atoms.tokensAdded, local.tokensAdded, true),
      hash: splice(this.atoms.hash, local.hash, false),
    };
    return countChanged(this.chunks, namesOf(edited.hash, chooseCuts(edited, SIZES, this.rules)));
  }

  private atomFrom(sentence: number): number {
    let [low, high] = [0, this.atoms.sentence.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      [low, high] = this.atoms.sentence[middle]! < sentence ? [middle + 1, high] : [low, middle];
    }
    return low;
  }
}

function measure(transcript: readonly SpokenSentence[]): Atoms {
  return atomsOf(transcript, atomLimitsOf(SIZES), hashText);
}

/** A name for each chunk that stands for its text. */
function namesOf(hashes: readonly number[], cuts: readonly Cut[]): string[] {
  return cuts.map((cut) => {
    let [one, other] = [0, 7];
    for (let index = cut.start; index < cut.end; index++) {
      one = Math.imul(one, 0x01000193) ^ hashes[index]!;
      other = (Math.imul(other, 31) + hashes[index]!) | 0;
    }
    return `${one}:${other}:${cut.end - cut.start}`;
  });
}
