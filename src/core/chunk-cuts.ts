/**
 * Chooses where a transcript is cut. Works on numbers only.
 *
 * A stretch of text that is too long for one chunk is split at its most attractive permitted cut, and each half again.
 * What is attractive depends only on the words at the cut, so after an edit far splits are chosen as before, and near
 * ones change only if the edit touched them or made a part too short or too long. The rules (which halves are permitted) were
 * chosen by simulation: docs/decisions/0006-chunk-cuts.md.
 */
import { mixBits } from "./chunk-atoms.ts";
import type { Atoms } from "./chunk-atoms.ts";

/**
 * Sizes in tokens. A chunk, overlap included, has tokensMin to tokensMax (the only chunk of a short transcript may
 * have fewer); it repeats at least about overlapTokens of the text before it.
 */
export type ChunkSizes = {
  readonly tokensMax: number;
  readonly tokensMin: number;
  readonly overlapTokens: number;
};

/** Half-open range of atoms of one chunk; atoms before `core` were in the chunk before, too. */
export type Cut = {
  readonly start: number;
  readonly core: number;
  readonly end: number;
  readonly tokens: number;
};

/** What the cuts are chosen from. */
export type Measures = Pick<
  Atoms,
  "boundary" | "from" | "tokensSaid" | "tokensAlone" | "tokensAdded" | "hash"
>;

/** Which splits are permitted. */
export type SplitRules = {
  /** both halves are at least this share of the longest core: short cores cost embeddings, long ones are rigid */
  readonly coreMinShare01: number;
  /** up to this many times the longest core, a stretch is split into two cores and never into three */
  readonly pairMaxCores: number;
};

/** The rules in use. */
export const SPLIT_RULES: SplitRules = { coreMinShare01: 0.375, pairMaxCores: 1.5 };

/** Text of so many tokens hardly occurs twice in a meeting. */
const DISTINCT_TOKENS_MIN = 16;
/** Above every 32-bit hash. */
const HASHES = 2 ** 32;

/** A transcript being cut. `offsets[i]`: tokens before atom i when all is rendered as one text. */
type Plan = {
  readonly atoms: Measures;
  readonly sizes: ChunkSizes;
  readonly offsets: Float64Array;
  readonly appeal: Float64Array;
  readonly coreMax: number;
  readonly coreMin: number;
  readonly pairMax: number;
};

/**
 * Choose the chunks.
 *
 * @param atoms measured transcript; its atoms within the limits that chunk.ts gives for these sizes
 * @param sizes see {@link ChunkSizes}
 * @param rules only experiments replace them
 * @returns chunks in order; their cores cover every atom once; none for no atoms
 */
export function chooseCuts(atoms: Measures, sizes: ChunkSizes, rules: SplitRules = SPLIT_RULES): Cut[] {
  const count = atoms.hash.length;
  if (count === 0) {
    return [];
  }
  const coreMax = sizes.tokensMax - sizes.overlapTokens;
  const plan = {
    atoms,
    sizes,
    offsets: offsetsOf(atoms.tokensAdded),
    appeal: appealOf(atoms),
    coreMax,
    coreMin: rules.coreMinShare01 * coreMax,
    pairMax: rules.pairMaxCores * coreMax,
  };
  const cores = [0];
  if (tokensOf(plan, 0, count) > sizes.tokensMax) {
    const first = firstCut(plan);
    cores.push(first, ...splitStretch(plan, first, count));
  }
  return cores.map((core, index) => {
    const end = cores[index + 1] ?? count;
    const start = overlapStart(plan, core, end);
    return { start, core, end, tokens: tokensOf(plan, start, end) };
  });
}

/** Tokens of the text rendered from atoms start to end (exclusive). */
function tokensOf(plan: Plan, start: number, end: number): number {
  return plan.atoms.tokensAlone[start]! + plan.offsets[end]! - plan.offsets[start + 1]!;
}

