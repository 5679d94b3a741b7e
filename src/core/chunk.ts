/** Cuts a transcript into overlapping chunks to be embedded and searched. Pure, synchronous, deterministic. */
import { atomsOf, hashText, lineOpening } from "./chunk-atoms.ts";
import type { AtomLimits, Atoms, SpokenSentence } from "./chunk-atoms.ts";
import { BOUNDARY } from "./chunk-parts.ts";
import { chooseCuts } from "./chunk-cuts.ts";
import type { ChunkSizes, Cut } from "./chunk-cuts.ts";
import type { ContentHash } from "./chunk-parts.ts";

export type { ChunkSizes, ContentHash, SpokenSentence };

/** A piece of a transcript. */
export type Chunk = {
  /** 0, 1, 2, ... */
  readonly position: number;
  /** lines "Speaker: sentence sentence", one per turn; the speaker is repeated where a chunk begins inside a turn */
  readonly text: string;
  /** where the text that no earlier chunk holds begins in `text`, code units */
  readonly coreStart: number;
  /** the known speaker who says most of it; null without any */
  readonly speaker: string | null;
  /** all known speakers, in the order they first speak here, as the source writes them */
  readonly speakers: readonly string[];
  /** where each sentence begins in `text`, in order: so that a passage inside the chunk knows who says it and when */
  readonly moments: readonly Moment[];
  /** of the first sentence that has a start; null without any */
  readonly startSeconds: number | null;
  /** of the last sentence that has an end; null without any */
  readonly endSeconds: number | null;
  /** indexes into the transcript, both inclusive; a long sentence may be in a chunk only in part */
  readonly firstSentence: number;
  readonly lastSentence: number;
  /** o200k tokens of `text`; never fewer than the true count, and equal unless it holds a run of over 100 letters */
  readonly tokens: number;
};

/** Offset in the chunk's text (code units, a speaker's name before it included), second, place in `speakers`. */
export type Moment = readonly [at: number, startSeconds: number | null, speaker: number | null];

/** Between these two sizes there must be room for a cut. */
const WINDOW_TOKENS_MIN = 24;

/**
 * Cut a transcript into chunks.
 *
 * @param sentences in the order spoken; sentences without text are left out
 * @param sizes in tokens; the requirements say 800 to 1000 with 200 overlap
 * @param hashOf says which cuts are attractive; only tests replace it
 * @returns chunks in order, each within `sizes` (a short transcript is one chunk); none if nothing was said
 *
 * Cuts lie at a speaker turn if one is permitted, else at a sentence end, else at a word, else at a character. White
 * space is normalised; no other text is lost or added but speaker names. An edited sentence changes few chunks: see
 * docs/decisions/0006-chunk-cuts.md.
 * Throws RangeError for sizes that leave no room. Source: requirements, "Vectorization"; design 6.
 */
export function chunkTranscript(
  sentences: readonly SpokenSentence[],
  sizes: ChunkSizes,
  hashOf: ContentHash = hashText,
): Chunk[] {
  const window = sizes.tokensMax - sizes.tokensMin;
  if (
    !(window >= WINDOW_TOKENS_MIN && sizes.overlapTokens >= 0 && sizes.overlapTokens <= sizes.tokensMin / 2)
  ) {
    throw new RangeError(
      `chunk sizes need ${WINDOW_TOKENS_MIN} tokens between least and most, and an overlap up to half of the least`,
    );
  }
  const atoms = atomsOf(sentences, atomLimitsOf(sizes), hashOf);
  return chooseCuts(atoms, sizes).map((cut, position) => chunkOf({ sentences, atoms, cut, position }));
}

/** How finely long sentences are divided for these sizes, so that a cut is found in every window. Tokens. */
export function atomLimitsOf(sizes: ChunkSizes): AtomLimits {
  const window = sizes.tokensMax - sizes.tokensMin;
  return {
    sentenceTokensMax: Math.floor(window / 2),
    atomTokensMax: Math.floor(window / 3),
    labelTokensMax: Math.floor(window / 6),
  };
}

