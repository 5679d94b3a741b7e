import {
  SEARCH_LIMIT_DEFAULT,
  SEARCH_LIMIT_MAX,
  SEARCH_OFFSET_MAX,
  SEARCH_QUERY_CHARS_MAX,
} from "../policy.ts";
import { sha256Hex } from "../identity.ts";

/** What narrows a search; every filter that is given must hold. Days are ISO 8601, both ends included. */
export type SearchFilter = {
  readonly from: string | null;
  readonly to: string | null;
  /** A name or an address of somebody who took part, or its beginning. */
  readonly participant: string | null;
  /** Somebody who speaks in the passage, or the beginning of one of the names. */
  readonly speaker: string | null;
  /** Id of a meeting. */
  readonly meeting: string | null;
};

export type SearchRequest = {
  readonly question: string;
  readonly filter: SearchFilter;
  readonly limit: number;
  /** How many passages to leave out from the start. */
  readonly offset: number;
  /** Whether the passages before and after each hit are wanted. */
  readonly context: boolean;
};

/** Names of the parameters, as a person writes them. */
const PARAMETERS = [
  "q",
  "limit",
  "cursor",
  "from",
  "to",
  "participant",
  "speaker",
  "meeting",
  "context",
] as const;
type Parameter = (typeof PARAMETERS)[number];

/**
 * Read a search from the parameters of a request.
 *
 * @returns the search, or one sentence that says what is wrong and what to write instead
 */
export async function parseSearchRequest(
  given: ReadonlyMap<string, string>,
): Promise<SearchRequest | { readonly error: string }> {
  const unknown = [...given.keys()].find((name) => !PARAMETERS.includes(name as Parameter));
  if (unknown !== undefined) {
    return { error: `there is no search parameter "${shown(unknown)}"; there are ${PARAMETERS.join(", ")}` };
  }
  const value = (name: Parameter): string | null => {
    const text = given.get(name)?.trim() ?? "";
    return text === "" ? null : text;
  };
  const question = value("q");
  if (question === null) return { error: "q is empty: write what to look for" };
  if (question.length > SEARCH_QUERY_CHARS_MAX) {
    return { error: `q has ${question.length} characters; write at most ${SEARCH_QUERY_CHARS_MAX}` };
  }
  const limit = value("limit") === null ? SEARCH_LIMIT_DEFAULT : Number(value("limit"));
  if (!Number.isInteger(limit) || limit < 1 || limit > SEARCH_LIMIT_MAX) {
    return { error: `limit must be a whole number from 1 to ${SEARCH_LIMIT_MAX}` };
  }
  const context = value("context") ?? "0";
  if (!["0", "1", "true", "false"].includes(context)) return { error: "context must be 1 or 0" };
  const [from, to] = [value("from"), value("to")];
  for (const [name, day] of [
    ["from", from],
    ["to", to],
  ] as const) {
    if (day !== null && !isDay(day)) return { error: `${name} must be a day such as 2026-05-31` };
  }
  if (from !== null && to !== null && from > to)
    return { error: "from is later than to: nothing lies between" };
  const filter = {
    from,
    to,
    participant: value("participant"),
    speaker: value("speaker"),
    meeting: value("meeting"),
  };
  const cursor = value("cursor");
  const offset = cursor === null ? 0 : await offsetIn(cursor, { question, filter });
  if (offset === null) {
    return { error: "the cursor does not belong to this search: leave it out to begin at the first page" };
  }
  return { question, filter, limit, offset, context: context === "1" || context === "true" };
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** What a person wrote, short enough for a sentence. */
function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

type Asked = Pick<SearchRequest, "question" | "filter">;

/** Where the next page of a search begins, as text that only this search takes. */
export async function cursorOf(asked: Asked, offset: number): Promise<string> {
  return `${await fingerprint(asked)}-${offset}`;
}

async function offsetIn(cursor: string, asked: Asked): Promise<number | null> {
  const [, of, offset] = /^([0-9a-f]{16})-(\d{1,6})$/.exec(cursor) ?? [];
  if (of === undefined || offset === undefined || of !== (await fingerprint(asked))) return null;
  return Number(offset) <= SEARCH_OFFSET_MAX ? Number(offset) : null;
}

async function fingerprint({ question, filter }: Asked): Promise<string> {
  const { from, to, participant, speaker, meeting } = filter;
  const text = JSON.stringify([question, from, to, participant, speaker, meeting]);
  return (await sha256Hex(text)).slice(0, 16);
}
