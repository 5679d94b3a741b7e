import { WorkerEntrypoint } from "cloudflare:workers";
import type { VectorizeControlApi } from "./control-api.ts";
import type { Inspection, PlannedFailure } from "./index-controls.ts";
import type { IdPage } from "./index-core.ts";
import { answerRest } from "./rest-api.ts";
import { controlOn, indexOn } from "./store-client.ts";
import type { StoreEnv } from "./store.ts";
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
  StoredVector,
  Vector,
  VectorIndex as VectorIndexBinding,
  VectorPage,
} from "./types.ts";

export { VectorizeCatalog, VectorizeStore } from "./store.ts";

/** The HTTP API of production, for whoever calls this Worker by `fetch`. */
export default {
  fetch: (request: Request, env: StoreEnv): Promise<Response> =>
    answerRest(request, {
      commands: controlOn(env),
      bind: (name) => indexOn(env, { name }),
      upload: (name, upload) => env.STORE.getByName(name).upload({ name }, upload),
    }),
};

/** The binding: `env.VECTORS.query(...)` and its fellows, unchanged. The index's name comes from the binding's props. */
export class VectorizeIndex extends WorkerEntrypoint<StoreEnv, IndexProps> implements VectorIndexBinding {
  readonly #index = indexOn(this.env, this.ctx.props);

  async describe(): Promise<IndexInfo> {
    return this.#index.describe();
  }

  async query(vector: FloatValues, options?: QueryOptions): Promise<Matches> {
    return this.#index.query(vector, options);
  }

  async queryById(vectorId: string, options?: QueryOptions): Promise<Matches> {
    return this.#index.queryById(vectorId, options);
  }

  async insert(vectors: Vector[]): Promise<Mutation> {
    return this.#index.insert(vectors);
  }

  async upsert(vectors: Vector[]): Promise<Mutation> {
    return this.#index.upsert(vectors);
  }

  async getByIds(ids: string[]): Promise<StoredVector[]> {
    return this.#index.getByIds(ids);
  }

  async deleteByIds(ids: string[]): Promise<Mutation> {
    return this.#index.deleteByIds(ids);
  }
}

/** Commands on indexes, and faults for tests and simulations. Bind it to drivers only. */
export class VectorizeControl extends WorkerEntrypoint<StoreEnv> implements VectorizeControlApi {
  readonly #control = controlOn(this.env);

  async createIndex(name: string, config: NewIndex): Promise<IndexDescription> {
    return this.#control.createIndex(name, config);
  }

  async deleteIndex(name: string): Promise<void> {
    await this.#control.deleteIndex(name);
  }

  async getIndex(name: string): Promise<IndexDescription | null> {
    return this.#control.getIndex(name);
  }

  async listIndexes(): Promise<IndexDescription[]> {
    return this.#control.listIndexes();
  }

  async createMetadataIndex(
    name: string,
    propertyName: string,
    indexType: MetadataIndex["indexType"],
  ): Promise<Mutation> {
    return this.#control.createMetadataIndex(name, propertyName, indexType);
  }

  async deleteMetadataIndex(name: string, propertyName: string): Promise<Mutation> {
    return this.#control.deleteMetadataIndex(name, propertyName);
  }

  async listMetadataIndexes(name: string): Promise<MetadataIndex[]> {
    return this.#control.listMetadataIndexes(name);
  }

  async listVectors(name: string, options?: ListOptions): Promise<VectorPage> {
    return this.#control.listVectors(name, options);
  }

  async pause(name: string): Promise<void> {
    await this.#control.pause(name);
  }

  async resume(name: string): Promise<void> {
    await this.#control.resume(name);
  }

  async dropNext(name: string, count: number): Promise<void> {
    await this.#control.dropNext(name, count);
  }

  async failNext(name: string, failure: PlannedFailure): Promise<void> {
    await this.#control.failNext(name, failure);
  }

  async advance(name: string, ms: number): Promise<void> {
    await this.#control.advance(name, ms);
  }

  async loseVectors(name: string, ids: string[]): Promise<void> {
    await this.#control.loseVectors(name, ids);
  }

  async inspect(name: string): Promise<Inspection> {
    return this.#control.inspect(name);
  }

  async listIds(name: string, cursor?: string | null): Promise<IdPage> {
    return this.#control.listIds(name, cursor);
  }
}
