import { sha256Hex } from "../../core/identity.ts";
import type { Embedder } from "../../ports/vectors.ts";

/** Vectors of questions by model and question, the longest unused first. Shared by what runs in one process. */
export type QueryVectors = Map<string, Float32Array<ArrayBuffer>>;

/**
 * An embedder that asks only once for the vector of a question.
 *
 * @param remembered where the vectors are kept; hashes of questions, never their text, are its keys
 * @param entriesMax how many; the longest unused is forgotten first
 */
export function rememberingQueries(
  embedder: Embedder,
  remembered: QueryVectors,
  entriesMax: number,
): Embedder {
  return {
    ...embedder,
    embedQuery: async (text) => {
      const key = await sha256Hex(JSON.stringify([embedder.model, embedder.dimensions, text]));
      const vector = remembered.get(key) ?? (await embedder.embedQuery(text));
      // Set anew, so that it stands last.
      remembered.delete(key);
      remembered.set(key, vector);
      for (const oldest of remembered.keys()) {
        if (remembered.size <= entriesMax) break;
        remembered.delete(oldest);
      }
      return vector;
    },
  };
}
