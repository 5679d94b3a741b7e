import { Buffer } from "node:buffer";
import { R2_LIMITS } from "./r2-conditions.ts";
import { r2Error } from "./r2-errors.ts";

/** How a listing is asked for. */
export interface ListRequest {
  limit?: number;
  prefix?: string;
  cursor?: string;
  delimiter?: string;
  startAfter?: string;
  include?: readonly string[];
}

/** One page: keys, shared prefixes, and where the next page starts (null at the end). */
export interface ListPage {
  keys: string[];
  delimitedPrefixes: string[];
  cursor: string | null;
}

/**
 * Order keys as R2 does: by their UTF-8 bytes.
 *
 * @returns a negative number, zero or a positive number
 */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * Cut one page out of the sorted keys.
 *
 * @param sortedKeys all keys of the bucket in `compareKeys` order
 * @param request what was asked for; objects and prefixes together stay within `limit`
 * @param pageMax pages are no longer than this even if `limit` allows more, as production may do with `include`
 * @throws Error 10022 for a limit outside 1 to 1,000, 10029 for a cursor that no page gave out
 */
export function listPage(sortedKeys: readonly string[], request: ListRequest, pageMax: number): ListPage {
  const { limit = R2_LIMITS.listKeysMax, prefix = "", delimiter = "", cursor, startAfter } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > R2_LIMITS.listKeysMax) throw r2Error("list", 10022);
  const after = cursor === undefined || cursor === "" ? startAfter : decodeCursor(cursor);
  const candidates = sortedKeys.filter(
    (key) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0),
  );
  const page: ListPage = { keys: [], delimitedPrefixes: [], cursor: null };
  let previous = "";
  for (const key of candidates) {
    const shared = sharedPrefix(key, prefix, delimiter);
    // A prefix is one entry however many keys share it; the cursor steps over all of them.
    if (shared === null || shared !== page.delimitedPrefixes.at(-1)) {
      if (page.keys.length + page.delimitedPrefixes.length >= Math.min(limit, pageMax)) {
        return { ...page, cursor: encodeCursor(previous) };
      }
      if (shared === null) page.keys.push(key);
      else page.delimitedPrefixes.push(shared);
    }
    previous = key;
  }
  return page;
}

function sharedPrefix(key: string, prefix: string, delimiter: string): string | null {
  if (delimiter === "") return null;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? null : key.slice(0, at + delimiter.length);
}

const CURSOR_MARK = "after:";

function encodeCursor(key: string): string {
  return Buffer.from(CURSOR_MARK + key).toString("base64url");
}

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  if (!text.startsWith(CURSOR_MARK)) throw r2Error("list", 10029);
  return text.slice(CURSOR_MARK.length);
}
