/** A search as it stands in the address of the page, so that it can be linked and gone back to. Pure. */

/** What a person asks; empty where nothing was said. Names are those of the address and of the API. */
export type SearchState = Readonly<Record<Field, string>>;

const FIELDS = ["q", "from", "to", "speaker", "participant"] as const;
type Field = (typeof FIELDS)[number];

/** Everything but the question. */
const FILTERS = ["from", "to", "speaker", "participant"] as const satisfies readonly Field[];

/** Read a search from the query of an address, with or without the question mark. */
export function readSearch(query: string): SearchState {
  const given = new URLSearchParams(query);
  return searchOf((field) => given.get(field) ?? "");
}

/** A search from whatever holds its fields. */
export function searchOf(valueOf: (field: Field) => string): SearchState {
  return Object.fromEntries(FIELDS.map((field) => [field, valueOf(field).trim()])) as SearchState;
}

/** The query of a search's address: empty, or a question mark and what was said. */
export function searchQuery(state: SearchState): string {
  const text = new URLSearchParams(parametersOf(state)).toString();
  return text === "" ? "" : `?${text}`;
}

/** What the API is asked: only what was said. */
export function parametersOf(state: SearchState): Record<string, string> {
  return Object.fromEntries(
    FIELDS.filter((field) => state[field] !== "").map((field) => [field, state[field]]),
  );
}

/** The filters in words, for the line that folds them away; empty if there are none. */
export function filterWords(state: SearchState): string {
  return FILTERS.filter((field) => state[field] !== "")
    .map((field) => `${field} ${state[field]}`)
    .join(", ");
}
