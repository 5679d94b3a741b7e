import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { badDigest, type R2Action, r2Error } from "./r2-errors.ts";

/** Limits of R2, with units. Source: docs /r2/platform/limits. */
export const R2_LIMITS = {
  keyBytesMax: 1_024,
  customMetadataBytesMax: 8_192,
  listKeysMax: 1_000,
  deleteKeysMax: 1_000,
  writesPerKeyIntervalMs: 1_000,
} as const;

/** The part of a put or get that says when to refuse. */
export interface Condition {
  etagMatches?: string;
  etagDoesNotMatch?: string;
  uploadedBefore?: Date;
  uploadedAfter?: Date;
  secondsGranularity?: boolean;
}

/** Checksum options of a put; at most one may be given. */
export type ChecksumOptions = Partial<Record<Algorithm, ArrayBuffer | ArrayBufferView | string>>;

/** Digests that R2 knows, in the order of its option names. */
export type Algorithm = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

const ALGORITHMS: Record<Algorithm, { title: string; hexLength: number }> = {
  md5: { title: "MD5", hexLength: 32 },
  sha1: { title: "SHA-1", hexLength: 40 },
  sha256: { title: "SHA-256", hexLength: 64 },
  sha384: { title: "SHA-384", hexLength: 96 },
  sha512: { title: "SHA-512", hexLength: 128 },
};

/**
 * Hash bytes.
 *
 * @returns lower-case hex
 */
export function digestHex(algorithm: Algorithm, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

/**
 * Refuse a key that is too long, as R2 does (10020).
 *
 * @throws Error
 */
export function checkKey(action: R2Action, key: string): void {
  if (Buffer.byteLength(key) > R2_LIMITS.keyBytesMax) throw r2Error(action, 10020);
}

/**
 * Refuse custom metadata above 8,192 bytes, names and values together (10012).
 *
 * @throws Error
 */
export function checkCustomMetadata(metadata: Record<string, string>): void {
  let sizeBytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    sizeBytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (sizeBytes > R2_LIMITS.customMetadataBytesMax) throw r2Error("put", 10012);
}

/**
 * Read which checksum a put announces.
 *
 * @returns the algorithm and lower-case hex, or null
 * @throws TypeError when two are given, or one of the wrong length
 */
export function readChecksum(options: ChecksumOptions): { algorithm: Algorithm; hex: string } | null {
  const given = (Object.keys(ALGORITHMS) as Algorithm[]).filter((name) => options[name] !== undefined);
  if (given.length > 1) throw new TypeError("You cannot specify multiple hashing algorithms.");
  const [algorithm] = given;
  const value = algorithm === undefined ? undefined : options[algorithm];
  if (algorithm === undefined || value === undefined) return null;
  const hex = typeof value === "string" ? value.toLowerCase() : bytesOf(value).toString("hex");
  const { title, hexLength } = ALGORITHMS[algorithm];
  if (hex.length !== hexLength) {
    throw new TypeError(`${title} is ${hexLength} hex characters, not ${hex.length}`);
  }
  return { algorithm, hex };
}

/**
 * Compare bytes with the checksum that was announced for them (10037).
 *
 * @throws Error
 */
export function verifyChecksum(bytes: Uint8Array, checksum: { algorithm: Algorithm; hex: string }): void {
  const actual = digestHex(checksum.algorithm, bytes);
  if (actual === checksum.hex) return;
  throw badDigest(ALGORITHMS[checksum.algorithm].title, checksum.hex, actual);
}

/**
 * Read `onlyIf` in either of its two forms.
 *
 * @throws TypeError for an ETag in quotes (in the object form)
 */
export function readCondition(onlyIf: Condition | Headers | undefined): Condition {
  if (onlyIf === undefined) return {};
  if (onlyIf instanceof Headers) return fromHeaders(onlyIf);
  for (const etag of [onlyIf.etagMatches, onlyIf.etagDoesNotMatch]) {
    if (etag?.startsWith('"') === true) {
      throw new TypeError(`Conditional ETag should not be wrapped in quotes (${etag}).`);
    }
  }
  return onlyIf;
}

/**
 * Decide whether a condition holds.
 *
 * @param stored what is there now, or null
 *
 * An absent object fails `etagMatches` and `uploadedAfter` and passes the other two, so `etagDoesNotMatch: "*"` means
 * create-only. A matching ETag outweighs the date of the same direction (RFC 9110, 13.2.2).
 */
export function isSatisfied(
  condition: Condition,
  stored: { etag: string; uploadedMs: number } | null,
): boolean {
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter } = condition;
  if (stored === null) return etagMatches === undefined && uploadedAfter === undefined;
  const round = (ms: number) => (condition.secondsGranularity === true ? Math.floor(ms / 1_000) * 1_000 : ms);
  const uploadedMs = round(stored.uploadedMs);
  const matches = etagMatches === undefined || isEtagIn(etagMatches, stored.etag);
  const differs = etagDoesNotMatch === undefined || !isEtagIn(etagDoesNotMatch, stored.etag);
  const isAfter =
    uploadedAfter === undefined ||
    round(uploadedAfter.getTime()) < uploadedMs ||
    (etagDoesNotMatch !== undefined && differs);
  const isBefore =
    uploadedBefore === undefined ||
    uploadedMs < round(uploadedBefore.getTime()) ||
    (etagMatches !== undefined && matches);
  return matches && differs && isAfter && isBefore;
}

/** The bytes behind a buffer or a view, not copied. */
export function bytesOf(value: ArrayBuffer | ArrayBufferView): Buffer {
  return value instanceof ArrayBuffer
    ? Buffer.from(value)
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function isEtagIn(wanted: string, etag: string): boolean {
  return wanted.split(",").some((part) => ["*", etag].includes(unquote(part)));
}

function unquote(etag: string): string {
  return etag.trim().replace(/^(?:W\/)?"(.*)"$/, "$1");
}

function fromHeaders(headers: Headers): Condition {
  const condition: Condition = { secondsGranularity: true };
  const matches = headers.get("if-match");
  const differs = headers.get("if-none-match");
  const after = headers.get("if-modified-since");
  const before = headers.get("if-unmodified-since");
  if (matches !== null) condition.etagMatches = matches;
  if (differs !== null) condition.etagDoesNotMatch = differs;
  if (after !== null) condition.uploadedAfter = new Date(after);
  if (before !== null) condition.uploadedBefore = new Date(before);
  return condition;
}
