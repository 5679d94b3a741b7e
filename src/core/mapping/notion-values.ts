/**
 * Values of Notion properties as plain values; the way back is in notion-writes.ts. Pure.
 *
 * Source: reference 2.5, 2.6, 3 (shapes), 4 (limits), 6.8 (text).
 */
import { NOTION_REFERENCES_SHOWN_MAX } from "../limits.ts";
import type { PlainValue, ReadValue } from "../records/plain-value.ts";
import { type DateSpan, normalDate } from "./notion-dates.ts";

type Read = Extract<ReadValue, { readonly value: PlainValue }>;

/** One sentence that says why a value cannot be read; it holds nothing of the value. */
type Unreadable = Extract<ReadValue, { readonly unreadable: string }>;

type Json = Readonly<Record<string, unknown>>;

/** Understands the part of a property under the name of its type; undefined if that has an unexpected shape. */
type Reader = (payload: unknown, hasMore: unknown) => Read | Unreadable | undefined;

/**
 * Read `properties[name]` of a page object.
 *
 * - text: the plain text of all runs, formatting and links left out; empty text is null
 * - select and status: the name of the option; multi_select: their names
 * - date: a day stays `YYYY-MM-DD`, a moment becomes an instant in UTC
 * - people, relation, created_by, last_edited_by: ids, since names are not always given
 * - files: their names, with the URL of external ones; hosted URLs change on every read
 * - unique_id: `PREFIX-12` or `12`; verification: its state; button: always null
 * - formula and rollup: the value that they show; a rollup's list is flattened into texts
 *
 * @param property anything; a list carries `has_more` if its whole length is known: with false it counts as complete
 * @returns the value, or one sentence that says why there is none. Never throws.
 */
export function readValue(property: unknown): ReadValue {
  if (!isObject(property) || typeof property["type"] !== "string")
    return { unreadable: "The property has no type." };
  const type = property["type"];
  const reader = READERS.get(type);
  if (reader === undefined) return { unreadable: `Values of ${typeName(type)} cannot be read.` };
  return (
    reader(property[type], property["has_more"]) ?? {
      unreadable: `The value of ${typeName(type)} has an unexpected shape.`,
    }
  );
}

/** Whether a value is a date or a span of dates. */
export function isSpan(value: PlainValue): value is DateSpan {
  return typeof value === "object" && value !== null && "start" in value;
}

/** Joined text of rich text runs; what is no run adds nothing. Never throws. */
export function plainText(runs: unknown): string {
  if (!Array.isArray(runs)) return "";
  return runs.map((run: unknown) => (isObject(run) ? textOfRun(run) : "")).join("");
}

/** A type in the words of a sentence. One that does not look like a name may be content, and is not repeated. */
export function typeName(type: string): string {
  return /^[a-z][a-z_]{0,39}$/.test(type) ? `type ${type}` : "an unknown type";
}

