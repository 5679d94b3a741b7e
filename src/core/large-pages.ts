/**
 * Meetings that are more than comes together. A page that would hold such a one is asked for by ids alone, and what of it
 * must be read is asked for one by one. Pure. Source: protocols 3 (page size).
 */
import type { FailureKind } from "./errors.ts";
import {
  FAILED_RETRY_AFTER_MS,
  LIGHT_FETCHES_MAX,
  LIGHT_REREADS_MAX,
  LIGHT_REREAD_AFTER_MS,
  LIST_LIGHT_ROWS,
  LIST_PAGE_ROWS_MAX,
  LIST_REPLY_BYTES_MAX,
  LIST_REPLY_BYTES_TARGET,
} from "./policy.ts";
import { LIST_ROWS_MIN, type ListCursor } from "./reconcile.ts";
import { shrunkPageRows } from "./retry.ts";

/** Size of a meeting that was too large to be read at all. */
export const UNREADABLE_BYTES = LIST_REPLY_BYTES_MAX + 1;

/** From this size on a meeting is remembered: fewer bytes fit into the smallest page as often as it has rows. */
const LARGE_BYTES = LIST_REPLY_BYTES_TARGET / LIST_ROWS_MIN;

/** What the other rows of a page need besides its large ones. */
const LARGE_TOGETHER_BYTES_MAX = LIST_REPLY_BYTES_MAX - LIST_REPLY_BYTES_TARGET;

/** A large meeting, and where a listing meets it. */
export type LargeMeeting = {
  /** ISO 8601. */
  readonly place: string;
  /** Known meetings that the source lists before it. */
  readonly newer: number;
  readonly sizeBytes: number;
};

/** What is remembered of the size of a meeting that came alone: 0 if it is an ordinary one. */
export function largeBytes(sizeBytes: number): number {
  return sizeBytes > LARGE_BYTES ? sizeBytes : 0;
}

/** How a page is asked for: whole; or by ids, where `fetch` says whose content is asked for one by one. */
export type PageRequest =
  | { readonly rows: number; readonly light: false }
  | { readonly rows: number; readonly light: true; readonly fetch: "all" | "due" };

/**
 * How to ask for a page. Large meetings that are known are not run into again: their page comes by ids at once, or after
 * one whole page has failed where the source lists them elsewhere than expected. Else it grows smaller with each failure,
 * until it comes by ids.
 */
export function requestPage(
  cursor: ListCursor,
  failures: readonly FailureKind[],
  large: readonly LargeMeeting[],
): PageRequest {
  const shrunk = shrunkPageRows(cursor.rows, failures);
  if (shrunk < LIST_ROWS_MIN) return { rows: LIST_LIGHT_ROWS, light: true, fetch: "all" };
  const ahead = large.filter(({ place }) => cursor.lastPlace === null || place <= cursor.lastPlace);
  const here = ahead.filter(({ newer }) => newer >= cursor.skip && newer < cursor.skip + cursor.rows);
  const isMet = areTooLarge(here) || (shrunk < cursor.rows && areTooLarge(ahead));
  if (isMet && cursor.whole !== true) return { rows: LIST_PAGE_ROWS_MAX, light: true, fetch: "due" };
  return { rows: shrunk, light: false };
}

function areTooLarge(meetings: readonly LargeMeeting[]): boolean {
  return meetings.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > LARGE_TOGETHER_BYTES_MAX;
}

/** A row of a page of ids, and what is known of its meeting. */
export type LightRow = {
  readonly id: string;
  /** sha256 of the row. */
  readonly rowHash: string;
  readonly known:
    | {
        readonly state: "live" | "pending" | "quarantined" | "failed" | "deleted";
        /** World ms when it was last asked for by itself; null: never. */
        readonly aloneMs: number | null;
        readonly largeBytes: number;
        /** Empty if it is not known. */
        readonly rowHash: string;
      }
    | undefined;
};

/**
 * Which meetings of a page of ids to ask for one by one: all that are new, not ripe, or other than they were; failed ones a
 * day after they were last tried; and a few of those that were not read for a day, because an edit of what was said does
 * not show in the row.
 *
 * @param fetch "all" also asks for what is not due; what is too large to be read has to be due in any case
 * @returns their ids; null if they are so many that the page had better come whole
 */
export function chooseFetches(
  rows: readonly LightRow[],
  fetch: "all" | "due",
  nowMs: number,
): ReadonlySet<string> | null {
  const must = rows.filter((row) => (fetch === "all" ? !isLeftAlone(row, nowMs) : isDue(row, nowMs)));
  if (fetch === "due" && must.length > LIGHT_FETCHES_MAX) return null;
  const due = new Set(must.map(({ id }) => id));
  const unread = rows
    .filter((row) => !due.has(row.id) && row.known?.state !== "failed")
    .filter(({ known }) => nowMs - (known?.aloneMs ?? 0) >= LIGHT_REREAD_AFTER_MS)
    .toSorted((a, b) => (a.known?.aloneMs ?? 0) - (b.known?.aloneMs ?? 0))
    .slice(0, LIGHT_REREADS_MAX);
  return new Set([...due, ...unread.map(({ id }) => id)]);
}

function isDue(row: LightRow, nowMs: number): boolean {
  const { known, rowHash } = row;
  if (known === undefined || known.state === "pending" || known.state === "deleted") return true;
  if (known.rowHash !== "" && known.rowHash !== rowHash) return true;
  return known.state === "failed" && !isLeftAlone(row, nowMs);
}

/** It failed or was unreadable by itself, and nothing about it has changed since. */
function isLeftAlone({ known, rowHash }: LightRow, nowMs: number): boolean {
  if (known === undefined || known.aloneMs === null) return false;
  const couldNotBeRead = known.state === "failed" || known.largeBytes >= UNREADABLE_BYTES;
  const isSame = known.rowHash === "" || known.rowHash === rowHash;
  return couldNotBeRead && isSame && nowMs - known.aloneMs < FAILED_RETRY_AFTER_MS;
}

/** A kill or two in the middle of a step say nothing of what it worked on. */
const UNSUSPICIOUS_INTERRUPTIONS = 2;

/**
 * Which of a step's items to leave out after the program has ended in its middle again and again: the largest, one more
 * with each end. What ends a program is more than its memory holds, and the others must come.
 */
export function suspectsOf<T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  interruptions: number,
): ReadonlySet<T> {
  const count = Math.max(0, interruptions - UNSUSPICIOUS_INTERRUPTIONS);
  return new Set(items.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, count));
}
