import type { R2Bucket } from "@cloudflare/workers-types";
import {
  bytesOf,
  type ChecksumOptions,
  checkCustomMetadata,
  checkKey,
  type Condition,
  digestHex,
  isSatisfied,
  R2_LIMITS,
  readChecksum,
  readCondition,
  verifyChecksum,
} from "./r2-conditions.ts";
import { type R2Action, r2Error } from "./r2-errors.ts";
import { compareKeys, type ListRequest, listPage } from "./r2-listing.ts";
import {
  type ByteRange,
  EmulatedObject,
  EmulatedObjectBody,
  type HttpMetadata,
  readHttpMetadata,
  type StoredObject,
} from "./r2-object.ts";

/**
 * Where a simulation breaks things. A hook may wait, and may throw: before the call nothing was done, after it the
 * object is stored or gone and the caller does not learn of it.
 */
interface R2Hooks {
  beforeCall?: (action: R2Action, keys: readonly string[]) => void | Promise<void>;
  afterCall?: (action: R2Action, keys: readonly string[]) => void | Promise<void>;
}

/** How a bucket is made. */
export interface R2Options {
  hooks?: R2Hooks;
  /** The clock behind `uploaded` and the write limit, in ms; default the real one. */
  nowMs?: () => number;
  /** Least time between two writes of one key, in ms (else 10058); production has 1,000, the default 0 is no limit. */
  writeIntervalMs?: number;
  /** Pages of a listing are no longer than this, whatever `limit` says; default 1,000. */
  listPageMax?: number;
}

/** An `R2Bucket` with the knobs and gauges that tests need. */
export interface R2Emulator extends R2Bucket {
  /** Bytes of all objects now. */
  readonly usedBytes: number;
  /** Every key now, in R2's order. */
  keys(): string[];
  /** How often bytes were stored under each key, deleted ones included; "no object written twice" means all are 1. */
  writeCounts(): ReadonlyMap<string, number>;
  /** The bytes of an object now, or null; no hook, no counter. */
  peek(key: string): Uint8Array | null;
  /**
   * Flip the last bit of an object while its etag and checksums stay, as a rotten disk would.
   *
   * @throws Error if there is no such object or it is empty
   */
  corrupt(key: string): void;
  /** Bytes of all objects beyond which nothing is stored, as on a disk that is full; Infinity, the default, is none. */
  setSizeMax(bytes: number): void;
  /** Replace the hooks; `{}` removes them. */
  setHooks(hooks: R2Hooks): void;
}

/**
 * Make an R2 bucket in memory, with production's limits enforced.
 *
 * @returns an object that the Cloudflare adapters can use unchanged; it lives as long as the object, which is how a test
 * outlives a "killed" program
 *
 * Errors are production's, `action: text (code)`. Stricter than R2: every stream is refused (R2 takes one of known
 * length, which Node cannot see). Not imitated: multipart, SSE-C, storage classes, ranges by header.
 */
export function createR2(options: R2Options = {}): R2Emulator {
  // Node's Headers, Blob and ReadableStream are the same things as the Workers' under other type names.
  return new EmulatedBucket(options) as unknown as R2Emulator;
}

type PutValue = ArrayBuffer | ArrayBufferView | string | null | undefined | Blob;

interface PutOptions extends ChecksumOptions {
  onlyIf?: Condition | Headers;
  httpMetadata?: HttpMetadata | Headers;
  customMetadata?: Record<string, string>;
}

interface GetOptions {
  onlyIf?: Condition | Headers;
  range?: { offset?: number; length?: number; suffix?: number };
}

class EmulatedBucket {
  readonly #objects = new Map<string, StoredObject>();
  readonly #writeCounts = new Map<string, number>();
  readonly #writtenMs = new Map<string, number>();
  readonly #nowMs: () => number;
  readonly #writeIntervalMs: number;
  readonly #listPageMax: number;
  #hooks: R2Hooks;
  #sizeMaxBytes = Number.POSITIVE_INFINITY;
  #sortedKeys: string[] | null = null;
  #versionCount = 0;

  constructor(options: R2Options) {
    this.#hooks = options.hooks ?? {};
    this.#nowMs = options.nowMs ?? Date.now;
    this.#writeIntervalMs = options.writeIntervalMs ?? 0;
    this.#listPageMax = options.listPageMax ?? R2_LIMITS.listKeysMax;
  }

  get usedBytes(): number {
    return this.#objects.values().reduce((sum, object) => sum + object.bytes.length, 0);
  }

