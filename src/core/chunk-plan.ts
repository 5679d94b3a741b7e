import type { Chunk } from "./chunk.ts";
import { embeddingKey, vectorId } from "./identity.ts";

/** A chunk in the ledger, as far as planning needs it. */
export type LedgerChunk = {
  readonly id: string;
  readonly textHash: string;
  readonly repetition: number;
  readonly generation: number;
  readonly model: string;
  readonly metadata: Readonly<Record<string, string | number>>;
  readonly state: "planned" | "sent" | "live" | "dead" | "gone";
};

/** A chunk that a document wants now. `state` is that of the ledger row it keeps, or planned. */
export type PlannedChunk = Chunk & {
  readonly id: string;
  readonly documentId: string;
  readonly textHash: string;
  readonly repetition: number;
  readonly generation: number;
  readonly model: string;
  readonly metadata: Readonly<Record<string, string | number>>;
  readonly state: "planned" | "sent" | "live";
};

/**
 * Metadata indexes that the vector index must have before the first vector comes: a vector is indexed when it is written,
 * and a property without an index passes no filter. Source: Cloudflare docs, Vectorize metadata filtering.
 */
export const METADATA_INDEXES = { document: "string", day: "number" } as const;

/** What travels with each vector of a document: enough to filter by before the ledger is joined. */
export function vectorMetadata(document: {
  id: string;
  date: string;
}): Readonly<Record<string, string | number>> {
  return { document: document.id, day: Number(document.date.replaceAll("-", "")) };
}

/**
 * Which vectors a document wants, and which ledger rows it no longer wants.
 *
 * A chunk keeps the id of a row with the same text, repetition and metadata if that id was never given up. Ids are
 * single-use: text that comes back after its id was given up gets the next generation (protocols 6).
 */
export async function planDocument(
  document: { documentId: string; model: string; metadata: Readonly<Record<string, string | number>> },
  chunks: readonly Chunk[],
  ledger: readonly LedgerChunk[],
): Promise<{ rows: PlannedChunk[]; leftovers: string[] }> {
  const same = Map.groupBy(ledger, (row) => sameness(row.textHash, row.repetition, row.metadata));
  const repeated = new Map<string, number>();
  const rows: PlannedChunk[] = [];
  for (const chunk of chunks) {
    const textHash = await embeddingKey(document.model, chunk.text);
    const repetition = repeated.get(textHash) ?? 0;
    repeated.set(textHash, repetition + 1);
    const before = same.get(sameness(textHash, repetition, document.metadata)) ?? [];
    const kept = before.find((row) => row.state !== "dead" && row.state !== "gone");
    const generation =
      kept?.generation ?? before.reduce((next, row) => Math.max(next, row.generation + 1), 0);
    const id = kept?.id ?? (await vectorId({ ...document, text: chunk.text, repetition, generation }));
    const state = kept === undefined ? "planned" : (kept.state as PlannedChunk["state"]);
    rows.push({ ...chunk, ...document, id, textHash, repetition, generation, state });
  }
  const wanted = new Set(rows.map((row) => row.id));
  const leftovers = ledger.filter(
    (row) => row.state !== "dead" && row.state !== "gone" && !wanted.has(row.id),
  );
  return { rows, leftovers: leftovers.map((row) => row.id) };
}

function sameness(
  textHash: string,
  repetition: number,
  metadata: Readonly<Record<string, string | number>>,
): string {
  const sorted = Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([textHash, repetition, sorted]);
}
