import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";

/** A stream that collects its input and answers once, in this very thread. */
function wholeAtOnce(work: (bytes: Uint8Array) => Uint8Array): TransformStream<Uint8Array, Uint8Array> {
  const parts: Uint8Array[] = [];
  return new TransformStream<Uint8Array, Uint8Array>({
    transform: (part) => void parts.push(part),
    flush: (controller) => controller.enqueue(new Uint8Array(work(Buffer.concat(parts)))),
  });
}

const ALGORITHMS: Readonly<Record<string, string>> = { "SHA-256": "sha256" };

function digest(
  algorithm: string | { name: string },
  data: ArrayBuffer | ArrayBufferView,
): Promise<ArrayBuffer> {
  const name = ALGORITHMS[typeof algorithm === "string" ? algorithm : algorithm.name];
  if (name === undefined) return Promise.reject(new TypeError("only SHA-256 is simulated"));
  const bytes =
    data instanceof ArrayBuffer
      ? new Uint8Array(data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Promise.resolve(new Uint8Array(createHash(name).update(bytes).digest()).buffer);
}

/** A key for `verify`, which needs no more of it than its bytes. */
type HmacKey = { readonly secret: Uint8Array };

function importKey(format: string, secret: Uint8Array, { name }: { name: string }): Promise<HmacKey> {
  if (format !== "raw" || name !== "HMAC")
    return Promise.reject(new TypeError("only raw HMAC keys are simulated"));
  return Promise.resolve({ secret });
}

function verify(_: string, { secret }: HmacKey, signature: Uint8Array, data: Uint8Array): Promise<boolean> {
  const own = createHmac("sha256", secret).update(data).digest();
  return Promise.resolve(own.length === signature.length && timingSafeEqual(own, signature));
}

/**
 * Replace what Node does in its thread pool (hashing, signatures, compression) by the same work done in this thread. A pool finishes
 * in any order, and a seed could not be replayed. Results are the same bytes.
 */
export function makeGlobalsReplayable(): void {
  Object.defineProperty(crypto.subtle, "digest", { value: digest, configurable: true });
  Object.defineProperty(crypto.subtle, "importKey", { value: importKey, configurable: true });
  Object.defineProperty(crypto.subtle, "verify", { value: verify, configurable: true });
  Object.defineProperty(globalThis, "CompressionStream", {
    configurable: true,
    value: function compression() {
      return wholeAtOnce((bytes) => gzipSync(bytes, { level: 1 }));
    },
  });
  Object.defineProperty(globalThis, "DecompressionStream", {
    configurable: true,
    value: function decompression() {
      return wholeAtOnce((bytes) => gunzipSync(bytes));
    },
  });
}
