/**
 * From the properties of a page to the columns of a record, and back. One field that cannot be read is kept aside with its
 * reason and the record goes on; only a page without what a record must have is none. Pure.
 */
import { checkEmail } from "../contact/email.ts";
import { checkPhone } from "../contact/phone.ts";
import type { FieldValue } from "../merge.ts";
import { EXTRA_CHARS_MAX, EXTRA_VALUE_CHARS_MAX, TEXT_CHARS_MAX } from "../policy.ts";
import type { Column } from "../records/column.ts";
import type { PlainValue, ReadValue } from "../records/plain-value.ts";
import type { Table } from "../records/table.ts";
import type { MappedColumn } from "./notion-columns.ts";
import { clientTypeOf } from "./client-type.ts";
import { priorityLabel, priorityOf, statusLabel, statusOf } from "./project-status.ts";

export type PageProperties = Readonly<Record<string, { readonly type: string; readonly read: ReadValue }>>;
export type MappedColumns = Readonly<Partial<Record<string, MappedColumn>>>;

/** A value that is kept aside: one sentence without the value, and the value as it stands in Notion. */
export type FieldProblem = {
  readonly column: string;
  readonly problem: string;
  readonly value: PlainValue;
};

/** A relation to a record that Notion does not have yet: the one problem of a write that passes by itself. */
export const NO_PAGE_YET = "names a record that has no page";

/** What a page says of a record. */
export type PageReading = {
  /** Canonical, by column; a column with a problem is left out. */
  readonly values: Readonly<Record<string, FieldValue>>;
  /** What follows from these, by derived column. */
  readonly derived: Readonly<Record<string, FieldValue>>;
  readonly problems: readonly FieldProblem[];
  /** JSON of what has no column, by name of the property. */
  readonly extra: string;
};

type Surroundings = {
  /** Records by page id, of the table that relations point at. */
  readonly records: ReadonlyMap<string, string>;
  /** Names of the properties that the schema shows, by id. */
  readonly names: Readonly<Record<string, string>>;
  /** Property that holds our own marker; null if there is none. */
  readonly markerId: string | null;
  /** Country of phone numbers that name none, ISO 3166. */
  readonly country: string;
};

/** Types that change without anybody having edited anything, and those without a value. */
const NO_EXTRA: ReadonlySet<string> = new Set([
  "created_time",
  "created_by",
  "last_edited_time",
  "last_edited_by",
  "button",
]);

/** Read a page as a record of a table. */
export function readRecord(
  table: Table,
  mapped: MappedColumns,
  properties: PageProperties,
  around: Surroundings,
): PageReading {
  const values: Record<string, FieldValue> = {};
  const derived: Record<string, FieldValue> = {};
  const problems: FieldProblem[] = [];
  for (const [name, column] of Object.entries(table.columns)) {
    const property = properties[mapped[name]?.propertyId ?? ""];
    if (property === undefined) continue;
    // The schema is remembered for an hour; whoever retyped the property since has cleared nothing.
    const isOther = property.type !== mapped[name]?.type;
    const read = isOther ? bad("has another type by now") : readField(column, property.read, around);
    for (const [place, derivedName] of (table.derived[name] ?? []).entries())
      derived[derivedName] = read.derived[place] ?? null;
    if (read.problem === null) values[name] = read.value;
    else problems.push({ column: name, problem: read.problem, value: rawOf(property.read) });
  }
  return { values, derived, problems, extra: extraOf(mapped, properties, around) };
}

type Field = {
  readonly value: FieldValue;
  readonly derived: readonly FieldValue[];
  readonly problem: string | null;
};

const good = (value: FieldValue, ...derived: FieldValue[]): Field => ({ value, derived, problem: null });
const bad = (problem: string, ...derived: FieldValue[]): Field => ({ value: null, derived, problem });

function readField(column: Column, read: ReadValue, around: Surroundings): Field {
  if ("unreadable" in read) return bad(read.unreadable);
  if (read.truncated) return bad("has more entries than Notion shows at once");
  const { value } = read;
  if (isEmpty(value)) return column.isRequired ? bad("is missing") : good(null, null, null);
  switch (column.kind) {
    case "number":
      return numberOf(value);
    case "date":
      return dateOf(value);
    case "relation":
      return relationOf(value, around.records);
    case "status":
      return wordOf(value, statusOf, "is no status that is known");
    case "priority":
      return wordOf(value, priorityOf, "is no priority that is known");
    case "client_type":
      return wordOf(value, clientTypeOf, "is no type of client that is known");
    case "email": {
      const text = textOf(value) ?? "";
      const { value: email, problem } = checkEmail(text.trim());
      return problem === null ? good(email, text) : bad(problem, text);
    }
    case "phone": {
      const text = textOf(value) ?? "";
      const { e164, verdict, problem } = checkPhone(text, around.country);
      // Digits that are no number in use are kept; what is missing beside them is their E.164.
      return verdict === "quarantined" ? bad(problem!, text, null) : good(text, text, e164);
    }
    case "text": {
      const text = textOf(value);
      if (text === null) return bad("is no text");
      if (text.length > TEXT_CHARS_MAX) return bad(`has more than ${TEXT_CHARS_MAX} characters`);
      return column.isRequired && text.trim() === "" ? bad("is missing") : good(text);
    }
  }
}

