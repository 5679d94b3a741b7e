import { approximatePacking, approximateScore, type CodedValues } from "./approximate-scoring.ts";
import { VECTORIZE_CODES, vectorizeError, type Operation } from "./errors.ts";
import { exactPacking, exactScore, type ExactValues } from "./exact-scoring.ts";
import { normOf, toNumbers } from "./float-values.ts";
import { IndexControls } from "./index-controls.ts";
import type { IndexDefinition } from "./index-definition.ts";
import { DELAY_MS_DEFAULT, PLAN_LIMITS, VECTORIZE_LIMITS, type Plan } from "./limits.ts";
import { packIndexedMetadata } from "./metadata.ts";
import { MutationQueue, type Write } from "./mutation-queue.ts";
import { Namespaces } from "./namespaces.ts";
import { NearestList, scanBlock, type Candidate, type Target } from "./nearest.ts";
import { checkQueryVector, planQuery, type QueryPlan } from "./query-options.ts";
import type { Sql, SqlRow } from "./sql.ts";
import type {
  FloatValues,
  IndexInfo,
  IndexShape,
  IndexUse,
  Match,
  Matches,
  Metadata,
  MetadataIndex,
  ListOptions,
  MetadataIndexes,
  Mutation,
  QueryOptions,
  StoredVector,
  Vector,
  VectorPage,
} from "./types.ts";
import { checkId, checkIds, checkSizes, packVectors, type VectorBatch } from "./vector-batch.ts";
import { VectorList } from "./vector-list.ts";
import { VisibleRows, type RowBlock } from "./visible-rows.ts";

/** What an index needs from outside; it reads no clock and draws no random numbers itself. */
export interface IndexWorld {
  sql: Sql;
  nowMs(): number;
  /** A fresh UUID. */
  newMutationId(): string;
  /** "paid" when absent. */
  plan?: Plan;
}

/** A stored vector before its values are widened. */
export type PackedVector = Omit<StoredVector, "values"> & { values: Float32Array };

/** A page of ids. */
export interface IdPage {
  items: string[];
  cursor: string | null;
}

/** 96 MB: 24,000 vectors of 1,024 dimensions as stored, 98,000 rounded. */
const CACHE_BYTES_MAX = 96 * 1024 * 1024;

/**
 * One Vectorize index on a synchronous SQLite: production's shapes, limits, order and error texts.
 *
 * Methods throw what the production binding rejects with. Writes return at once and become visible after
 * the binding's `delayMs`, in order. A query scores every vector: its values rounded to 8 bits, or the stored ones with
 * `returnValues` or scoring "exact".
 */
export class VectorIndexCore {
  readonly controls: IndexControls;
  readonly shape: IndexShape;
  readonly #sql: Sql;
  readonly #world: IndexWorld;
  readonly #definition: IndexDefinition;
  #delayMs = DELAY_MS_DEFAULT;
  #isExact = false;
  readonly #queue: MutationQueue;
  readonly #namespaces: Namespaces;
  readonly #list: VectorList;
  readonly #exact: VisibleRows<ExactValues>;
  readonly #approximate: VisibleRows<CodedValues>;
  #metadataIndexes: MetadataIndexes = {};

