import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { DurableObjectStorage } from "@cloudflare/workers-types";
import { toNumbers } from "./float-values.ts";
import { IndexControls, type Inspection, type PlannedFailure } from "./index-controls.ts";
import { VectorIndexCore, type IdPage, type PackedVector } from "./index-core.ts";
import { createSchema, readState, writeState, type Sql, type SqlRow, type SqlValue } from "./sql.ts";
import type {
  FloatValues,
  IndexConfig,
  IndexInfo,
  Matches,
  Mutation,
  QueryOptions,
  StoredVector,
  Vector,
  VectorIndex as VectorIndexBinding,
} from "./types.ts";
import { packVectors, type VectorBatch } from "./vector-batch.ts";

/** Props of a `VectorizeIndex` binding. */
export interface IndexProps extends IndexConfig {
  /** Name of the index; each has its own Durable Object. */
  name: string;
  /** The index's clock runs at `speed` from `originMs` (epoch milliseconds) on; real time when absent. */
  clock?: { originMs: number; speed: number };
  /** Vectors kept in memory between queries, in bytes; 96 MB when absent. */
  cacheBytesMax?: number;
}

/** What tests may do to an index, by its name. */
export interface VectorizeControlApi {
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  dropNext(name: string, count: number): Promise<void>;
  failNext(name: string, failure: PlannedFailure): Promise<void>;
  advance(name: string, ms: number): Promise<void>;
  loseVectors(name: string, ids: string[]): Promise<void>;
  inspect(name: string): Promise<Inspection>;
  listIds(name: string, cursor?: string | null): Promise<IdPage>;
}

interface Env {
  STORE: { getByName(name: string): VectorizeStore };
}

/** One index: the core on this object's own SQLite, with the machine's clock. */
export class VectorizeStore extends DurableObject<Env> {
  readonly #sql: Sql = sqlOnStorage(this.ctx.storage);
  readonly #controls = new IndexControls(this.#sql);
  #open: { props: string; core: VectorIndexCore } | undefined;

