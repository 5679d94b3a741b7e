import { describe, expect, it } from "vitest";
import { EXTRA_CHARS_MAX, EXTRA_VALUE_CHARS_MAX, TEXT_CHARS_MAX } from "../policy.ts";
import { CLIENT_COLUMNS } from "../records/client.ts";
import type { PlainValue } from "../records/plain-value.ts";
import { PROJECT_COLUMNS } from "../records/project.ts";
import { TABLES, type Table } from "../records/table.ts";
import type { MappedColumn } from "./notion-columns.ts";
import {
  canonicalOf,
  NO_PAGE_YET,
  propertyValueOf,
  readRecord,
  type MappedColumns,
  type PageProperties,
} from "./notion-record.ts";

const AROUND = {
  records: new Map([["page-1", "client-1"]]),
  names: { p9: "Colour", p8: "Crew" },
  markerId: null,
  country: "US",
};

/** Every column of a table, mapped to a property of its own name and first type. */
function mappedOf({ columns }: Table, options: readonly string[] = []): MappedColumns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, { notionTypes }]) => [
      name,
      { propertyId: `id-${name}`, name, type: notionTypes[0]!, options, isWritable: true },
    ]),
  );
}
const whole = (value: PlainValue) => ({ value, truncated: false });

/** A page with these values in the properties of these columns. */
function aPage({ columns }: Table, values: Readonly<Record<string, PlainValue>>): PageProperties {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `id-${name}`,
      { type: columns[name]?.notionTypes[0] ?? "rich_text", read: whole(value) },
    ]),
  );
}
const readOf = (table: Table, values: Readonly<Record<string, PlainValue>>) =>
  readRecord(table, mappedOf(table), aPage(table, values), AROUND);

describe("readRecord", () => {
  it("reads each kind of value in its canonical form", () => {
    const { values, problems } = readOf(TABLES.projects, {
      title: "Quay",
      status: "In progress",
      priority: "High",
      start_date: { start: "2026-05-04", end: null },
      estimated_completion: { start: "2026-05-04", end: "2026-05-06" },
      job_number: 24101,
      client_id: ["page-1"],
      estimated_value: 12.5,
    });
    expect(problems).toEqual([]);
    expect(values).toEqual({
      title: "Quay",
      status: "active",
      priority: "high",
      start_date: "2026-05-04",
      estimated_completion: "2026-05-04/2026-05-06",
      job_number: "24101",
      client_id: "client-1",
      estimated_value: 12.5,
    });
  });

  it("keeps what Notion says of an address and a phone beside what they come to", () => {
    const good = readOf(TABLES.clients, {
      email: " Ann@Quay.Example",
      phone: "(212) 736-5000",
      client_type: "Nonprofit",
    });
    expect(good.values).toMatchObject({ email: "Ann@quay.example", client_type: "non-profit" });
    expect(good.derived).toEqual({
      email_raw: " Ann@Quay.Example",
      phone_raw: "(212) 736-5000",
      phone_e164: "+12127365000",
    });
    const unused = readOf(TABLES.clients, { phone: "555-0100" });
    expect(unused.values).toEqual({ phone: "555-0100" });
    expect(unused.derived).toEqual({ phone_raw: "555-0100", phone_e164: null });
    const broken = readOf(TABLES.clients, { email: "ann", phone: "call me" });
    expect(broken.values).toEqual({});
    expect(broken.derived).toEqual({ email_raw: "ann", phone_raw: "call me", phone_e164: null });
    expect(broken.problems.map(({ column, value }) => [column, value])).toEqual([
      ["email", "ann"],
      ["phone", "call me"],
    ]);
  });

  it("takes an address or a phone that is no text for a bad one, not for none", () => {
    const { problems, derived } = readOf(TABLES.clients, { email: true, phone: true });
    expect(problems.map(({ column }) => column)).toEqual(["email", "phone"]);
    expect(derived).toEqual({ email_raw: "", phone_raw: "", phone_e164: null });
  });

  it("clears what was cleared, with what follows from it, but nothing that a record must have", () => {
    const cleared = readOf(TABLES.clients, { email: null, phone: "", company_name: null, notes: "" });
    expect(cleared.values).toEqual({ email: null, phone: null, notes: null });
    expect(cleared.derived).toEqual({ email_raw: null, phone_raw: null, phone_e164: null });
    expect(cleared.problems).toEqual([{ column: "company_name", problem: "is missing", value: null }]);
    expect(readOf(TABLES.projects, { client_id: [] }).values).toEqual({ client_id: null });
    expect(readOf(TABLES.projects, { title: "  " }).problems).toEqual([
      { column: "title", problem: "is missing", value: "  " },
    ]);
    expect(readOf(TABLES.projects, { description: "  " }).values).toEqual({ description: "  " });
  });

  it.each<[column: string, value: PlainValue, problem: string]>([
    ["estimated_value", "12", "is no number"],
    ["estimated_value", Number.NaN, "is no number"],
    ["start_date", "2026-05-04", "is no date"],
    ["start_date", 7, "is no date"],
    ["start_date", ["2026-05-04"], "is no date"],
    ["client_id", "page-1", "is no relation"],
    ["client_id", ["page-1", "page-2"], "names 2 pages, and one is possible"],
    ["client_id", ["page-2"], "names a page that is no record here"],
    ["status", "Warranty", "is no status that is known"],
    ["status", true, "is no status that is known"],
    ["priority", "Someday", "is no priority that is known"],
    ["title", true, "is no text"],
    ["title", "x".repeat(TEXT_CHARS_MAX + 1), `has more than ${TEXT_CHARS_MAX} characters`],
  ])("keeps %s aside and goes on (%#)", (column, value, problem) => {
    const { values, problems } = readOf(TABLES.projects, { [column]: value, description: "kept" });
    expect(problems).toEqual([{ column, problem, value }]);
    expect(values).toEqual({ description: "kept" });
  });

  it("keeps aside a client's type that is not known", () => {
    expect(readOf(TABLES.clients, { client_type: "Alien" }).problems[0]?.problem).toBe(
      "is no type of client that is known",
    );
  });

  it("takes the longest text that is taken", () => {
    const text = "x".repeat(TEXT_CHARS_MAX);
    expect(readOf(TABLES.projects, { title: text }).values).toEqual({ title: text });
  });

  it("clears nothing where a value could not be read, was cut short, or has another type by now", () => {
    const page = (read: PageProperties[string]["read"], type = "title"): PageProperties => ({
      "id-title": { type, read },
    });
    const problemOf = (properties: PageProperties) =>
      readRecord(TABLES.projects, mappedOf(TABLES.projects), properties, AROUND);
    expect(problemOf(page({ unreadable: "It is torn." }))).toMatchObject({
      values: {},
      problems: [{ column: "title", problem: "It is torn.", value: null }],
    });
    expect(problemOf(page({ value: "Qu", truncated: true })).problems).toEqual([
      { column: "title", problem: "has more entries than Notion shows at once", value: "Qu" },
    ]);
    expect(problemOf(page(whole("Quay"), "rich_text")).problems).toEqual([
      { column: "title", problem: "has another type by now", value: "Quay" },
    ]);
  });

  it("says nothing of a column that is not mapped or that the page does not show", () => {
    const { title, ...others } = mappedOf(TABLES.projects);
    const page = aPage(TABLES.projects, { title: "Quay" });
    expect(readRecord(TABLES.projects, others, page, AROUND)).toMatchObject({ values: {}, problems: [] });
    expect(readRecord(TABLES.projects, { title: title! }, {}, AROUND).values).toEqual({});
  });
});