type ChunkSource = {
  readonly sentences: readonly SpokenSentence[];
  readonly atoms: Atoms;
  readonly cut: Cut;
  readonly position: number;
};

function chunkOf({ sentences, atoms, cut, position }: ChunkSource): Chunk {
  const firstSentence = atoms.sentence[cut.start]!;
  const lastSentence = atoms.sentence[cut.end - 1]!;
  const spoken = sentences.slice(firstSentence, lastSentence + 1);
  const { text, coreStart, begins } = renderChunk(atoms, cut);
  const { speaker, speakers } = speakersOf(spoken);
  const momentOf = ([at, index]: readonly [number, number]): Moment => {
    const place = speakers.indexOf(sentences[index]?.speaker ?? "");
    return [at, sentences[index]?.startSeconds ?? null, place === -1 ? null : place];
  };
  return {
    position,
    text,
    coreStart,
    speaker,
    speakers,
    moments: begins.map(momentOf),
    startSeconds: spoken.find((sentence) => sentence.startSeconds !== null)?.startSeconds ?? null,
    endSeconds: spoken.findLast((sentence) => sentence.endSeconds !== null)?.endSeconds ?? null,
    firstSentence,
    lastSentence,
    tokens: cut.tokens,
  };
}

type Rendered = {
  readonly text: string;
  readonly coreStart: number;
  /** Offset in the text and index of each sentence. */
  readonly begins: readonly (readonly [at: number, sentence: number])[];
};

/** The text of a chunk, where its core begins, and where its sentences do. */
function renderChunk(atoms: Atoms, cut: Cut): Rendered {
  const written: string[] = [];
  const begins: [number, number][] = [];
  let units = 0;
  let coreStart = 0;
  const write = (text: string) => {
    written.push(text);
    units += text.length;
  };
  for (let first = cut.start; first < cut.end;) {
    const after = afterSentence(atoms, first, cut.end);
    const from = atoms.from[first]!;
    const text = atoms.texts[atoms.sentence[first]!]!.slice(from, endOfAtom(atoms, after));
    const opensLine = first === cut.start || atoms.boundary[first] === BOUNDARY.turn;
    if (first > cut.start) {
      write(opensLine ? "\n" : " ");
    }
    const lineStart = units;
    begins.push([lineStart, atoms.sentence[first]!]);
    if (opensLine) {
      write(lineOpening(atoms.labels[atoms.sentence[first]!]!, text));
    }
    if (first <= cut.core && cut.core < after) {
      coreStart = first === cut.core && opensLine ? lineStart : units + atoms.from[cut.core]! - from;
    }
    write(text);
    first = after;
  }
  return { text: written.join(""), coreStart, begins };
}

/** The first atom from `first` on that belongs to another sentence, at most `end`. */
function afterSentence(atoms: Atoms, first: number, end: number): number {
  let after = first + 1;
  while (after < end && atoms.sentence[after] === atoms.sentence[first]) {
    after++;
  }
  return after;
}

/** Offset in its sentence where the atom before `after` ends, without the space that follows it. */
function endOfAtom(atoms: Atoms, after: number): number {
  const sentence = atoms.sentence[after - 1]!;
  if (atoms.sentence[after] !== sentence) {
    return atoms.texts[sentence]!.length;
  }
  return atoms.boundary[after] === BOUNDARY.word ? atoms.from[after]! - 1 : atoms.from[after]!;
}

function speakersOf(spoken: readonly SpokenSentence[]): { speaker: string | null; speakers: string[] } {
  const said = new Map<string, number>();
  for (const { speaker, text } of spoken) {
    if (speaker !== null && speaker.trim() !== "" && text.trim() !== "") {
      said.set(speaker, (said.get(speaker) ?? 0) + text.length);
    }
  }
  const most = Math.max(...said.values());
  const speakers = [...said.keys()];
  return { speaker: speakers.find((name) => said.get(name) === most) ?? null, speakers };
}
