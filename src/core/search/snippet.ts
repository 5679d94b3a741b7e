import type { Moment } from "../chunk.ts";
import { SEARCH_SNIPPET_CHARS } from "../policy.ts";

/** Stand around a word that matched, in what the full-text index gives back: control characters that nobody says. */
export const MARK = { open: "\u0002", close: "\u0003" } as const;

/** A part of a snippet; `isMatch` where it is to be highlighted. */
export type SnippetPart = { readonly text: string; readonly isMatch: boolean };

export type Snippet = {
  readonly parts: readonly SnippetPart[];
  /** Who begins to speak where the snippet begins, and when; null where the source does not say. */
  readonly speaker: string | null;
  readonly startSeconds: number | null;
};

type Span = readonly [start: number, end: number];

/**
 * The part of a chunk that answers best: whole sentences from the one on where most different matched words follow.
 *
 * @param marked the chunk's text with marks around the words that matched; without marks its beginning is shown
 * @param moments where its sentences begin; empty for chunks cut before this was recorded
 * @param speakers whom the moments refer to
 */
export function snippetOf(marked: string, moments: readonly Moment[], speakers: readonly string[]): Snippet {
  const { text, matches } = unmarked(marked);
  const begins: readonly Moment[] = moments.length > 0 ? moments : [[0, null, null]];
  const [at, startSeconds, speaker] = bestBeginning(text, matches, begins);
  const end = endOf(text, at, begins);
  const parts = [
    ...(at > 0 ? [{ text: "… ", isMatch: false }] : []),
    ...partsOf(text, matches, [at, end]),
    ...(end < text.length ? [{ text: " …", isMatch: false }] : []),
  ];
  return { parts, speaker: speaker === null ? null : (speakers[speaker] ?? null), startSeconds };
}

/** The sentence from which most different words follow; of those that come to the same, the one that holds the first. */
function bestBeginning(text: string, matches: readonly Span[], begins: readonly Moment[]): Moment {
  const counts = begins.map(([at]) => wordsWithin(text, matches, at));
  const best = begins[counts.indexOf(Math.max(...counts))]!;
  const firstMatch = matches.find(([start]) => start >= best[0])?.[0] ?? best[0];
  return begins.findLast(([at]) => at <= firstMatch)!;
}

/** A text without its marks, and the spans that they enclosed. */
function unmarked(marked: string): { text: string; matches: Span[] } {
  const [beginning = "", ...opened] = marked.split(MARK.open);
  let text = beginning.replaceAll(MARK.close, "");
  const matches: Span[] = [];
  for (const part of opened) {
    const [inside = "", ...outside] = part.split(MARK.close);
    if (outside.length > 0 && inside !== "") matches.push([text.length, text.length + inside.length]);
    text += inside + outside.join("");
  }
  return { text, matches };
}

/** How many different matched words a snippet would hold that begins here. */
function wordsWithin(text: string, matches: readonly Span[], from: number): number {
  const within = matches.filter(([start, end]) => start >= from && end <= from + SEARCH_SNIPPET_CHARS);
  return new Set(within.map(([start, end]) => text.slice(start, end).toLowerCase())).size;
}

/** The last end of a sentence that fits, else of a word, else the bound; never inside a character. */
function endOf(text: string, at: number, begins: readonly Moment[]): number {
  const limit = at + SEARCH_SNIPPET_CHARS;
  if (text.length <= limit) return text.length;
  const next = begins.findLast(([begin]) => begin > at && begin <= limit)?.[0];
  if (next !== undefined) return text.slice(0, next).trimEnd().length;
  const space = text.lastIndexOf(" ", limit);
  if (space > at) return space;
  return isLowSurrogate(text, limit) ? limit - 1 : limit;
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function partsOf(text: string, matches: readonly Span[], [from, to]: Span): SnippetPart[] {
  const parts: SnippetPart[] = [];
  let at = from;
  for (const [start, end] of matches) {
    if (start < at || end > to) continue;
    if (start > at) parts.push({ text: text.slice(at, start), isMatch: false });
    parts.push({ text: text.slice(start, end), isMatch: true });
    at = end;
  }
  if (at < to) parts.push({ text: text.slice(at, to), isMatch: false });
  return parts;
}
