import { Buffer } from "node:buffer";
import type { Algorithm } from "./r2-conditions.ts";

/** HTTP headers that R2 keeps with an object. */
export interface HttpMetadata {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: Date;
}

/** One object as the bucket keeps it. */
export interface StoredObject {
  key: string;
  version: string;
  bytes: Uint8Array;
  etag: string;
  uploadedMs: number;
  checksums: Partial<Record<Algorithm, string>>;
  httpMetadata: HttpMetadata;
  customMetadata: Record<string, string>;
}

/** A piece of an object, resolved: both numbers in bytes, inside the object. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** Which metadata a listing was asked to include; a head or get includes both. */
export interface Included {
  http: boolean;
  custom: boolean;
}

/** What R2 tells about an object. */
export class EmulatedObject {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly checksums: object;
  readonly httpMetadata: HttpMetadata;
  readonly customMetadata: Record<string, string>;
  readonly storageClass = "Standard";

  constructor(stored: StoredObject, included: Included = { http: true, custom: true }) {
    this.key = stored.key;
    this.version = stored.version;
    this.size = stored.bytes.length;
    this.etag = stored.etag;
    this.httpEtag = `"${stored.etag}"`;
    this.uploaded = new Date(stored.uploadedMs);
    this.checksums = toChecksums(stored.checksums);
    this.httpMetadata = included.http ? { ...stored.httpMetadata } : {};
    this.customMetadata = included.custom ? { ...stored.customMetadata } : {};
  }

  writeHttpMetadata(headers: Headers): void {
    for (const [field, name] of Object.entries(HEADER_NAMES)) {
      const value = this.httpMetadata[field as keyof HttpMetadata];
      if (value !== undefined) headers.set(name, value instanceof Date ? value.toUTCString() : value);
    }
  }
}

/** An object with its bytes, readable once, like a Response. */
export class EmulatedObjectBody extends EmulatedObject {
  readonly range: ByteRange;
  readonly #response: Response;

  constructor(stored: StoredObject, range: ByteRange) {
    super(stored);
    this.range = range;
    // A copy: what the caller does to it must not reach the bucket.
    const bytes = Uint8Array.from(stored.bytes.subarray(range.offset, range.offset + range.length));
    this.#response = new Response(bytes);
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#response.body;
  }

  get bodyUsed(): boolean {
    return this.#response.bodyUsed;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#read(() => this.#response.arrayBuffer());
  }

  bytes(): Promise<Uint8Array> {
    return this.#read(async () => new Uint8Array(await this.#response.arrayBuffer()));
  }

  text(): Promise<string> {
    return this.#read(() => this.#response.text());
  }

  json(): Promise<unknown> {
    return this.#read(() => this.#response.json());
  }

  blob(): Promise<Blob> {
    return this.#read(() => this.#response.blob());
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    if (this.#response.bodyUsed) {
      throw new TypeError(
        "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.",
      );
    }
    return read();
  }
}

/**
 * Take HTTP metadata in either of its two forms.
 *
 * @returns a copy with the known fields only
 */
export function readHttpMetadata(given: HttpMetadata | Headers | undefined): HttpMetadata {
  if (!(given instanceof Headers)) return { ...given };
  const metadata: HttpMetadata = {};
  for (const [field, name] of Object.entries(HEADER_NAMES)) {
    const value = given.get(name);
    if (value === null) continue;
    if (field === "cacheExpiry") metadata.cacheExpiry = new Date(value);
    else metadata[field as Exclude<keyof HttpMetadata, "cacheExpiry">] = value;
  }
  return metadata;
}

const HEADER_NAMES = {
  contentType: "content-type",
  contentLanguage: "content-language",
  contentDisposition: "content-disposition",
  contentEncoding: "content-encoding",
  cacheControl: "cache-control",
  cacheExpiry: "expires",
} as const satisfies Record<keyof HttpMetadata, string>;

function toChecksums(hexes: Partial<Record<Algorithm, string>>): object {
  const buffers = Object.entries(hexes).map(([name, hex]) => [
    name,
    Uint8Array.from(Buffer.from(hex, "hex")).buffer,
  ]);
  return { ...Object.fromEntries(buffers), toJSON: () => ({ ...hexes }) };
}
