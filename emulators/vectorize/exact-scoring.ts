import type { Target } from "./nearest.ts";
import type { SqlRow } from "./sql.ts";
import type { Packing } from "./visible-rows.ts";

/** Values as they were stored, side by side. */
export interface ExactValues {
  values: Float32Array;
  norms: Float64Array;
}

/** Keep the stored values. */
export function exactPacking(dimensions: number): Packing<ExactValues> {
  const pack = (found: readonly SqlRow[]): ExactValues => {
    const values = new Float32Array(found.length * dimensions);
    for (const [slot, row] of found.entries()) {
      values.set(new Float32Array(row["float32"] as ArrayBuffer), slot * dimensions);
    }
    return { values, norms: Float64Array.from(found, (row) => Number(row["norm"])) };
  };
  return { bytesPerRow: dimensions * 4, pack };
}

/** Score the vector in a slot against the target, by the stored values. */
export function exactScore({ metric, values, norm }: Target): (block: ExactValues, slot: number) => number {
  if (metric === "euclidean") {
    return (block, slot) => Math.sqrt(squaredDistance(block.values, slot * values.length, values));
  }
  if (metric === "dot-product") {
    return (block, slot) => negated(dotProduct(block.values, slot * values.length, values));
  }
  return (block, slot) => {
    const lengths = (block.norms[slot] ?? 0) * norm;
    return lengths === 0 ? 0 : dotProduct(block.values, slot * values.length, values) / lengths;
  };
}

/** The negative, without a negative zero. */
export function negated(product: number): number {
  return product === 0 ? 0 : -product;
}

// Two independent sums of four products let the processor overlap its work: half the time of one product after the
// other (30 instead of 68 ms for 10,000 vectors of 1,024 dimensions on a busy machine).
function dotProduct(all: Float32Array, offset: number, values: Float32Array): number {
  const whole = values.length - (values.length % 8);
  let left = 0;
  let right = 0;
  let at = 0;
  for (let of = offset; at < whole; at += 8, of += 8) {
    left +=
      (all[of] as number) * (values[at] as number) +
      (all[of + 1] as number) * (values[at + 1] as number) +
      (all[of + 2] as number) * (values[at + 2] as number) +
      (all[of + 3] as number) * (values[at + 3] as number);
    right +=
      (all[of + 4] as number) * (values[at + 4] as number) +
      (all[of + 5] as number) * (values[at + 5] as number) +
      (all[of + 6] as number) * (values[at + 6] as number) +
      (all[of + 7] as number) * (values[at + 7] as number);
  }
  for (; at < values.length; at++) left += (all[offset + at] as number) * (values[at] as number);
  return left + right;
}

function squaredDistance(all: Float32Array, offset: number, values: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++)
    sum += ((all[offset + at] as number) - (values[at] as number)) ** 2;
  return sum;
}
