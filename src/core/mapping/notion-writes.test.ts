import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlainValue } from "../records/plain-value.ts";
import { readValue } from "./notion-values.ts";
import { writeValue } from "./notion-writes.ts";
import { propertyRuns } from "../property-runs.testsuite.ts";

type Run = { type: string; text: { content: string } };

/** The property that Notion would answer with after a write of `body`, through JSON and back. */
function answerTo(type: string, body: unknown): unknown {
  const payload: unknown = (JSON.parse(JSON.stringify(body)) as Record<string, unknown>)[type];
  const property = (value: unknown, more: object = {}) => ({ id: "x%5BAb", type, [type]: value, ...more });
  const option = (given: unknown) => ({ id: "9b1f", color: "default", ...(given as object) });
  switch (type) {
    case "title":
    case "rich_text":
      return property(
        (payload as Run[]).map((run) => ({
          ...run,
          annotations: { bold: false, color: "default" },
          plain_text: run.text.content,
          href: null,
        })),
      );
    case "select":
    case "status":
      return property(payload && option(payload));
    case "multi_select":
      return property((payload as unknown[]).map(option));
    case "date":
      // Notion may answer with another offset than it was given.
      return property(
        payload && {
          ...(JSON.parse(JSON.stringify(payload).replaceAll('Z"', '+00:00"')) as object),
          time_zone: null,
        },
      );
    case "people":
    case "relation":
      return property(payload, { has_more: false });
    default:
      return property(payload);
  }
}

const text = (maxLength: number) =>
  fc
    .string({
      unit: fc.oneof(fc.constantFrom("🏗", "é", "\n"), fc.string({ unit: "grapheme", maxLength: 2 })),
      maxLength,
    })
    .filter((value) => value.isWellFormed());
const short = (charactersMax: number) =>
  text(60).map((value) => value.slice(0, charactersMax).toWellFormed());
const optionName = short(100)
  .map((name) => name.replaceAll(",", " ").slice(0, 100).toWellFormed())
  .filter((name) => name !== "" && name.length <= 100);
const ids = fc.uniqueArray(fc.uuid(), { maxLength: 100 });
const day = fc.date({ min: new Date("0001-01-02"), max: new Date("9999-12-30"), noInvalidDate: true });
const span = fc.tuple(day, fc.option(day), fc.boolean()).map(([a, b, isOfDays]) => {
  const [start, end] = (b === null ? [a] : [a, b])
    .toSorted((x, y) => x.getTime() - y.getTime())
    .map((moment) => moment.toISOString().slice(0, isOfDays ? 10 : undefined));
  return { start: start!, end: end ?? null };
});

const VALUES: readonly [type: string, values: fc.Arbitrary<PlainValue>][] = [
  ["title", fc.option(text(3_000))],
  ["rich_text", fc.option(text(9_000))],
  ["number", fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))],
  ["select", fc.option(optionName)],
  ["multi_select", fc.option(fc.array(optionName, { maxLength: 100 }))],
  ["status", optionName],
  [
    "date",
    fc.option(
      fc.oneof(
        span,
        span.map(({ start }) => start),
      ),
    ),
  ],
  ["people", fc.option(ids)],
  ["relation", fc.option(ids)],
  ["checkbox", fc.boolean()],
  ["url", fc.option(fc.webUrl())],
  ["email", fc.option(fc.emailAddress())],
  ["phone_number", fc.option(short(200))],
];

/** A value as Notion shows it: emptiness is one, lists have no order, a day alone is a span without an end. */
function asShown(type: string, value: PlainValue): unknown {
  if (value === "" || value === null) return null;
  if (typeof value === "number") return value + 0;
  if (typeof value !== "object") return type === "date" ? { start: value, end: null } : value;
  if (!("start" in value)) return value.length === 0 ? null : [...new Set(value)].toSorted();
  return value;
}

