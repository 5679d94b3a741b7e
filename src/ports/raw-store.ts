export type StoredObject = {
  readonly key: string;
  readonly sizeBytes: number;
  /** sha256 of the stored bytes as the store itself recorded it, hex; null if it has none. */
  readonly sha256: string | null;
  /** When it was stored, real ms by the store's own clock. */
  readonly uploadedMs: number;
};

/**
 * Raw revisions and embeddings, immutable, named by content. Methods fail with a FailureError of party "r2" and kind
 * unreachable, timed_out, rate_limited, storage_full or defect. What timed out may still happen: keys come from content.
 */
export type RawStore = {
  /**
   * Store text gzipped under a key, only if nothing is there. The store is given the sha256 of the bytes and refuses
   * them if they arrive changed. A key that is taken is read back: the same text is fine, anything else is replaced.
   *
   * @returns what is stored now, and whether this call wrote it
   */
  putText(key: string, text: string): Promise<{ stored: StoredObject; written: boolean }>;
  /** The text under a key, or null. Bytes that do not unzip count as null. */
  getText(key: string): Promise<string | null>;
  /** Store bytes under a key, whatever is there. */
  putBytes(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  getBytes(key: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Objects under a prefix in key order, at most 1,000 a page; the cursor is null at the end. */
  list(prefix: string, cursor: string | null): Promise<{ items: StoredObject[]; cursor: string | null }>;
  /** Delete objects, at most 1,000 at once; those that are not there are ignored. May be done twice, and may land late. */
  remove(keys: readonly string[]): Promise<void>;
  /** Round trip in real ms. */
  latencyMs(): Promise<number>;
};
