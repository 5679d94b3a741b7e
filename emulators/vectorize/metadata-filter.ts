import { VECTORIZE_CODES, vectorizeError } from "./errors.ts";
import { VECTORIZE_LIMITS } from "./limits.ts";
import { bytesOf, cutToBytes, isMetadataPath } from "./metadata.ts";
import type { FilterScalar } from "./types.ts";

/** Tells whether a vector's indexed metadata (compact JSON, or null) passes. */
export type MetadataTest = (indexedMetadata: string | null) => boolean;

type Test = (value: FilterScalar | undefined) => boolean;

/**
 * Compile a metadata filter.
 *
 * @param filter `{property: value}` or `{property: {$eq, $ne, $in, $nin, $lt, $lte, $gt, $gte}}`, joined by "and"
 * @returns a test over the metadata that was indexed when the vector was written
 *
 * A property that has no metadata index is absent from every vector, so nothing passes `$eq` on it and
 * everything passes `$ne`. Throws code 40026 for filters the service does not accept: 2,048 bytes or more,
 * unknown operators, operators mixed with ranges, two lower or two upper bounds.
 */
export function compileFilter(filter: unknown): MetadataTest {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter))
    throw badFilter("expected a map");
  if (bytesOf(JSON.stringify(filter)) >= VECTORIZE_LIMITS.filterBytesMax) {
    throw badFilter(`must be less than ${VECTORIZE_LIMITS.filterBytesMax} bytes`);
  }
  if (Object.keys(filter).length === 0) throw badFilter("must not be empty");
  const tests = Object.entries(filter).map(([key, condition]) => ({
    key,
    test: compileCondition(key, condition),
  }));
  return (indexedMetadata) => {
    const values =
      indexedMetadata === null ? {} : (JSON.parse(indexedMetadata) as Record<string, FilterScalar>);
    return tests.every(({ key, test }) => test(values[key]));
  };
}

function compileCondition(key: string, condition: unknown): Test {
  if (!isMetadataPath(key)) throw badFilter(`invalid key ${JSON.stringify(key)}`);
  if (typeof condition !== "object" || condition === null) return compileOperator("$eq", condition);
  const operators = Object.entries(condition);
  if (operators.length === 0) throw badFilter("an operator object must not be empty");
  const names = operators.map(([name]) => name);
  const ranged = names.filter((name) => RANGES.has(name)).length;
  if (ranged < names.length && names.length > 1) throw badFilter("only range operators can be combined");
  if (names.includes("$lt") && names.includes("$lte")) throw badFilter("more than one upper bound");
  if (names.includes("$gt") && names.includes("$gte")) throw badFilter("more than one lower bound");
  const tests = operators.map(([name, operand]) => compileOperator(name, operand));
  return (value) => tests.every((test) => test(value));
}

const RANGES = new Map<string, (order: number) => boolean>([
  ["$lt", (order) => order < 0],
  ["$lte", (order) => order <= 0],
  ["$gt", (order) => order > 0],
  ["$gte", (order) => order >= 0],
]);

function compileOperator(name: string, operand: unknown): Test {
  if (name === "$in" || name === "$nin") {
    if (!Array.isArray(operand) || operand.length === 0) throw badFilter(`${name} needs a list`);
    const tests = operand.map((item) => equalTo(item));
    return (value) => tests.some((test) => test(value)) === (name === "$in");
  }
  if (name === "$eq") return equalTo(operand);
  if (name === "$ne") {
    const equal = equalTo(operand);
    return (value) => !equal(value);
  }
  const holds = RANGES.get(name);
  if (holds === undefined) throw badFilter(`unknown operator ${JSON.stringify(name)}`);
  const bound = scalar(operand);
  if (typeof bound !== "string" && typeof bound !== "number")
    throw badFilter(`${name} needs a string or a number`);
  return (value) => typeof value === typeof bound && holds(orderOf(value as string | number, bound));
}

function equalTo(operand: unknown): Test {
  const wanted = scalar(operand);
  return (value) => (value ?? null) === wanted;
}

function scalar(operand: unknown): FilterScalar {
  // Only the first 64 bytes of a string are indexed, so only those can be compared.
  if (typeof operand === "string") return cutToBytes(operand, VECTORIZE_LIMITS.indexedStringBytesMax);
  if (operand === null || typeof operand === "number" || typeof operand === "boolean") return operand;
  throw badFilter("a value must be a string, a number, a boolean or null");
}

function orderOf(left: string | number, right: string | number): number {
  if (left === right) return 0;
  if (typeof left === "string" && typeof right === "string") return textOrder(left, right);
  return left < right ? -1 : 1;
}

/** Order as UTF-8 has it; UTF-16 puts characters beyond U+FFFF before some that they follow. */
function textOrder(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (one !== other) return rankOf(one) - rankOf(other);
  }
  return left.length - right.length;
}

function rankOf(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function badFilter(problem: string): Error {
  const text = `Failed to parse the request body as JSON: filter: ${problem}`;
  return vectorizeError("VECTOR_QUERY", VECTORIZE_CODES.queryBody, text);
}
