import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aNotionWorld } from "./a-notion-world.ts";

const run = (content: string) => ({ type: "text", text: { content } });
const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

/** Values of a property, and the path that the refusal names; null: accepted. */
const VALUES: [property: string, value: unknown, path: string | null][] = [
  ["Name", { title: [run("x".repeat(2_000))] }, null],
  ["Name", { title: [run("x".repeat(2_001))] }, "body.properties.Name.title.0.text.content"],
  ["Name", { title: many(100, run("x")) }, null],
  ["Name", { title: many(101, run("x")) }, "body.properties.Name.title"],
  ["Name", { title: "x" }, "body.properties.Name.title"],
  ["Name", { rich_text: [] }, "body.properties.Name.rich_text"],
  ["Name", { type: "rich_text", title: [] }, "body.properties.Name.type"],
  ["Name", null, "body.properties.Name"],
  [
    "Notes",
    { rich_text: [{ text: { content: "a", link: { url: `https://${"x".repeat(1_993)}` } } }] },
    "link.url",
  ],
  ["Notes", { rich_text: [{ type: "equation", equation: { expression: "x".repeat(1_000) } }] }, null],
  [
    "Notes",
    { rich_text: [{ type: "equation", equation: { expression: "x".repeat(1_001) } }] },
    "equation.expression",
  ],
  [
    "Notes",
    { rich_text: [{ type: "mention", text: { content: "a" } }] },
    "body.properties.Notes.rich_text.0",
  ],
  ["Notes", { rich_text: [{ text: { content: "a" }, annotations: { bold: "yes" } }] }, "annotations.bold"],
  ["Notes", { rich_text: [{ text: { content: "a" }, colour: "red" }] }, "rich_text.0.colour"],
  ["Fee", { number: 12.5 }, null],
  ["Fee", { number: null }, null],
  ["Fee", { number: "12" }, "body.properties.Fee.number"],
  ["Fee", {}, "body.properties.Fee.number"],
  ["Urgent", { checkbox: "true" }, "body.properties.Urgent.checkbox"],
  ["Urgent", { checkbox: null }, "body.properties.Urgent.checkbox"],
  ["Mail", { email: "x".repeat(200) }, null],
  ["Mail", { email: "x".repeat(201) }, "body.properties.Mail.email"],
  ["Mail", { email: "" }, "body.properties.Mail.email"],
  ["Phone", { phone_number: "1".repeat(200) }, null],
  ["Phone", { phone_number: "1".repeat(201) }, "body.properties.Phone.phone_number"],
  ["Site", { url: "x".repeat(2_000) }, null],
  ["Site", { url: "x".repeat(2_001) }, "body.properties.Site.url"],
  ["Site", { url: "" }, "body.properties.Site.url"],
  ["Site", { url: null }, null],
  ["Due", { date: { start: "2026-02-28" } }, null],
  ["Due", { date: { start: "2026-02-30" } }, "body.properties.Due.date.start"],
  ["Due", { date: { start: "30.6.2026" } }, "body.properties.Due.date.start"],
  ["Due", { date: "2026-06-30" }, "body.properties.Due.date"],
  ["Due", { date: { start: "2026-06-30", end: "2026-06-29" } }, "body.properties.Due.date.end"],
  ["Due", { date: { start: "2026-06-30T10:00:00", time_zone: "Europe/Berlin" } }, null],
  [
    "Due",
    { date: { start: "2026-06-30T10:00:00Z", time_zone: "Europe/Berlin" } },
    "body.properties.Due.date.time_zone",
  ],
  [
    "Due",
    { date: { start: "2026-06-30T10:00:00", time_zone: "Europe/Nowhere" } },
    "body.properties.Due.date.time_zone",
  ],
  ["Kind", { select: { name: "A kind, or two" } }, "body.properties.Kind.select.name"],
  ["Kind", { select: { name: "x".repeat(100) } }, null],
  ["Kind", { select: { name: "x".repeat(101) } }, "body.properties.Kind.select.name"],
  ["Kind", { select: { name: "Retrofit", color: "brown" } }, "body.properties.Kind.select.color"],
  ["Kind", { select: { id: "nothing" } }, "body.properties.Kind.select.id"],
  ["Kind", { select: {} }, "body.properties.Kind.select"],
  ["Tags", { multi_select: many(100, { name: "steel" }) }, null],
  ["Tags", { multi_select: many(101, { name: "steel" }) }, "body.properties.Tags.multi_select"],
  ["Stage", { status: { name: "done" } }, null],
  ["Stage", { status: { name: "Paused" } }, "body.properties.Stage.status"],
  [
    "Team",
    { people: many(101, { id: "00000000-0000-4000-8000-000000000000" }) },
    "body.properties.Team.people",
  ],
  ["Clients", { relation: [{ id: "no id" }] }, "body.properties.Clients.relation.0.id"],
  [
    "Clients",
    { relation: many(101, { id: "00000000-0000-4000-8000-000000000000" }) },
    "body.properties.Clients.relation",
  ],
  ["Papers", { files: [{ name: "a", external: { url: "https://a.example/" } }] }, null],
  ["Papers", { files: [{ external: { url: "https://a.example/" } }] }, "body.properties.Papers.files.0"],
  [
    "Papers",
    { files: [{ name: "a", file: { url: "https://foreign.example/" } }] },
    "body.properties.Papers.files.0.file.url",
  ],
  ...["Number", "Made", "Changed", "Maker", "Changer", "Double fee", "Client names"].map(
    (name): [string, unknown, string] => [name, { number: 1 }, `body.properties.${name}`],
  ),
  ["Nothing", { number: 1 }, "body.properties.Nothing"],
];

