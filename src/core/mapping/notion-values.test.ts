import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlainValue } from "../records/plain-value.ts";
import { plainText, readValue } from "./notion-values.ts";
import { propertyRuns } from "../property-runs.testsuite.ts";

/** A property as a page holds it. */
function aProperty(type: string, payload: unknown, more: object = {}): unknown {
  return { id: "q%7CzL", type, [type]: payload, ...more };
}

function aRun(content: string, type = "text"): unknown {
  return { type, [type]: {}, annotations: { bold: true }, plain_text: content, href: null };
}

const idOf = (n: number): string => `c11e0000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const references = (count: number): unknown[] =>
  Array.from({ length: count }, (_, n) => ({ object: "user", id: idOf(n) }));
const option = { id: "9b1f", name: "Backlog", color: "default" };
const user = { object: "user", id: idOf(1) };
const may = { start: "2026-05-04", end: null, time_zone: null };

const READ: readonly [type: string, payload: unknown, value: PlainValue][] = [
  ["title", [aRun("Harbour "), aRun("retrofit")], "Harbour retrofit"],
  ["title", [], null],
  ["rich_text", [aRun("see "), aRun("@Ann", "mention"), aRun("x^2", "equation")], "see @Annx^2"],
  ["rich_text", [{ type: "text", text: { content: "as written" } }], "as written"],
  ["number", 12_500.5, 12_500.5],
  ["number", null, null],
  ["number", 0, 0],
  ["select", option, "Backlog"],
  ["select", null, null],
  ["multi_select", [option, { name: "Doing" }], ["Backlog", "Doing"]],
  ["multi_select", [], []],
  ["status", option, "Backlog"],
  ["date", null, null],
  ["date", may, { start: "2026-05-04", end: null }],
  [
    "date",
    { start: "2026-05-04T10:00:00.000-04:00", end: "2026-05-05T10:00:00.000-04:00", time_zone: null },
    { start: "2026-05-04T14:00:00.000Z", end: "2026-05-05T14:00:00.000Z" },
  ],
  [
    "date",
    { start: "2026-05-04T10:00:00", end: null, time_zone: "Europe/Paris" },
    { start: "2026-05-04T08:00:00.000Z", end: null },
  ],
  ["people", [user, { object: "user", id: idOf(2), name: "Ann" }], [idOf(1), idOf(2)]],
  [
    "files",
    [
      { name: "plan.pdf", type: "file", file: { url: "https://example.com/a?expires=1", expiry_time: "x" } },
      { name: "site", type: "external", external: { url: "https://example.com/site" } },
      { name: "https://example.com/b", type: "external", external: { url: "https://example.com/b" } },
      { type: "external", external: { url: "https://example.com/c" } },
    ],
    ["plan.pdf", "site <https://example.com/site>", "https://example.com/b", "https://example.com/c"],
  ],
  ["checkbox", false, false],
  ["url", "https://example.com", "https://example.com"],
  ["email", null, null],
  ["phone_number", "+44 20 7946 0958", "+44 20 7946 0958"],
  ["formula", { type: "string", string: "a" }, "a"],
  ["formula", { type: "number", number: 4 }, 4],
  ["formula", { type: "boolean", boolean: true }, true],
  ["formula", { type: "date", date: may }, { start: "2026-05-04", end: null }],
  ["formula", { type: "number", number: null }, null],
  ["relation", [{ id: idOf(3) }], [idOf(3)]],
  ["rollup", { type: "number", number: 3, function: "sum" }, 3],
  ["rollup", { type: "date", date: null, function: "latest_date" }, null],
  [
    "rollup",
    {
      type: "array",
      function: "show_original",
      array: [
        { type: "title", title: [aRun("Ann")] },
        { type: "number", number: 7 },
        { type: "select", select: null },
        { type: "multi_select", multi_select: [option, option] },
        { type: "date", date: { ...may, end: "2026-05-06" } },
        { type: "date", date: may },
        { type: "checkbox", checkbox: false },
      ],
    },
    ["Ann", "7", "Backlog", "Backlog", "2026-05-04/2026-05-06", "2026-05-04", "false"],
  ],
  ["created_time", "2026-03-01T08:00:00.000Z", "2026-03-01T08:00:00.000Z"],
  ["last_edited_time", "2026-03-01T08:00:00.000+00:00", "2026-03-01T08:00:00.000Z"],
  ["created_by", user, idOf(1)],
  ["last_edited_by", user, idOf(1)],
  ["unique_id", { prefix: "JOB", number: 12 }, "JOB-12"],
  ["unique_id", { prefix: null, number: 12 }, "12"],
  ["unique_id", { prefix: null, number: null }, null],
  ["verification", { state: "verified", date: null, verified_by: null }, "verified"],
  ["created_time", null, null],
  ["unique_id", null, null],
  ["url", "", null],
  ["email", null, null],
  ["formula", null, null],
  ["formula", { type: "string", string: "" }, null],
  ["rollup", null, null],
  ["verification", null, null],
  ["button", {}, null],
];

describe("reading a property", () => {
  it.each(READ)("of type %s: %j", (type, payload, value) => {
    expect(readValue(aProperty(type, payload))).toEqual({ value, truncated: false });
  });

  it.each([
    ["people", references(24), {}, false],
    ["people", references(25), {}, true],
    ["people", references(40), { has_more: false }, false],
    ["relation", references(25), {}, true],
    ["relation", references(25), { has_more: true }, true],
    ["relation", references(25), { has_more: false }, false],
    ["rich_text", Array.from({ length: 25 }, () => aRun("@", "mention")), {}, true],
    ["rich_text", Array.from({ length: 99 }, () => aRun("text")), {}, false],
    ["multi_select", Array.from({ length: 60 }, () => option), {}, false],
    ["rollup", { type: "array", array: references(25).map((id) => aProperty("created_by", id)) }, {}, true],
    ["rollup", { type: "array", array: [aProperty("relation", [], { has_more: true })] }, {}, true],
    [
      "rollup",
      { type: "array", array: [aProperty("number", 7), aProperty("relation", [], { has_more: true })] },
      {},
      true,
    ],
  ])("of type %s tells whether the reply cut its list (%#)", (type, payload, more, truncated) => {
    expect(readValue(aProperty(type, payload, more))).toMatchObject({ truncated });
  });

  it("keeps the value of files while their hosted addresses change", () => {
    const files = (url: string) => aProperty("files", [{ name: "a", type: "file", file: { url } }]);
    expect(readValue(files("https://example.com/1"))).toEqual(readValue(files("https://example.com/2")));
  });

  it.each([
    [null, "The property has no type."],
    [{ id: "title" }, "The property has no type."],
    [aProperty("hologram", {}), "Values of type hologram cannot be read."],
    [aProperty("constructor", {}), "Values of type constructor cannot be read."],
    [aProperty("Jane's secret", {}), "Values of an unknown type cannot be read."],
    [aProperty("place", null), "Values of type place cannot be read."],
    [aProperty("number", "12"), "The value of type number has an unexpected shape."],
    [aProperty("title", null), "The value of type title has an unexpected shape."],
    [aProperty("date", { start: "soon" }), "The value of type date has an unexpected shape."],
    [aProperty("date", 7), "The value of type date has an unexpected shape."],
    [aProperty("date", { ...may, end: 7 }), "The value of type date has an unexpected shape."],
    [
      aProperty("date", { start: "2026-05-04T10:00", time_zone: "X/Y" }),
      "The value of type date has an unexpected shape.",
    ],
    [
      aProperty("unique_id", { prefix: 7, number: 1 }),
      "The value of type unique_id has an unexpected shape.",
    ],
    [aProperty("unique_id", { number: "1" }), "The value of type unique_id has an unexpected shape."],
    [aProperty("unique_id", 7), "The value of type unique_id has an unexpected shape."],
    [aProperty("files", [{ type: "file" }]), "The value of type files has an unexpected shape."],
    [
      aProperty("files", [{ name: "a" }, { type: "file" }]),
      "The value of type files has an unexpected shape.",
    ],
    [aProperty("rollup", { type: "unsupported" }), "Notion does not tell the value of this rollup."],
    [aProperty("files", [7]), "The value of type files has an unexpected shape."],
    [aProperty("multi_select", [7]), "The value of type multi_select has an unexpected shape."],
    [aProperty("multi_select", [{ name: 7 }]), "The value of type multi_select has an unexpected shape."],
    [aProperty("checkbox", "yes"), "The value of type checkbox has an unexpected shape."],
    [aProperty("select", "Backlog"), "The value of type select has an unexpected shape."],
    [aProperty("status", { name: 7 }), "The value of type status has an unexpected shape."],
    [aProperty("url", 7), "The value of type url has an unexpected shape."],
    [aProperty("date", { start: 7 }), "The value of type date has an unexpected shape."],
    [aProperty("date", { ...may, time_zone: 7 }), "The value of type date has an unexpected shape."],
    [aProperty("date", { ...may, end: "soon" }), "The value of type date has an unexpected shape."],
    [aProperty("created_time", 7), "The value of type created_time has an unexpected shape."],
    [aProperty("last_edited_time", "soon"), "The value of type last_edited_time has an unexpected shape."],
    [aProperty("formula", { type: "hologram" }), "The value of type formula has an unexpected shape."],
    [aProperty("rollup", { type: "hologram" }), "The value of type rollup has an unexpected shape."],
    [aProperty("rollup", { type: "array", array: [7] }), "The value of type rollup has an unexpected shape."],
    [aProperty("rollup", { type: "array" }), "The value of type rollup has an unexpected shape."],
    [aProperty("people", {}), "The value of type people has an unexpected shape."],
    [aProperty("formula", 7), "The value of type formula has an unexpected shape."],
    [aProperty("rollup", 7), "The value of type rollup has an unexpected shape."],
    [aProperty("button", undefined), "The value of type button has an unexpected shape."],
    [aProperty("relation", [{ object: "page" }]), "The value of type relation has an unexpected shape."],
    [
      aProperty("formula", { type: "unsupported", unsupported: {} }),
      "Notion does not tell the value of this formula.",
    ],
    [aProperty("rollup", { type: "incomplete" }), "Notion does not tell the value of this rollup."],
    [
      aProperty("rollup", { type: "array", array: [aProperty("rollup", { type: "number", number: 1 })] }),
      "A rollup of rollups cannot be read.",
    ],
    [
      aProperty("rollup", { type: "array", array: [aProperty("email", 7)] }),
      "The value of type email has an unexpected shape.",
    ],
  ])("says in one sentence why it cannot (%#)", (property, unreadable) => {
    expect(readValue(property)).toEqual({ unreadable });
  });

  it("never throws, and repeats nothing of what it could not read", () => {
    const type = fc.constantFrom(...READ.map(([name]) => name), "place", "__proto__", "toString");
    const inner = fc
      .tuple(fc.constantFrom("string", "number", "boolean", "date", "array", "title"), fc.jsonValue())
      .map(([name, value]) => ({ type: name, [name]: value }));
    const payload = fc.oneof(
      fc.jsonValue(),
      inner,
      fc.array(inner),
      inner.map((item) => ({ array: [item] })),
    );
    const property = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(type, payload, fc.jsonValue())
        .map(([name, value, more]) => ({ type: name, [name]: value, has_more: more })),
    );
    fc.assert(
      fc.property(property, (value) => {
        const read = readValue(value);
        if ("unreadable" in read) expect(read.unreadable).toMatch(/^[A-Z][a-z_ ]+\.$/);
        else expect(structuredClone(read.value)).toEqual(read.value);
      }),
      { numRuns: propertyRuns(1_000) },
    );
  });

  it("takes for text only what is a run of text", () => {
    expect(plainText([aRun("a"), null, 7, { plain_text: 7 }, [aRun("b")], aRun("c")])).toBe("ac");
    expect(plainText({ length: 1 })).toBe("");
  });
});
