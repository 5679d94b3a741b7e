import {
  APIResponseError,
  collectAllDataSourceRows,
  collectPaginatedAPI,
  isFullDataSource,
  isFullPage,
  isFullPageOrDataSource,
  type PageObjectResponse,
  UnknownHTTPResponseError,
} from "@notionhq/client";
import { describe, expect, it } from "vitest";
import { aNotionWorld, seedWithRows } from "./a-notion-world.ts";
import { VERSIONS } from "./endpoints.ts";

function full(page: unknown): PageObjectResponse {
  expect(isFullPage(page as PageObjectResponse)).toBe(true);
  return page as PageObjectResponse;
}

const namesOf = (pages: readonly unknown[]): string[] =>
  pages.map((page) => {
    const name = full(page).properties["Name"];
    return name?.type === "title" ? name.title.map((run) => run.plain_text).join("") : "";
  });

describe.each(VERSIONS)("Notion's own client on version %s", (version) => {
  it("knows itself, finds the data source behind a database and reads its schema", async () => {
    const world = await aNotionWorld();
    const client = world.client(version);
    const me = await client.users.me({});
    expect(me).toMatchObject({ type: "bot", id: world.emulator.botId });
    const database = await client.databases.retrieve({
      database_id: world.emulator.databases()[0]!.databaseId,
    });
    expect(database).not.toHaveProperty("properties");
    expect(database).toMatchObject({
      data_sources: [{ id: world.dataSourceId("projects"), name: "Projects" }],
    });
    const schema = await client.dataSources.retrieve({ data_source_id: world.dataSourceId("projects") });
    if (!isFullDataSource(schema)) throw new Error("partial");
    expect(schema.properties["Name"]).toMatchObject({ id: "title", type: "title" });
    expect(schema.properties["Clients"]).toMatchObject({
      relation: { type: "dual_property", dual_property: { synced_property_name: "Projects" } },
    });
    expect(await client.dataSources.listTemplates({ data_source_id: schema.id })).toMatchObject({
      templates: [],
    });
  });

  it("pages through a query to its end", async () => {
    const world = await aNotionWorld({ content: () => seedWithRows(250) });
    const client = world.client(version);
    const rows = await collectPaginatedAPI(client.dataSources.query, {
      data_source_id: world.dataSourceId("projects"),
    });
    expect(new Set(rows.map(({ id }) => id)).size).toBe(252);
    expect(world.emulator.log().map(({ items }) => items)).toEqual([100, 100, 52]);
    expect(rows.every((row) => isFullPageOrDataSource(row))).toBe(true);
  });

  it("goes past the cap by created time with the client's own helper", async () => {
    const world = await aNotionWorld({ content: () => seedWithRows(400), resultCap: 90 });
    const rows = await collectAllDataSourceRows(world.client(version), {
      data_source_id: world.dataSourceId("projects"),
    });
    expect(rows.length).toBe(402);
  });

  it("filters and sorts by name and by id", async () => {
    const world = await aNotionWorld({ content: () => seedWithRows(20) });
    const client = world.client(version);
    const data_source_id = world.dataSourceId("projects");
    const schema = await client.dataSources.retrieve({ data_source_id });
    const feeId = isFullDataSource(schema) ? schema.properties["Fee"]!.id : "";
    const page = await client.dataSources.query({
      data_source_id,
      filter: {
        and: [
          { property: feeId, number: { greater_than: 5 } },
          {
            or: [
              { property: "Name", title: { contains: "row 1" } },
              { property: "Urgent", checkbox: { equals: true } },
            ],
          },
        ],
      },
      sorts: [{ property: "Fee", direction: "descending" }],
      filter_properties: ["title", feeId],
    });
    expect(namesOf(page.results)).toEqual([
      "Harbour retrofit",
      ...[19, 18, 17, 16, 15, 14, 13, 12, 11, 10].map((at) => `Row ${at}`),
    ]);
    expect(Object.keys(full(page.results[0]).properties)).toEqual(["Name", "Fee"]);
  });

  it("creates, updates, trashes and restores a row", async () => {
    const world = await aNotionWorld();
    const client = world.client(version);
    const made = full(
      await client.pages.create({
        parent: { data_source_id: world.dataSourceId("projects") },
        properties: {
          Name: { title: [{ text: { content: "Quay lighting" } }] },
          Fee: { number: 12 },
          Kind: { select: { name: "Lighting" } },
          Due: { date: { start: "2026-06-30T10:00:00Z", end: "2026-07-01T10:00:00+02:00" } },
          Clients: { relation: [{ id: world.pageId("port") }] },
          Team: { people: [{ id: world.emulator.botId }] },
        },
      }),
    );
    expect(made.properties).toMatchObject({
      Kind: { select: { name: "Lighting" } },
      Stage: { status: { name: "Backlog" } },
      Number: { unique_id: { prefix: null, number: 4 } },
      Due: {
        date: {
          start: "2026-06-30T10:00:00.000+00:00",
          end: "2026-07-01T10:00:00.000+02:00",
          time_zone: null,
        },
      },
      "Double fee": { formula: { type: "number", number: 24 } },
      "Client names": { rollup: { array: [{ type: "title", title: [{ plain_text: "Port Authority" }] }] } },
    });
    expect(made.url).toMatch(/^https:\/\/app\.notion\.com\/p\/Quay-lighting-[0-9a-f]{32}$/);
    const updated = full(
      await client.pages.update({ page_id: made.id, properties: { Fee: { number: null } } }),
    );
    expect(updated.properties["Fee"]).toMatchObject({ number: null });
    const trashed = full(await client.pages.update({ page_id: made.id, in_trash: true }));
    expect(trashed.in_trash).toBe(true);
    expect(trashed.archived).toBe(version === "2025-09-03" ? true : undefined);
    const restored = full(await client.pages.update({ page_id: made.id, in_trash: false }));
    expect(restored.properties["Kind"]).toMatchObject({ select: { name: "Lighting" } });
    const far = full(await client.pages.retrieve({ page_id: world.pageId("port") }));
    expect(far.properties["Projects"]).toMatchObject({ relation: expect.arrayContaining([{ id: made.id }]) });
  });

  it("moves a row, and its values follow by name", async () => {
    const world = await aNotionWorld();
    const moved = await world.client(version).pages.move({
      page_id: world.pageId("school"),
      parent: { data_source_id: world.dataSourceId("clients") },
    });
    expect(full(moved).parent).toMatchObject({ data_source_id: world.dataSourceId("clients") });
    expect(namesOf([moved])).toEqual(["School roof"]);
    expect(Object.keys(full(moved).properties)).toEqual(["Name", "Region", "Projects"]);
  });

  it("reads property items in both forms", async () => {
    const world = await aNotionWorld();
    const client = world.client(version);
    const page_id = world.pageId("harbour");
    const { properties } = full(await client.pages.retrieve({ page_id }));
    const item = (name: string) =>
      client.pages.properties.retrieve({ page_id, property_id: properties[name]!.id });
    expect(await item("Fee")).toMatchObject({ object: "property_item", type: "number", number: 12_500.5 });
    expect(await item("Notes")).toMatchObject({
      object: "list",
      property_item: { type: "rich_text", next_url: null },
      results: [{ object: "property_item", rich_text: { plain_text: "Tides matter." } }],
    });
    expect(await item("Clients")).toMatchObject({ results: [{ relation: { id: world.pageId("port") } }] });
    for (const [name, { id, type }] of Object.entries(properties)) {
      const { object, ...rest } = await item(name);
      expect(object === "list" ? rest : { property_item: rest }).toMatchObject({
        property_item: { id, type },
      });
    }
  });

  it("changes a schema, and keeps ids through a rename", async () => {
    const world = await aNotionWorld();
    const client = world.client(version);
    const data_source_id = world.dataSourceId("projects");
    const before = await client.dataSources.retrieve({ data_source_id });
    const after = await client.dataSources.update({
      data_source_id,
      properties: {
        Fee: { name: "Price" },
        "Sync ID": { rich_text: {} },
        Kind: { select: { options: [{ name: "Retrofit" }, { name: "Repair" }] } },
        Site: null,
      },
    });
    if (!isFullDataSource(before) || !isFullDataSource(after)) throw new Error("partial");
    expect(after.properties["Price"]?.id).toBe(before.properties["Fee"]?.id);
    expect(after.properties["Sync ID"]).toMatchObject({ type: "rich_text" });
    expect(after.properties["Kind"]).toMatchObject({
      select: { options: [{ name: "Retrofit" }, { name: "Repair" }] },
    });
    expect(after.properties).not.toHaveProperty("Site");
  });

  it("searches by title, and in the trash when asked", async () => {
    const world = await aNotionWorld();
    const client = world.client(version);
    const found = await client.search({ query: "roof", filter: { property: "object", value: "page" } });
    expect(namesOf(found.results)).toEqual(["School roof"]);
    const tables = await client.search({ filter: { property: "object", value: "data_source" } });
    expect(tables.results.map(({ id }) => id).sort()).toEqual(
      [world.dataSourceId("projects"), world.dataSourceId("clients")].sort(),
    );
    const trashed = await client.search({ filter: { in_trash: true } });
    expect(namesOf(trashed.results)).toEqual(["Old mill"]);
  });

  it("gets every refusal as an error of its own with code and status", async () => {
    const world = await aNotionWorld();
    const client = world.client(version);
    const page_id = world.pageId("harbour");
    const refusal = async (work: Promise<unknown>): Promise<unknown> => {
      const error: unknown = await work.catch((error: unknown) => error);
      return error instanceof APIResponseError ? [error.status, error.code] : error;
    };
    const missing = "00000000-0000-4000-8000-000000000000";
    expect(await refusal(client.pages.retrieve({ page_id: missing }))).toEqual([404, "object_not_found"]);
    expect(
      await refusal(client.pages.update({ page_id, properties: { Stage: { status: { name: "Paused" } } } })),
    ).toEqual([400, "validation_error"]);
    world.emulator.control({ op: "capability", update: false });
    expect(await refusal(client.pages.update({ page_id, in_trash: true }))).toEqual([
      403,
      "restricted_resource",
    ]);
    world.emulator.control({
      op: "fault",
      next: [{ kind: "conflict" }, { kind: "bad_gateway" }, { kind: "html" }],
    });
    expect(await refusal(client.pages.retrieve({ page_id }))).toEqual([409, "conflict_error"]);
    for (const status of [502, 502]) {
      const unknown = await refusal(client.pages.retrieve({ page_id }));
      expect(unknown).toBeInstanceOf(UnknownHTTPResponseError);
      expect(unknown).toMatchObject({ status });
    }
    world.emulator.control({ op: "limit", requestsPerMinute: 0 });
    expect(await refusal(client.users.me({}))).toEqual([429, "rate_limited"]);
    world.emulator.control({ op: "limit", requestsPerMinute: null });
    world.emulator.control({ op: "rotate-token", token: "another" });
    expect(await refusal(client.users.me({}))).toEqual([401, "unauthorized"]);
  });
});
