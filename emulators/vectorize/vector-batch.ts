import { VECTORIZE_CODES, vectorizeError, type Operation } from "./errors.ts";
import { isFloatList, normOf } from "./float-values.ts";
import { VECTORIZE_LIMITS } from "./limits.ts";
import { bytesOf, packMetadata, unreadableBody } from "./metadata.ts";
import type { Vector } from "./types.ts";

/**
 * A write, packed so that it crosses Worker borders cheaply: one Float32Array for all values (4 MB for 1,000 vectors
 * of 1,024 dimensions) instead of a million boxed numbers. Checked but for the dimensions, which only the index knows.
 */
export interface VectorBatch {
  ids: string[];
  namespaces: (string | null)[];
  /** Compact JSON. */
  metadata: (string | null)[];
  /** Euclidean lengths. */
  norms: Float64Array;
  /** Values of vector n at [n * dimensions, (n + 1) * dimensions); empty when the vectors differ in size. */
  data: Float32Array;
  /** The first vector of each size, in the order given: one entry, or no index will take the batch. */
  sizes: { id: string; dimensions: number }[];
}

/**
 * Check a write as the service does, as far as that is possible without the index, and pack it.
 *
 * @param operation VECTOR_INSERT or VECTOR_UPSERT
 * @param countMax most vectors of one call: 1,000 by the binding, 5,000 by the HTTP API
 * @returns the batch; of an id given twice, the last one for upsert, the first one for insert
 *
 * One bad vector rejects the whole call. Throws the service's errors: too many vectors, id or namespace too long,
 * values that are not finite float32, metadata rules.
 */
export function packVectors(
  operation: Operation,
  vectors: readonly Vector[],
  countMax: number = VECTORIZE_LIMITS.vectorsPerWriteMax,
): VectorBatch {
  if (!Array.isArray(vectors) || vectors.length === 0) throw unreadableBody(operation);
  if (vectors.length > countMax) {
    const text = `too many vectors in payload; max vector count is ${countMax}, got ${vectors.length}`;
    throw vectorizeError(operation, VECTORIZE_CODES.tooManyVectors, text);
  }
  for (const vector of vectors) checkVector(operation, vector);
  const sizes = sizesOf(vectors);
  const unique = withoutRepeats(operation, vectors);
  const batch: VectorBatch = {
    ids: unique.map((vector) => vector.id),
    namespaces: unique.map((vector) => vector.namespace ?? null),
    metadata: unique.map((vector) => packMetadata(operation, vector.id, vector.metadata)),
    norms: new Float64Array(unique.length),
    data: new Float32Array(0),
    sizes,
  };
  const dimensions = sizes[0]?.dimensions ?? 0;
  if (sizes.length > 1) return batch;
  batch.data = new Float32Array(unique.length * dimensions);
  for (const [slot, vector] of unique.entries()) {
    batch.data.set(vector.values, slot * dimensions);
    batch.norms[slot] = normOf(batch.data, slot * dimensions, dimensions);
    // One infinite or missing value makes the length infinite or NaN.
    if (!Number.isFinite(batch.norms[slot])) throw unreadableBody(operation);
  }
  return batch;
}

function sizesOf(vectors: readonly Vector[]): VectorBatch["sizes"] {
  const sizes: VectorBatch["sizes"] = [];
  for (const { id, values } of vectors) {
    if (sizes.every(({ dimensions }) => dimensions !== values.length)) {
      sizes.push({ id, dimensions: values.length });
    }
  }
  return sizes;
}

/** Refuse a batch with a vector of another size than the index's; the first such vector is named. */
export function checkSizes(operation: Operation, batch: VectorBatch, dimensions: number): void {
  const wrong = batch.sizes.find((size) => size.dimensions !== dimensions);
  if (wrong === undefined) return;
  const text = `invalid vector for id="${wrong.id}", expected ${dimensions} dimensions, and got ${wrong.dimensions} dimensions`;
  throw vectorizeError(operation, VECTORIZE_CODES.vectorDimensions, text);
}

/** Check the ids of getByIds or deleteByIds; the whole call is refused when there are too many (code 40007). */
export function checkIds(operation: Operation, ids: readonly string[], countMax: number): void {
  if (!Array.isArray(ids) || ids.length === 0) {
    throw vectorizeError(operation, VECTORIZE_CODES.tooManyIds, "no ids in payload");
  }
  if (ids.length > countMax) {
    const text = `too many ids in payload; max id count is ${countMax}, got ${ids.length}`;
    throw vectorizeError(operation, VECTORIZE_CODES.tooManyIds, text);
  }
  for (const id of ids) checkId(operation, id);
}

function checkVector(operation: Operation, vector: Vector): void {
  const { id, values, namespace } = vector;
  if (typeof id !== "string" || !isFloatList(values)) throw unreadableBody(operation);
  checkId(operation, id);
  if (namespace !== undefined && namespace !== null) checkNamespace(operation, namespace);
}

/** Check a vector id: 1 to 64 bytes of well-formed text. */
export function checkId(operation: Operation, id: string): void {
  if (typeof id !== "string" || !id.isWellFormed()) throw unreadableBody(operation);
  const sizeBytes = bytesOf(id);
  if (sizeBytes === 0) throw vectorizeError(operation, VECTORIZE_CODES.idLength, "id must not be empty");
  if (sizeBytes > VECTORIZE_LIMITS.idBytesMax) {
    const text = `id too long; max is ${VECTORIZE_LIMITS.idBytesMax} bytes, got ${sizeBytes} bytes`;
    throw vectorizeError(operation, VECTORIZE_CODES.idLength, text);
  }
}

/** Check a namespace: at most 64 bytes. */
export function checkNamespace(operation: Operation, namespace: string): void {
  if (typeof namespace !== "string" || !namespace.isWellFormed()) throw unreadableBody(operation);
  const sizeBytes = bytesOf(namespace);
  if (sizeBytes > VECTORIZE_LIMITS.namespaceBytesMax) {
    const text = `namespace too long; max is ${VECTORIZE_LIMITS.namespaceBytesMax} bytes, got ${sizeBytes} bytes`;
    throw vectorizeError(operation, VECTORIZE_CODES.namespace, text);
  }
}

function withoutRepeats(operation: Operation, vectors: readonly Vector[]): Vector[] {
  const byId = new Map<string, Vector>();
  for (const vector of vectors) {
    if (operation === "VECTOR_INSERT" && byId.has(vector.id)) continue;
    byId.set(vector.id, vector);
  }
  return [...byId.values()];
}
