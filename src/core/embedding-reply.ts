import { FailureError, type Party } from "./errors.ts";

/**
 * The vectors of a model's reply, once they are what was asked for: one per text, of the promised length, all numbers.
 * Nothing is built on a reply before.
 *
 * @param data lists of numbers, if the reply is what it should be
 * @throws FailureError unreachable: a model that answers so once may answer well the next time
 */
export function checkedVectors(
  data: unknown,
  promised: { readonly party: Party; readonly count: number; readonly dimensions: number },
): Float32Array<ArrayBuffer>[] {
  const { party, count, dimensions } = promised;
  if (!Array.isArray(data) || data.length !== count) {
    raiseBroken(party, `${Array.isArray(data) ? data.length : "no"} vectors for ${count} texts`);
  }
  return data.map((values: unknown) => checkedVector(party, values, dimensions));
}

function checkedVector(party: Party, values: unknown, dimensions: number): Float32Array<ArrayBuffer> {
  const isList = Array.isArray(values) || values instanceof Float32Array;
  if (!isList || values.length !== dimensions) {
    raiseBroken(
      party,
      `a vector of ${isList ? values.length : "no"} dimensions where ${dimensions} were promised`,
    );
  }
  // By the constructor: `from` goes through an iterator, which takes ten times as long.
  const vector = new Float32Array(values as ArrayLike<number>);
  // NaN in JSON is null, of which a typed array would make a zero.
  const areNumbers = !Array.isArray(values) || values.every((value) => typeof value === "number");
  if (!areNumbers || !vector.every(Number.isFinite))
    raiseBroken(party, "a vector with a value that is no number");
  return vector;
}

function raiseBroken(party: Party, detail: string): never {
  throw new FailureError({ kind: "unreachable", party, detail });
}
