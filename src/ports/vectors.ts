export type VectorMetadata = Readonly<Record<string, string | number>>;

/** Days are numbers like 20260501, both ends included. */
export type VectorFilter = {
  readonly document?: string;
  readonly day?: { readonly from?: number; readonly to?: number };
};

type VectorMatch = {
  readonly id: string;
  /** Higher is nearer. */
  readonly score: number;
};

export type IndexedVector = {
  readonly id: string;
  /** 32-bit floats; a typed array travels three times as fast. */
  readonly values: Float32Array | readonly number[];
  readonly metadata: VectorMetadata;
};

/**
 * A vector store whose mutations become visible some time after they were accepted. Methods fail with a FailureError of
 * party "vectorize" and kind unreachable, timed_out, rate_limited, storage_full or defect; `upsert` also refused, and then none of
 * its vectors was taken.
 */
export type VectorIndex = {
  /** At most 1,000 at once; replaces what stands under the same id. Accepted is not visible. */
  upsert(vectors: readonly IndexedVector[]): Promise<void>;
  /** Those of the ids that are visible now, any number of ids; in no particular order. */
  getByIds(ids: readonly string[]): Promise<IndexedVector[]>;
  /** Any number of ids; unknown ones are ignored. Accepted is not gone. */
  deleteByIds(ids: readonly string[]): Promise<void>;
  /**
   * The vectors nearest to one, nearest first, at most `topK` of them (1 to 100). What is visible now, whether the ledger
   * calls it live or not.
   *
   * @param filter narrows to one document or to days; properties are those of `vectorMetadata`
   */
  query(
    values: Float32Array,
    options: { readonly topK: number; readonly filter?: VectorFilter },
  ): Promise<{ readonly items: readonly VectorMatch[]; readonly cursor: null }>;
  /** What the store says about itself. */
  describe(): Promise<{ dimensions: number; vectorCount: number }>;
};

/**
 * Turns text into vectors. Fails with party "workers-ai" or "openai": rate_limited, quota, unreachable, timed_out, denied,
 * refused (a text), embeddings_refused (the server's vectors) or defect.
 */
export type Embedder = {
  /** Name in the ledger: one name always means the same vectors. */
  readonly model: string;
  readonly dimensions: number;
  readonly pooling: string | null;
  /** Where the model is served, if that is a matter of choice; no part of its name. */
  readonly address: string | null;
  /** Longest text in tokens; null if nobody has said. */
  readonly tokensMax: number | null;
  /** One vector per text, in order, checked for count, length and finite numbers. At most 32 texts. */
  embedDocuments(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>[]>;
  /** The vector of a question, to be compared with those of documents; checked likewise. */
  embedQuery(text: string): Promise<Float32Array<ArrayBuffer>>;
};
