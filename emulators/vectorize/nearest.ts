import type { Metric } from "./types.ts";
import type { RowBlock } from "./visible-rows.ts";

/** A candidate among the nearest; `distance` orders them (lower is nearer), `score` is what the caller sees. */
export interface Candidate {
  row: number;
  id: string;
  namespace: string | null;
  indexedMetadata: string | null;
  score: number;
  distance: number;
}

/** What is looked for. */
export interface Target {
  metric: Metric;
  values: Float32Array;
  norm: number;
}

/** Keeps the `countMax` nearest candidates; ties go to the lower id, so results do not depend on row order. */
export class NearestList {
  readonly #countMax: number;
  readonly #found: Candidate[] = [];

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Whether a candidate at this distance could still enter. */
  admits(distance: number): boolean {
    const last = this.#found.at(-1);
    return last === undefined || this.#found.length < this.#countMax || distance <= last.distance;
  }

  add(candidate: Candidate): void {
    let at = this.#found.length;
    while (at > 0 && isNearer(candidate, this.#found[at - 1])) at -= 1;
    this.#found.splice(at, 0, candidate);
    if (this.#found.length > this.#countMax) this.#found.pop();
  }

  /** Nearest first. */
  list(): readonly Candidate[] {
    return this.#found;
  }
}

/**
 * Score every vector of a block that `wanted` lets through and offer it to the list; none is skipped.
 *
 * Scores: cosine -1 to 1 (0 for a zero vector); euclidean distance; dot product negated, so lower is nearer.
 */
export function scanBlock<Values>(
  block: RowBlock<Values>,
  scoreOf: (values: Values, slot: number) => number,
  { metric, wanted }: { metric: Metric; wanted: (slot: number) => boolean },
  nearest: NearestList,
): void {
  for (let slot = 0; slot < block.rows.length; slot++) {
    if (block.gone[slot] === 1 || !wanted(slot)) continue;
    const score = scoreOf(block.values, slot);
    const distance = metric === "cosine" ? -score : score;
    if (!nearest.admits(distance)) continue;
    nearest.add({
      row: block.rows[slot] ?? 0,
      id: block.ids[slot] ?? "",
      namespace: block.namespaces[slot] ?? null,
      indexedMetadata: block.indexedMetadata[slot] ?? null,
      score,
      distance,
    });
  }
}

function isNearer(candidate: Candidate, other: Candidate | undefined): boolean {
  if (other === undefined) return true;
  if (candidate.distance !== other.distance) return candidate.distance < other.distance;
  return candidate.id < other.id;
}
