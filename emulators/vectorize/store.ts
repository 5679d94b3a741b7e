import { DurableObject } from "cloudflare:workers";
import type { DurableObjectStorage } from "@cloudflare/workers-types";
import type { Operation } from "./errors.ts";
import type { Inspection, PlannedFailure } from "./index-controls.ts";
import type { IdPage, PackedVector, VectorIndexCore } from "./index-core.ts";
import { IndexSlot } from "./index-slot.ts";
import type { Sql, SqlRow, SqlValue } from "./sql.ts";
import type {
  FloatValues,
  IndexDescription,
  IndexInfo,
  IndexProps,
  Matches,
  MetadataIndex,
  Mutation,
  NewIndex,
  QueryOptions,
} from "./types.ts";
import type { VectorBatch } from "./vector-batch.ts";

/** Bindings of the Worker that hosts the indexes. */
export interface StoreEnv {
  STORE: { getByName(name: string): VectorizeStore };
  CATALOG: { getByName(name: string): VectorizeCatalog };
}

/** The one catalog of an account. */
const CATALOG_NAME = "catalog";

/** The names under which there is or may be an index. A store is added before it creates, removed after it deleted. */
export class VectorizeCatalog extends DurableObject<StoreEnv> {
  constructor(...given: ConstructorParameters<typeof DurableObject<StoreEnv>>) {
    super(...given);
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY)");
  }

  async add(name: string): Promise<void> {
    this.ctx.storage.sql.exec("INSERT INTO names (name) VALUES (?) ON CONFLICT DO NOTHING", name);
  }

  async remove(name: string): Promise<void> {
    this.ctx.storage.sql.exec("DELETE FROM names WHERE name = ?", name);
  }

  async list(): Promise<string[]> {
    const rows = this.ctx.storage.sql.exec<SqlRow>("SELECT name FROM names ORDER BY name").toArray();
    return rows.map((row) => String(row["name"]));
  }
}

/** The catalog, wherever it is asked for. */
export function catalogOf(env: StoreEnv): VectorizeCatalog {
  return env.CATALOG.getByName(CATALOG_NAME);
}

/** One index name: its slot on this object's own SQLite, with the machine's clock. */
export class VectorizeStore extends DurableObject<StoreEnv> {
  #slot = this.#newSlot();
  /** Known to the catalog; asked once in the life of this object. */
  #isListed = false;

  async write(props: IndexProps, kind: "insert" | "upsert", batch: VectorBatch): Promise<Mutation> {
    const operation = kind === "insert" ? "VECTOR_INSERT" : "VECTOR_UPSERT";
    return (await this.#bound(props, operation)).acceptBatch(kind, batch);
  }

  async deleteByIds(props: IndexProps, ids: string[]): Promise<Mutation> {
    return (await this.#bound(props, "VECTOR_DELETE")).deleteByIds(ids);
  }

  async readByIds(props: IndexProps, ids: string[]): Promise<PackedVector[]> {
    return (await this.#bound(props, "VECTOR_GET")).readByIds(ids);
  }

  async query(props: IndexProps, vector: FloatValues, options?: QueryOptions): Promise<Matches> {
    return (await this.#bound(props, "VECTOR_QUERY")).query(vector, options);
  }

  async queryById(props: IndexProps, vectorId: string, options?: QueryOptions): Promise<Matches> {
    return (await this.#bound(props, "VECTOR_QUERY")).queryById(vectorId, options);
  }

  async describe(props: IndexProps): Promise<IndexInfo> {
    return (await this.#bound(props, "INDEX_GET")).describe();
  }

  async create(name: string, config: NewIndex): Promise<IndexDescription> {
    await this.#list(name);
    return this.#slot.create(name, config);
  }

  /** Refuses a name without an index; else nothing is left but the mark that it was deleted. */
  async remove(name: string): Promise<void> {
    this.#slot.mustExist(name);
    await this.ctx.storage.deleteAll();
    this.#slot = this.#newSlot();
    this.#slot.markDeleted();
    this.#isListed = false;
  }

  async getIndex(name: string): Promise<IndexDescription | null> {
    return this.#slot.describe(name);
  }

  async createMetadataIndex(name: string, index: MetadataIndex): Promise<Mutation> {
    return this.#slot.createMetadataIndex(name, index);
  }

  async deleteMetadataIndex(name: string, propertyName: string): Promise<Mutation> {
    return this.#slot.deleteMetadataIndex(name, propertyName);
  }

  async listMetadataIndexes(name: string): Promise<MetadataIndex[]> {
    return this.#slot.listMetadataIndexes(name);
  }

  async pause(): Promise<void> {
    this.#slot.controls.pause();
  }

  async resume(): Promise<void> {
    this.#slot.controls.resume();
  }

  async dropNext(count: number): Promise<void> {
    this.#slot.controls.dropNext(count);
  }

  async failNext(failure: PlannedFailure): Promise<void> {
    this.#slot.controls.failNext(failure);
  }

  async advance(ms: number): Promise<void> {
    this.#slot.controls.advance(ms);
  }

  async loseVectors(ids: string[]): Promise<void> {
    this.#slot.core()?.loseVectors(ids);
  }

  async inspect(): Promise<Inspection> {
    return this.#slot.controls.inspect();
  }

  async listIds(cursor: string | null): Promise<IdPage> {
    return this.#slot.core()?.listIds(cursor) ?? { items: [], cursor: null };
  }

  async #bound(props: IndexProps, operation: Operation): Promise<VectorIndexCore> {
    // Stores of an earlier version know no catalog: they enter it when they are used.
    if (!this.#isListed && props.dimensions !== undefined) await this.#list(props.name);
    return this.#slot.bound(props, operation);
  }

  async #list(name: string): Promise<void> {
    await catalogOf(this.env).add(name);
    this.#isListed = true;
  }

  #newSlot(): IndexSlot {
    return new IndexSlot({
      sql: sqlOnStorage(this.ctx.storage),
      nowMs: () => Date.now(),
      newMutationId: () => crypto.randomUUID(),
    });
  }
}

function sqlOnStorage(storage: DurableObjectStorage): Sql {
  return {
    exec: (statement: string, ...params: SqlValue[]) =>
      storage.sql.exec<SqlRow>(statement, ...params).toArray(),
    transaction: (run) => storage.transactionSync(run),
  };
}
