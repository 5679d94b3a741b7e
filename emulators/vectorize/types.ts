/**
 * Shapes of the Vectorize binding, as production sends them over the wire.
 *
 * Written out here instead of imported, so that the stand-in has no dependency; a test holds them against
 * `@cloudflare/workers-types`. One deliberate difference: that package types `processedUpTo*` as numbers,
 * the service sends strings.
 */

export type Metric = "cosine" | "euclidean" | "dot-product";
export type MetadataScalar = string | number | boolean;
type MetadataValue = MetadataScalar | string[];
export type Metadata = Record<string, MetadataValue | Record<string, MetadataValue>>;
export type FloatValues = number[] | Float32Array | Float64Array;

/** A vector as the caller hands it over. */
export interface Vector {
  id: string;
  values: FloatValues;
  namespace?: string;
  metadata?: Metadata;
}

/** A vector as the index hands it back: values are float32, widened to plain numbers. */
export interface StoredVector {
  id: string;
  values: number[];
  namespace?: string;
  metadata?: Metadata;
}

export interface Match {
  id: string;
  /** cosine: 1 is nearest; euclidean: 0 is nearest; dot-product: the negated product, lowest is nearest. */
  score: number;
  values?: number[];
  namespace?: string;
  metadata?: Metadata;
}

export interface Matches {
  count: number;
  matches: Match[];
}

export type FilterScalar = MetadataScalar | null;
type FilterCondition =
  | FilterScalar
  | {
      $eq?: FilterScalar;
      $ne?: FilterScalar;
      $lt?: FilterScalar;
      $lte?: FilterScalar;
      $gt?: FilterScalar;
      $gte?: FilterScalar;
    }
  | { $in?: FilterScalar[]; $nin?: FilterScalar[] };
type MetadataFilter = Record<string, FilterCondition>;
export type MetadataRetrieval = "none" | "indexed" | "all";

export interface QueryOptions {
  topK?: number;
  namespace?: string;
  returnValues?: boolean;
  returnMetadata?: boolean | MetadataRetrieval;
  filter?: MetadataFilter;
}

export interface Mutation {
  mutationId: string;
}

/** Both `processedUpTo*` are null until the first mutation was processed. */
export interface IndexInfo {
  vectorCount: number;
  dimensions: number;
  /** ISO 8601 time at which the last processed mutation was accepted. */
  processedUpToDatetime: string | null;
  processedUpToMutation: string | null;
}

/** The methods of an index binding. */
export interface VectorIndex {
  describe(): Promise<IndexInfo>;
  query(vector: FloatValues, options?: QueryOptions): Promise<Matches>;
  queryById(vectorId: string, options?: QueryOptions): Promise<Matches>;
  insert(vectors: Vector[]): Promise<Mutation>;
  upsert(vectors: Vector[]): Promise<Mutation>;
  getByIds(ids: string[]): Promise<StoredVector[]>;
  deleteByIds(ids: string[]): Promise<Mutation>;
}

/** At most ten. A value of another type than the index's is not indexed. */
export type MetadataIndexes = Record<string, "string" | "number" | "boolean">;

/** What an index is. Dimensions and metric are fixed for its life; the rest may change between starts. */
export interface IndexConfig {
  dimensions: number;
  metric: Metric;
  /** How long an accepted mutation stays invisible, in milliseconds of the index's clock. */
  delayMs: number;
  /** Properties that can be filtered on (dots for nesting) and their type; a vector is indexed when it is written. */
  metadataIndexes?: MetadataIndexes;
}
