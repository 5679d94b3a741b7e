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

type MetadataIndexType = "string" | "number" | "boolean";

/** At most ten. A value of another type than the index's is not indexed. */
export type MetadataIndexes = Record<string, MetadataIndexType>;

/** What an index is for its whole life. */
export interface IndexShape {
  dimensions: number;
  metric: Metric;
}

/** How one binding uses an index; may change from start to start. */
export interface IndexUse {
  /** How long an accepted mutation stays invisible, in milliseconds of the index's clock; 2,000 when absent. */
  delayMs?: number;
  /** Properties that can be filtered on (dots for nesting) and their type; those that the index lacks are created. */
  metadataIndexes?: MetadataIndexes;
  /** The index's clock runs at `speed` from `originMs` (epoch milliseconds) on; the plain clock when absent. */
  clock?: { originMs: number; speed: number };
  /** Vectors kept in memory between queries, in bytes for each kind of scoring; 96 MB when absent. */
  cacheBytesMax?: number;
  /** "exact" for tests that need exact scores; "approximate", as production scores unless `returnValues` is set. */
  scoring?: "approximate" | "exact";
}

/** An index that is created on first use. */
export type IndexConfig = IndexShape & IndexUse;

/**
 * Props of a binding. With dimensions and metric the index is created on first use; with neither it must have been
 * created by command, as in production.
 */
export type IndexProps = { name: string } & Partial<IndexShape> & IndexUse;

/** An index as the commands of production show it. */
export interface IndexDescription {
  name: string;
  description: string;
  config: IndexShape;
  /** ISO 8601. */
  created_on: string;
  modified_on: string;
}

export interface MetadataIndex {
  propertyName: string;
  indexType: MetadataIndexType;
}

/** What `createIndex` takes. */
export type NewIndex = IndexShape & { description?: string };

/** A page of the ids that were visible when the first page was asked for. */
export interface VectorPage {
  count: number;
  totalCount: number;
  isTruncated: boolean;
  nextCursor: string | null;
  cursorExpirationTimestamp: string | null;
  vectors: { id: string }[];
}

/** What `listVectors` takes: 1 to 1,000 ids (100 when absent), and the cursor of the page before. */
export interface ListOptions {
  count?: number;
  cursor?: string;
}

/** The commands on indexes that production has in wrangler and its HTTP API. Refusals carry the service's `code`. */
export interface IndexCommands {
  /** Refused with code 3002 if there is one of this name, whatever its shape. */
  createIndex(name: string, config: NewIndex): Promise<IndexDescription>;
  /** Remove an index and its vectors for good. Refused with code 3000 (never known) or 3005 (deleted already). */
  deleteIndex(name: string): Promise<void>;
  /** Null when there is none. */
  getIndex(name: string): Promise<IndexDescription | null>;
  /** By name. */
  listIndexes(): Promise<IndexDescription[]>;
  /** Cover a property from the next write on; vectors written before stay out. Doing it again changes nothing. */
  createMetadataIndex(name: string, propertyName: string, indexType: MetadataIndexType): Promise<Mutation>;
  /** Nothing passes a filter on the property any more, even if it is created again, until vectors are written anew. */
  deleteMetadataIndex(name: string, propertyName: string): Promise<Mutation>;
  listMetadataIndexes(name: string): Promise<MetadataIndex[]>;
  /** Ids of visible vectors, page by page; a write after the first page changes none of the others. */
  listVectors(name: string, options?: ListOptions): Promise<VectorPage>;
}
