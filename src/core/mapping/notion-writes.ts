/**
 * Plain values as Notion takes them in a write. Pure.
 *
 * Source: reference 2.6, 2.7, 3 (shapes), 4 (limits), 6.8 (text).
 */
import {
  NOTION_CONTACT_CHARACTERS_MAX,
  NOTION_LIST_ITEMS_MAX,
  NOTION_OPTION_CHARACTERS_MAX,
  NOTION_RUN_CHARACTERS_MAX,
  NOTION_RUNS_MAX,
  NOTION_URL_CHARACTERS_MAX,
} from "../limits.ts";
import { type DateSpan, isDay, normalDate } from "./notion-dates.ts";
import type { PlainValue } from "../records/plain-value.ts";
import { isSpan, typeName } from "./notion-values.ts";

/** What stands under the name of a type in the body of a write, or one sentence that says why nothing can. */
type Payload = { readonly payload: unknown } | { readonly problem: string };

/**
 * Body of a write for a property of this type, such as `{ number: 7 }`: the value of `properties[name]` in a request.
 *
 * Null, "" and [] empty the property; a checkbox becomes false. Text is cut into runs that never part a surrogate
 * pair. A date may be given as a text too.
 *
 * @returns the body, or one sentence that says why the value cannot be written; it holds nothing of the value. Not
 * writable: what Notion computes, files (the array would replace hosted ones, which cannot be given again), and an
 * empty status (Notion would put the default option in its place). Never throws.
 */
export function writeValue(
  type: string,
  value: PlainValue,
): { readonly body: unknown } | { readonly problem: string } {
  const writer = WRITERS.get(type);
  if (writer === undefined) return { problem: `A property of ${typeName(type)} cannot be written.` };
  const written = writer(value);
  return "problem" in written ? written : { body: { [type]: written.payload } };
}

const UNIT_HIGH = /[\uD800-\uDBFF]/;

/** Runs of at most 2000 UTF-16 units whose joined content is the text. */
function runsOf(
  text: string,
): readonly { readonly type: "text"; readonly text: { readonly content: string } }[] {
  const runs: { type: "text"; text: { content: string } }[] = [];
  for (let start = 0; start < text.length;) {
    const end = Math.min(start + NOTION_RUN_CHARACTERS_MAX, text.length);
    const cut = end < text.length && UNIT_HIGH.test(text.charAt(end - 1)) ? end - 1 : end;
    runs.push({ type: "text", text: { content: text.slice(start, cut) } });
    start = cut;
  }
  return runs;
}

function misfit(expected: string): { readonly problem: string } {
  return { problem: `The value must be ${expected}.` };
}

function writeText(value: PlainValue): Payload {
  if (value === null) return { payload: [] };
  if (typeof value !== "string") return misfit("text");
  if (!value.isWellFormed()) return { problem: "The text holds half of a character." };
  const runs = runsOf(value);
  if (runs.length > NOTION_RUNS_MAX)
    return {
      problem: `The text has ${value.length} characters; Notion takes ${NOTION_RUNS_MAX} runs of ${NOTION_RUN_CHARACTERS_MAX}.`,
    };
  return { payload: runs };
}

function writeNumber(value: PlainValue): Payload {
  if (value === null) return { payload: null };
  if (typeof value !== "number" || !Number.isFinite(value)) return misfit("a finite number");
  // JSON has no negative zero.
  return { payload: value === 0 ? 0 : value };
}

function writeCheckbox(value: PlainValue): Payload {
  if (value === null) return { payload: false };
  return typeof value === "boolean" ? { payload: value } : misfit("true or false");
}

/** @param what is written, for the sentence */
function shortText(charactersMax: number, what: string): (value: PlainValue) => Payload {
  return (value) => {
    if (value === null || value === "") return { payload: null };
    if (typeof value !== "string") return misfit("text");
    if (!value.isWellFormed()) return { problem: "The text holds half of a character." };
    if (value.length <= charactersMax) return { payload: value };
    return { problem: `The ${what} has ${value.length} characters; Notion takes ${charactersMax}.` };
  };
}

function problemOfOption(name: string): string | null {
  if (name === "") return "The name of an option is empty.";
  if (!name.isWellFormed()) return "The name of an option holds half of a character.";
  if (name.includes(",")) return "The name of an option holds a comma, which Notion does not take.";
  if (name.length <= NOTION_OPTION_CHARACTERS_MAX) return null;
  return `The name of an option has ${name.length} characters; Notion takes ${NOTION_OPTION_CHARACTERS_MAX}.`;
}

function writeSelect(value: PlainValue): Payload {
  if (value === null || value === "") return { payload: null };
  if (typeof value !== "string") return misfit("the name of one option");
  const problem = problemOfOption(value);
  return problem === null ? { payload: { name: value } } : { problem };
}

function writeStatus(value: PlainValue): Payload {
  if (value === null || value === "")
    return { problem: "A status cannot be emptied: Notion would put the default option in its place." };
  return writeSelect(value);
}

function listOf(value: PlainValue, what: string): readonly string[] | { readonly problem: string } {
  if (value === null || value === "") return [];
  if (!Array.isArray(value)) return misfit(`a list of ${what}`);
  const items = [...new Set(value as readonly string[])];
  if (items.length <= NOTION_LIST_ITEMS_MAX) return items;
  return {
    problem: `The list has ${items.length} entries; Notion takes ${NOTION_LIST_ITEMS_MAX} in one write.`,
  };
}

function writeMultiSelect(value: PlainValue): Payload {
  const names = listOf(value, "names of options");
  if ("problem" in names) return names;
  const problem = names.map(problemOfOption).find((found) => found !== null) ?? null;
  return problem === null ? { payload: names.map((name) => ({ name })) } : { problem };
}

const ID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

function writeReferences(value: PlainValue): Payload {
  const ids = listOf(value, "ids");
  if ("problem" in ids) return ids;
  return ids.every((id) => ID.test(id)) ? { payload: ids.map((id) => ({ id })) } : misfit("a list of ids");
}

function writeDate(value: PlainValue): Payload {
  if (value === null || value === "") return { payload: null };
  const span: DateSpan | null =
    typeof value === "string" ? { start: value, end: null } : isSpan(value) ? value : null;
  const start = span && normalDate(span.start, null);
  const end = span?.end ? normalDate(span.end, null) : null;
  if (!span || start === null || (span.end !== null && end === null))
    return misfit("an ISO 8601 date or a span of such dates");
  if (end === null) return { payload: { start, end } };
  if (isDay(start) !== isDay(end)) return { problem: "A span must not mix a day and a moment." };
  // Equal forms in UTC stand in the order of time.
  return start <= end ? { payload: { start, end } } : { problem: "The span ends before it starts." };
}

const WRITERS: ReadonlyMap<string, (value: PlainValue) => Payload> = new Map([
  ["title", writeText],
  ["rich_text", writeText],
  ["number", writeNumber],
  ["select", writeSelect],
  ["multi_select", writeMultiSelect],
  ["status", writeStatus],
  ["date", writeDate],
  ["people", writeReferences],
  ["relation", writeReferences],
  ["checkbox", writeCheckbox],
  ["url", shortText(NOTION_URL_CHARACTERS_MAX, "URL")],
  ["email", shortText(NOTION_CONTACT_CHARACTERS_MAX, "e-mail address")],
  ["phone_number", shortText(NOTION_CONTACT_CHARACTERS_MAX, "phone number")],
]);