  constructor(...given: ConstructorParameters<typeof DurableObject<Env>>) {
    super(...given);
    createSchema(this.#sql);
  }

  async write(props: IndexProps, kind: "insert" | "upsert", batch: VectorBatch): Promise<Mutation> {
    return this.#core(props).acceptBatch(kind, batch);
  }

  async deleteByIds(props: IndexProps, ids: string[]): Promise<Mutation> {
    return this.#core(props).deleteByIds(ids);
  }

  async readByIds(props: IndexProps, ids: string[]): Promise<PackedVector[]> {
    return this.#core(props).readByIds(ids);
  }

  async query(props: IndexProps, vector: FloatValues, options?: QueryOptions): Promise<Matches> {
    return this.#core(props).query(vector, options);
  }

  async queryById(props: IndexProps, vectorId: string, options?: QueryOptions): Promise<Matches> {
    return this.#core(props).queryById(vectorId, options);
  }

  async describe(props: IndexProps): Promise<IndexInfo> {
    return this.#core(props).describe();
  }

  async pause(): Promise<void> {
    (this.#lastCore()?.controls ?? this.#controls).pause();
  }

  async resume(): Promise<void> {
    this.#controls.resume();
  }

  async dropNext(count: number): Promise<void> {
    this.#controls.dropNext(count);
  }

  async failNext(failure: PlannedFailure): Promise<void> {
    this.#controls.failNext(failure);
  }

  async advance(ms: number): Promise<void> {
    this.#controls.advance(ms);
  }

  async loseVectors(ids: string[]): Promise<void> {
    this.#lastCore()?.loseVectors(ids);
  }

  async inspect(): Promise<Inspection> {
    return this.#controls.inspect();
  }

  async listIds(cursor: string | null): Promise<IdPage> {
    return this.#lastCore()?.listIds(cursor) ?? { items: [], cursor: null };
  }

  #core(props: IndexProps): VectorIndexCore {
    const key = JSON.stringify(props);
    if (this.#open?.props === key) return this.#open.core;
    const core = new VectorIndexCore(props, {
      sql: this.#sql,
      nowMs: () => clockOf(props) + this.#controls.clockOffsetMs(),
      newMutationId: () => crypto.randomUUID(),
      ...(props.cacheBytesMax === undefined ? {} : { cacheBytesMax: props.cacheBytesMax }),
    });
    this.#open = { props: key, core };
    writeState(this.#sql, "props", key);
    return core;
  }

  /** The index as it was last bound; none before its first use. */
  #lastCore(): VectorIndexCore | undefined {
    const key = readState<string | null>(this.#sql, "props", null);
    return key === null ? undefined : this.#core(JSON.parse(key) as IndexProps);
  }
}

/** The binding: `env.VECTORS.query(...)` and its fellows, unchanged. Index and limits come from the binding's props. */
export class VectorizeIndex extends WorkerEntrypoint<Env, IndexProps> implements VectorIndexBinding {
  async describe(): Promise<IndexInfo> {
    return this.#store().describe(this.ctx.props);
  }

  async query(vector: FloatValues, options?: QueryOptions): Promise<Matches> {
    return this.#store().query(this.ctx.props, Float32Array.from(vector), options);
  }

  async queryById(vectorId: string, options?: QueryOptions): Promise<Matches> {
    return this.#store().queryById(this.ctx.props, vectorId, options);
  }

  async insert(vectors: Vector[]): Promise<Mutation> {
    return this.#store().write(
      this.ctx.props,
      "insert",
      packVectors("VECTOR_INSERT", vectors, this.ctx.props),
    );
  }

  async upsert(vectors: Vector[]): Promise<Mutation> {
    return this.#store().write(
      this.ctx.props,
      "upsert",
      packVectors("VECTOR_UPSERT", vectors, this.ctx.props),
    );
  }

  async getByIds(ids: string[]): Promise<StoredVector[]> {
    const packed = await this.#store().readByIds(this.ctx.props, ids);
    return packed.map((vector) => ({ ...vector, values: toNumbers(vector.values) }));
  }

  async deleteByIds(ids: string[]): Promise<Mutation> {
    return this.#store().deleteByIds(this.ctx.props, ids);
  }

  #store(): VectorizeStore {
    return this.env.STORE.getByName(this.ctx.props.name);
  }
}

/** Faults for tests and simulations. Bind it to test drivers only. */
export class VectorizeControl extends WorkerEntrypoint<Env> implements VectorizeControlApi {
  async pause(name: string): Promise<void> {
    await this.env.STORE.getByName(name).pause();
  }

  async resume(name: string): Promise<void> {
    await this.env.STORE.getByName(name).resume();
  }

  async dropNext(name: string, count: number): Promise<void> {
    await this.env.STORE.getByName(name).dropNext(count);
  }

  async failNext(name: string, failure: PlannedFailure): Promise<void> {
    await this.env.STORE.getByName(name).failNext(failure);
  }

  async advance(name: string, ms: number): Promise<void> {
    await this.env.STORE.getByName(name).advance(ms);
  }

  async loseVectors(name: string, ids: string[]): Promise<void> {
    await this.env.STORE.getByName(name).loseVectors(ids);
  }

  async inspect(name: string): Promise<Inspection> {
    return this.env.STORE.getByName(name).inspect();
  }

  async listIds(name: string, cursor: string | null = null): Promise<IdPage> {
    return this.env.STORE.getByName(name).listIds(cursor);
  }
}

function clockOf({ clock }: IndexProps): number {
  return clock === undefined ? Date.now() : clock.originMs + (Date.now() - clock.originMs) * clock.speed;
}

function sqlOnStorage(storage: DurableObjectStorage): Sql {
  return {
    exec: (statement: string, ...params: SqlValue[]) =>
      storage.sql.exec<SqlRow>(statement, ...params).toArray(),
    transaction: (run) => storage.transactionSync(run),
  };
}
