import { concurrently } from "../core/concurrently.ts";
import { sha256Hex } from "../core/identity.ts";
import { EMBED_TEXTS_PER_CALL } from "../core/policy.ts";
import type { ChunkRow } from "../ports/record-store.ts";
import { fail, type StepScope } from "./durably.ts";
import type { Ports } from "../ports/ports.ts";

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
 * at a time, and kept there under a name that follows from their texts. So no text is ever paid for twice, whatever happens
 * to its vectors, and nothing large passes between steps.
 *
 * @throws FailureError of the embedder or of the raw store; a kept embedding that is damaged is made anew
 */
export async function embeddingsOf(
  ports: Ports,
  scope: StepScope,
  rows: readonly ChunkRow[],
): Promise<Map<string, PlacedEmbedding>> {
  const placed = await keptEmbeddings(ports, scope, rows);
  const byHash = new Map(rows.filter((row) => !placed.has(row.textHash)).map((row) => [row.textHash, row]));
  const missing = [...byHash.values()];
  const texts = missing.length === 0 ? NO_TEXTS : await ports.records.chunkTexts(missing.map(({ id }) => id));
  const batches = Array.from({ length: Math.ceil(missing.length / EMBED_TEXTS_PER_CALL) }, (_, n) =>
    missing.slice(n * EMBED_TEXTS_PER_CALL, (n + 1) * EMBED_TEXTS_PER_CALL),
  );
  await concurrently(batches, async (batch) => {
    const key = `embeddings/${await sha256Hex(batch.map((row) => row.textHash).join())}.f32`;
    // An attempt that failed or was cut off later may have kept them already.
    const kept = await scope.timed("read embeddings", () => ports.raw.getBytes(key));
    const made = kept?.byteLength !== batch.length * sizeBytesOf(ports);
    const vectors = kept === null || made ? await makeEmbeddings(ports, scope, { key, batch, texts }) : kept;
    for (const [index, row] of batch.entries()) {
      placed.set(row.textHash, { key, index, values: vectorIn(vectors, index, sizeBytesOf(ports)), made });
    }
  });
  return placed;
}

async function makeEmbeddings(
  ports: Ports,
  scope: StepScope,
  { key, batch, texts }: { key: string; batch: readonly ChunkRow[]; texts: ReadonlyMap<string, string> },
): Promise<Uint8Array<ArrayBuffer>> {
  const spoken = batch.map(
    ({ id }) =>
      texts.get(id) ?? fail({ kind: "defect", party: "engine", detail: "a chunk to embed has no text" }),
  );
  const vectors = concatenated(await scope.timed("embed", () => ports.embedder.embedDocuments(spoken)));
  await scope.timed("keep embeddings", () => ports.raw.putBytes(key, vectors));
  return vectors;
}

function sizeBytesOf(ports: Ports): number {
  return ports.embedder.dimensions * Float32Array.BYTES_PER_ELEMENT;
}

function vectorIn(
  bytes: Uint8Array<ArrayBuffer>,
  index: number,
  sizeBytes: number,
): Float32Array<ArrayBuffer> {
  return new Float32Array(bytes.slice(index * sizeBytes, (index + 1) * sizeBytes).buffer);
}

const NO_TEXTS: ReadonlyMap<string, string> = new Map();

/** Where embeddings lie: as the rows themselves say, else as other chunks with the same text do. */
async function placesOf(
  ports: Ports,
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
  ports: Ports,
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

function concatenated(vectors: readonly Float32Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const length = vectors.reduce((sum, vector) => sum + vector.length, 0);
  const all = new Float32Array(length);
  let offset = 0;
  for (const vector of vectors) {
    all.set(vector, offset);
    offset += vector.length;
  }
  return new Uint8Array(all.buffer);
}
