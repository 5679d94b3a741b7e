/**
 * When a paged listing proves something. The source lists newest first, by offset, without a snapshot: rows come and go
 * between two requests. So pages overlap, must join, and only a listing that joined all the way to its end counts.
 * Source: protocols 3.
 */
import { LIST_OVERLAP_ROWS, LIST_PAGE_ROWS_MAX, LIST_REPLY_BYTES_TARGET } from "./policy.ts";

/** Where a listing stands between two pages. */
export type ListCursor = {
  readonly skip: number;
  /** Rows to ask for. */
  readonly rows: number;
  /** Place of the last row of the page before; null before the first page. */
  readonly lastPlace: string | null;
  /** Whether the page before was shorter than asked for: an empty one after it is the end. */
  readonly afterShort: boolean;
  /** How far the last failed join stepped back, in rows. */
  readonly backRows: number;
  /** The page is asked for whole, though a large meeting is expected on it: too much of it is new. */
  readonly whole?: boolean;
  /** Places are compared by their 5-minute floor, because a page was out of order by the exact moment. */
  readonly floored: boolean;
};

export type PageVerdict =
  | {
      readonly state: "joined";
      readonly next: ListCursor | null;
      readonly endReason: "older_than_floor" | "empty_page" | "same_end" | null;
    }
  | { readonly state: "step_back"; readonly next: ListCursor }
  | { readonly state: "disordered" };

export const LIST_START: ListCursor = {
  skip: 0,
  rows: LIST_PAGE_ROWS_MAX,
  lastPlace: null,
  afterShort: false,
  backRows: 0,
  floored: false,
};

/** Fewest rows of a page of whole transcripts: one more than the overlap, or the listing would not move on. */
export const LIST_ROWS_MIN = LIST_OVERLAP_ROWS + 1;

const FLOOR_MS = 5 * 60_000;

/** A place rounded down to 5 minutes, as the source rounds its own `date` field. Unreadable places stay as they are. */
function flooredPlace(place: string): string {
  const ms = Date.parse(place);
  return Number.isNaN(ms) ? place : new Date(ms - (ms % FLOOR_MS)).toISOString();
}

function isNewestFirst(places: readonly string[]): boolean {
  return places.every((place, index) => index === 0 || place <= places[index - 1]!);
}

/** A row without a usable moment takes its neighbour's place: one broken row must not make a listing prove nothing. */
function withNeighbours(places: readonly string[]): string[] {
  let last = places.find((place) => place !== "") ?? "";
  return places.map((place) => (last = place === "" ? last : place));
}

/** Places of a page as they are compared: exact, or by their 5-minute floor once a page was out of order. Pure. */
function comparablePlaces(
  isFloored: boolean,
  places: readonly string[],
): { readonly floored: boolean; readonly compared: readonly string[] } {
  const exact = withNeighbours(places);
  const floored = isFloored || !isNewestFirst(exact);
  return { floored, compared: floored ? exact.map(flooredPlace) : exact };
}

/** A slice of the listing: places from `from` on, less `to`. ISO 8601. */
export type Cover = { readonly from: string; readonly to: string };

/**
 * What a page proves about places: every meeting visible when it was asked for whose place lies strictly between its last
 * and its first row is on it. Pure. Source: protocols 3.
 *
 * @returns null if it covers nothing
 */
export function coverOf(isFloored: boolean, places: readonly string[]): Cover | null {
  const { floored, compared } = comparablePlaces(isFloored, places);
  const [first, last] = [compared[0] ?? "", compared.at(-1) ?? ""];
  const lastMs = Date.parse(last);
  if (Number.isNaN(lastMs) || Number.isNaN(Date.parse(first)) || first <= last) return null;
  return { from: new Date(lastMs + (floored ? FLOOR_MS : 1)).toISOString(), to: first };
}

/**
 * Judge one page of a listing.
 *
 * @param cursor where the page was asked for
 * @param rowsAsked rows asked for, which may be fewer than the cursor's after failures
 * @param places exact moments of the rows, ISO 8601, in the order of the page; "" where a row has none
 * @param floorPlace the listing ends at the first row older than this; null: the whole history
 * @returns whether the page joins the one before, and where to go on; `next` null is the proven end
 *
 * Pure. A page that does not join is asked for again further back, twice as far each time; it never starts over. Where
 * more rows share one moment than a page can step over, nothing can be proven: disordered.
 */
export function judgePage(
  cursor: ListCursor,
  rowsAsked: number,
  places: readonly string[],
  floorPlace: string | null,
): PageVerdict {
  const { floored, compared } = comparablePlaces(cursor.floored, places);
  const at = (place: string): string => (floored ? flooredPlace(place) : place);
  if (!isNewestFirst(compared)) return { state: "disordered" };
  if (compared.length === 0) return judgeEmpty({ ...cursor, floored });

  const [first, lastPlace] = [compared[0]!, compared.at(-1)!];
  const last = cursor.lastPlace === null ? null : at(cursor.lastPlace);
  const short = places.length < rowsAsked;
  // After a short page one that is short again and goes no further back says what an empty one says. Where rows keep coming
  // in above, none is ever empty.
  const endsThere = cursor.afterShort && short && last !== null && lastPlace >= last;
  if (endsThere) return { state: "joined", next: null, endReason: "same_end" };
  const joins = cursor.skip === 0 || last === null || first > last;
  if (!joins) return { state: "step_back", next: steppedBack({ ...cursor, floored }) };

  if (floorPlace !== null && lastPlace < at(floorPlace)) {
    return { state: "joined", next: null, endReason: "older_than_floor" };
  }
  const isTied = cursor.backRows > 0 && lastPlace === last && !short;
  if (isTied && rowsAsked >= LIST_PAGE_ROWS_MAX) return { state: "disordered" };
  if (isTied)
    return { state: "step_back", next: { ...cursor, rows: Math.min(LIST_PAGE_ROWS_MAX, rowsAsked * 2) } };
  const skip = cursor.skip + places.length - (short ? 0 : LIST_OVERLAP_ROWS);
  return {
    state: "joined",
    next: { skip, rows: cursor.rows, lastPlace, afterShort: short, backRows: 0, floored },
    endReason: null,
  };
}

/**
 * An empty page ends the history after a short one, as a short one does that goes no further back. At the very start it
 * is asked for twice, because one glitch would otherwise pass for an empty workspace for ever; after a full page, rows
 * have gone and we step back.
 */
function judgeEmpty(cursor: ListCursor): PageVerdict {
  if (cursor.afterShort) return { state: "joined", next: null, endReason: "empty_page" };
  if (cursor.skip === 0) return { state: "step_back", next: { ...cursor, afterShort: true } };
  return { state: "step_back", next: steppedBack(cursor) };
}

function steppedBack(cursor: ListCursor): ListCursor {
  const backRows = Math.max(2 * LIST_OVERLAP_ROWS, 2 * cursor.backRows);
  return { ...cursor, skip: Math.max(0, cursor.skip - backRows), backRows, afterShort: false };
}

/**
 * Rows to ask for next, so that the reply stays under the target size. Grows back after a small page.
 *
 * @param replyBytes size of the last reply
 * @param replyRows rows in it
 */
export function nextPageRows(replyBytes: number, replyRows: number): number {
  if (replyRows === 0) return LIST_PAGE_ROWS_MAX;
  const fitting = Math.floor(LIST_REPLY_BYTES_TARGET / Math.max(1, replyBytes / replyRows));
  return Math.min(LIST_PAGE_ROWS_MAX, Math.max(LIST_ROWS_MIN, fitting));
}
