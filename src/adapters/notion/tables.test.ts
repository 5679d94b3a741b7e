import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aNotion,
  aWireList,
  aWirePage,
  BOT_ID,
  DATA_SOURCE_ID,
  DATABASE_ID,
  PAGE_ID,
  READS,
  responseOf,
  richText,
  TOKEN,
  VALUE,
  WRITES,
  type FakeReply,
} from "../../../test/in-process/notion.ts";
import { createNotionTables } from "./tables.ts";

const NO_READING = { limit: null, remaining: null, windowEndsMs: null };
const SINCE_EVER = { by: "edited", atMs: null } as const;
const PAGE = {
  id: PAGE_ID,
  dataSourceId: DATA_SOURCE_ID,
  createdMs: Date.UTC(2026, 2, 1, 8),
  editedMs: Date.UTC(2026, 4, 4, 16, 40),
  createdBy: "a0000000-0000-4000-8000-000000000001",
  editedBy: BOT_ID,
  isTrashed: false,
  isArchived: false,
};

const answering = (reply: FakeReply) => aNotion(() => responseOf(reply));
const query = async (body: unknown) => {
  const { tables } = await answering({ body });
  return (await READS.query(tables)).value;
};
const pageOf = async (change: Record<string, unknown>) => {
  const { tables } = await answering({ body: aWirePage(change) });
  return (await READS.page(tables)).value;
};