describe("the value of a property", () => {
  it.each(VALUES)("of %s: %j is refused at %s", async (property, value, path) => {
    const world = await aNotionWorld();
    const page = `pages/${world.pageId("harbour")}`;
    const before = world.emulator.pages("projects");
    const { status, body } = await world.ask("PATCH", page, { properties: { [property]: value } });
    if (path === null) {
      expect({ status, message: body["message"] }).toEqual({ status: 200, message: undefined });
      return;
    }
    expect(body).toMatchObject({
      status: 400,
      code: "validation_error",
      message: expect.stringContaining(path),
    });
    expect(world.emulator.pages("projects")).toEqual(before);
    expect(world.emulator.edits()).toEqual([]);
  });

  it("that names pages, users or databases which are not there is answered with 404", async () => {
    const world = await aNotionWorld();
    const page = `pages/${world.pageId("harbour")}`;
    const id = "00000000-0000-4000-8000-000000000000";
    for (const properties of [
      { Clients: { relation: [{ id }] } },
      { Team: { people: [{ id }] } },
      { Notes: { rich_text: [{ mention: { page: { id } } }] } },
    ]) {
      expect((await world.ask("PATCH", page, { properties })).body).toMatchObject({
        code: "object_not_found",
      });
    }
    const wrongTable = { Clients: { relation: [{ id: world.pageId("school") }] } };
    expect((await world.ask("PATCH", page, { properties: wrongTable })).body).toMatchObject({
      code: "validation_error",
      message: expect.stringContaining("body.properties.Clients.relation"),
    });
  });
});

