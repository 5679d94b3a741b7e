import { COMMAND_CODES, commandError } from "./errors.ts";
import { VECTORIZE_LIMITS } from "./limits.ts";
import { isMetadataPath } from "./metadata.ts";
import { readState, writeState, type Sql } from "./sql.ts";
import type {
  IndexDescription,
  IndexShape,
  MetadataIndex,
  MetadataIndexes,
  Metric,
  NewIndex,
} from "./types.ts";

const METRICS: readonly string[] = ["cosine", "euclidean", "dot-product"] satisfies Metric[];
const TYPES: readonly string[] = ["string", "number", "boolean"];

/**
 * What an index is, stored beside its vectors: shape, description and metadata indexes.
 *
 * `config` holds "<dimensions> dimensions, <metric>"; it is the mark of an index that exists.
 */
export class IndexDefinition {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Null where no index was created. */
  shape(): IndexShape | null {
    const stored = readState<string | null>(this.#sql, "config", null);
    const parts = stored === null ? null : /^(\d+) dimensions, (.+)$/.exec(stored);
    return parts === null ? null : { dimensions: Number(parts[1]), metric: parts[2] as Metric };
  }

  /** Whether an index of this name was deleted and none was created since. */
  wasDeleted(): boolean {
    return readState<number>(this.#sql, "deleted", 0) === 1;
  }

  markDeleted(): void {
    writeState(this.#sql, "deleted", 1);
  }

  /** Refuses bad names and shapes, and a name that is taken (code 3002). */
  create(name: string, { dimensions, metric, description = "" }: NewIndex, nowMs: number): void {
    checkNewIndex(name, { dimensions, metric, description });
    if (this.shape() !== null) {
      throw commandError(
        COMMAND_CODES.duplicateName,
        `vectorize.index.duplicate_name - Index name "${name}"`,
      );
    }
    this.#sql.transaction(() => {
      writeState(this.#sql, "config", shapeText({ dimensions, metric }));
      writeState(this.#sql, "description", description);
      writeState(this.#sql, "created_ms", nowMs);
      writeState(this.#sql, "modified_ms", nowMs);
      writeState(this.#sql, "deleted", 0);
    });
  }

  /** Refuse a binding whose dimensions or metric are not those of the index. */
  holdTo(wanted: IndexShape): void {
    const stored = this.shape();
    if (stored === null || shapeText(stored) === shapeText(wanted)) return;
    throw new Error(
      `this index was created with ${shapeText(stored)} and cannot become ${shapeText(wanted)}: give the new one another name`,
    );
  }

  describe(name: string): IndexDescription | null {
    const config = this.shape();
    if (config === null) return null;
    // Indexes of an earlier version have no times; they show the epoch.
    const timeOf = (key: string): string => new Date(readState<number>(this.#sql, key, 0)).toISOString();
    return {
      name,
      description: readState<string>(this.#sql, "description", ""),
      config,
      created_on: timeOf("created_ms"),
      modified_on: timeOf("modified_ms"),
    };
  }

  metadataIndexes(): MetadataIndexes {
    return JSON.parse(readState<string>(this.#sql, "metadata_indexes", "{}")) as MetadataIndexes;
  }

  listMetadataIndexes(): MetadataIndex[] {
    return Object.entries(this.metadataIndexes()).map(([propertyName, indexType]) => ({
      propertyName,
      indexType,
    }));
  }

  createMetadataIndex({ propertyName, indexType }: MetadataIndex, nowMs: number): void {
    const known = this.metadataIndexes();
    checkMetadataIndex({ propertyName, indexType }, known);
    this.#writeMetadataIndexes({ ...known, [propertyName]: indexType }, nowMs);
  }

  /** Refuses a property that has no metadata index. */
  deleteMetadataIndex(propertyName: string, nowMs: number): void {
    const known = this.metadataIndexes();
    if (!Object.hasOwn(known, propertyName))
      throw badCommand(`there is no metadata index on "${propertyName}"`);
    const { [propertyName]: _gone, ...left } = known;
    this.#writeMetadataIndexes(left, nowMs);
  }

  /**
   * Create the metadata indexes that a binding names and did not name before. One that was deleted by command stays
   * deleted, although the binding still names it.
   */
  addDeclared(declared: MetadataIndexes, nowMs: number): void {
    const text = readState<string>(this.#sql, "declared_metadata_indexes", "{}");
    const before = JSON.parse(text) as MetadataIndexes;
    const added = Object.entries(declared).filter(([property]) => !Object.hasOwn(before, property));
    if (added.length === 0) return;
    this.#sql.transaction(() => {
      for (const [propertyName, indexType] of added)
        this.createMetadataIndex({ propertyName, indexType }, nowMs);
      writeState(this.#sql, "declared_metadata_indexes", JSON.stringify({ ...before, ...declared }));
    });
  }

  #writeMetadataIndexes(indexes: MetadataIndexes, nowMs: number): void {
    writeState(this.#sql, "metadata_indexes", JSON.stringify(indexes));
    writeState(this.#sql, "modified_ms", nowMs);
  }
}

// Lower case, digits, dashes, a letter first: what users report of the service. Underscores pass there as well.
const NAME = /^[a-z][a-z0-9_-]*[a-z0-9]$/;

/** Refuse a bad name or shape. */
export function checkNewIndex(name: string, { dimensions, metric, description = "" }: NewIndex): void {
  checkName(name);
  checkShape({ dimensions, metric });
  if (typeof description !== "string") throw badCommand("description must be a text");
}

function checkName(name: string): void {
  const bytesMax = VECTORIZE_LIMITS.indexNameBytesMax;
  if (typeof name === "string" && NAME.test(name) && name.length <= bytesMax) return;
  const rule = `an index name has 2 to ${bytesMax} lower-case letters, digits, dashes and underscores, a letter first`;
  throw badCommand(`${rule}, got ${JSON.stringify(name)}`);
}

function checkShape({ dimensions, metric }: IndexShape): void {
  const dimensionsMax = VECTORIZE_LIMITS.dimensionsMax;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > dimensionsMax) {
    throw badCommand(`dimensions must be 1 to ${dimensionsMax}, got ${dimensions}`);
  }
  if (!METRICS.includes(metric))
    throw badCommand(`metric must be one of ${METRICS.join(", ")}, got ${metric}`);
}

function checkMetadataIndex({ propertyName, indexType }: MetadataIndex, known: MetadataIndexes): void {
  if (!TYPES.includes(indexType)) throw badCommand(`indexType must be one of ${TYPES.join(", ")}`);
  if (typeof propertyName !== "string" || !isMetadataPath(propertyName))
    throw badCommand(`${JSON.stringify(propertyName)} cannot be a metadata property`);
  const knownType = Object.hasOwn(known, propertyName) ? known[propertyName] : undefined;
  if (knownType !== undefined && knownType !== indexType) {
    throw badCommand(`the metadata index on "${propertyName}" is of type ${knownType}: delete it first`);
  }
  const countMax = VECTORIZE_LIMITS.metadataIndexesMax;
  if (knownType === undefined && Object.keys(known).length >= countMax) {
    throw badCommand(`an index has at most ${countMax} metadata indexes`);
  }
}

function shapeText({ dimensions, metric }: IndexShape): string {
  return `${dimensions} dimensions, ${metric}`;
}

function badCommand(problem: string): Error {
  return commandError(COMMAND_CODES.badCommand, problem);
}