  constructor(definition: IndexDefinition, shape: IndexShape, use: IndexUse, world: IndexWorld) {
    this.shape = shape;
    this.#sql = world.sql;
    this.#world = world;
    this.#definition = definition;
    this.#queue = new MutationQueue(world.sql, world);
    this.#namespaces = new Namespaces(world.sql, PLAN_LIMITS[world.plan ?? "paid"].namespacesMax);
    this.#list = new VectorList(world.sql, world.nowMs);
    const cacheBytesMax = use.cacheBytesMax ?? CACHE_BYTES_MAX;
    this.#exact = new VisibleRows(world.sql, exactPacking(shape.dimensions), cacheBytesMax);
    this.#approximate = new VisibleRows(world.sql, approximatePacking(shape.dimensions), cacheBytesMax);
    this.controls = new IndexControls(world.sql, () => this.#catchUp());
    this.adopt(use);
  }

  /** Go on as another binding wants it; `cacheBytesMax` is fixed. */
  adopt({ delayMs, scoring }: IndexUse): void {
    this.#delayMs = delayMs ?? DELAY_MS_DEFAULT;
    this.#isExact = scoring === "exact";
    this.#metadataIndexes = this.#definition.metadataIndexes();
  }

  /** Add vectors; ids that exist when the mutation is applied keep what they have. At most 1,000. */
  insert(vectors: readonly Vector[]): Mutation {
    return this.acceptBatch("insert", packVectors("VECTOR_INSERT", vectors));
  }

  /** Add or wholly replace vectors (values, namespace and metadata; nothing is merged). At most 1,000. */
  upsert(vectors: readonly Vector[]): Mutation {
    return this.acceptBatch("upsert", packVectors("VECTOR_UPSERT", vectors));
  }

  /** Take a write that `packVectors` has checked already, in another Worker perhaps. */
  acceptBatch(kind: "insert" | "upsert", batch: VectorBatch): Mutation {
    const operation = kind === "insert" ? "VECTOR_INSERT" : "VECTOR_UPSERT";
    checkSizes(operation, batch, this.shape.dimensions);
    this.controls.failIfTold(operation);
    this.#admitNamespaces(operation, batch);
    const isIndexed = Object.keys(this.#metadataIndexes).length > 0;
    const indexedMetadata = batch.metadata.map((json) =>
      isIndexed ? packIndexedMetadata(json, this.#metadataIndexes) : null,
    );
    return this.#accept({ kind, batch: { ...batch, indexedMetadata } });
  }

  #admitNamespaces(operation: Operation, { namespaces }: VectorBatch): void {
    if (namespaces.every((namespace) => namespace === null)) return;
    // A namespace is given up with its last vector, and deletions that are due may not have been carried out.
    this.#catchUp();
    this.#namespaces.admit(operation, namespaces);
  }

  /** Cover a property from the next write on. */
  createMetadataIndex(index: MetadataIndex): Mutation {
    return this.#changeMetadataIndexes(() =>
      this.#definition.createMetadataIndex(index, Math.trunc(this.#world.nowMs())),
    );
  }

  /** Uncover a property: what was indexed of it is forgotten. */
  deleteMetadataIndex(propertyName: string): Mutation {
    return this.#changeMetadataIndexes(() => {
      this.#definition.deleteMetadataIndex(propertyName, Math.trunc(this.#world.nowMs()));
      const statement = `UPDATE vectors SET indexed_metadata = nullif(json_remove(indexed_metadata, ?), '{}')
        WHERE indexed_metadata IS NOT NULL`;
      this.#sql.exec(statement, `$."${propertyName}"`);
      this.#exact.forgetAll();
      this.#approximate.forgetAll();
    });
  }

  /** Remove vectors; unknown ids are no error. At most 100 ids. */
  deleteByIds(ids: readonly string[]): Mutation {
    checkIds("VECTOR_DELETE", ids, VECTORIZE_LIMITS.idsPerDeleteMax);
    this.controls.failIfTold("VECTOR_DELETE");
    return this.#accept({ kind: "delete", ids });
  }

  /** Read visible vectors; unknown ids are left out, order is the index's own. At most 20 ids. */
  getByIds(ids: readonly string[]): StoredVector[] {
    return this.readByIds(ids).map((vector) => ({ ...vector, values: toNumbers(vector.values) }));
  }

  /** The same with float32 values, for the way between two Workers. */
  readByIds(ids: readonly string[]): PackedVector[] {
    checkIds("VECTOR_GET", ids, VECTORIZE_LIMITS.idsPerGetMax);
    this.controls.failIfTold("VECTOR_GET");
    const statement = `SELECT id, namespace, metadata, float32 FROM vectors
      WHERE mutation_seq <= ? AND id IN (SELECT value FROM json_each(?)) ORDER BY row`;
    return this.#sql.exec(statement, this.#catchUp(), JSON.stringify(ids)).map((row) => ({
      id: String(row["id"]),
      values: new Float32Array(row["float32"] as ArrayBuffer),
      ...namespaceOf(row["namespace"] ?? null),
      ...metadataOf(row["metadata"] ?? null),
    }));
  }

  /** The vectors nearest to `vector`, nearest first. */
  query(vector: FloatValues, options?: QueryOptions): Matches {
    const plan = planQuery(options);
    const values = checkQueryVector(vector, this.shape.dimensions);
    this.controls.failIfTold("VECTOR_QUERY");
    return this.#nearestTo(values, plan, this.#catchUp());
  }

  /** The vectors nearest to a stored one, itself included. Throws code 40010 for an unknown id. */
  queryById(vectorId: string, options?: QueryOptions): Matches {
    checkId("VECTOR_QUERY", vectorId);
    const plan = planQuery(options);
    this.controls.failIfTold("VECTOR_QUERY");
    const seqMax = this.#catchUp();
    const row = this.#sql.exec(
      "SELECT float32 FROM vectors WHERE mutation_seq <= ? AND id = ?",
      seqMax,
      vectorId,
    )[0];
    if (row === undefined) {
      throw vectorizeError(
        "VECTOR_QUERY",
        VECTORIZE_CODES.vectorNotFound,
        `vector with id="${vectorId}" not found`,
      );
    }
    return this.#nearestTo(new Float32Array(row["float32"] as ArrayBuffer), plan, seqMax);
  }

  /** How far mutations were processed, and how many vectors are visible. */
  describe(): IndexInfo {
    this.controls.failIfTold("INDEX_GET");
    const seqMax = this.#catchUp();
    const { mutationId, acceptedMs } = this.#queue.watermark();
    return {
      vectorCount: Number(
        this.#sql.exec("SELECT count(*) AS n FROM vectors WHERE mutation_seq <= ?", seqMax)[0]?.["n"],
      ),
      dimensions: this.shape.dimensions,
      processedUpToDatetime: acceptedMs === null ? null : new Date(acceptedMs).toISOString(),
      processedUpToMutation: mutationId,
    };
  }

  /** Ids as they were visible at the first page, for production's list-vectors. */
  listVectors(options?: ListOptions): VectorPage {
    return this.#list.page(this.#catchUp(), options);
  }

  /** Ids of visible vectors in order, at most 1,000 a page; `cursor` is null at the end. For tests: no snapshot. */
  listIds(cursor: string | null = null): IdPage {
    const statement = "SELECT id FROM vectors WHERE mutation_seq <= ? AND id > ? ORDER BY id LIMIT 1000";
    const items = this.#sql.exec(statement, this.#catchUp(), cursor ?? "").map((row) => String(row["id"]));
    return { items, cursor: items.length === 1000 ? (items.at(-1) ?? null) : null };
  }

  /** Lose visible vectors without a mutation, as a fault of the service would. For tests. */
  loseVectors(ids: readonly string[]): void {
    const statement = `DELETE FROM vectors WHERE mutation_seq <= ? AND id IN (SELECT value FROM json_each(?)) RETURNING row`;
    const gone = this.#sql.exec(statement, this.#catchUp(), JSON.stringify(ids));
    this.#forget(gone.map((row) => Number(row["row"])));
  }

  #changeMetadataIndexes(change: () => void): Mutation {
    const mutation = this.#accept({ kind: "metadata_index", change });
    this.#metadataIndexes = this.#definition.metadataIndexes();
    return mutation;
  }

  #accept(write: Write): Mutation {
    // Applied first, so that a long row of writes does not pile up until somebody reads.
    this.#catchUp();
    return { mutationId: this.#queue.accept(write, this.#delayMs) };
  }

  /** Apply what is due and return the watermark. */
  #catchUp(): number {
    this.#forget(this.#queue.applyDue());
    return this.#queue.watermark().seq;
  }

  #forget(rows: readonly number[]): void {
    this.#exact.forget(rows);
    this.#approximate.forget(rows);
  }

  #nearestTo(values: Float32Array, plan: QueryPlan, seqMax: number): Matches {
    const target = { metric: this.shape.metric, values, norm: normOf(values, 0, values.length) };
    const nearest =
      this.#isExact || plan.returnValues
        ? nearestOf(this.#exact.blocks(seqMax), exactScore(target), target, plan)
        : nearestOf(this.#approximate.blocks(seqMax), approximateScore(target), target, plan);
    const matches = nearest.list().map((candidate) => this.#matchOf(candidate, plan));
    return { count: matches.length, matches };
  }

  #matchOf(candidate: Candidate, plan: QueryPlan): Match {
    const { id, score, row } = candidate;
    const match: Match = { id, score, ...namespaceOf(candidate.namespace) };
    if (plan.returnMetadata === "indexed") Object.assign(match, metadataOf(candidate.indexedMetadata));
    if (!plan.returnValues && plan.returnMetadata !== "all") return match;
    const stored = this.#sql.exec("SELECT metadata, float32 FROM vectors WHERE row = ?", row)[0];
    if (stored === undefined) throw new Error(`the vector of row ${row} is missing`);
    if (plan.returnValues) match.values = valuesOf(stored);
    if (plan.returnMetadata === "all") Object.assign(match, metadataOf(stored["metadata"] ?? null));
    return match;
  }
}

function nearestOf<Values>(
  blocks: Iterable<RowBlock<Values>>,
  scoreOf: (values: Values, slot: number) => number,
  { metric }: Target,
  { topK, namespace, passes }: QueryPlan,
): NearestList {
  const nearest = new NearestList(topK);
  for (const block of blocks) {
    const wanted = (slot: number): boolean =>
      (namespace === null || block.namespaces[slot] === namespace) &&
      (passes === null || passes(block.indexedMetadata[slot] ?? null));
    scanBlock(block, scoreOf, { metric, wanted }, nearest);
  }
  return nearest;
}

function valuesOf(row: SqlRow): number[] {
  return toNumbers(new Float32Array(row["float32"] as ArrayBuffer));
}

function namespaceOf(namespace: SqlRow[string]): { namespace?: string } {
  return namespace === null ? {} : { namespace: String(namespace) };
}

function metadataOf(json: SqlRow[string]): { metadata?: Metadata } {
  return json === null ? {} : { metadata: JSON.parse(String(json)) as Metadata };
}
