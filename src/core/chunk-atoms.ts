/**
 * Turns a transcript into atoms, the smallest parts between which a chunk may be cut, and says what each costs in
 * tokens. An atom is a sentence; a sentence too long for the window of permitted cuts is several atoms.
 */
import { BOUNDARY, charactersOf, splitSentence } from "./chunk-parts.ts";
import type { ContentHash, Part } from "./chunk-parts.ts";
import { countBytes, countLineBreak, countOpening, countSpaced } from "./chunk-tokens.ts";

/** One sentence of a transcript as its source gives it. Seconds count from the start of the meeting. */
export type SpokenSentence = {
  readonly speaker: string | null;
  readonly text: string;
  readonly startSeconds: number | null;
  readonly endSeconds: number | null;
};

/** Parallel arrays with one entry per atom, except `texts` and `labels`, which have one per sentence. */
export type Atoms = {
  /** sentence text, normalised: no white space at the ends, single spaces elsewhere, no lone surrogate */
  readonly texts: string[];
  /** what stands before the colon; "" without a speaker */
  readonly labels: string[];
  /** index of the sentence */
  readonly sentence: number[];
  /** the atom begins at this offset of its sentence's text, code units */
  readonly from: number[];
  /** one of BOUNDARY: what lies before the atom */
  readonly boundary: number[];
  /** tokens of the atom's own text, after a space */
  readonly tokensSaid: number[];
  /** tokens of a text that holds only this atom and its label */
  readonly tokensAlone: number[];
  /** tokens that the atom adds to the text before it, line break and label included */
  readonly tokensAdded: number[];
  /** 32-bit hash of label and text */
  readonly hash: number[];
};

/** Limits in tokens: a sentence above the first is split into atoms of the second; a longer label is shortened. */
export type AtomLimits = {
  readonly sentenceTokensMax: number;
  readonly atomTokensMax: number;
  readonly labelTokensMax: number;
};

type Label = { readonly text: string; readonly tokens: number; readonly hash: number };

const IRREGULAR_SPACE = /^\s|\s$|\s\s|[^\S ]/;
const SHORTENED = "…";
/** A space, the ellipsis (3 bytes) and the colon. */
const SHORTENED_BYTES = 5;

/**
 * Measure a transcript.
 *
 * @param sentences in the order spoken; one without text gives no atom and does not end a turn
 * @param limits see {@link AtomLimits}
 * @param hashOf hash of a text
 */
export function atomsOf(
  sentences: readonly SpokenSentence[],
  limits: AtomLimits,
  hashOf: ContentHash,
): Atoms {
  const atoms = emptyAtoms();
  const labels = new Map<string | null, Label>();
  let turn: Label | undefined;
  let last: Part | undefined;
  for (const [index, sentence] of sentences.entries()) {
    const label = labels.get(sentence.speaker) ?? labelOf(sentence.speaker, limits.labelTokensMax, hashOf);
    labels.set(sentence.speaker, label);
    const text = normalise(sentence.text);
    atoms.texts.push(text);
    atoms.labels.push(label.text);
    if (text === "") {
      continue;
    }
    const startsTurn = turn === undefined || turn.text !== label.text;
    for (const part of partsOf(text, label, limits, hashOf)) {
      const opensTurn = startsTurn && part.from === 0;
      const alone = tokensAlone(part, label);
      atoms.sentence.push(index);
      atoms.from.push(part.from);
      atoms.boundary.push(opensTurn ? BOUNDARY.turn : part.boundary);
      atoms.tokensSaid.push(part.tokensSpaced);
      atoms.tokensAlone.push(alone);
      atoms.tokensAdded.push(opensTurn ? alone + tokensOfNewline(last) : tokensInside(part));
      atoms.hash.push(mixBits(hashOf(part.text) ^ label.hash));
      last = part;
    }
    turn = label;
  }
  return atoms;
}

/** FNV-1a over code units, mixed. 32 bits. The default content hash. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mixBits(hash);
}

/** Let every bit of a 32-bit value depend on every other (the finaliser of MurmurHash3, public domain). */
export function mixBits(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/**
 * What stands before the first words of a line of a chunk. A line that would begin with "/" gets a space, so that
 * counting line by line stays exact.
 *
 * @param label "" for none
 */
export function lineOpening(label: string, text: string): string {
  const opening = label === "" ? "" : `${label}: `;
  return (opening === "" ? text : opening).startsWith("/") ? ` ${opening}` : opening;
}

function partsOf(text: string, label: Label, limits: AtomLimits, hashOf: ContentHash): readonly Part[] {
  const tokensSpaced = countSpaced(text);
  if (tokensSpaced + label.tokens > limits.sentenceTokensMax) {
    return splitSentence(text, { tokensMax: limits.atomTokensMax, hashOf });
  }
  return [
    { text, from: 0, boundary: BOUNDARY.sentence, tokensSpaced, tokensBare: undefined, inBytes: false },
  ];
}

function tokensInside(part: Part): number {
  return part.boundary === BOUNDARY.character ? tokensBare(part) : part.tokensSpaced;
}

function tokensAlone(part: Part, label: Label): number {
  if (label.text !== "") {
    return label.tokens + part.tokensSpaced;
  }
  return part.text.startsWith("/") ? part.tokensSpaced : tokensBare(part);
}

function tokensBare(part: Part): number {
  return part.tokensBare ?? countOpening(part.text);
}

/** What the line break after a part adds. */
function tokensOfNewline(part: Part | undefined): number {
  if (part === undefined) {
    return 0;
  }
  if (part.inBytes) {
    return 1;
  }
  return countLineBreak(part.text);
}

function labelOf(speaker: string | null, tokensMax: number, hashOf: ContentHash): Label {
  const whole = normalise(speaker ?? "");
  const count = (text: string) => (text.startsWith("/") ? countSpaced(`${text}:`) : countOpening(`${text}:`));
  const text =
    whole === "" || count(whole) <= tokensMax ? whole : shorten(whole, tokensMax - SHORTENED_BYTES);
  return { text, tokens: text === "" ? 0 : count(text), hash: hashOf(text) };
}

function shorten(text: string, bytesMax: number): string {
  let kept = "";
  let bytes = 0;
  for (const character of charactersOf(text, bytesMax)) {
    bytes += countBytes(character);
    if (bytes > bytesMax) {
      break;
    }
    kept += character;
  }
  return `${kept.trimEnd()}${SHORTENED}`;
}

function normalise(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return IRREGULAR_SPACE.test(wellFormed) ? wellFormed.trim().replace(/\s+/g, " ") : wellFormed;
}

function emptyAtoms(): Atoms {
  return {
    texts: [],
    labels: [],
    sentence: [],
    from: [],
    boundary: [],
    tokensSaid: [],
    tokensAlone: [],
    tokensAdded: [],
    hash: [],
  };
}
