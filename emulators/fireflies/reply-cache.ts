import type { FieldError } from "./projection.ts";

/** The finished JSON of one meeting under one selection. */
type FinishedMeeting = { bytes: Uint8Array; errors: FieldError[] };

/** Bytes of finished JSON kept in memory; beyond it the least recently used go. A whole large workspace. */
const CACHE_BYTES_MAX = 128 * 1024 * 1024;

/** Keeps finished meetings, so that asking again for the newest page costs no parsing. */
export type ReplyCache = { get(key: string, make: () => FinishedMeeting): FinishedMeeting };

export function createReplyCache(bytesMax = CACHE_BYTES_MAX): ReplyCache {
  const kept = new Map<string, FinishedMeeting>();
  let bytesKept = 0;
  return {
    get(key, make) {
      const found = kept.get(key);
      const entry = found ?? make();
      if (found) kept.delete(key);
      else bytesKept += entry.bytes.byteLength;
      kept.set(key, entry);
      for (const [oldest, { bytes }] of kept) {
        if (bytesKept <= bytesMax) break;
        kept.delete(oldest);
        bytesKept -= bytes.byteLength;
      }
      return entry;
    },
  };
}
