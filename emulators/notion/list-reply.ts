import { createHash } from "node:crypto";
import { z } from "zod";
import { ApiFailure, invalid } from "./api-errors.ts";
import type { ApiCall } from "./api-call.ts";
import { PAGE_SIZE_MAX } from "./limits.ts";

export const pageSizeSchema = z.number().int().min(1).max(PAGE_SIZE_MAX);

/** A hash of what a cursor belongs to. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

/** An opaque cursor that only fits what it was made for. */
export function makeCursor(belongsTo: string, position: unknown): string {
  const text = JSON.stringify(position);
  return Buffer.from(`${hashOf(`${belongsTo}/${text}`)}${text}`).toString("base64url");
}

/** The position in a cursor. @throws ApiFailure if it was made for something else, or by somebody else */
export function readCursor(belongsTo: string, cursor: string): unknown {
  const whole = Buffer.from(cursor, "base64url").toString();
  const text = whole.slice(16);
  if (hashOf(`${belongsTo}/${text}`) !== whole.slice(0, 16)) {
    throw new ApiFailure("validation_error", `The start_cursor provided is invalid: ${cursor.slice(0, 60)}`);
  }
  return JSON.parse(text);
}

/** One page of a list that is there as a whole, by `page_size` and `start_cursor` of the query string. */
export function pageOfList<T>(
  all: readonly T[],
  belongsTo: string,
  { pageSize, cursor }: { pageSize: number; cursor: string | null },
): { results: T[]; has_more: boolean; next_cursor: string | null } {
  const from = cursor === null ? 0 : (readCursor(belongsTo, cursor) as number);
  const results = all.slice(from, from + pageSize);
  const hasMore = from + pageSize < all.length;
  return { results, has_more: hasMore, next_cursor: hasMore ? makeCursor(belongsTo, from + pageSize) : null };
}

/** The paging parameters of a GET. */
export function pagingOf(call: ApiCall): { pageSize: number; cursor: string | null } {
  const size = call.query.find(([name]) => name === "page_size")?.[1];
  const parsed = size === undefined ? PAGE_SIZE_MAX : pageSizeSchema.safeParse(Number(size)).data;
  if (parsed === undefined)
    throw invalid("query.page_size", `a whole number from 1 to ${PAGE_SIZE_MAX}`, size);
  return { pageSize: parsed, cursor: call.query.find(([name]) => name === "start_cursor")?.[1] ?? null };
}

/** Refuse parameters in the query string that the endpoint does not know. */
export function checkQuery(call: ApiCall, allowed: readonly string[]): void {
  const foreign = call.query.find(([name]) => !allowed.includes(name.replace(/\[\]$/, "")));
  if (foreign) throw invalid(`query.${foreign[0]}`, "not present", foreign[1]);
}