function isEmpty(value: PlainValue): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function textOf(value: PlainValue): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : null;
}

function numberOf(value: PlainValue): Field {
  return typeof value === "number" && Number.isFinite(value) ? good(value) : bad("is no number");
}

/** A span of dates is written as ISO 8601 writes intervals, so that D1 holds both ends. */
function dateOf(value: PlainValue): Field {
  if (typeof value !== "object" || value === null || !("start" in value)) return bad("is no date");
  return good(value.end === null ? value.start : `${value.start}/${value.end}`);
}

function relationOf(value: PlainValue, records: ReadonlyMap<string, string>): Field {
  if (!Array.isArray(value)) return bad("is no relation");
  const ids = value as readonly string[];
  if (ids.length > 1) return bad(`names ${ids.length} pages, and one is possible`);
  const record = records.get(ids[0]!);
  return record === undefined ? bad("names a page that is no record here") : good(record);
}

function wordOf(value: PlainValue, known: (label: string) => string | null, problem: string): Field {
  const word = known(textOf(value) ?? "");
  return word === null ? bad(problem) : good(word);
}

function rawOf(read: ReadValue): PlainValue {
  return "unreadable" in read ? null : read.value;
}

function extraOf(mapped: MappedColumns, properties: PageProperties, around: Surroundings): string {
  const used = new Set(Object.values(mapped).map((column) => column?.propertyId));
  const extra = Object.entries(properties)
    .filter(([id, { type }]) => !used.has(id) && id !== around.markerId && !NO_EXTRA.has(type))
    .map(([id, { read }]): [string, unknown] => [around.names[id] ?? id, shortened(read)])
    .filter(([, value]) => value !== null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(Object.fromEntries(extra));
  return text.length > EXTRA_CHARS_MAX ? JSON.stringify({ left_out_characters: text.length }) : text;
}

function shortened(read: ReadValue): unknown {
  if ("unreadable" in read) return { unreadable: read.unreadable };
  if (isEmpty(read.value)) return null;
  const characters = JSON.stringify(read.value).length;
  return characters > EXTRA_VALUE_CHARS_MAX ? { left_out_characters: characters } : read.value;
}

/**
 * The canonical form of what stands in a row of D1, which anybody may have written.
 *
 * @returns undefined if it is nothing that Notion could be given: the column is then left alone on both sides
 */
export function canonicalOf(column: Column, value: FieldValue): FieldValue | undefined {
  if (value === null || value === "") return column.isRequired ? undefined : null;
  switch (column.kind) {
    case "number": {
      const number = typeof value === "number" ? value : Number(value);
      return Number.isFinite(number) ? number : undefined;
    }
    case "status":
      return statusOf(String(value)) ?? undefined;
    case "priority":
      return priorityOf(String(value)) ?? undefined;
    default:
      return String(value).length > TEXT_CHARS_MAX ? undefined : String(value);
  }
}

/**
 * The value of a property that stands for a column's value.
 *
 * @param shown label that stands there now: it stays if it means the same
 * @param pageId of the record that a relation names; null if that has none
 */
export function propertyValueOf(
  column: Column,
  mapped: MappedColumn,
  value: FieldValue,
  around: { readonly shown: string | null; readonly pageId: string | null },
): { readonly value: PlainValue } | { readonly problem: string } {
  if (value === null) return { value: column.kind === "relation" ? [] : null };
  switch (column.kind) {
    case "status":
    case "priority": {
      const found = labelOf(column.kind, String(value), mapped.options, around.shown);
      return found === null ? { problem: `no option of ${mapped.name} means ${value}` } : { value: found };
    }
    case "date": {
      const [start = "", end = null] = String(value).split("/");
      return { value: { start, end } };
    }
    case "relation":
      return around.pageId === null ? { problem: NO_PAGE_YET } : { value: [around.pageId] };
    default:
      return { value: mapped.type === "number" && typeof value === "string" ? numberIn(value) : value };
  }
}

/** A job number may be a number in Notion. What is none stays a text, which the property does not take. */
function numberIn(text: string): number | string {
  const number = Number(text);
  return text.trim() !== "" && String(number) === text.trim() ? number : text;
}

function labelOf(
  kind: "status" | "priority",
  word: string,
  options: readonly string[],
  shown: string | null,
): string | null {
  const status = kind === "status" ? statusOf(word) : null;
  if (status !== null) return statusLabel(status, options, shown);
  const priority = kind === "priority" ? priorityOf(word) : null;
  return priority === null ? null : priorityLabel(priority, options, shown);
}
