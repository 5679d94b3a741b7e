import { negated } from "./exact-scoring.ts";
import type { Target } from "./nearest.ts";
import type { SqlRow } from "./sql.ts";
import type { Packing } from "./visible-rows.ts";

/**
 * Values rounded to 255 steps: value = code x scale, one scale per vector. A quarter of the room of float32, so that
 * four times as many vectors stay in memory.
 */
export interface CodedValues {
  codes: Int8Array;
  scales: Float64Array;
  /** Euclidean lengths of the codes. */
  norms: Float64Array;
}

const CODE_MAX = 127;

/**
 * Round values on their way from the store. The service does not say how it approximates; this is the plainest way that
 * is deterministic and errs where it must: between vectors that are nearly equally near.
 */
export function approximatePacking(dimensions: number): Packing<CodedValues> {
  const pack = (found: readonly SqlRow[]): CodedValues => {
    const block: CodedValues = {
      codes: new Int8Array(found.length * dimensions),
      scales: new Float64Array(found.length),
      norms: new Float64Array(found.length),
    };
    for (const [slot, row] of found.entries())
      encode(new Float32Array(row["float32"] as ArrayBuffer), slot, block);
    return block;
  };
  return { bytesPerRow: dimensions, pack };
}

function encode(values: Float32Array, slot: number, block: CodedValues): void {
  let largest = 0;
  for (let at = 0; at < values.length; at++) {
    const size = Math.abs(values[at] as number);
    if (size > largest) largest = size;
  }
  if (largest === 0) return;
  const offset = slot * values.length;
  const steps = CODE_MAX / largest;
  let squares = 0;
  for (let at = 0; at < values.length; at++) {
    const exact = (values[at] as number) * steps;
    // Half away from zero; Math.round takes five times as long.
    const code = exact < 0 ? (exact - 0.5) | 0 : (exact + 0.5) | 0;
    block.codes[offset + at] = code;
    squares += code * code;
  }
  block.scales[slot] = largest / CODE_MAX;
  block.norms[slot] = Math.sqrt(squares);
}

/** Score the vector in a slot against the target, by its codes; the target keeps its own precision. */
export function approximateScore({
  metric,
  values,
  norm,
}: Target): (block: CodedValues, slot: number) => number {
  if (metric === "euclidean") {
    return (block, slot) => {
      const scale = block.scales[slot] ?? 0;
      return Math.sqrt(squaredDistance(block.codes, slot * values.length, values, scale));
    };
  }
  if (metric === "dot-product") {
    return (block, slot) =>
      negated((block.scales[slot] ?? 0) * dotProduct(block.codes, slot * values.length, values));
  }
  // The scale falls out.
  return (block, slot) => {
    const lengths = (block.norms[slot] ?? 0) * norm;
    return lengths === 0 ? 0 : dotProduct(block.codes, slot * values.length, values) / lengths;
  };
}

// The same sums as in exact-scoring.ts. One function for both kinds of arrays would run at half the speed of either.
function dotProduct(codes: Int8Array, offset: number, values: Float32Array): number {
  const whole = values.length - (values.length % 8);
  let left = 0;
  let right = 0;
  let at = 0;
  for (let of = offset; at < whole; at += 8, of += 8) {
    left +=
      (codes[of] as number) * (values[at] as number) +
      (codes[of + 1] as number) * (values[at + 1] as number) +
      (codes[of + 2] as number) * (values[at + 2] as number) +
      (codes[of + 3] as number) * (values[at + 3] as number);
    right +=
      (codes[of + 4] as number) * (values[at + 4] as number) +
      (codes[of + 5] as number) * (values[at + 5] as number) +
      (codes[of + 6] as number) * (values[at + 6] as number) +
      (codes[of + 7] as number) * (values[at + 7] as number);
  }
  for (; at < values.length; at++) left += (codes[offset + at] as number) * (values[at] as number);
  return left + right;
}

function squaredDistance(codes: Int8Array, offset: number, values: Float32Array, scale: number): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++)
    sum += ((codes[offset + at] as number) * scale - (values[at] as number)) ** 2;
  return sum;
}
