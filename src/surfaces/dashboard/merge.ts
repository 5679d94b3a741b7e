/** How what came joins what is shown, so that nothing flickers and whoever reads or tabs is not disturbed. Pure. */
import type { SnippetPart } from "../../core/search/snippet.ts";
import type { SearchHit, SearchReply } from "../../queries/search.ts";

/** What turns one order of keys into another. */
export type Placement = {
  readonly remove: readonly string[];
  /** In this order; `before` is already in its place, null is the end. */
  readonly place: readonly { readonly key: string; readonly before: string | null }[];
};

/**
 * The moves that make a list show the wanted keys in their order. What need not move is not touched: an element that is
 * moved loses its focus, even if it comes back to where it was.
 */
export function placementOf(current: readonly string[], wanted: readonly string[]): Placement {
  const staying = current.filter((key) => wanted.includes(key));
  const place: { key: string; before: string | null }[] = [];
  let before: string | null = null;
  for (const key of wanted.toReversed()) {
    if (staying.at(-1) === key) staying.pop();
    else {
      place.push({ key, before });
      const moved = staying.indexOf(key);
      if (moved >= 0) staying.splice(moved, 1);
    }
    before = key;
  }
  return { remove: current.filter((key) => !wanted.includes(key)), place };
}

/** A passage, and the cursor that the page it came on was asked with: null for the first. */
export type PagedHit = { readonly hit: SearchHit; readonly cursor: string | null };

/**
 * Add a page of passages to those that are shown. What was indexed meanwhile may push a passage onto the next page; it is
 * not shown twice.
 */
export function withPage(
  before: readonly PagedHit[],
  reply: Pick<SearchReply, "items">,
  cursor: string | null,
): PagedHit[] {
  const shown = new Set(before.map(({ hit }) => hit.chunk));
  return [...before, ...reply.items.filter((hit) => !shown.has(hit.chunk)).map((hit) => ({ hit, cursor }))];
}

/** The turns of a passage, each on a line of its own, with the parts that are to be highlighted. */
export function linesOf(parts: SearchHit["snippet"]): SearchHit["snippet"][] {
  const lines: SnippetPart[][] = [[]];
  for (const { text, isMatch } of parts) {
    for (const [place, piece] of text.split("\n").entries()) {
      if (place > 0) lines.push([]);
      if (piece !== "") lines.at(-1)?.push({ text: piece, isMatch });
    }
  }
  return lines.filter((line) => line.length > 0);
}
