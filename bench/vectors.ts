/** Length of the vectors: that of the product's model. */
export const DIMENSIONS = 1_024;

/** Vectors of one write, the most that the service takes. */
export const WRITE_VECTORS = 1_000;

/** Topics around which the vectors lie, as texts do: vectors at random would all be equally far from one another. */
const TOPICS = 100;
const NOISE = 0.7;

/**
 * The n-th vector, always the same: a topic and what is its own.
 *
 * @param vector where it is put; a new array when absent
 */
export function vectorOf(
  n: number,
  vector: Float32Array<ArrayBuffer> = new Float32Array(DIMENSIONS),
): Float32Array<ArrayBuffer> {
  const topic = randomFrom(n % TOPICS);
  const own = randomFrom(n + 1_000_003);
  for (let at = 0; at < DIMENSIONS; at++) vector[at] = topic() + NOISE * own();
  return vector;
}

/** The id of the n-th vector. */
export function idOf(n: number): string {
  return `vector-${n}`;
}

/** Numbers from -1 to 1. */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  };
}
