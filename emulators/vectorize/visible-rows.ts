import type { Sql, SqlRow } from "./sql.ts";

/** Visible vectors as they are scanned, values side by side; `gone[n] === 1` marks one that was deleted since. */
export interface RowBlock {
  rows: number[];
  ids: string[];
  namespaces: (string | null)[];
  indexedMetadata: (string | null)[];
  norms: Float64Array;
  values: Float32Array;
  gone: Uint8Array;
}

/** Vectors per block: 2 MB of values at 1,024 dimensions. */
const BLOCK_ROWS = 512;

/** The memory copy is dropped and read anew once this share of its rows is gone. */
const GONE_SHARE_MAX = 0.25;

const SELECT_BLOCK = `SELECT row, id, namespace, indexed_metadata, norm, float32 FROM vectors
  WHERE row > ? AND mutation_seq <= ? ORDER BY row LIMIT ${BLOCK_ROWS}`;

/**
 * All visible vectors, block by block, the first `cacheBytesMax` of them kept in memory.
 *
 * Rows are numbered in the order of their mutations and become visible in that order, so a full block stays
 * right for ever but for rows deleted later, which are marked. What does not fit is read from SQLite at every
 * scan: memory stays bounded by the cache and one block.
 */
export class VisibleRows {
  readonly #sql: Sql;
  readonly #dimensions: number;
  readonly #cacheBlocksMax: number;
  #cached: RowBlock[] = [];
  #goneCount = 0;
  /** The block after the last full one, as it was at a watermark. */
  #tail: { after: number; seqMax: number; block: RowBlock } | undefined;

  constructor(sql: Sql, dimensions: number, cacheBytesMax: number) {
    this.#sql = sql;
    this.#dimensions = dimensions;
    this.#cacheBlocksMax = Math.floor(cacheBytesMax / (BLOCK_ROWS * dimensions * 4));
  }

  /** Mark rows as gone. */
  forget(rows: readonly number[]): void {
    if (rows.length > 0) this.#tail = undefined;
    for (const row of rows) this.#forgetOne(row);
    if (this.#goneCount > this.#cached.length * BLOCK_ROWS * GONE_SHARE_MAX) this.forgetAll();
  }

  /** Drop the memory copy: the stored rows have changed. */
  forgetAll(): void {
    this.#cached = [];
    this.#goneCount = 0;
    this.#tail = undefined;
  }

  /** Every block with visible vectors; `seqMax` is the watermark. */
  *blocks(seqMax: number): Generator<RowBlock> {
    yield* this.#cached;
    let after = lastRowOf(this.#cached.at(-1));
    for (;;) {
      const block = this.#read(after, seqMax);
      yield block;
      if (block.rows.length < BLOCK_ROWS) return;
      after = lastRowOf(block);
    }
  }

  #read(after: number, seqMax: number): RowBlock {
    if (this.#tail?.after === after && this.#tail.seqMax === seqMax) return this.#tail.block;
    const block = this.#readStored(after, seqMax);
    if (block.rows.length < BLOCK_ROWS) this.#tail = { after, seqMax, block };
    else if (this.#cached.length < this.#cacheBlocksMax) this.#cached.push(block);
    return block;
  }

  #readStored(after: number, seqMax: number): RowBlock {
    const found = this.#sql.exec(SELECT_BLOCK, after, seqMax);
    const block: RowBlock = {
      rows: found.map((row) => Number(row["row"])),
      ids: found.map((row) => String(row["id"])),
      namespaces: found.map((row) => textOrNull(row, "namespace")),
      indexedMetadata: found.map((row) => textOrNull(row, "indexed_metadata")),
      norms: Float64Array.from(found, (row) => Number(row["norm"])),
      values: new Float32Array(found.length * this.#dimensions),
      gone: new Uint8Array(found.length),
    };
    for (const [slot, row] of found.entries()) {
      block.values.set(new Float32Array(row["float32"] as ArrayBuffer), slot * this.#dimensions);
    }
    return block;
  }

  #forgetOne(row: number): void {
    const block = this.#cached[firstWhere(this.#cached.length, (n) => lastRowOf(this.#cached[n]) >= row)];
    if (block === undefined) return;
    const slot = firstWhere(block.rows.length, (n) => (block.rows[n] ?? 0) >= row);
    if (block.rows[slot] !== row) return;
    block.gone[slot] = 1;
    this.#goneCount += 1;
  }
}

/** Smallest n below `count` for which `holds`, which must stay true once true; `count` when there is none. */
function firstWhere(count: number, holds: (n: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function lastRowOf(block: RowBlock | undefined): number {
  return block?.rows.at(-1) ?? 0;
}

function textOrNull(row: SqlRow, column: string): string | null {
  const value = row[column] ?? null;
  return value === null ? null : String(value);
}
