/** Widen float32 values to plain numbers. A loop: `Array.from` takes twelve times as long on a typed array. */
export function toNumbers(values: Float32Array): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < values.length; at++) numbers.push(values[at] as number);
  return numbers;
}

/** Whether a value is a list of numbers, in any of the forms the binding takes. */
export function isFloatList(values: unknown): values is ArrayLike<number> {
  if (values instanceof Float32Array || values instanceof Float64Array) return true;
  if (!Array.isArray(values)) return false;
  for (let at = 0; at < values.length; at++) if (typeof values[at] !== "number") return false;
  return true;
}

/**
 * Make float32 values of what a caller gave. By the constructor: `from` goes through an iterator, which takes ten times
 * as long. Null for what is no list of numbers.
 */
export function toFloat32(values: unknown): Float32Array | null {
  if (values instanceof Float32Array) return values;
  return isFloatList(values) ? new Float32Array(values) : null;
}

/** Euclidean length of `count` values from `offset`; not finite if one of them is not. */
export function normOf(values: Float32Array, offset: number, count: number): number {
  let sum = 0;
  for (let at = offset; at < offset + count; at++) {
    const value = values[at] as number;
    sum += value * value;
  }
  return Math.sqrt(sum);
}
