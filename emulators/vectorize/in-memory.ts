import { DatabaseSync } from "node:sqlite";
import type { IndexControls } from "./index-controls.ts";
import type { IdPage, IndexWorld } from "./index-core.ts";
import { IndexSlot } from "./index-slot.ts";
import { sqlOnNode } from "./node-sqlite.ts";
import type { FloatValues, IndexConfig, QueryOptions, Vector, VectorIndex } from "./types.ts";

export type InMemoryOptions = IndexConfig &
  Pick<IndexWorld, "nowMs" | "newMutationId"> & {
    /** Where the database lives; in memory when absent. Opening a file again continues it. */
    path?: string;
  };

/** An index inside this process: the binding, and what tests may do beside it. */
export interface InMemoryIndex extends VectorIndex {
  readonly controls: IndexControls;
  loseVectors(ids: readonly string[]): void;
  listIds(cursor?: string | null): IdPage;
  close(): void;
}

/**
 * Make one index in this Node process, for simulations that own clock and chance.
 *
 * @returns an object with the methods of the Vectorize binding; errors arrive as rejections
 */
export function createVectorizeInMemory(options: InMemoryOptions): InMemoryIndex {
  const { path, nowMs, newMutationId, ...config } = options;
  const database = new DatabaseSync(path ?? ":memory:");
  const slot = new IndexSlot({ sql: sqlOnNode(database), nowMs, newMutationId });
  const core = slot.bound({ ...config, name: "in-memory" }, "INDEX_GET");
  return {
    controls: core.controls,
    describe: async () => core.describe(),
    query: async (vector: FloatValues, query?: QueryOptions) => core.query(vector, query),
    queryById: async (vectorId: string, query?: QueryOptions) => core.queryById(vectorId, query),
    insert: async (vectors: Vector[]) => core.insert(vectors),
    upsert: async (vectors: Vector[]) => core.upsert(vectors),
    getByIds: async (ids: string[]) => core.getByIds(ids),
    deleteByIds: async (ids: string[]) => core.deleteByIds(ids),
    loseVectors: (ids: readonly string[]) => core.loseVectors(ids),
    listIds: (cursor?: string | null) => core.listIds(cursor),
    close: () => database.close(),
  };
}