/** The first chunk has nothing to repeat, so its end is the best cut between tokensMin and tokensMax. */
function firstCut(plan: Plan): number {
  const { tokensMin, tokensMax } = plan.sizes;
  const rest = plan.offsets.at(-1)! - plan.coreMin;
  let best = 0;
  let last = 1;
  for (let end = 1; end < plan.appeal.length && tokensOf(plan, 0, end) <= tokensMax; end++) {
    last = end;
    const roomForMore = plan.offsets[end]! <= rest || best === 0;
    if (tokensOf(plan, 0, end) >= tokensMin && roomForMore && plan.appeal[end]! > plan.appeal[best]!) {
      best = end;
    }
  }
  return best === 0 ? last : best;
}

/** All cuts strictly between two atoms, in order. */
function splitStretch(plan: Plan, from: number, to: number): number[] {
  const cuts: number[] = [];
  const open: [number, number][] = [[from, to]];
  for (let stretch = open.pop(); stretch !== undefined; stretch = open.pop()) {
    const [start, end] = stretch;
    if (plan.offsets[end]! - plan.offsets[start]! > plan.coreMax && end - start > 1) {
      const cut = bestSplit(plan, start, end);
      cuts.push(cut);
      open.push([start, cut], [cut, end]);
    }
  }
  return cuts.sort((one, other) => one - other);
}

/** The most attractive permitted split of a stretch; among equals, and if none is permitted, the one nearest its middle. */
function bestSplit(plan: Plan, start: number, end: number): number {
  const { offsets, appeal, coreMin } = plan;
  const [low, high] = [offsets[start]!, offsets[end]!];
  const partMax = high - low <= plan.pairMax ? plan.coreMax : Infinity;
  let best = start + 1;
  let bestAppeal = -1;
  let bestSkew = Infinity;
  for (let cut = start + 1; cut < end; cut++) {
    const before = offsets[cut]! - low;
    const after = high - offsets[cut]!;
    const permitted = Math.min(before, after) >= coreMin && Math.max(before, after) <= partMax;
    const value = permitted ? appeal[cut]! : -1;
    const skew = Math.abs(before - after);
    if (value > bestAppeal || (value === bestAppeal && skew < bestSkew)) {
      [best, bestAppeal, bestSkew] = [cut, value, skew];
    }
  }
  return best;
}

/**
 * Where a chunk's text begins: so far back that it repeats overlapTokens and has tokensMin in all, at a sentence if
 * one fits, else at any atom.
 */
function overlapStart(plan: Plan, core: number, end: number): number {
  const { tokensMax, tokensMin, overlapTokens } = plan.sizes;
  let sentence = core;
  let any = core;
  for (let start = core - 1; start >= 0; start--) {
    const tokens = tokensOf(plan, start, end);
    if (plan.offsets[end]! - plan.offsets[start + 1]! > tokensMax) {
      break;
    }
    if (tokens > tokensMax) {
      continue;
    }
    any = start;
    if (plan.atoms.from[start] === 0) {
      sentence = start;
      if (tokens >= tokensMin && plan.offsets[core]! - plan.offsets[start]! >= overlapTokens) {
        return start;
      }
    }
  }
  const enough =
    tokensOf(plan, sentence, end) >= tokensMin &&
    plan.offsets[core]! - plan.offsets[sentence]! >= overlapTokens / 2;
  return enough ? sentence : any;
}

function offsetsOf(added: readonly number[]): Float64Array {
  const offsets = new Float64Array(added.length + 1);
  for (let index = 0; index < added.length; index++) {
    offsets[index + 1] = offsets[index]! + added[index]!;
  }
  return offsets;
}

/**
 * How attractive the cut before each atom is. Kind of boundary first: every turn beats every sentence. Then text that
 * hardly occurs twice beats "Okay.", and its own hash decides: if the sentence before it counted too, an edit would
 * move more cuts. Only short text is told apart by what comes before it.
 */
function appealOf(atoms: Measures): Float64Array {
  const appeal = new Float64Array(atoms.hash.length);
  for (let index = 1; index < appeal.length; index++) {
    const own = mixBits(atoms.hash[index]!);
    const isDistinct = atoms.tokensSaid[index]! >= DISTINCT_TOKENS_MIN;
    const hash = isDistinct ? own : mixBits(own ^ atoms.hash[index - 1]!);
    appeal[index] = (atoms.boundary[index]! * 2 + (isDistinct ? 1 : 0)) * HASHES + (hash >>> 0);
  }
  return appeal;
}
