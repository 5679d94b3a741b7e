import { VECTORIZE_CODES, vectorizeError } from "./errors.ts";
import { VECTORIZE_LIMITS } from "./limits.ts";
import { toFloat32 } from "./float-values.ts";
import { compileFilter, type MetadataTest } from "./metadata-filter.ts";
import type { FloatValues, MetadataRetrieval, QueryOptions } from "./types.ts";
import { checkNamespace } from "./vector-batch.ts";

/** A query with defaults filled in. */
export interface QueryPlan {
  topK: number;
  namespace: string | null;
  returnValues: boolean;
  returnMetadata: MetadataRetrieval;
  passes: MetadataTest | null;
}

/**
 * Check query options as the binding and the service do.
 *
 * `returnMetadata: true` means "all"; `false` is passed on by the production binding and refused by the service
 * (code 40026), so it is refused here. topK: 1 to 100, and at most 50 with values or all metadata (code 40025).
 */
export function planQuery(options: QueryOptions = {}): QueryPlan {
  const returnMetadata = retrievalOf(options.returnMetadata);
  const returnValues = options.returnValues ?? false;
  const topK = options.topK ?? VECTORIZE_LIMITS.topKDefault;
  checkTopK(topK, returnValues || returnMetadata === "all");
  if (options.namespace !== undefined) checkNamespace("VECTOR_QUERY", options.namespace);
  return {
    topK,
    namespace: options.namespace ?? null,
    returnValues,
    returnMetadata,
    passes: options.filter === undefined ? null : compileFilter(options.filter),
  };
}

/**
 * Check a query vector: the index's dimensions, finite numbers. Whoever passes the whole answer of a model is told of 0
 * dimensions, and of an unreadable body for a list of vectors, as by the service.
 */
export function checkQueryVector(vector: FloatValues, dimensions: number): Float32Array {
  const values = toFloat32(vector) ?? new Float32Array(0);
  if (Array.isArray(vector) && vector.length > 0 && values.length === 0)
    throw badBody("vector: expected value");
  if (values.length !== dimensions) {
    const text = `invalid query vector, expected ${dimensions} dimensions, and got ${values.length} dimensions`;
    throw vectorizeError("VECTOR_QUERY", VECTORIZE_CODES.queryVector, text);
  }
  if (!values.every((value) => Number.isFinite(value))) throw badBody("vector: expected value");
  return values;
}

function retrievalOf(asked: QueryOptions["returnMetadata"]): MetadataRetrieval {
  if (asked === undefined) return "none";
  if (asked === true) return "all";
  if (asked === false) throw badBody("returnMetadata: expected value");
  if (asked === "none" || asked === "indexed" || asked === "all") return asked;
  // The only check that the production binding makes by itself, hence without a code.
  const expected = 'Expected: true, false, "none", "indexed" or "all"';
  throw new Error(`Invalid returnMetadata option. ${expected}; got: ${String(asked)}`);
}

function checkTopK(topK: number, heavy: boolean): void {
  if (!Number.isInteger(topK) || topK < 1) throw badBody("topK: expected a positive integer");
  if (heavy && topK > VECTORIZE_LIMITS.topKHeavyMax && topK <= VECTORIZE_LIMITS.topKMax) {
    const rule = `with returnValues=true or returnMetadata=all, max top K is ${VECTORIZE_LIMITS.topKHeavyMax}`;
    const advice = `for a top K up to ${VECTORIZE_LIMITS.topKMax}, retry with returnValues=false and returnMetadata=indexed`;
    throw vectorizeError("VECTOR_QUERY", VECTORIZE_CODES.topK, `${rule}, but got ${topK}; ${advice}`);
  }
  if (topK > VECTORIZE_LIMITS.topKMax) {
    const text = `max top K is ${VECTORIZE_LIMITS.topKMax}, but got ${topK}`;
    throw vectorizeError("VECTOR_QUERY", VECTORIZE_CODES.topK, text);
  }
}

function badBody(problem: string): Error {
  const text = `Failed to parse the request body as JSON: ${problem}`;
  return vectorizeError("VECTOR_QUERY", VECTORIZE_CODES.queryBody, text);
}
