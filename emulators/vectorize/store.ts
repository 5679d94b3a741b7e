import { DurableObject } from "cloudflare:workers";
import type { DurableObjectStorage } from "@cloudflare/workers-types";
import { tooManyIndexes, type Operation } from "./errors.ts";
import type { Inspection, PlannedFailure } from "./index-controls.ts";
import type { IdPage, PackedVector, VectorIndexCore } from "./index-core.ts";
import { checkNewIndex } from "./index-definition.ts";
import { IndexSlot } from "./index-slot.ts";
import { PLAN_LIMITS, type Plan } from "./limits.ts";
import { operationOf, type Upload } from "./rest-api.ts";
import type { Sql, SqlParam, SqlRow } from "./sql.ts";
import type {
  FloatValues,
  IndexDescription,
  IndexInfo,
  IndexProps,
  ListOptions,
  Matches,
  MetadataIndex,
  Mutation,
  NewIndex,
  QueryOptions,
  VectorPage,
} from "./types.ts";
import { packUpload } from "./upload.ts";
import type { VectorBatch } from "./vector-batch.ts";

/** Bindings of the Worker that hosts the indexes. */
export interface StoreEnv {
  STORE: { getByName(name: string): VectorizeStore };
  CATALOG: { getByName(name: string): VectorizeCatalog };
  /** The plan of the account: "paid" when absent. */
  PLAN?: Plan;
}

/** The one catalog of an account. */
const CATALOG_NAME = "catalog";

/** The names under which there is or may be an index. A store is added before it creates, removed after it deleted. */
export class VectorizeCatalog extends DurableObject<StoreEnv> {
  constructor(...given: ConstructorParameters<typeof DurableObject<StoreEnv>>) {
    super(...given);
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY)");
  }

  /** Refuses a new name when the plan allows no more. */
  async add(name: string): Promise<void> {
    const { sql } = this.ctx.storage;
    const plan = this.env.PLAN ?? "paid";
    const count = Number(
      sql.exec<SqlRow>("SELECT count(*) AS n FROM names WHERE name <> ?", name).one()["n"],
    );
    if (count >= PLAN_LIMITS[plan].indexesMax) throw tooManyIndexes(plan);
    sql.exec("INSERT INTO names (name) VALUES (?) ON CONFLICT DO NOTHING", name);
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
    return (await this.#bound(props, operationOf(kind))).acceptBatch(kind, batch);
  }

  /** Uploads come as streams: a call between two Workers takes 32 MB at most. */
  async upload(props: IndexProps, { kind, lines, unparsable }: Upload): Promise<Mutation> {
    const batch = await packUpload(operationOf(kind), lines, unparsable);
    return (await this.#bound(props, operationOf(kind))).acceptBatch(kind, batch);
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
    checkNewIndex(name, config);
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

  async listVectors(name: string, options: ListOptions): Promise<VectorPage> {
    return this.#slot.listVectors(name, options);
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
    // An index of an earlier version, which knew no catalog, enters it when it is used.
    if (!this.#isListed && (this.#slot.willCreate(props) || this.#slot.describe(props.name) !== null))
      await this.#list(props.name);
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
      plan: this.env.PLAN ?? "paid",
    });
  }
}

function sqlOnStorage(storage: DurableObjectStorage): Sql {
  return {
    exec: (statement: string, ...params: SqlParam[]) =>
      storage.sql.exec<SqlRow>(statement, ...params).toArray(),
    transaction: (run) => storage.transactionSync(run),
  };
}