  keys(): string[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort(compareKeys);
    return [...this.#sortedKeys];
  }

  writeCounts(): ReadonlyMap<string, number> {
    return new Map(this.#writeCounts);
  }

  peek(key: string): Uint8Array | null {
    return this.#objects.get(key)?.bytes.slice() ?? null;
  }

  corrupt(key: string): void {
    const bytes = this.#objects.get(key)?.bytes;
    const last = bytes?.at(-1);
    if (bytes === undefined || last === undefined) throw new Error(`nothing to corrupt under ${key}`);
    bytes[bytes.length - 1] = last ^ 1;
  }

  setSizeMax(bytes: number): void {
    this.#sizeMaxBytes = bytes;
  }

  setHooks(hooks: R2Hooks): void {
    this.#hooks = hooks;
  }

  async head(key: string): Promise<EmulatedObject | null> {
    checkKey("head", key);
    return this.#call("head", [key], () => {
      const stored = this.#objects.get(key);
      return stored === undefined ? null : new EmulatedObject(stored);
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<EmulatedObject | null> {
    checkKey("get", key);
    const condition = readCondition(options.onlyIf);
    return this.#call("get", [key], () => {
      const stored = this.#objects.get(key);
      if (stored === undefined) return null;
      if (!isSatisfied(condition, stored)) return new EmulatedObject(stored);
      return new EmulatedObjectBody(stored, resolveRange(options.range, stored.bytes.length));
    });
  }

  async put(key: string, value: PutValue, options: PutOptions = {}): Promise<EmulatedObject | null> {
    const checksum = readChecksum(options);
    const condition = readCondition(options.onlyIf);
    const customMetadata = Object.fromEntries(
      Object.entries(options.customMetadata ?? {}).map(([name, text]) => [name, String(text)]),
    );
    // Copied before the first wait: what the caller does to its buffer afterwards must not count.
    const pending = readValue(value);
    const bytes = pending instanceof Uint8Array ? pending : new Uint8Array(await pending.arrayBuffer());
    return this.#call("put", [key], () => {
      checkKey("put", key);
      checkCustomMetadata(customMetadata);
      if (checksum !== null) verifyChecksum(bytes, checksum);
      this.#checkWriteRate(key);
      if (!isSatisfied(condition, this.#objects.get(key) ?? null)) return null;
      const md5 = digestHex("md5", bytes);
      const stored: StoredObject = {
        key,
        version: (++this.#versionCount).toString(16).padStart(32, "0"),
        bytes,
        etag: md5,
        uploadedMs: this.#nowMs(),
        checksums: { md5, ...(checksum === null ? {} : { [checksum.algorithm]: checksum.hex }) },
        httpMetadata: readHttpMetadata(options.httpMetadata),
        customMetadata,
      };
      this.#store(stored);
      return new EmulatedObject(stored);
    });
  }

  async delete(keys: string | string[]): Promise<void> {
    const all = typeof keys === "string" ? [keys] : [...keys];
    for (const key of all) checkKey("delete", key);
    await this.#call("delete", all, () => {
      if (all.length > R2_LIMITS.deleteKeysMax) throw r2Error("delete", 10029);
      for (const key of all) this.#objects.delete(key);
      this.#sortedKeys = null;
    });
  }

  async list(request: ListRequest = {}): Promise<object> {
    return this.#call("list", [request.prefix ?? ""], () => {
      const page = listPage(this.keys(), request, this.#listPageMax);
      const included = {
        http: request.include?.includes("httpMetadata") ?? false,
        custom: request.include?.includes("customMetadata") ?? false,
      };
      const stored = page.keys.map((key) => this.#objects.get(key)).filter((object) => object !== undefined);
      return {
        objects: stored.map((object) => new EmulatedObject(object, included)),
        delimitedPrefixes: page.delimitedPrefixes,
        ...(page.cursor === null ? { truncated: false } : { truncated: true, cursor: page.cursor }),
      };
    });
  }

  createMultipartUpload(): never {
    throw new TypeError("the R2 emulator has no multipart uploads");
  }

  resumeMultipartUpload(): never {
    throw new TypeError("the R2 emulator has no multipart uploads");
  }

  #store(stored: StoredObject): void {
    if (!this.#objects.has(stored.key)) this.#sortedKeys = null;
    const others = this.usedBytes - (this.#objects.get(stored.key)?.bytes.length ?? 0);
    if (others + stored.bytes.length > this.#sizeMaxBytes) throw new Error("put: no space left on device");
    this.#objects.set(stored.key, stored);
    this.#writeCounts.set(stored.key, (this.#writeCounts.get(stored.key) ?? 0) + 1);
    this.#writtenMs.set(stored.key, stored.uploadedMs);
  }

  #checkWriteRate(key: string): void {
    const writtenMs = this.#writtenMs.get(key);
    if (writtenMs !== undefined && this.#nowMs() - writtenMs < this.#writeIntervalMs)
      throw r2Error("put", 10058);
  }

  async #call<T>(action: R2Action, keys: readonly string[], work: () => T): Promise<T> {
    await this.#hooks.beforeCall?.(action, keys);
    let answer: { value: T } | { error: unknown };
    try {
      answer = { value: work() };
    } catch (error) {
      answer = { error };
    }
    await this.#hooks.afterCall?.(action, keys);
    if ("error" in answer) throw answer.error;
    return answer.value;
  }
}

function readValue(value: PutValue): Uint8Array | Blob {
  if (value === null || value === undefined) return new Uint8Array(0);
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof Blob) return value;
  if (value instanceof ReadableStream) {
    throw new TypeError(
      "Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)",
    );
  }
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return Uint8Array.from(bytesOf(value));
  throw new TypeError(
    "Failed to execute 'put' on 'R2Bucket': parameter 2 is not of type 'JsReadableStream or ArrayBuffer or ArrayBufferView or string or Blob'.",
  );
}

function resolveRange(range: GetOptions["range"], sizeBytes: number): ByteRange {
  if (range === undefined) return { offset: 0, length: sizeBytes };
  const { offset, length, suffix } = range;
  if (suffix !== undefined) {
    const kept = Math.min(suffix, sizeBytes);
    return { offset: sizeBytes - kept, length: kept };
  }
  const start = offset ?? 0;
  if (start >= sizeBytes) throw r2Error("get", 10039);
  return { offset: start, length: Math.min(length ?? sizeBytes, sizeBytes - start) };
}
