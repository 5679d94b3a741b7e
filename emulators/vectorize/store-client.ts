import type { VectorizeControlApi } from "./control-api.ts";
import { toFloat32, toNumbers } from "./float-values.ts";
import { catalogOf, type StoreEnv, type VectorizeStore } from "./store.ts";
import type { IndexDescription, IndexProps, VectorIndex } from "./types.ts";
import { packVectors } from "./vector-batch.ts";

/** An index as a binding sees it, on the stores of this Worker. */
export function indexOn(env: StoreEnv, props: IndexProps): VectorIndex {
  const store = (): VectorizeStore => {
    if (typeof props?.name === "string") return env.STORE.getByName(props.name);
    throw new Error('this binding names no index: give it the props { "name": "<index>" }');
  };
  return {
    describe: async () => store().describe(props),
    query: async (vector, options) => store().query(props, toFloat32(vector) ?? vector, options),
    queryById: async (vectorId, options) => store().queryById(props, vectorId, options),
    insert: async (vectors) => store().write(props, "insert", packVectors("VECTOR_INSERT", vectors)),
    upsert: async (vectors) => store().write(props, "upsert", packVectors("VECTOR_UPSERT", vectors)),
    getByIds: async (ids) => {
      const packed = await store().readByIds(props, ids);
      return packed.map((vector) => ({ ...vector, values: toNumbers(vector.values) }));
    },
    deleteByIds: async (ids) => store().deleteByIds(props, ids),
  };
}

/** Commands and switches on the stores of this Worker. */
export function controlOn(env: StoreEnv): VectorizeControlApi {
  const store = (name: string): VectorizeStore => env.STORE.getByName(name);
  const getIndex = async (name: string): Promise<IndexDescription | null> => store(name).getIndex(name);
  return {
    createIndex: async (name, config) => store(name).create(name, config),
    deleteIndex: async (name) => {
      try {
        await store(name).remove(name);
      } finally {
        // A name whose index went away the last time, or was never created, is struck off too.
        if ((await getIndex(name)) === null) await catalogOf(env).remove(name);
      }
    },
    getIndex,
    listIndexes: async () => {
      const found = await Promise.all((await catalogOf(env).list()).map(getIndex));
      return found.filter((index) => index !== null);
    },
    createMetadataIndex: async (name, propertyName, indexType) =>
      store(name).createMetadataIndex(name, { propertyName, indexType }),
    deleteMetadataIndex: async (name, propertyName) => store(name).deleteMetadataIndex(name, propertyName),
    listMetadataIndexes: async (name) => store(name).listMetadataIndexes(name),
    listVectors: async (name, options = {}) => store(name).listVectors(name, options),
    pause: async (name) => store(name).pause(),
    resume: async (name) => store(name).resume(),
    dropNext: async (name, count) => store(name).dropNext(count),
    failNext: async (name, failure) => store(name).failNext(failure),
    advance: async (name, ms) => store(name).advance(ms),
    loseVectors: async (name, ids) => store(name).loseVectors(ids),
    inspect: async (name) => store(name).inspect(),
    listIds: async (name, cursor = null) => store(name).listIds(cursor),
  };
}
