import type { Sql, SqlRow } from "./sql.ts";

/** Visible vectors as they are scanned; `gone[n] === 1` marks one that was deleted since. */
export interface RowBlock<Values> {
  rows: number[];
  ids: string[];
  namespaces: (string | null)[];
  indexedMetadata: (string | null)[];
  values: Values;
  gone: Uint8Array;
}

/** In which form the values of a block are kept. */
export interface Packing<Values> {
  bytesPerRow: number;
  /** @param found rows with `float32` and `norm` */
  pack(found: readonly SqlRow[]): Values;
}

/** Vectors per block: 2 MB of stored values at 1,024 dimensions. */
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
export class VisibleRows<Values> {
  readonly #sql: Sql;
  readonly #packing: Packing<Values>;
  readonly #cacheBlocksMax: number;
  #cached: RowBlock<Values>[] = [];
  #goneCount = 0;
  /** The block after the last full one, as it was at a watermark. */
  #tail: { after: number; seqMax: number; block: RowBlock<Values> } | undefined;

  constructor(sql: Sql, packing: Packing<Values>, cacheBytesMax: number) {
    this.#sql = sql;
    this.#packing = packing;
    this.#cacheBlocksMax = Math.floor(cacheBytesMax / (BLOCK_ROWS * packing.bytesPerRow));
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
  *blocks(seqMax: number): Generator<RowBlock<Values>> {
    yield* this.#cached;
    let after = lastRowOf(this.#cached.at(-1));
    for (;;) {
      const block = this.#read(after, seqMax);
      yield block;
      if (block.rows.length < BLOCK_ROWS) return;
      after = lastRowOf(block);
    }
  }

  #read(after: number, seqMax: number): RowBlock<Values> {
    if (this.#tail?.after === after && this.#tail.seqMax === seqMax) return this.#tail.block;
    const block = this.#readStored(after, seqMax);
    if (block.rows.length < BLOCK_ROWS) this.#tail = { after, seqMax, block };
    else if (this.#cached.length < this.#cacheBlocksMax) this.#cached.push(block);
    return block;
  }

  #readStored(after: number, seqMax: number): RowBlock<Values> {
    const found = this.#sql.exec(SELECT_BLOCK, after, seqMax);
    return {
      rows: found.map((row) => Number(row["row"])),
      ids: found.map((row) => String(row["id"])),
      namespaces: found.map((row) => textOrNull(row, "namespace")),
      indexedMetadata: found.map((row) => textOrNull(row, "indexed_metadata")),
      values: this.#packing.pack(found),
      gone: new Uint8Array(found.length),
    };
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

function lastRowOf(block: RowBlock<unknown> | undefined): number {
  return block?.rows.at(-1) ?? 0;
}

function textOrNull(row: SqlRow, column: string): string | null {
  const value = row[column] ?? null;
  return value === null ? null : String(value);
}
