import type { R2Bucket, R2Object } from "@cloudflare/workers-types";
import { FailureError, type FailureKind } from "../../core/errors.ts";
import { R2_LIST_ROWS_MAX } from "../../core/limits.ts";
import { sha256Hex } from "../../core/identity.ts";
import { inTime } from "../../core/in-time.ts";
import { STORE_TIMEOUT_MS } from "../../core/policy.ts";
import type { RawStore, StoredObject } from "../../ports/raw-store.ts";
import type { World } from "../../ports/world.ts";

/** Raw revisions and embeddings in an R2 bucket. */
export function createRawStore(bucket: R2Bucket, world: World): RawStore {
  return {
    putText: (key, text) => classified(world, () => putText(bucket, key, text)),
    getText: (key) => classified(world, () => getText(bucket, key)),
    putBytes: (key, bytes) => classified(world, async () => void (await bucket.put(key, bytes))),
    getBytes: (key) =>
      classified(world, async () => {
        const object = await bucket.get(key);
        return object === null ? null : new Uint8Array(await object.arrayBuffer());
      }),
    list: (prefix, cursor) => classified(world, () => list(bucket, prefix, cursor)),
    remove: (keys) => classified(world, () => bucket.delete([...keys])),
    latencyMs: () =>
      classified(world, async () => {
        const started = world.realNowMs();
        await bucket.head("preflight");
        return world.realNowMs() - started;
      }),
  };
}

async function putText(
  bucket: R2Bucket,
  key: string,
  text: string,
): Promise<{ stored: StoredObject; written: boolean }> {
  const bytes = await gzip(text);
  const sha256 = await sha256Hex(bytes);
  const options = { sha256, httpMetadata: { contentType: "application/json", contentEncoding: "gzip" } };
  const created = await bucket.put(key, bytes, { ...options, onlyIf: { etagDoesNotMatch: "*" } });
  if (created !== null) return { stored: described(created), written: true };

  const existing = await bucket.get(key);
  if (existing !== null && (await gunzip(await existing.bytes())) === text) {
    return { stored: described(existing), written: false };
  }
  // What lies under a content key and is not that content is damage; only exactly that damage is replaced.
  const onlyIf = existing === null ? { etagDoesNotMatch: "*" } : { etagMatches: existing.etag };
  const replaced = await bucket.put(key, bytes, { ...options, onlyIf });
  if (replaced === null) {
    throw new FailureError({
      kind: "unreachable",
      party: "r2",
      detail: "a key changed while it was written",
    });
  }
  return { stored: described(replaced), written: true };
}

async function getText(bucket: R2Bucket, key: string): Promise<string | null> {
  const object = await bucket.get(key);
  return object === null ? null : gunzip(await object.bytes());
}

async function list(
  bucket: R2Bucket,
  prefix: string,
  cursor: string | null,
): Promise<{ items: StoredObject[]; cursor: string | null }> {
  const page = await bucket.list({ prefix, limit: R2_LIST_ROWS_MAX, ...(cursor === null ? {} : { cursor }) });
  return { items: page.objects.map(described), cursor: page.truncated ? page.cursor : null };
}

function described(object: R2Object): StoredObject {
  const recorded = object.checksums.sha256;
  const sha256 = recorded === undefined ? null : hex(new Uint8Array(recorded));
  return { key: object.key, sizeBytes: object.size, sha256, uploadedMs: object.uploaded.getTime() };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Response(text).body?.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The text, or null if the bytes are no gzip: damage is an answer here, not an exception. */
async function gunzip(bytes: Uint8Array): Promise<string | null> {
  try {
    const stream = new Response(new Uint8Array(bytes)).body?.pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).text();
  } catch {
    return null;
  }
}

/** Error codes of R2, at the end of its messages in parentheses. Source: Cloudflare docs, R2 error codes. */
const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  "10001": "unreachable",
  // The bytes arrived changed; they will not again.
  "10037": "unreachable",
  "10043": "unreachable",
  "10054": "unreachable",
  "10058": "rate_limited",
};

function late(): FailureError {
  return new FailureError({ kind: "timed_out", party: "r2", detail: "no answer in time" });
}

async function classified<T>(world: World, work: () => Promise<T>): Promise<T> {
  try {
    return await inTime(work(), world.timer(STORE_TIMEOUT_MS), late);
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const code = /\((\d{5})\)/.exec(message)?.[1];
    throw new FailureError(
      { kind: kindOf(message, code), party: "r2", detail: code ?? "no code" },
      { cause: error },
    );
  }
}

function kindOf(message: string, code: string | undefined): FailureKind {
  if (code !== undefined) return KIND_OF_CODE[code] ?? "defect";
  if (/no space|disk I\/O|SQLITE_FULL|disk is full|ENOSPC|insufficient storage|\b507\b/i.test(message))
    return "storage_full";
  return /network|connection|internal error/i.test(message) ? "unreachable" : "defect";
}
