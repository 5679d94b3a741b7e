import { VECTORIZE_CODES, vectorizeError, type Operation } from "./errors.ts";
import { VECTORIZE_LIMITS } from "./limits.ts";
import type { Metadata, MetadataIndexes, MetadataScalar } from "./types.ts";

const encoder = new TextEncoder();

/** Length of a text in UTF-8, in bytes. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/**
 * Check a vector's metadata and bring it into the form in which it is stored.
 *
 * @returns compact JSON, or null when there is no metadata
 *
 * Keys: not empty, no `.`, no `"`, not starting with `$`. Values: string, number, boolean, list of strings, and
 * one level of nesting. At most 10,240 bytes as compact JSON. Throws the service's error for the whole call.
 */
export function packMetadata(
  operation: Operation,
  id: string,
  metadata: Metadata | undefined,
): string | null {
  if (metadata === undefined || metadata === null) return null;
  const problem = problemWith(metadata, 0);
  if (problem !== null) {
    throw vectorizeError(
      operation,
      VECTORIZE_CODES.metadataShape,
      `invalid metadata for vector id="${id}"; ${problem}`,
    );
  }
  const json = JSON.stringify(metadata);
  // A lone surrogate has no UTF-8 form (JSON.stringify writes it as \udXXX); the service cannot parse the payload.
  if (json.includes("\\ud") && hasLoneSurrogate(metadata)) throw unreadableBody(operation);
  const sizeBytes = bytesOf(json);
  if (sizeBytes > VECTORIZE_LIMITS.metadataBytesMax) {
    const limit = VECTORIZE_LIMITS.metadataBytesMax;
    const rule = `the compact JSON representation of the metadata must not exceed ${limit} bytes, got ${sizeBytes} bytes`;
    throw vectorizeError(
      operation,
      VECTORIZE_CODES.metadataSize,
      `oversized metadata for vector id="${id}"; ${rule}`,
    );
  }
  return json;
}

/** The error for a body that the service cannot read (NaN, lone surrogates, wrong types). */
export function unreadableBody(operation: Operation): Error {
  const verb = operation === "VECTOR_INSERT" ? "insert" : "upsert";
  return vectorizeError(
    operation,
    VECTORIZE_CODES.writeBody,
    `failed to parse ${verb} vectors request in json format`,
  );
}

function problemWith(metadata: unknown, depth: number): string | null {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    return "expected an object";
  for (const [key, value] of Object.entries(metadata)) {
    if (key === "" || key.startsWith("$") || key.includes(".") || key.includes('"')) {
      return `key ${JSON.stringify(key)} is empty, starts with $, or holds a dot or a double quote`;
    }
    if (value === undefined) continue;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (depth > 0) return `key ${JSON.stringify(key)} is nested too deeply`;
      const inner = problemWith(value, depth + 1);
      if (inner !== null) return inner;
    } else if (!isValue(value)) {
      return `the value of ${JSON.stringify(key)} is not a string, a number, a boolean or a list of strings`;
    }
  }
  return null;
}

function isValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string");
  return (
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value))
  );
}

function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return !value.isWellFormed();
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => !key.isWellFormed() || hasLoneSurrogate(inner));
}

/**
 * Pick the properties that the index's metadata indexes cover.
 *
 * @param json a vector's metadata as `packMetadata` made it
 * @returns compact JSON of `{property: scalar}`, or null when nothing is indexed
 *
 * Strings are cut to their first 64 bytes on a character border, as the service does; lists and values of
 * another type than the index's are not indexed.
 */
export function packIndexedMetadata(json: string | null, indexes: MetadataIndexes): string | null {
  if (json === null) return null;
  const metadata = JSON.parse(json) as Metadata;
  const indexed: Record<string, MetadataScalar> = {};
  for (const [property, type] of Object.entries(indexes)) {
    const value = valueAt(metadata, property.split("."));
    if (typeof value !== type) continue;
    if (typeof value === "string")
      indexed[property] = cutToBytes(value, VECTORIZE_LIMITS.indexedStringBytesMax);
    else if (typeof value === "number" || typeof value === "boolean") indexed[property] = value;
  }
  return Object.keys(indexed).length === 0 ? null : JSON.stringify(indexed);
}

function valueAt(metadata: Metadata, path: readonly string[]): unknown {
  let at: unknown = metadata;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

/** Whether a property can be indexed and filtered on: keys joined by dots, at most 512 characters. */
export function isMetadataPath(path: string): boolean {
  return (
    path.length <= VECTORIZE_LIMITS.filterKeyCharsMax &&
    path.split(".").every((key) => key !== "" && !key.startsWith("$") && !key.includes('"'))
  );
}

/** Cut a text to at most `bytesMax` UTF-8 bytes without splitting a character. */
export function cutToBytes(text: string, bytesMax: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(bytesMax));
  return text.slice(0, read);
}
