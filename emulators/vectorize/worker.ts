import { WorkerEntrypoint } from "cloudflare:workers";
import type { VectorizeControlApi } from "./control-api.ts";
import { toNumbers } from "./float-values.ts";
import type { Inspection, PlannedFailure } from "./index-controls.ts";
import type { IdPage } from "./index-core.ts";
import { catalogOf, type StoreEnv, type VectorizeStore } from "./store.ts";
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
  StoredVector,
  Vector,
  VectorIndex as VectorIndexBinding,
} from "./types.ts";
import { packVectors } from "./vector-batch.ts";

export { VectorizeCatalog, VectorizeStore } from "./store.ts";

/** The binding: `env.VECTORS.query(...)` and its fellows, unchanged. The index's name comes from the binding's props. */
export class VectorizeIndex extends WorkerEntrypoint<StoreEnv, IndexProps> implements VectorIndexBinding {
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
    return this.#store().write(this.ctx.props, "insert", packVectors("VECTOR_INSERT", vectors));
  }

  async upsert(vectors: Vector[]): Promise<Mutation> {
    return this.#store().write(this.ctx.props, "upsert", packVectors("VECTOR_UPSERT", vectors));
  }

  async getByIds(ids: string[]): Promise<StoredVector[]> {
    const packed = await this.#store().readByIds(this.ctx.props, ids);
    return packed.map((vector) => ({ ...vector, values: toNumbers(vector.values) }));
  }

  async deleteByIds(ids: string[]): Promise<Mutation> {
    return this.#store().deleteByIds(this.ctx.props, ids);
  }

  #store(): VectorizeStore {
    const { name } = this.ctx.props;
    if (typeof name === "string") return this.env.STORE.getByName(name);
    throw new Error('this binding names no index: give it the props { "name": "<index>" }');
  }
}

/** Commands on indexes, and faults for tests and simulations. Bind it to drivers only. */
export class VectorizeControl extends WorkerEntrypoint<StoreEnv> implements VectorizeControlApi {
  async createIndex(name: string, config: NewIndex): Promise<IndexDescription> {
    return this.#store(name).create(name, config);
  }

  async deleteIndex(name: string): Promise<void> {
    try {
      await this.#store(name).remove(name);
    } finally {
      // A name whose index went away the last time, or was never created, is struck off too.
      if ((await this.#store(name).getIndex(name)) === null) await catalogOf(this.env).remove(name);
    }
  }

  async getIndex(name: string): Promise<IndexDescription | null> {
    return this.#store(name).getIndex(name);
  }

  async listIndexes(): Promise<IndexDescription[]> {
    const names = await catalogOf(this.env).list();
    const found = await Promise.all(names.map((name) => this.getIndex(name)));
    return found.filter((index) => index !== null);
  }

  async createMetadataIndex(
    name: string,
    propertyName: string,
    indexType: MetadataIndex["indexType"],
  ): Promise<Mutation> {
    return this.#store(name).createMetadataIndex(name, { propertyName, indexType });
  }

  async deleteMetadataIndex(name: string, propertyName: string): Promise<Mutation> {
    return this.#store(name).deleteMetadataIndex(name, propertyName);
  }

  async listMetadataIndexes(name: string): Promise<MetadataIndex[]> {
    return this.#store(name).listMetadataIndexes(name);
  }

  async pause(name: string): Promise<void> {
    await this.#store(name).pause();
  }

  async resume(name: string): Promise<void> {
    await this.#store(name).resume();
  }

  async dropNext(name: string, count: number): Promise<void> {
    await this.#store(name).dropNext(count);
  }

  async failNext(name: string, failure: PlannedFailure): Promise<void> {
    await this.#store(name).failNext(failure);
  }

  async advance(name: string, ms: number): Promise<void> {
    await this.#store(name).advance(ms);
  }

  async loseVectors(name: string, ids: string[]): Promise<void> {
    await this.#store(name).loseVectors(ids);
  }

  async inspect(name: string): Promise<Inspection> {
    return this.#store(name).inspect();
  }

  async listIds(name: string, cursor: string | null = null): Promise<IdPage> {
    return this.#store(name).listIds(cursor);
  }

  #store(name: string): VectorizeStore {
    return this.env.STORE.getByName(name);
  }
}