describe("every call", () => {
  it("goes out once, with the token as bearer and the version pinned, and is read with no word of the budget", async () => {
    const { tables, requests, timersLeft } = await answering({ body: aWirePage() });
    expect((await READS.page(tables)).quota).toEqual(NO_READING);
    expect(requests.length).toBe(1);
    const [request] = requests;
    expect(request?.method).toBe("GET");
    expect(request?.url).toBe(`http://notion.test/v1/pages/${PAGE_ID}`);
    expect(request?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    expect(request?.headers.get("notion-version")).toBe("2026-03-11");
    expect(request?.redirect).toBe("manual");
    expect(timersLeft()).toBe(0);
  });

  it("is of a token whose name does not reveal it, and differs by token and by owner", async () => {
    const nameOf = async (token: string, keyOf?: string) => {
      const options = { url: "http://notion.test", token, ...(keyOf === undefined ? {} : { keyOf }) };
      const { world, fetch } = { world: {} as never, fetch: () => Promise.reject(new Error("unused")) };
      return (await createNotionTables({ ...options, world, fetch })).keyName;
    };
    expect(await nameOf(TOKEN)).toMatch(/^notion:[0-9a-f]{16}$/);
    expect(await nameOf(TOKEN)).toBe(await nameOf(TOKEN));
    expect(new Set([await nameOf(TOKEN), await nameOf("other"), await nameOf(TOKEN, "acme")]).size).toBe(3);
  });
});

describe("me", () => {
  const bot = { owner: { type: "workspace", workspace: true }, workspace_id: "a0a0", workspace_name: "Acme" };

  it("tells the bot and the workspace", async () => {
    const { tables, requests } = await answering({ body: { object: "user", id: BOT_ID, type: "bot", bot } });
    expect((await tables.me(1_000)).value).toEqual({ botId: BOT_ID, workspaceId: "a0a0" });
    expect(requests[0]?.url).toBe("http://notion.test/v1/users/me");
  });

  it("is a defect without them", async () => {
    const { tables } = await answering({ body: { object: "user", id: BOT_ID, type: "person" } });
    await expect(tables.me(1_000)).rejects.toMatchObject({ failure: { kind: "defect" } });
  });
});

describe("dataSourcesOf", () => {
  it("lists the data sources of a database", async () => {
    const sources = [{ id: DATA_SOURCE_ID, name: "Projects", added: "later" }];
    const { tables, requests } = await answering({
      body: { object: "database", id: DATABASE_ID, data_sources: sources },
    });
    const { value } = await READS.dataSourcesOf(tables);
    expect(value).toEqual([{ id: DATA_SOURCE_ID, name: "Projects" }]);
    expect(requests[0]?.url).toBe(`http://notion.test/v1/databases/${DATABASE_ID}`);
  });

  it.each([[undefined], [[{ name: "Projects" }]]])("is a defect with data_sources %j", async (sources) => {
    const { tables } = await answering({ body: { object: "database", data_sources: sources } });
    await expect(READS.dataSourcesOf(tables)).rejects.toMatchObject({ failure: { kind: "defect" } });
  });
});

const STATUS_OPTIONS = ["Backlog", "Doing", "Done"].map((name, n) => ({ id: `s${n}`, name, color: "blue" }));
const SCHEMA = {
  object: "data_source",
  id: DATA_SOURCE_ID,
  title: [richText("Pro"), richText("jects")],
  parent: { type: "database_id", database_id: DATABASE_ID },
  database_parent: { type: "page_id", page_id: "x" },
  in_trash: false,
  properties: {
    Name: { id: "title", name: "Name", description: null, type: "title", title: {} },
    Stage: { id: "%3BaQ%7D", name: "Stage", type: "status", status: { options: STATUS_OPTIONS, groups: [] } },
    Tags: {
      id: "t1",
      name: "Tags",
      type: "multi_select",
      multi_select: { options: [{ id: "o", name: "a" }] },
    },
    Client: {
      id: "Rk%3Fu",
      name: "Client",
      type: "relation",
      relation: {
        database_id: "x",
        data_source_id: "ds-clients",
        type: "single_property",
        single_property: {},
      },
    },
    Odd: { id: "odd1", name: "Odd", type: "hologram", hologram: { options: [{ name: "no" }] } },
  },
};

describe("schema", () => {
  it("tells the columns in the order of the schema, their ids exactly as Notion gives them", async () => {
    const { tables } = await answering({ body: SCHEMA });
    expect((await READS.schema(tables)).value).toEqual({
      id: DATA_SOURCE_ID,
      databaseId: DATABASE_ID,
      title: "Projects",
      isTrashed: false,
      properties: [
        { id: "title", name: "Name", type: "title", options: [], target: null },
        {
          id: "%3BaQ%7D",
          name: "Stage",
          type: "status",
          options: ["Backlog", "Doing", "Done"],
          target: null,
        },
        { id: "t1", name: "Tags", type: "multi_select", options: ["a"], target: null },
        { id: "Rk%3Fu", name: "Client", type: "relation", options: [], target: "ds-clients" },
        { id: "odd1", name: "Odd", type: "hologram", options: [], target: null },
      ],
    });
  });

  it.each([
    ["id", { id: undefined }],
    ["parent.database_id", { parent: { type: "page_id" } }],
    ["in_trash", { in_trash: undefined }],
    ["properties", { properties: null }],
    ["properties with id, name and type", { properties: { Name: { id: "title", name: "Name" } } }],
  ])("is a defect without %s", async (lacks, change) => {
    const { tables } = await answering({ body: { ...SCHEMA, ...change } });
    const detail = `a data source without ${lacks}`;
    await expect(READS.schema(tables)).rejects.toMatchObject({ failure: { kind: "defect", detail } });
  });
});

describe("query", () => {
  it("asks for rows since a moment, floored to the minute as Notion's times are, oldest first", async () => {
    const { tables, requests } = await answering({ body: aWireList([]) });
    const asked = { dataSourceId: DATA_SOURCE_ID, cursor: null, rows: 50 };
    const atMs = Date.UTC(2026, 4, 4, 16, 38, 59, 999);
    await tables.query({ ...asked, since: { by: "edited", atMs } }, 1_000);
    await tables.query({ ...asked, since: { by: "created", atMs }, cursor: "eyJ2", rows: 500 }, 1_000);
    await tables.query({ ...asked, since: SINCE_EVER }, 1_000);
    expect(requests[0]?.url).toBe(`http://notion.test/v1/data_sources/${DATA_SOURCE_ID}/query`);
    const condition = { on_or_after: "2026-05-04T16:38:00.000Z" };
    expect(requests.map(({ body }) => body)).toEqual([
      {
        filter: { timestamp: "last_edited_time", last_edited_time: condition },
        sorts: [{ timestamp: "last_edited_time", direction: "ascending" }],
        page_size: 50,
      },
      {
        filter: { timestamp: "created_time", created_time: condition },
        sorts: [{ timestamp: "created_time", direction: "ascending" }],
        page_size: 100,
        start_cursor: "eyJ2",
      },
      { sorts: [{ timestamp: "last_edited_time", direction: "ascending" }], page_size: 50 },
    ]);
  });

  it("keeps apart whole rows and rows that this token may only see in part, and knows no other objects", async () => {
    const body = aWireList([
      aWirePage({ something_new: 1 }),
      { object: "page", id: "partial-1" },
      { object: "data_source", id: "wiki" },
    ]);
    expect(await query(body)).toMatchObject({
      items: [PAGE],
      partial: ["partial-1"],
      cursor: null,
      isCapped: false,
    });
  });

  it("goes on from the cursor as long as there is more", async () => {
    const list = aWireList([], { has_more: true, next_cursor: "eyJ2" });
    expect(await query(list)).toMatchObject({ cursor: "eyJ2" });
    expect(await query(aWireList([], { next_cursor: "eyJ2" }))).toMatchObject({ cursor: null });
  });

  it("tells that it came to Notion's cap", async () => {
    const status = { type: "incomplete", incomplete_reason: "query_result_limit_reached" };
    expect(await query(aWireList([], { request_status: status }))).toMatchObject({ isCapped: true });
    const complete = aWireList([], { request_status: { type: "complete" } });
    expect(await query(complete)).toMatchObject({ isCapped: false });
  });

  it.each([
    ["no results", aWireList([], { results: undefined })],
    ["no word whether it ends", aWireList([], { has_more: undefined })],
    ["more to come and no cursor", aWireList([], { has_more: true })],
    ["a row without id", aWireList([{ object: "page" }])],
    ["no row that is whole", aWireList([aWirePage({ parent: null }), aWirePage({ in_trash: undefined })])],
  ])("is a defect with %s", async (_name, body) => {
    await expect(query(body)).rejects.toMatchObject({ failure: { kind: "defect", party: "notion" } });
  });
});

describe("a row that breaks the contract", () => {
  const lacking = (change: Record<string, unknown>) => aWirePage({ id: "broken", ...change });

  it.each([
    ["parent", { parent: null }],
    ["created_time", { created_time: "soon" }],
    ["properties with id and type", { properties: { Name: { id: "title" } } }],
  ])("stands apart for want of %s, and the others are given", async (lacks, change) => {
    const list = await query(aWireList([aWirePage(), lacking(change)]));
    expect(list.items.map(({ id }) => id)).toEqual([PAGE_ID]);
    expect(list.broken).toEqual([{ id: "broken", lacks }]);
  });

  it("stands apart where it is the only one", async () => {
    const list = await query(aWireList([lacking({ parent: null })]));
    expect(list).toMatchObject({ items: [], broken: [{ id: "broken", lacks: "parent" }] });
  });

  it("is a defect where rows are looked for by their text: it may be the one", async () => {
    const { tables } = await answering({ body: aWireList([aWirePage(), lacking({ parent: null })]) });
    await expect(READS.queryEqual(tables)).rejects.toMatchObject({ failure: { kind: "defect" } });
  });
});

describe("queryEqual", () => {
  const named = (text: string) =>
    aWirePage({ properties: { Name: { id: "title", type: "title", title: [richText(text)] } } });

  it("asks by the type of the property, and gives the rows that hold exactly the text", async () => {
    const found = aWireList([named(VALUE), named(VALUE.toLowerCase())]);
    const { tables, requests } = await answering({ body: found });
    expect((await READS.queryEqual(tables)).value).toMatchObject([PAGE]);
    await tables.queryEqual({ dataSourceId: DATA_SOURCE_ID, propertyId: "m%3Ax", text: "a" }, 1_000);
    expect(requests.map(({ body }) => body)).toEqual([
      { filter: { property: "title", title: { equals: VALUE } }, page_size: 100 },
      { filter: { property: "m%3Ax", rich_text: { equals: "a" } }, page_size: 100 },
    ]);
  });

  it("does not pass over a row that it cannot read: it may be the very one", async () => {
    const { tables } = await answering({ body: aWireList([{ object: "page", id: "partial-1" }]) });
    await expect(READS.queryEqual(tables)).rejects.toMatchObject({ failure: { kind: "partial" } });
  });
});

describe("page", () => {
  it("is read with its properties by id", async () => {
    const page = await pageOf({});
    expect(page).toMatchObject(PAGE);
    expect(page?.properties).toMatchObject({
      title: { type: "title", read: { value: VALUE } },
      "q%7CzL": { type: "number", read: { value: 12_500.5 } },
      "Rk%3Fu": { type: "relation", read: { value: ["c11e0000-0000-4000-8000-000000000001"] } },
    });
  });

  it("may be trashed, in the spelling of either version, archived, or of no data source any more", async () => {
    expect(await pageOf({ in_trash: true })).toMatchObject({ isTrashed: true });
    expect(await pageOf({ in_trash: undefined, archived: true })).toMatchObject({ isTrashed: true });
    expect(await pageOf({ is_archived: true })).toMatchObject({ isArchived: true });
    expect(await pageOf({ is_archived: undefined })).toMatchObject({ isArchived: false });
    const moved = { parent: { type: "page_id", page_id: "x" } };
    expect(await pageOf(moved)).toMatchObject({ dataSourceId: null });
    expect(await pageOf({ created_by: null })).toMatchObject({ createdBy: null });
  });

  it("is null if only its id is shown: it is not shared", async () => {
    const { tables } = await answering({ body: { object: "page", id: PAGE_ID, request_id: "r" } });
    expect((await READS.page(tables)).value).toBe(null);
  });

  it.each([
    ["id", { id: undefined }],
    ["parent", { parent: null }],
    ["created_time", { created_time: "soon" }],
    ["last_edited_time", { last_edited_time: 7 }],
    ["in_trash", { in_trash: undefined }],
    ["properties with id and type", { properties: { Name: { id: "title" } } }],
  ])("is a defect without %s", async (lacks, change) => {
    const detail = `a page without ${lacks}`;
    await expect(pageOf(change)).rejects.toMatchObject({ failure: { kind: "defect", detail } });
  });
});

describe("listItems", () => {
  const items = (type: string, values: unknown[]) => ({
    object: "list",
    type: "property_item",
    property_item: { id: "x", type, [type]: {}, next_url: null },
    results: values.map((value) => ({ object: "property_item", id: "x", type, [type]: value })),
    next_cursor: null,
    has_more: false,
  });

  it.each([
    ["relation", [{ id: "a" }, { id: "b" }], ["a", "b"]],
    ["people", [{ object: "user", id: "u1" }], ["u1"]],
    ["rich_text", [richText("one"), richText(" two")], ["one", " two"]],
    ["title", [richText("one")], ["one"]],
  ])("reads a page of %s", async (type, values, read) => {
    const { tables } = await answering({ body: items(type, values) });
    expect((await READS.listItems(tables)).value).toEqual({ items: read, cursor: null });
  });

  it("goes on from its cursor, and asks for as many as there may be", async () => {
    const more = { ...items("relation", []), has_more: true, next_cursor: "c2" };
    const { tables, requests } = await answering({ body: more });
    const asked = { pageId: PAGE_ID, propertyId: "Rk%3Fu", cursor: "c=1&x" };
    expect((await tables.listItems(asked, 1_000)).value.cursor).toBe("c2");
    expect(requests[0]?.url).toBe(
      `http://notion.test/v1/pages/${PAGE_ID}/properties/Rk%3Fu?start_cursor=c%3D1%26x&page_size=100`,
    );
  });

  it("asks for the very property, whatever its id holds", async () => {
    const { tables, requests } = await answering({ body: items("relation", []) });
    const printable = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)),
    });
    const raw = printable.filter((id) => id.length >= 3);
    await fc.assert(
      fc.asyncProperty(fc.oneof(raw, fc.constantFrom("a..b", "....", "%2e.", "a/..")), async (id) => {
        const propertyId = encodeURIComponent(id);
        await tables.listItems({ pageId: PAGE_ID, propertyId, cursor: null }, 1_000);
        const { pathname } = new URL(requests.at(-1)?.url ?? "");
        expect(pathname).toBe(`/v1/pages/${PAGE_ID}/properties/${propertyId}`);
      }),
    );
  });

  it.each(["..", "../../users/me"])("never asks for anything but a property: %s", async (propertyId) => {
    const { tables, requests } = await answering({ body: items("relation", []) });
    await tables.listItems({ pageId: PAGE_ID, propertyId, cursor: null }, 1_000).catch(() => undefined);
    for (const { url } of requests) expect(new URL(url).pathname).toContain(`/pages/${PAGE_ID}/properties/`);
  });

  it.each([
    ["a single value", { object: "property_item", id: "q", type: "number", number: 1 }],
    ["a list of another type", items("rollup", [{}])],
    ["an item without id", items("relation", [{}])],
    ["an item of no type", { ...items("relation", []), results: [{ type: "constructor" }] }],
  ])("is a defect with %s", async (_name, body) => {
    const { tables } = await answering({ body });
    await expect(READS.listItems(tables)).rejects.toMatchObject({ failure: { kind: "defect" } });
  });
});

