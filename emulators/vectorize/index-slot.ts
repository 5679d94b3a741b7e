import { COMMAND_CODES, commandError, missingIndexText, vectorizeError, type Operation } from "./errors.ts";
import { IndexControls } from "./index-controls.ts";
import { VectorIndexCore, type IndexWorld } from "./index-core.ts";
import { checkNewIndex, IndexDefinition } from "./index-definition.ts";
import { createSchema, readState, writeState } from "./sql.ts";
import type {
  IndexDescription,
  IndexProps,
  IndexShape,
  ListOptions,
  MetadataIndex,
  Mutation,
  NewIndex,
  VectorPage,
} from "./types.ts";

/**
 * The place of one index name: the index, once there is one, and the switches of tests, which work before that too.
 *
 * Everything is in the SQLite it was given; a new slot on the same data goes on where the old one stopped.
 */
export class IndexSlot {
  readonly #world: IndexWorld;
  readonly #definition: IndexDefinition;
  readonly #switches: IndexControls;
  #core: VectorIndexCore | undefined;
  /** The binding whose delay, clock and scoring are in force, and the same as JSON. */
  #use: IndexProps = { name: "" };
  #useKey = "";

  constructor(world: IndexWorld) {
    createSchema(world.sql);
    this.#world = world;
    this.#definition = new IndexDefinition(world.sql);
    this.#takeUpEarlierVersion();
    this.#switches = new IndexControls(world.sql);
  }

  /**
   * The index as a binding uses it; created first if it is missing and the binding says what it is.
   *
   * Throws code 3000 or 3005 as an error of `operation` where there is no index, and a sentence where it has another
   * shape than the binding says.
   */
  bound(props: IndexProps, operation: Operation): VectorIndexCore {
    const key = JSON.stringify(props);
    if (this.#core !== undefined && this.#useKey === key) return this.#core;
    const wanted = shapeOf(props);
    if (wanted !== null && this.#definition.shape() === null) this.create(props.name, wanted);
    if (wanted !== null) this.#definition.holdTo(wanted);
    const shape = this.#definition.shape();
    if (shape === null) {
      const { code, text } = this.#missing(props.name);
      throw vectorizeError(operation, code, text);
    }
    const core = this.#opened(shape, props);
    writeState(this.#world.sql, "props", key);
    return core;
  }

  /** Whether `bound` would create the index; refuses what cannot be created. */
  willCreate(props: IndexProps): boolean {
    if (this.#core !== undefined) return false;
    const wanted = shapeOf(props);
    if (wanted === null || this.#definition.shape() !== null) return false;
    checkNewIndex(props.name, wanted);
    return true;
  }

  /** The index as it was bound last; undefined where there is none. */
  core(): VectorIndexCore | undefined {
    const shape = this.#definition.shape();
    if (shape === null) return undefined;
    if (this.#core !== undefined) return this.#core;
    const key = readState<string | null>(this.#world.sql, "props", null);
    // The name of an index that was never bound is of no consequence here.
    return this.#opened(shape, key === null ? { name: "" } : (JSON.parse(key) as IndexProps));
  }

  /** The switches, those of the index if there is one. */
  get controls(): IndexControls {
    return this.core()?.controls ?? this.#switches;
  }

  create(name: string, config: NewIndex): IndexDescription {
    this.#definition.create(name, config, Math.trunc(this.#world.nowMs()));
    return this.#described(name);
  }

  describe(name: string): IndexDescription | null {
    return this.#definition.describe(name);
  }

  /** Refuses a name without an index: code 3000, or 3005 if there was one. */
  mustExist(name: string): VectorIndexCore {
    const core = this.core();
    if (core !== undefined) return core;
    const { code, text } = this.#missing(name);
    throw commandError(code, text);
  }

  /** To be called on the empty database that is left of a deleted index. */
  markDeleted(): void {
    this.#definition.markDeleted();
  }

  createMetadataIndex(name: string, index: MetadataIndex): Mutation {
    return this.mustExist(name).createMetadataIndex(index);
  }

  deleteMetadataIndex(name: string, propertyName: string): Mutation {
    return this.mustExist(name).deleteMetadataIndex(propertyName);
  }

  listVectors(name: string, options?: ListOptions): VectorPage {
    return this.mustExist(name).listVectors(options);
  }

  listMetadataIndexes(name: string): MetadataIndex[] {
    this.mustExist(name);
    return this.#definition.listMetadataIndexes();
  }

  /** What is in memory outlasts a change of bindings: two with different uses may take turns. */
  #opened(shape: IndexShape, props: IndexProps): VectorIndexCore {
    const { cacheBytesMax } = this.#use;
    this.#use = props;
    this.#useKey = JSON.stringify(props);
    const nowMs = (): number => this.#clockMs() + this.#switches.clockOffsetMs();
    if (props.metadataIndexes !== undefined) this.#definition.addDeclared(props.metadataIndexes, nowMs());
    if (this.#core !== undefined && cacheBytesMax === props.cacheBytesMax) this.#core.adopt(props);
    else this.#core = new VectorIndexCore(this.#definition, shape, props, { ...this.#world, nowMs });
    return this.#core;
  }

  #clockMs(): number {
    const plainMs = this.#world.nowMs();
    const { clock } = this.#use;
    return clock === undefined ? plainMs : clock.originMs + (plainMs - clock.originMs) * clock.speed;
  }

  /** An earlier version knew the metadata indexes only from the binding, which it kept. */
  #takeUpEarlierVersion(): void {
    const { sql } = this.#world;
    const key = readState<string | null>(sql, "props", null);
    if (key === null || readState<string | null>(sql, "metadata_indexes", null) !== null) return;
    const { metadataIndexes = {} } = JSON.parse(key) as IndexProps;
    this.#definition.addDeclared(metadataIndexes, 0);
  }

  #described(name: string): IndexDescription {
    const description = this.#definition.describe(name);
    if (description === null) throw new Error(`the index ${name} was not stored`);
    return description;
  }

  #missing(name: string): { code: number; text: string } {
    const wasDeleted = this.#definition.wasDeleted();
    const code = wasDeleted ? COMMAND_CODES.indexDeleted : COMMAND_CODES.indexNotFound;
    return { code, text: missingIndexText(name, wasDeleted) };
  }
}

/** The shape that a binding names; null if it names none. */
function shapeOf({ dimensions, metric }: IndexProps): IndexShape | null {
  if (dimensions === undefined && metric === undefined) return null;
  if (dimensions === undefined || metric === undefined) {
    throw new Error(
      "a binding names both dimensions and metric of its index, or neither: complete its props",
    );
  }
  return { dimensions, metric };
}