function textOfRun(run: Json): string {
  if (typeof run["plain_text"] === "string") return run["plain_text"];
  const text = isObject(run["text"]) ? run["text"]["content"] : null;
  return typeof text === "string" ? text : "";
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectsIn(value: unknown): readonly Json[] | undefined {
  return Array.isArray(value) && value.every(isObject) ? value : undefined;
}

function whole(value: PlainValue | undefined): Read | undefined {
  return value === undefined ? undefined : { value, truncated: false };
}

/** Notion tells of a cut only for relations; elsewhere as many items as are shown at most may be a part. */
function isCut(itemsCount: number, hasMore: unknown): boolean {
  return typeof hasMore === "boolean" ? hasMore : itemsCount >= NOTION_REFERENCES_SHOWN_MAX;
}

const readText: Reader = (payload, hasMore) => {
  const runs = objectsIn(payload);
  if (runs === undefined) return undefined;
  const mentionsCount = runs.filter((run) => run["type"] === "mention").length;
  return { value: plainText(runs) || null, truncated: isCut(mentionsCount, hasMore) };
};

const readString: Reader = (payload) => {
  if (payload === null) return whole(null);
  return typeof payload === "string" ? whole(payload || null) : undefined;
};

const readNumber: Reader = (payload) => {
  if (payload === null) return whole(null);
  return typeof payload === "number" && Number.isFinite(payload) ? whole(payload) : undefined;
};

const readBoolean: Reader = (payload) =>
  payload === null || typeof payload === "boolean" ? whole(payload) : undefined;

/** The text under one key of an object, such as the name of an option or the id of a user. */
function readKey(key: string): Reader {
  return (payload) => {
    if (payload === null) return whole(null);
    const text = isObject(payload) ? payload[key] : undefined;
    return typeof text === "string" ? whole(text) : undefined;
  };
}

function textsUnder(key: string, payload: unknown): readonly string[] | undefined {
  const texts = objectsIn(payload)?.map((item) => item[key]);
  return texts?.every((text) => typeof text === "string") ? texts : undefined;
}

const readReferences: Reader = (payload, hasMore) => {
  const ids = textsUnder("id", payload);
  return ids && { value: ids, truncated: isCut(ids.length, hasMore) };
};

const readDate: Reader = (payload) => {
  if (payload === null) return whole(null);
  if (!isObject(payload)) return undefined;
  const { start, end = null, time_zone: zone = null } = payload;
  if (typeof start !== "string" || (zone !== null && typeof zone !== "string")) return undefined;
  const startDate = normalDate(start, zone);
  const endDate = typeof end === "string" ? normalDate(end, zone) : null;
  if (startDate === null || (end !== null && endDate === null)) return undefined;
  return whole({ start: startDate, end: endDate });
};

const readMoment: Reader = (payload) => {
  if (payload === null) return whole(null);
  return whole((typeof payload === "string" ? normalDate(payload, null) : null) ?? undefined);
};

const readFiles: Reader = (payload) => {
  const names = objectsIn(payload)?.map((file) => {
    const url = isObject(file["external"]) ? file["external"]["url"] : undefined;
    const name = typeof file["name"] === "string" ? file["name"] : undefined;
    if (typeof url !== "string") return name;
    return name === undefined || name === url ? url : `${name} <${url}>`;
  });
  return names?.every((name) => name !== undefined) ? whole(names) : undefined;
};

const readUniqueId: Reader = (payload) => {
  if (!isObject(payload)) return payload === null ? whole(null) : undefined;
  const { prefix = null, number = null } = payload;
  if (number === null) return whole(null);
  if (typeof number !== "number" || (prefix !== null && typeof prefix !== "string")) return undefined;
  return whole(prefix ? `${prefix}-${number}` : String(number));
};

const readFormula: Reader = (payload) => {
  if (!isObject(payload)) return payload === null ? whole(null) : undefined;
  const { type } = payload;
  if (type === "string") return readString(payload["string"], undefined);
  if (type === "number") return readNumber(payload["number"], undefined);
  if (type === "boolean") return readBoolean(payload["boolean"], undefined);
  if (type === "date") return readDate(payload["date"], undefined);
  return type === "unsupported"
    ? { unreadable: "Notion does not tell the value of this formula." }
    : undefined;
};

const readRollup: Reader = (payload, hasMore) => {
  if (!isObject(payload)) return payload === null ? whole(null) : undefined;
  const { type } = payload;
  if (type === "number") return readNumber(payload["number"], undefined);
  if (type === "date") return readDate(payload["date"], undefined);
  if (type === "unsupported" || type === "incomplete")
    return { unreadable: "Notion does not tell the value of this rollup." };
  const items = type === "array" ? objectsIn(payload["array"])?.map(readItem) : undefined;
  if (items === undefined) return undefined;
  const unreadable = items.find((item) => "unreadable" in item);
  if (unreadable !== undefined) return unreadable;
  const read = items.filter((item) => "value" in item);
  const truncated = isCut(items.length, hasMore) || read.some((item) => item.truncated);
  return { value: read.flatMap((item) => textsOf(item.value)), truncated };
};

/** A rollup of rollups has no end that a reply could not exceed; Notion shows one level. */
function readItem(item: Json): ReadValue {
  return item["type"] === "rollup" ? { unreadable: "A rollup of rollups cannot be read." } : readValue(item);
}

function textsOf(value: PlainValue): readonly string[] {
  if (value === null) return [];
  if (typeof value !== "object") return [String(value)];
  if ("start" in value) return [value.end === null ? value.start : `${value.start}/${value.end}`];
  return value;
}

const READERS: ReadonlyMap<string, Reader> = new Map([
  ["title", readText],
  ["rich_text", readText],
  ["number", readNumber],
  ["select", readKey("name")],
  ["multi_select", (payload) => whole(textsUnder("name", payload))],
  ["status", readKey("name")],
  ["date", readDate],
  ["people", readReferences],
  ["files", readFiles],
  ["checkbox", readBoolean],
  ["url", readString],
  ["email", readString],
  ["phone_number", readString],
  ["formula", readFormula],
  ["relation", readReferences],
  ["rollup", readRollup],
  ["created_time", readMoment],
  ["created_by", readKey("id")],
  ["last_edited_time", readMoment],
  ["last_edited_by", readKey("id")],
  ["unique_id", readUniqueId],
  ["verification", readKey("state")],
  ["button", (payload) => (payload === undefined ? undefined : whole(null))],
]);