describe("a value that was written", () => {
  it.each(VALUES)("to a property of type %s is read again", (type, values) => {
    fc.assert(
      fc.property(values, (value) => {
        const written = writeValue(type, value);
        if (!("body" in written)) throw new Error(written.problem);
        const read = readValue(answerTo(type, written.body));
        if (!("value" in read)) throw new Error(read.unreadable);
        expect(read.truncated).toBe(false);
        expect(asShown(type, read.value)).toEqual(asShown(type, value));
      }),
    );
  });

  it("has no run above 2000 units and no half of a character", () => {
    const long = fc
      .tuple(fc.integer({ min: 1_990, max: 2_001 }), text(4_000))
      .map(([n, rest]) => "a".repeat(n) + rest);
    fc.assert(
      fc.property(long, (value) => {
        const written = writeValue("rich_text", value) as { body: { rich_text: Run[] } };
        const contents = written.body.rich_text.map((run) => run.text.content);
        expect(contents.join("")).toBe(value);
        for (const content of contents) {
          expect(content.length).toBeLessThanOrEqual(2_000);
          expect(content.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it.each([
    ["title", null, { title: [] }],
    ["rich_text", "", { rich_text: [] }],
    ["rich_text", "a", { rich_text: [{ type: "text", text: { content: "a" } }] }],
    ["number", null, { number: null }],
    ["number", -0, { number: 0 }],
    ["select", "", { select: null }],
    ["select", "High", { select: { name: "High" } }],
    ["status", "On hold", { status: { name: "On hold" } }],
    ["multi_select", ["a", "b", "a"], { multi_select: [{ name: "a" }, { name: "b" }] }],
    ["date", null, { date: null }],
    ["date", "2026-05-04", { date: { start: "2026-05-04", end: null } }],
    [
      "date",
      { start: "2026-05-04T10:00:00+02:00", end: null },
      { date: { start: "2026-05-04T08:00:00.000Z", end: null } },
    ],
    ["relation", null, { relation: [] }],
    [
      "date",
      { start: "2026-05-04", end: "2026-05-04" },
      { date: { start: "2026-05-04", end: "2026-05-04" } },
    ],
    [
      "people",
      ["9A9E00000000400080000000000000F1"],
      { people: [{ id: "9A9E00000000400080000000000000F1" }] },
    ],
    ["checkbox", true, { checkbox: true }],
    ["checkbox", null, { checkbox: false }],
    ["email", "", { email: null }],
    ["date", "", { date: null }],
    ["multi_select", "", { multi_select: [] }],
    ["relation", "", { relation: [] }],
  ] as [string, PlainValue, unknown][])("of type %s has its body: %j", (type, value, body) => {
    expect(writeValue(type, value)).toEqual({ body });
  });
});

describe("a value that cannot be written", () => {
  const list = (count: number) => Array.from({ length: count }, (_, i) => `option ${i}`);

  it.each([
    ["rich_text", "a".repeat(200_001), "The text has 200001 characters; Notion takes 100 runs of 2000."],
    ["title", 7, "The value must be text."],
    ["title", "\ud83c", "The text holds half of a character."],
    ["number", Number.POSITIVE_INFINITY, "The value must be a finite number."],
    ["number", "7", "The value must be a finite number."],
    ["select", "a, b", "The name of an option holds a comma, which Notion does not take."],
    ["select", "a".repeat(101), "The name of an option has 101 characters; Notion takes 100."],
    ["select", "\ud83c", "The name of an option holds half of a character."],
    ["select", ["a"], "The value must be the name of one option."],
    ["status", null, "A status cannot be emptied: Notion would put the default option in its place."],
    ["multi_select", list(101), "The list has 101 entries; Notion takes 100 in one write."],
    ["multi_select", ["a", ""], "The name of an option is empty."],
    ["multi_select", "a", "The value must be a list of names of options."],
    ["relation", ["Santoro Homes"], "The value must be a list of ids."],
    ["relation", "9a9e0000-0000-4000-8000-0000000000f1", "The value must be a list of ids."],
    ["people", list(101), "The list has 101 entries; Notion takes 100 in one write."],
    ["date", "yesterday", "The value must be an ISO 8601 date or a span of such dates."],
    [
      "date",
      { start: "2026-05-04", end: "soon" },
      "The value must be an ISO 8601 date or a span of such dates.",
    ],
    ["status", "", "A status cannot be emptied: Notion would put the default option in its place."],
    ["date", 20_260_504, "The value must be an ISO 8601 date or a span of such dates."],
    ["date", { start: "2026-05-05", end: "2026-05-04" }, "The span ends before it starts."],
    ["date", { start: "2026-05-05", end: "2026-05-06T10:00:00Z" }, "A span must not mix a day and a moment."],
    ["checkbox", 1, "The value must be true or false."],
    ["email", 7, "The value must be text."],
    ["url", "https://\ud83c", "The text holds half of a character."],
    ["email", "a".repeat(201), "The e-mail address has 201 characters; Notion takes 200."],
    ["phone_number", "1".repeat(201), "The phone number has 201 characters; Notion takes 200."],
    ["url", "h".repeat(2_001), "The URL has 2001 characters; Notion takes 2000."],
    ["url", false, "The value must be text."],
    ["constructor", "a", "A property of type constructor cannot be written."],
    ["what is this", "a", "A property of an unknown type cannot be written."],
  ] as [string, PlainValue, string][])("of type %s says why (%#)", (type, value, problem) => {
    expect(writeValue(type, value)).toEqual({ problem });
  });

  it.each([
    "files",
    "formula",
    "rollup",
    "created_time",
    "last_edited_by",
    "unique_id",
    "verification",
    "button",
    "place",
  ])("is any of a property of type %s", (type) => {
    expect(writeValue(type, null)).toEqual({ problem: `A property of type ${type} cannot be written.` });
  });

  it.each([
    ["select", "a".repeat(100)],
    ["multi_select", list(100)],
    ["email", "a".repeat(200)],
    ["phone_number", "1".repeat(200)],
    ["url", "h".repeat(2_000)],
  ] as [string, PlainValue][])("of type %s is written at the very limit", (type, value) => {
    expect(writeValue(type, value)).toHaveProperty("body");
  });

  it("takes 200,000 characters, and less if characters of two units stand where runs end", () => {
    expect(writeValue("rich_text", "a".repeat(200_000))).toHaveProperty("body");
    const runOf1999 = `${"🏗".repeat(999)}a`;
    expect(writeValue("rich_text", runOf1999.repeat(100))).toHaveProperty("body");
    expect(writeValue("rich_text", `${runOf1999.repeat(100)}🏗`)).toHaveProperty("problem");
  });

  it("never makes it throw", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
      span,
    ) as fc.Arbitrary<PlainValue>;
    const type = fc.oneof(fc.constantFrom(...VALUES.map(([name]) => name)), fc.string());
    fc.assert(
      fc.property(type, value, (name, given) => {
        const written = writeValue(name, given);
        if ("body" in written) expect(Object.keys(written.body as object)).toEqual([name]);
        else expect(written.problem).toMatch(/^[A-Z].*\.$/);
      }),
      { numRuns: propertyRuns(500) },
    );
  });
});