/** Requests with `DS`, `PAGE` and `DB` for ids. */
const REQUESTS: [what: string, method: string, path: string, body: unknown, code: string, hint: string][] = [
  ["no JSON", "POST", "pages", "{", "invalid_json", ""],
  ["a path that is none", "GET", "tables/DS", undefined, "invalid_request_url", ""],
  ["a query below a database", "POST", "databases/DB/query", {}, "invalid_request_url", ""],
  ["an id that is none", "GET", "pages/abc", undefined, "validation_error", "path.page_id"],
  [
    "a foreign key of a create",
    "POST",
    "pages",
    { parent: { data_source_id: "DS" }, colour: 1 },
    "validation_error",
    "body.colour",
  ],
  ["a create without a parent", "POST", "pages", { properties: {} }, "validation_error", "body.parent"],
  [
    "a parent of the wrong kind",
    "POST",
    "pages",
    { parent: { database_id: "DB" } },
    "validation_error",
    "body.parent",
  ],
  [
    "a row that becomes no row",
    "POST",
    "pages/PAGE/move",
    { parent: { page_id: "PAGE" } },
    "invalid_request",
    "",
  ],
  [
    "a parent changed by update",
    "PATCH",
    "pages/PAGE",
    { parent: { data_source_id: "DS" } },
    "validation_error",
    "body.parent",
  ],
  [
    "blocks, which are not kept here",
    "POST",
    "pages",
    { parent: { data_source_id: "DS" }, markdown: "a" },
    "invalid_request",
    "markdown",
  ],
  [
    "children, likewise",
    "POST",
    "pages",
    { parent: { data_source_id: "DS" }, children: [{}] },
    "invalid_request",
    "children",
  ],
  [
    "a trash flag that is no flag",
    "PATCH",
    "pages/PAGE",
    { in_trash: "yes" },
    "validation_error",
    "body.in_trash",
  ],
  [
    "a page size of 101",
    "POST",
    "data_sources/DS/query",
    { page_size: 101 },
    "validation_error",
    "body.page_size",
  ],
  [
    "a page size of 0",
    "POST",
    "data_sources/DS/query",
    { page_size: 0 },
    "validation_error",
    "body.page_size",
  ],
  [
    "a cursor from nowhere",
    "POST",
    "data_sources/DS/query",
    { start_cursor: "abc" },
    "validation_error",
    "start_cursor",
  ],
  [
    "a foreign key of a query",
    "POST",
    "data_sources/DS/query",
    { limit: 5 },
    "validation_error",
    "body.limit",
  ],
  [
    "trashed rows in a query",
    "POST",
    "data_sources/DS/query",
    { in_trash: true },
    "validation_error",
    "body.in_trash",
  ],
  [
    "an unknown property shown",
    "POST",
    "data_sources/DS/query?filter_properties=zzz",
    {},
    "validation_error",
    "filter_properties",
  ],
  ["an unknown parameter", "GET", "pages/PAGE?expand=all", undefined, "validation_error", "query.expand"],
  [
    "a sort without direction",
    "POST",
    "data_sources/DS/query",
    { sorts: [{ property: "Fee" }] },
    "validation_error",
    "body.sorts.0",
  ],
  [
    "a sort by nothing",
    "POST",
    "data_sources/DS/query",
    { sorts: [{ property: "zzz", direction: "ascending" }] },
    "validation_error",
    "body.sorts.0.property",
  ],
  [
    "property items in too large pages",
    "GET",
    "pages/PAGE/properties/title?page_size=101",
    undefined,
    "validation_error",
    "query.page_size",
  ],
  ["an item of no property", "GET", "pages/PAGE/properties/zzz", undefined, "object_not_found", ""],
  [
    "a title removed from a schema",
    "PATCH",
    "data_sources/DS",
    { properties: { Name: null } },
    "validation_error",
    "body.properties.Name",
  ],
  [
    "a type changed by schema",
    "PATCH",
    "data_sources/DS",
    { properties: { Fee: { checkbox: {} } } },
    "validation_error",
    "body.properties.Fee.checkbox",
  ],
  [
    "a name taken in a schema",
    "PATCH",
    "data_sources/DS",
    { properties: { Fee: { name: "Kind" } } },
    "validation_error",
    "body.properties.Fee.name",
  ],
];

const FILTERS: [filter: unknown, hint: string][] = [
  [{}, "body.filter"],
  [{ property: "zzz", number: { equals: 1 } }, "zzz"],
  [{ property: "Fee", rich_text: { equals: "a" } }, "does not match"],
  [{ property: "Fee", number: { equals: "1" } }, "body.filter.number.equals"],
  [{ property: "Fee", number: { like: 1 } }, "body.filter.number.like"],
  [{ property: "Fee", number: { equals: 1, less_than: 3 } }, "body.filter.number"],
  [{ property: "Fee", number: { is_empty: false } }, "body.filter.number.is_empty"],
  [{ property: "Number", unique_id: { is_empty: true } }, "unique_id.is_empty"],
  [{ property: "Stage", status: { equals: "Paused" } }, "Paused"],
  [{ property: "Due", date: { on_or_after: "soon" } }, "body.filter.date.on_or_after"],
  [{ property: "Due", date: { past_week: true } }, "body.filter.date.past_week"],
  [{ property: "Clients", relation: { contains: "abc" } }, "relation.contains"],
  [{ property: "Papers", files: { contains: "a" } }, "files.contains"],
  [{ timestamp: "edited", edited: { past_week: {} } }, "body.filter.timestamp"],
  [{ timestamp: "created_time", property: "Made", created_time: { past_week: {} } }, "body.filter.property"],
  [{ and: [] }, "body.filter.and"],
  [{ and: [{ property: "Urgent", checkbox: { equals: true } }], or: [] }, "body.filter"],
  [{ and: many(101, { property: "Urgent", checkbox: { equals: true } }) }, "body.filter.and"],
  [{ and: [{ or: [{ and: [{ property: "Urgent", checkbox: { equals: true } }] }] }] }, "nested at most 2"],
];

