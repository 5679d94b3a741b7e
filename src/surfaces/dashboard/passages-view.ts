import type { SearchReply } from "../../queries/search.ts";
import { byId, setText } from "./dom.ts";
import type { Formats } from "./formats.ts";
import { hitElement, type Around } from "./hit-view.ts";
import { withPage, type PagedHit } from "./merge.ts";

/** The passages that are shown, and the lines around them. */
export type PassagesView = {
  /** Hide everything: nothing is asked. */
  hide(): void;
  /** Say that an answer is awaited; what is shown stays until it comes. */
  awaitPage(): void;
  /** Show a page: instead of what was shown if it is the first (`cursor` null), else below it. */
  add(reply: SearchReply, cursor: string | null): void;
  /** Say why there is no answer. */
  explain(sentence: string, cursor: string | null): void;
};

/**
 * Show passages in the section of index.html.
 *
 * @param around fetches what was said around a passage
 * @param wantMore asks for the page that follows
 */
export function createPassagesView(
  formats: Formats,
  around: (paged: PagedHit) => Promise<Around>,
  wantMore: () => void,
): PassagesView {
  const section = byId("results", HTMLElement);
  const summary = byId("results-summary", HTMLElement);
  const notes = byId("results-notes", HTMLElement);
  const problem = byId("results-problem", HTMLElement);
  const list = byId("hits", HTMLOListElement);
  const more = byId("hits-more", HTMLButtonElement);
  let hits: readonly PagedHit[] = [];
  more.addEventListener("click", wantMore);

  const clear = (): void => {
    hits = [];
    list.replaceChildren();
    more.hidden = true;
    for (const line of [summary, notes, problem]) setText(line, "");
  };
  return {
    hide: () => {
      section.hidden = true;
      section.removeAttribute("aria-busy");
      clear();
    },
    awaitPage: () => {
      section.hidden = false;
      section.setAttribute("aria-busy", "true");
      if (hits.length === 0) setText(summary, "Searching.");
    },
    add: (reply, cursor) => {
      const before = cursor === null ? [] : hits;
      if (cursor === null) list.replaceChildren();
      hits = withPage(before, reply, cursor);
      const fresh = hits
        .slice(before.length)
        .map((paged) => hitElement(paged.hit, formats, () => around(paged)));
      list.append(...fresh);
      setText(problem, "");
      setText(summary, summaryOf(hits.length, reply.cursor !== null, formats));
      setText(notes, reply.notes.map((note) => `Note: ${note}.`).join(" "));
      more.hidden = reply.cursor === null;
      section.removeAttribute("aria-busy");
      // Whoever reads on by keyboard begins at the first passage that is new; the button may be gone.
      if (cursor !== null) fresh[0]?.querySelector<HTMLElement>("a, button")?.focus({ preventScroll: true });
    },
    explain: (sentence, cursor) => {
      if (cursor === null) clear();
      setText(summary, "");
      setText(problem, sentence);
      section.removeAttribute("aria-busy");
    },
  };
}

function summaryOf(shown: number, hasMore: boolean, { counted }: Formats): string {
  if (shown === 0) return "Nothing was found: try other words, or fewer filters.";
  return hasMore ? `The best ${counted(shown, "passage")}` : `${counted(shown, "passage")}, best first`;
}