describe("what has no column", () => {
  const extraOf = (
    properties: PageProperties,
    around: Partial<typeof AROUND> & { markerId?: string | null } = {},
  ) =>
    readRecord(TABLES.projects, mappedOf(TABLES.projects), properties, {
      ...AROUND,
      ...around,
    } as typeof AROUND).extra;
  const text = (value: PlainValue, type = "rich_text") => ({ type, read: whole(value) });

  it("is kept by name in one order, but what is empty, is in a column, or changes by itself", () => {
    const page = {
      p9: text("red"),
      p8: text(["Ann", "Bob"]),
      p7: text(7),
      p6: text(null),
      p5: text([]),
      "id-title": text("Quay", "title"),
      t1: text("2026-05-04", "created_time"),
      t2: text("2026-05-04", "last_edited_time"),
      t3: text("u1", "created_by"),
      t4: text("u1", "last_edited_by"),
      t5: text("x", "button"),
    };
    expect(extraOf(page)).toBe('{"Colour":"red","Crew":["Ann","Bob"],"p7":7}');
    expect(extraOf(Object.fromEntries(Object.entries(page).toReversed()))).toBe(extraOf(page));
  });

  it("leaves out our own marker", () => {
    expect(extraOf({ p9: text("red"), m: text("ours") }, { markerId: "m" } as never)).toBe(
      '{"Colour":"red"}',
    );
  });

  it("says what it could not read, and how long what it left out is", () => {
    const long = "x".repeat(EXTRA_VALUE_CHARS_MAX);
    expect(extraOf({ p9: { type: "rich_text", read: { unreadable: "It is torn." } }, p8: text(long) })).toBe(
      `{"Colour":{"unreadable":"It is torn."},"Crew":{"left_out_characters":${long.length + 2}}}`,
    );
    const fitting = long.slice(2);
    expect(JSON.parse(extraOf({ p9: text(fitting) }))).toEqual({ Colour: fitting });
  });

  it("is left out as a whole where it comes to too much", () => {
    const count = Math.ceil(EXTRA_CHARS_MAX / (EXTRA_VALUE_CHARS_MAX - 2)) + 1;
    const page = Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`x${n}`, text("x".repeat(EXTRA_VALUE_CHARS_MAX - 2))]),
    );
    const { left_out_characters: characters } = JSON.parse(extraOf(page)) as { left_out_characters: number };
    expect(characters).toBeGreaterThan(EXTRA_CHARS_MAX);
  });
});