describe("a write", () => {
  it("creates a row with a parent and values by property id, and shows the page as Notion has it", async () => {
    const { tables, requests } = await answering({ body: aWirePage() });
    expect((await WRITES.create(tables)).value).toMatchObject({ state: "done", page: PAGE });
    expect(requests[0]).toMatchObject({ method: "POST", url: "http://notion.test/v1/pages" });
    expect(requests[0]?.body).toMatchObject({
      parent: { type: "data_source_id", data_source_id: DATA_SOURCE_ID },
      properties: { title: { title: [{ text: { content: VALUE } }] } },
    });
  });

  it("updates the properties that are named, and nothing else", async () => {
    const { tables, requests } = await answering({ body: aWirePage() });
    const properties = { "q%7CzL": { type: "number", value: 7 } };
    expect((await tables.update({ pageId: PAGE_ID, properties }, 1_000)).value).toMatchObject({
      state: "done",
    });
    expect(requests[0]).toMatchObject({ method: "PATCH", url: `http://notion.test/v1/pages/${PAGE_ID}` });
    expect(requests[0]?.body).toEqual({ properties: { "q%7CzL": { number: 7 } } });
  });

  it.each([true, false])("sets the trash to %s by in_trash, never by archived", async (isTrashed) => {
    const { tables, requests } = await answering({ body: aWirePage({ in_trash: isTrashed }) });
    const { value } = await tables.setTrashed({ pageId: PAGE_ID, isTrashed }, 1_000);
    expect(value).toMatchObject({ state: "done", page: { isTrashed } });
    expect(requests[0]?.body).toEqual({ in_trash: isTrashed });
  });

  it("is refused, and not sent, if a value is none that Notion takes", async () => {
    const { tables, requests } = await answering({ body: aWirePage() });
    const properties = { "f%7C1": { type: "formula", value: VALUE } };
    const writing = tables.create({ dataSourceId: DATA_SOURCE_ID, properties }, 1_000);
    await expect(writing).rejects.toMatchObject({ failure: { kind: "refused", party: "notion" } });
    await expect(writing).rejects.not.toThrow(VALUE);
    expect(requests).toEqual([]);
  });
});
