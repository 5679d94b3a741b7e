import { ApiError, type ApiClient } from "../client.ts";
import { byId, setText } from "./dom.ts";
import type { Formats } from "./formats.ts";
import type { Around } from "./hit-view.ts";
import type { PagedHit } from "./merge.ts";
import { createPassagesView } from "./passages-view.ts";
import {
  filterWords,
  parametersOf,
  readSearch,
  searchOf,
  searchQuery,
  type SearchState,
} from "./search-state.ts";
import { failureWords } from "./sentences.ts";

/** What the search needs of the rest of the page. */
export type SearchDoors = {
  /** Null while nobody is signed in. */
  readonly client: () => ApiClient | null;
  /** Told of every failure; a refused token and a server that is gone are not the search's to explain. */
  readonly failed: (error: unknown) => void;
};

export type SearchView = {
  /** Show the search that stands in the address, anew. */
  fromAddress(): void;
  /** Ask once more if the last question had no answer because nobody answered. */
  retry(): void;
};

/** The search box with its filters, and the passages below it. The address says what is asked. */
export function createSearchView(formats: Formats, doors: SearchDoors): SearchView {
  const form = byId("search", HTMLFormElement);
  const filters = byId("filters", HTMLDetailsElement);
  const filtersSaid = byId("filters-said", HTMLElement);
  const field = (name: string): HTMLInputElement => byId(name === "q" ? "question" : name, HTMLInputElement);
  const answers = createAnswers(formats, doors);

  const show = (state: SearchState): void => {
    setText(filtersSaid, filterWords(state));
    answers.ask(state);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const state = searchOf((name) => field(name).value);
    if (searchQuery(state) !== searchQuery(readSearch(location.search)))
      history.pushState(null, "", `${location.pathname}${searchQuery(state)}`);
    show(state);
  });
  const fromAddress = (): void => {
    const state = readSearch(location.search);
    for (const [name, value] of Object.entries(state)) field(name).value = value;
    if (filterWords(state) !== "") filters.open = true;
    show(state);
  };
  addEventListener("popstate", fromAddress);
  return { fromAddress, retry: answers.retry };
}

type Answers = { ask(state: SearchState): void; retry(): void };

/** Asks the API, one question at a time: an answer to an earlier question is dropped. */
function createAnswers(formats: Formats, { client, failed }: SearchDoors): Answers {
  let asked: Record<string, string> = {};
  let next: string | null = null;
  let turn = 0;
  let unanswered: { cursor: string | null } | null = null;

  const around = async ({ hit, cursor }: PagedHit): Promise<Around> => {
    try {
      const page = { ...asked, ...(cursor !== null && { cursor }), context: "1" };
      const reply = await client()?.search(page);
      return reply?.items.find(({ chunk }) => chunk === hit.chunk) ?? null;
    } catch (error) {
      failed(error);
      throw new Error(`${failureWords(error)}.`, { cause: error });
    }
  };
  const passages = createPassagesView(formats, around, () => void fetchPage(next));
  const fetchPage = async (cursor: string | null): Promise<void> => {
    const api = client();
    if (api === null) return;
    const mine = ++turn;
    unanswered = null;
    passages.awaitPage();
    try {
      const reply = await api.search({ ...asked, ...(cursor !== null && { cursor }) });
      if (mine !== turn) return;
      next = reply.cursor;
      passages.add(reply, cursor);
    } catch (error) {
      if (mine !== turn) return;
      passages.explain(`${failureWords(error)}.`, cursor);
      if (!(error instanceof ApiError)) unanswered = { cursor };
      failed(error);
    }
  };
  return {
    ask: (state) => {
      asked = parametersOf(state);
      if (searchQuery(state) !== "") return void fetchPage(null);
      turn += 1;
      unanswered = null;
      passages.hide();
    },
    retry: () => {
      if (unanswered !== null) void fetchPage(unanswered.cursor);
    },
  };
}
