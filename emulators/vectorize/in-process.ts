import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { VectorizeControlApi } from "./control-api.ts";
import { tooManyIndexes, type Operation } from "./errors.ts";
import type { IndexWorld, VectorIndexCore } from "./index-core.ts";
import { checkNewIndex } from "./index-definition.ts";
import { IndexSlot } from "./index-slot.ts";
import { PLAN_LIMITS } from "./limits.ts";
import { sqlOnNode } from "./node-sqlite.ts";
import { answerRest, operationOf, type RestBackend } from "./rest-api.ts";
import type { IndexDescription, IndexProps, NewIndex, VectorIndex } from "./types.ts";
import { packUpload } from "./upload.ts";

/** What the indexes of this process stand on. */
export type InProcessOptions = Omit<IndexWorld, "sql"> & {
  /** A directory that exists, for one database per index; in memory when absent. Opening it again continues it. */
  folder?: string;
};

/** All of the stand-in inside this process. */
export interface InProcessVectorize {
  /** A binding, as `env.VECTORS` would be. */
  bind(props: IndexProps): VectorIndex;
  readonly control: VectorizeControlApi;
  /** The HTTP API. */
  fetch(request: Request): Promise<Response>;
  close(): void;
}

type Place = { slot: IndexSlot; database: DatabaseSync };

/**
 * Make indexes in this Node process that are created and deleted by command, for simulations that own clock and chance.
 */
export function createVectorizeInProcess(options: InProcessOptions): InProcessVectorize {
  const places = new Places(options);
  const control = controlOf(places);
  const backend: RestBackend = {
    commands: control,
    bind: (name) => bindingTo(places, { name }),
    upload: async (name, { kind, lines, unparsable }) => {
      const operation = operationOf(kind);
      const batch = await packUpload(operation, lines, unparsable);
      return places.bound({ name }, operation).acceptBatch(kind, batch);
    },
  };
  return {
    bind: (props) => bindingTo(places, props),
    control,
    fetch: (request) => answerRest(request, backend),
    close: () => places.close(),
  };
}

const ENDING = ".sqlite";

/** The slots by name, each on a database of its own. */
class Places {
  readonly #options: InProcessOptions;
  readonly #open = new Map<string, Place>();

  constructor(options: InProcessOptions) {
    this.#options = options;
  }

  /** The index of a binding; created first where the binding says what it is. */
  bound(props: IndexProps, operation: Operation): VectorIndexCore {
    const slot = this.slot(props.name);
    if (slot.willCreate(props)) this.#makeRoom();
    return slot.bound(props, operation);
  }

  create(name: string, config: NewIndex): IndexDescription {
    checkNewIndex(name, config);
    const slot = this.slot(name);
    if (slot.describe(name) === null) this.#makeRoom();
    return slot.create(name, config);
  }

  list(): IndexDescription[] {
    return this.#names()
      .map((name) => this.slot(name).describe(name))
      .filter((index) => index !== null);
  }

  slot(name: string): IndexSlot {
    const known = this.#open.get(name) ?? this.#opened(name);
    this.#open.set(name, known);
    return known.slot;
  }

  #names(): string[] {
    const { folder } = this.#options;
    const files = folder === undefined ? [] : readdirSync(folder).filter((file) => file.endsWith(ENDING));
    const stored = files.map((file) => decodeURIComponent(file.slice(0, -ENDING.length)));
    return [...new Set([...this.#open.keys(), ...stored])].toSorted();
  }

  remove(name: string): void {
    this.slot(name).mustExist(name);
    this.#open.get(name)?.database.close();
    this.#open.delete(name);
    const path = this.#pathOf(name);
    if (path !== null && existsSync(path)) rmSync(path);
    this.slot(name).markDeleted();
  }

  close(): void {
    for (const { database } of this.#open.values()) database.close();
    this.#open.clear();
  }

  #makeRoom(): void {
    const plan = this.#options.plan ?? "paid";
    if (this.list().length >= PLAN_LIMITS[plan].indexesMax) throw tooManyIndexes(plan);
  }

  #opened(name: string): Place {
    const { folder: _folder, ...world } = this.#options;
    const database = new DatabaseSync(this.#pathOf(name) ?? ":memory:");
    return { slot: new IndexSlot({ ...world, sql: sqlOnNode(database) }), database };
  }

  #pathOf(name: string): string | null {
    const { folder } = this.#options;
    return folder === undefined ? null : join(folder, `${encodeURIComponent(name)}${ENDING}`);
  }
}

function bindingTo(places: Places, props: IndexProps): VectorIndex {
  const core = (operation: Operation): VectorIndexCore => places.bound(props, operation);
  return {
    describe: async () => core("INDEX_GET").describe(),
    query: async (vector, query) => core("VECTOR_QUERY").query(vector, query),
    queryById: async (vectorId, query) => core("VECTOR_QUERY").queryById(vectorId, query),
    insert: async (vectors) => core("VECTOR_INSERT").insert(vectors),
    upsert: async (vectors) => core("VECTOR_UPSERT").upsert(vectors),
    getByIds: async (ids) => core("VECTOR_GET").getByIds(ids),
    deleteByIds: async (ids) => core("VECTOR_DELETE").deleteByIds(ids),
  };
}

function controlOf(places: Places): VectorizeControlApi {
  const slot = (name: string): IndexSlot => places.slot(name);
  return {
    createIndex: async (name, config) => places.create(name, config),
    deleteIndex: async (name) => places.remove(name),
    getIndex: async (name) => slot(name).describe(name),
    listIndexes: async () => places.list(),
    createMetadataIndex: async (name, propertyName, indexType) =>
      slot(name).createMetadataIndex(name, { propertyName, indexType }),
    deleteMetadataIndex: async (name, propertyName) => slot(name).deleteMetadataIndex(name, propertyName),
    listMetadataIndexes: async (name) => slot(name).listMetadataIndexes(name),
    listVectors: async (name, options) => slot(name).listVectors(name, options),
    pause: async (name) => slot(name).controls.pause(),
    resume: async (name) => slot(name).controls.resume(),
    dropNext: async (name, count) => slot(name).controls.dropNext(count),
    failNext: async (name, failure) => slot(name).controls.failNext(failure),
    advance: async (name, ms) => slot(name).controls.advance(ms),
    loseVectors: async (name, ids) => slot(name).core()?.loseVectors(ids),
    inspect: async (name) => slot(name).controls.inspect(),
    listIds: async (name, cursor) => slot(name).core()?.listIds(cursor) ?? { items: [], cursor: null },
  };
}