describe("canonicalOf", () => {
  const { title, status, priority, estimated_value: value, description } = PROJECT_COLUMNS;

  it("brings what stands in a row into the form that Notion's side has", () => {
    expect([canonicalOf(value, "12.5"), canonicalOf(value, 12.5)]).toEqual([12.5, 12.5]);
    expect(canonicalOf(status, "In progress")).toBe("active");
    expect(canonicalOf(priority, "HIGH")).toBe("high");
    expect(canonicalOf(description, 7)).toBe("7");
    expect(canonicalOf(CLIENT_COLUMNS.notes, "x".repeat(TEXT_CHARS_MAX))).toHaveLength(TEXT_CHARS_MAX);
  });

  it("takes an empty text for none, where none may be", () => {
    expect([canonicalOf(description, null), canonicalOf(description, "")]).toEqual([null, null]);
    expect([canonicalOf(title, null), canonicalOf(title, "")]).toEqual([undefined, undefined]);
  });

  it.each([
    [value, "many"],
    [value, Number.POSITIVE_INFINITY],
    [status, "warranty"],
    [priority, "someday"],
    [description, "x".repeat(TEXT_CHARS_MAX + 1)],
  ])("leaves alone what Notion could not be given (%#)", (column, given) => {
    expect(canonicalOf(column, given)).toBeUndefined();
  });
});

describe("propertyValueOf", () => {
  const mapped = (change: Partial<MappedColumn> = {}): MappedColumn => ({
    propertyId: "id",
    name: "Phase",
    type: "status",
    options: ["Not started", "In progress", "Complete"],
    isWritable: true,
    ...change,
  });
  const NOTHING = { shown: null, pageId: null };
  const { status, priority, start_date: date, client_id: relation, job_number: job, title } = PROJECT_COLUMNS;

  it("empties a property for null: a relation of its pages, anything else of its value", () => {
    expect(propertyValueOf(relation, mapped(), null, { ...NOTHING, pageId: "p" })).toEqual({ value: [] });
    expect(propertyValueOf(date, mapped(), null, NOTHING)).toEqual({ value: null });
  });

  it("writes the label that stands there if it means the same, else a live option", () => {
    expect(propertyValueOf(status, mapped(), "active", { ...NOTHING, shown: "Not started" })).toEqual({
      value: "Not started",
    });
    expect(propertyValueOf(status, mapped(), "completed", { ...NOTHING, shown: "Not started" })).toEqual({
      value: "Complete",
    });
    const priorities = mapped({ name: "Priority", options: ["LOW", "HIGH"] });
    expect(propertyValueOf(priority, priorities, "high", NOTHING)).toEqual({ value: "HIGH" });
  });

  it("says which property has no option for a word", () => {
    expect(propertyValueOf(status, mapped(), "cancelled", NOTHING)).toEqual({
      problem: "no option of Phase means cancelled",
    });
    expect(propertyValueOf(status, mapped(), "warranty", NOTHING)).toEqual({
      problem: "no option of Phase means warranty",
    });
    expect(propertyValueOf(priority, mapped(), "active", NOTHING), "a status is no priority").toEqual({
      problem: "no option of Phase means active",
    });
  });

  it("writes a day or a span of days", () => {
    expect(propertyValueOf(date, mapped(), "2026-05-04", NOTHING)).toEqual({
      value: { start: "2026-05-04", end: null },
    });
    expect(propertyValueOf(date, mapped(), "2026-05-04/2026-05-06", NOTHING)).toEqual({
      value: { start: "2026-05-04", end: "2026-05-06" },
    });
  });

  it("names the page of a record, or that it has none yet", () => {
    expect(propertyValueOf(relation, mapped(), "client-1", { ...NOTHING, pageId: "page-1" })).toEqual({
      value: ["page-1"],
    });
    expect(propertyValueOf(relation, mapped(), "client-1", NOTHING)).toEqual({ problem: NO_PAGE_YET });
  });

  it("writes a number where the property is one and the text says exactly that number", () => {
    const written = (text: string, type: MappedColumn["type"] = "number") =>
      propertyValueOf(job, mapped({ type }), text, NOTHING);
    expect(written("24101")).toEqual({ value: 24101 });
    expect(written(" 24101 ")).toEqual({ value: 24101 });
    for (const text of ["24-101", "0241", " ", "1e3"]) expect(written(text)).toEqual({ value: text });
    expect(written("24101", "rich_text")).toEqual({ value: "24101" });
    expect(propertyValueOf(title, mapped({ type: "title" }), "Quay", NOTHING)).toEqual({ value: "Quay" });
    expect(propertyValueOf(PROJECT_COLUMNS.estimated_value, mapped({ type: "number" }), 7, NOTHING)).toEqual({
      value: 7,
    });
  });
});
