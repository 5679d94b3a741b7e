import { concurrently } from "../core/concurrently.ts";
import { sha256Hex } from "../core/identity.ts";
import { EMBED_TEXTS_PER_CALL } from "../core/policy.ts";
import type { ChunkRow } from "../ports/record-store.ts";
import { fail, type StepScope } from "./durably.ts";
import type { Ports } from "../ports/ports.ts";

/** What embeddings are made and kept by. */
type EmbeddingPorts = Pick<Ports, "raw" | "records" | "embedder">;

/** Where an embedding lies in the raw store, and its values. */
export type PlacedEmbedding = {
  readonly key: string;
  readonly index: number;
  readonly values: Float32Array<ArrayBuffer>;
  /** True if it was made just now. */
  readonly made: boolean;
};

/**
 * The embeddings of chunks by text hash: those made before are read from the raw store, the others are made, a few batches
 * at a time, and kept there in one object whose name follows from their texts. So no text is ever paid for twice, whatever
 * happens to its vectors, and nothing large passes between steps.
 *
 * @param rows as many as one step sends, so that the object stays small
 * @throws FailureError of the embedder or of the raw store; a kept embedding that is damaged is made anew
 */
export async function embeddingsOf(
  ports: EmbeddingPorts,
  scope: StepScope,
  rows: readonly ChunkRow[],
): Promise<Map<string, PlacedEmbedding>> {
  const placed = await keptEmbeddings(ports, scope, rows);
  const byHash = new Map(rows.filter((row) => !placed.has(row.textHash)).map((row) => [row.textHash, row]));
  const missing = [...byHash.values()];
  if (missing.length === 0) return placed;
  const key = `embeddings/${await sha256Hex(missing.map((row) => row.textHash).join())}.f32`;
  const sizeBytes = sizeBytesOf(ports);
  const bytes =
    (await earlierEmbeddings(ports, scope, { key, length: missing.length * sizeBytes })) ??
    holes(missing.length * ports.embedder.dimensions);
  const todo = missing
    .map((row, index) => ({ row, index }))
    .filter(({ index }) => isHole(bytes, index * sizeBytes));
  if (todo.length > 0) await makeEmbeddings(ports, scope, { key, bytes, todo });
  const made = new Set(todo.map(({ index }) => index));
  for (const [index, row] of missing.entries()) {
    placed.set(row.textHash, {
      key,
      index,
      values: vectorIn(bytes, index, sizeBytes),
      made: made.has(index),
    });
  }
  return placed;
}

type Todo = { readonly row: ChunkRow; readonly index: number };

/** Fill holes. What was made is kept even if the model fails on the rest. */
async function makeEmbeddings(
  ports: EmbeddingPorts,
  scope: StepScope,
  { key, bytes, todo }: { key: string; bytes: Uint8Array<ArrayBuffer>; todo: readonly Todo[] },
): Promise<void> {
  const texts = await ports.records.chunkTexts(todo.map(({ row }) => row.id));
  const vectors = new Float32Array(bytes.buffer);
  const batches = Array.from({ length: Math.ceil(todo.length / EMBED_TEXTS_PER_CALL) }, (_, n) =>
    todo.slice(n * EMBED_TEXTS_PER_CALL, (n + 1) * EMBED_TEXTS_PER_CALL),
  );
  let some = false;
  try {
    await concurrently(batches, async (batch) => {
      const spoken = batch.map(
        ({ row }) =>
          texts.get(row.id) ??
          fail({ kind: "defect", party: "engine", detail: "a chunk to embed has no text" }),
      );
      const made = await scope.timed("embed", () => ports.embedder.embedDocuments(spoken));
      some = true;
      for (const [n, { index }] of batch.entries()) {
        const values = made[n];
        if (values !== undefined) vectors.set(values, index * ports.embedder.dimensions);
      }
    });
  } catch (error) {
    if (some) await scope.timed("keep embeddings", () => ports.raw.putBytes(partOf(key), bytes));
    throw error;
  }
  await scope.timed("keep embeddings", () => ports.raw.putBytes(key, bytes));
}

/**
 * What an attempt that failed or was cut off later has kept: all of them, or those it came to. Each has a name of its
 * own, so that an unfinished object that arrives late never replaces a whole one.
 */
async function earlierEmbeddings(
  ports: EmbeddingPorts,
  scope: StepScope,
  { key, length }: { key: string; length: number },
): Promise<Uint8Array<ArrayBuffer> | null> {
  for (const name of [key, partOf(key)]) {
    const kept = await scope.timed("read embeddings", () => ports.raw.getBytes(name));
    if (kept?.byteLength === length) return kept;
  }
  return null;
}

function partOf(key: string): string {
  return `${key}.part`;
}

/** Room for embeddings that are still to be made: no model gives a vector that begins with NaN. */
function holes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Float32Array(length).fill(Number.NaN).buffer);
}

function isHole(bytes: Uint8Array<ArrayBuffer>, offset: number): boolean {
  return Number.isNaN(new Float32Array(bytes.buffer, bytes.byteOffset + offset, 1)[0]);
}

function sizeBytesOf(ports: EmbeddingPorts): number {
  return ports.embedder.dimensions * Float32Array.BYTES_PER_ELEMENT;
}

function vectorIn(
  bytes: Uint8Array<ArrayBuffer>,
  index: number,
  sizeBytes: number,
): Float32Array<ArrayBuffer> {
  return new Float32Array(bytes.slice(index * sizeBytes, (index + 1) * sizeBytes).buffer);
}

/** Where embeddings lie: as the rows themselves say, else as other chunks with the same text do. */
async function placesOf(
  ports: EmbeddingPorts,
  rows: readonly ChunkRow[],
): Promise<Map<string, { key: string; index: number }>> {
  const places = new Map<string, { key: string; index: number }>();
  for (const { textHash, embeddingKey, embeddingIndex } of rows) {
    if (embeddingKey === null || embeddingIndex === null) continue;
    places.set(textHash, { key: embeddingKey, index: embeddingIndex });
  }
  const others = [...new Set(rows.map((row) => row.textHash))].filter((hash) => !places.has(hash));
  if (others.length === 0) return places;
  return new Map([...places, ...(await ports.records.embeddings(others))]);
}

async function keptEmbeddings(
  ports: EmbeddingPorts,
  scope: StepScope,
  rows: readonly ChunkRow[],
): Promise<Map<string, PlacedEmbedding>> {
  const places = await placesOf(ports, rows);
  const keys = [...new Set([...places.values()].map(({ key }) => key))];
  const read = (key: string): Promise<Uint8Array<ArrayBuffer> | null> =>
    scope.timed("read embeddings", () => ports.raw.getBytes(key));
  const bytesOf = await concurrently(keys, read);
  const objects = new Map(keys.map((key, n) => [key, bytesOf[n]]));
  const placed = new Map<string, PlacedEmbedding>();
  const sizeBytes = sizeBytesOf(ports);
  for (const [hash, { key, index }] of places) {
    const object = objects.get(key) ?? null;
    if (object === null || object.byteLength < (index + 1) * sizeBytes) continue;
    placed.set(hash, { key, index, values: vectorIn(object, index, sizeBytes), made: false });
  }
  return placed;
}
