import { COMMAND_CODES, commandError, type Operation } from "./errors.ts";
import { VECTORIZE_LIMITS } from "./limits.ts";
import { unreadableBody } from "./metadata.ts";
import type { Vector } from "./types.ts";
import { packVectors, type VectorBatch } from "./vector-batch.ts";

/** What the HTTP API does with lines that are no vectors: refuse the upload, or leave them out. */
export type Unparsable = "error" | "discard";

/**
 * Pack an upload of the HTTP API: one vector as JSON a line, at most 5,000 of them and 100 MB.
 *
 * Refuses like the binding does, and with code 40023 for a line that is no JSON object unless told to discard it.
 */
export async function packUpload(
  operation: Operation,
  lines: ReadableStream<Uint8Array>,
  unparsable: Unparsable,
): Promise<VectorBatch> {
  const bytes = await new Response(lines).arrayBuffer();
  checkUploadSize(bytes.byteLength);
  const vectors: Vector[] = [];
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    if (line.trim() === "") continue;
    const vector = vectorIn(line);
    if (vector !== null) vectors.push(vector);
    else if (unparsable === "error") throw unreadableBody(operation);
  }
  return packVectors(operation, vectors, VECTORIZE_LIMITS.vectorsPerUploadMax);
}

/** Refuse an upload of more than 100 MB. */
export function checkUploadSize(sizeBytes: number): void {
  const bytesMax = VECTORIZE_LIMITS.uploadBytesMax;
  if (sizeBytes <= bytesMax) return;
  throw commandError(COMMAND_CODES.badCommand, `an upload has at most ${bytesMax} bytes, got ${sizeBytes}`);
}

function vectorIn(line: string): Vector | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Vector) : null;
  } catch {
    return null;
  }
}