describe("a request", () => {
  it.each(REQUESTS)("with %s is refused", async (...request) => {
    const [, method, path, body, code, hint] = request;
    const world = await aNotionWorld();
    const ids = {
      DS: world.dataSourceId("projects"),
      PAGE: world.pageId("harbour"),
      DB: world.emulator.databases()[0]!.databaseId,
    };
    const filled = (text: string): string =>
      text.replaceAll(/\b(DS|PAGE|DB)\b/g, (name) => ids[name as keyof typeof ids]);
    const sent =
      body === undefined ? undefined : filled(typeof body === "string" ? body : JSON.stringify(body));
    expect((await world.ask(method, filled(path), sent)).body).toMatchObject({
      object: "error",
      code,
      message: expect.stringContaining(hint),
    });
  });

  it.each(FILTERS)("with the filter %j is refused", async (filter, hint) => {
    const world = await aNotionWorld();
    const query = `data_sources/${world.dataSourceId("projects")}/query`;
    expect((await world.ask("POST", query, { filter })).body).toMatchObject({
      code: "validation_error",
      message: expect.stringContaining(hint),
    });
  });

  it("of more than 500 KB is refused, whatever it holds", async () => {
    const world = await aNotionWorld();
    const Notes = { rich_text: many(100, run("é".repeat(2_000))) };
    const body = { parent: { data_source_id: world.dataSourceId("projects") }, properties: { Notes } };
    expect((await world.ask("POST", "pages", body)).status).toBe(200);
    const larger = {
      ...body,
      properties: { ...body.properties, Mail: { email: "x" }, Site: { url: "x".repeat(100_000) } },
    };
    expect((await world.ask("POST", "pages", larger)).body).toMatchObject({
      code: "validation_error",
      message: expect.stringContaining("body.length"),
    });
  });
});

/** JSON that is often nearly right: the words of the API in odd places. */
const WORDS =
  "Name title rich_text text content Fee number Due date start Clients relation id property filter and or timestamp " +
  "created_time sorts direction equals contains past_week properties parent data_source_id in_trash select name " +
  "options Kind query start_cursor __proto__";
const words = fc.constantFrom(...WORDS.split(" "));
const nearly = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, 0, 1.5, "", "x", "2026-06-30", "ascending", "DS", "PAGE"),
    words,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(words, tie("value"), { maxKeys: 4 }),
  ),
})).value;

it("no body whatever upsets it: it is carried out, or refused with a code of the client's fault", async () => {
  const world = await aNotionWorld({ requestsPerMinute: null });
  const [DS, PAGE] = [world.dataSourceId("projects"), world.pageId("harbour")];
  const doors: [string, string][] = [
    ["POST", "pages"],
    ["PATCH", `pages/${PAGE}`],
    ["POST", `pages/${PAGE}/move`],
    ["POST", `data_sources/${DS}/query`],
    ["PATCH", `data_sources/${DS}`],
    ["POST", "search"],
  ];
  const body = fc.oneof(
    nearly,
    fc.record({ filter: nearly, sorts: nearly }, { requiredKeys: [] }),
    fc.record({
      parent: fc.constant({ data_source_id: "DS" }),
      properties: fc.dictionary(words, nearly, { maxKeys: 3 }),
    }),
    fc.record({ properties: fc.dictionary(words, nearly, { maxKeys: 3 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...doors), body, async ([method, path], given) => {
      const text = JSON.stringify(given).replaceAll('"DS"', `"${DS}"`).replaceAll('"PAGE"', `"${PAGE}"`);
      const { status, body } = await world.ask(method, path, text);
      if (status !== 200) expect([400, 404]).toContain(body["status"]);
    }),
    { numRuns: 1_500 },
  );
});
