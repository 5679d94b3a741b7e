import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNotionEmulator, type NotionEmulator } from "../../../emulators/notion/emulator.ts";
import { NOTION_DEMO_TOKEN } from "../../../emulators/notion/keys.ts";
import type { NotionSeed } from "../../../emulators/notion/seed.ts";
import type { FailureError } from "../../core/errors.ts";
import type { PlainValue } from "../../core/records/plain-value.ts";
import type {
  DataSourceSchema,
  NotionPage,
  NotionTables,
  PageList,
  PropertyWrites,
} from "../../ports/notion.ts";
import { createNotionTables } from "./tables.ts";

const START_MS = Date.UTC(2026, 5, 1, 10);
const MINUTE_MS = 60_000;
const ROWS = 25;
const CLIENTS = 130;
const WAIT_MS = 5_000;

/** Projects with a property of each type that is written, and clients of whom the first project has many. */
const CONTENT: NotionSeed = {
  databases: [
    {
      key: "projects",
      title: "Projects",
      properties: [
        { name: "Name", type: "title" },
        { name: "Sync id", type: "rich_text" },
        { name: "Fee", type: "number" },
        { name: "Billable", type: "checkbox" },
        { name: "Due", type: "date" },
        { name: "Contact", type: "email" },
        { name: "Phone", type: "phone_number" },
        { name: "Site", type: "url" },
        { name: "Kind", type: "select", options: ["Harbour", "Bridge"] },
        { name: "Tags", type: "multi_select", options: ["steel", "night"] },
        {
          name: "Stage",
          type: "status",
          groups: [
            { name: "To-do", options: ["Backlog"] },
            { name: "In progress", options: ["Doing"] },
            { name: "Complete", options: ["Done"] },
          ],
        },
        { name: "Clients", type: "relation", target: "clients" },
        { name: "Twice", type: "formula", doubles: "Fee" },
        { name: "Number", type: "unique_id" },
        { name: "Made", type: "created_time" },
        { name: "Made by", type: "created_by" },
      ],
      rows: Array.from({ length: ROWS }, (_one, n) => ({
        key: `p${n}`,
        createdMs: START_MS - (ROWS - n) * 10 * MINUTE_MS,
        editedMs: START_MS - (ROWS - n) * 10 * MINUTE_MS,
        values: {
          Name: `Project ${n}`,
          Fee: n,
          Stage: "Doing",
          Clients: n === 0 ? Array.from({ length: CLIENTS }, (_client, c) => `c${c}`) : [],
        },
      })),
    },
    {
      key: "clients",
      title: "Clients",
      properties: [{ name: "Name", type: "title" }],
      rows: Array.from({ length: CLIENTS }, (_one, n) => ({
        key: `c${n}`,
        createdMs: START_MS - 1_000 * MINUTE_MS,
        editedMs: START_MS - 1_000 * MINUTE_MS,
        values: { Name: `Client ${n}` },
      })),
    },
  ],
};

let nowMs = START_MS;
let emulator: NotionEmulator;
let tables: NotionTables;
let projects: DataSourceSchema;

beforeEach(async () => {
  nowMs = START_MS;
  emulator = await createNotionEmulator({ nowMs: () => nowMs, content: () => CONTENT, indexLagMs: 0 });
  tables = await createNotionTables({
    url: "https://api.notion.com",
    token: NOTION_DEMO_TOKEN,
    fetch: (request) => emulator.fetch(request),
    world: {
      nowMs: () => nowMs,
      realNowMs: () => nowMs,
      realAtMs: (worldMs) => worldMs,
      newId: () => "01TEST",
      timer: () => ({ signal: new AbortController().signal, stop: () => undefined }),
      timeout: () => new AbortController().signal,
    },
  });
  projects = await schemaOf("projects");
});
afterEach(() => emulator.close());

async function schemaOf(key: string): Promise<DataSourceSchema> {
  const found = emulator.databases().find((database) => database.key === key);
  const { value: sources } = await tables.dataSourcesOf(found?.databaseId ?? "", WAIT_MS);
  const { value } = await tables.schema(sources?.[0]?.id ?? "", WAIT_MS);
  return value ?? expect.unreachable("the data source is there");
}

const column = (name: string) =>
  projects.properties.find((property) => property.name === name) ?? expect.unreachable(name);
const writes = (values: Record<string, PlainValue>): PropertyWrites =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [column(name).id, { type: column(name).type, value }]),
  );
const valueOf = (page: NotionPage, name: string) => {
  const read = page.properties[column(name).id]?.read;
  return read !== undefined && "value" in read ? read.value : expect.unreachable(`${name} can be read`);
};
const idOf = (key: string) => emulator.pages("projects").find((page) => page.key === key)?.id ?? "";
const pageOf = async (id: string) => (await tables.page(id, WAIT_MS)).value;
const named = async (text: string) => {
  const asked = { dataSourceId: projects.id, propertyId: column("Sync id").id, text };
  return (await tables.queryEqual(asked, WAIT_MS)).value;
};
const create = async (values: Record<string, PlainValue>) =>
  (await tables.create({ dataSourceId: projects.id, properties: writes(values) }, WAIT_MS)).value;
const update = async (pageId: string, values: Record<string, PlainValue>) =>
  (await tables.update({ pageId, properties: writes(values) }, WAIT_MS)).value;
const trash = async (pageId: string, isTrashed: boolean) =>
  (await tables.setTrashed({ pageId, isTrashed }, WAIT_MS)).value;

async function scan(
  rows: number,
  since: { by: "edited" | "created"; atMs: number | null } = { by: "edited", atMs: null },
): Promise<PageList[]> {
  const lists: PageList[] = [];
  let cursor: string | null = null;
  do {
    const asked = { dataSourceId: projects.id, since, cursor, rows };
    const { value: list }: { value: PageList } = await tables.query(asked, WAIT_MS);
    lists.push(list);
    cursor = list.cursor;
  } while (cursor !== null);
  return lists;
}

describe("Notion tables over the emulator", () => {
  it("know whose token it is, what the database holds and what its columns are", async () => {
    const { value } = await tables.me(WAIT_MS);
    expect(value).toEqual({ botId: emulator.botId, workspaceId: emulator.workspaceId });
    expect(projects).toMatchObject({ title: "Projects", isTrashed: false });
    expect(projects.properties).toContainEqual(
      expect.objectContaining({ name: "Stage", type: "status", options: ["Backlog", "Doing", "Done"] }),
    );
    expect(column("Clients").target).toBe((await schemaOf("clients")).id);
    expect((await tables.schema("00000000-0000-4000-8000-000000000000", WAIT_MS)).value).toBe(null);
  });

  it("read every row once, page by page, oldest edit first", async () => {
    const lists = await scan(10);
    const rows = lists.flatMap(({ items }) => items);
    expect(lists.length).toBe(3);
    expect(rows.map(({ id }) => id)).toEqual(emulator.pages("projects").map(({ id }) => id));
    expect(rows.map(({ editedMs }) => editedMs)).toEqual(
      rows.map(({ editedMs }) => editedMs).toSorted((a, b) => a - b),
    );
    expect(lists.every(({ isCapped, partial }) => !isCapped && partial.length === 0)).toBe(true);
    for (const page of rows)
      for (const { read } of Object.values(page.properties)) expect(read).toHaveProperty("value");
  });

  it("read what was edited in the very minute that is asked for", async () => {
    nowMs = START_MS + 30_000;
    emulator.control({ op: "edit", page: "projects/p3", set: { Fee: 77 } });
    const lists = await scan(10, { by: "edited", atMs: START_MS + 20_000 });
    const [page] = lists.flatMap(({ items }) => items);
    expect(page).toMatchObject({ id: idOf("p3"), editedMs: START_MS });
    expect(page && valueOf(page, "Fee")).toBe(77);
    expect(page?.editedBy).not.toBe(emulator.botId);
  });

  it("tell that a query was capped, and reach the rest by another moment", async () => {
    emulator.control({ op: "behave", resultCap: 10 });
    const first = await scan(4, { by: "created", atMs: null });
    expect(first.every(({ isCapped }) => isCapped)).toBe(true);
    const seen = first.flatMap(({ items }) => items);
    expect(seen.length).toBe(10);
    const more = await scan(4, { by: "created", atMs: seen.at(-1)?.createdMs ?? null });
    expect(more.flatMap(({ items }) => items)[0]?.id).toBe(seen.at(-1)?.id);
  });

  it("start a scan again whose cursor is not known", async () => {
    const asked = {
      dataSourceId: projects.id,
      since: { by: "edited", atMs: null },
      cursor: "unknown",
      rows: 10,
    } as const;
    await expect(tables.query(asked, WAIT_MS)).rejects.toMatchObject({ failure: { kind: "partial" } });
  });

  it("read a long list item by item", async () => {
    const page = (await pageOf(idOf("p0"))) ?? expect.unreachable("p0 is there");
    expect(page.properties[column("Clients").id]?.read).toMatchObject({ truncated: true });
    const items: string[] = [];
    let cursor: string | null = null;
    do {
      const asked = { pageId: page.id, propertyId: column("Clients").id, cursor };
      const { value }: { value: { items: readonly string[]; cursor: string | null } } =
        await tables.listItems(asked, WAIT_MS);
      items.push(...value.items);
      cursor = value.cursor;
    } while (cursor !== null);
    expect(items.toSorted()).toEqual(
      emulator
        .pages("clients")
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  it("create a row that reads as it was written, and find it by its mark", async () => {
    const client = emulator.pages("clients")[0]?.id ?? "";
    const values = {
      Name: "Quay lighting — phase 2 🏗",
      "Sync id": "01SYNC",
      Fee: 12_500.5,
      Billable: true,
      Due: { start: "2026-06-30", end: null },
      Contact: "a@example.com",
      Phone: "+49 40 1234567",
      Site: "https://example.com/x",
      Kind: "Bridge",
      Tags: ["night", "steel"],
      Stage: "Backlog",
      Clients: [client],
    };
    const outcome = await create(values);
    const page = outcome.state === "done" ? outcome.page : expect.unreachable(outcome.detail);
    for (const [name, value] of Object.entries(values)) {
      expect(valueOf(page, name), name).toEqual(value);
    }
    expect(page).toMatchObject({ dataSourceId: projects.id, editedBy: emulator.botId, isTrashed: false });
    expect(await pageOf(page.id)).toEqual(page);
    expect((await named("01SYNC")).map(({ id }) => id)).toEqual([page.id]);
    expect(await named("01sync")).toEqual([]);
  });

  it("update what is named, and nothing else", async () => {
    const before = (await pageOf(idOf("p5"))) ?? expect.unreachable("p5 is there");
    const outcome = await update(before.id, { Fee: null, Name: "Renamed" });
    const page = outcome.state === "done" ? outcome.page : expect.unreachable(outcome.detail);
    expect(valueOf(page, "Fee")).toBe(null);
    expect(valueOf(page, "Name")).toBe("Renamed");
    expect(valueOf(page, "Stage")).toBe(valueOf(before, "Stage"));
  });

  it("trash a row, which no query lists then, refuse to change it there, and take it back", async () => {
    const id = idOf("p6");
    expect(await trash(id, true)).toMatchObject({ state: "done", page: { isTrashed: true } });
    expect((await scan(100)).flatMap(({ items }) => items).some((page) => page.id === id)).toBe(false);
    expect(await pageOf(id)).toMatchObject({ isTrashed: true });
    await expect(update(id, { Fee: 1 })).rejects.toMatchObject({ failure: { kind: "refused" } });
    expect(await trash(id, false)).toMatchObject({ state: "done", page: { isTrashed: false } });
  });

  it("refuse a status that is not there", async () => {
    await expect(update(idOf("p1"), { Stage: "Nowhere" })).rejects.toMatchObject({
      failure: { kind: "refused" },
    });
  });
});

describe("a write over the emulator whose reply fails", () => {
  it("was saved before a 503, and the reply names the page", async () => {
    emulator.control({
      op: "fault",
      next: [{ kind: "commit_then_503", method: "POST", endpoint: "create_page" }],
    });
    const outcome = await create({ Name: "Twice?", "Sync id": "01A" });
    const [page] = await named("01A");
    expect(outcome).toMatchObject({ state: "unknown", pageId: page?.id });
  });

  it("was saved before a 503 that names nothing", async () => {
    emulator.control({ op: "fault", next: [{ kind: "commit_then_503", method: "PATCH" }] });
    expect(await update(idOf("p2"), { Fee: 4_711 })).toMatchObject({ state: "unknown", pageId: null });
    const page = (await pageOf(idOf("p2"))) ?? expect.unreachable("p2 is there");
    expect(valueOf(page, "Fee")).toBe(4_711);
  });

  it.each([
    ["commit_then_lost", 1],
    ["lost_before", 0],
  ] as const)("is unknown if the connection is lost: %s", async (kind, found) => {
    emulator.control({ op: "fault", next: [{ kind, method: "POST", endpoint: "create_page" }] });
    expect(await create({ Name: "Lost", "Sync id": "01B" })).toMatchObject({
      state: "unknown",
      pageId: null,
    });
    expect((await named("01B")).length).toBe(found);
  });

  it("may be carried out later, within a minute", async () => {
    emulator.control({ op: "fault", next: [{ kind: "late", lateMs: 50_000, endpoint: "create_page" }] });
    expect(await create({ Name: "Late", "Sync id": "01C" })).toMatchObject({
      state: "unknown",
      pageId: null,
    });
    expect(await named("01C")).toEqual([]);
    nowMs += MINUTE_MS;
    expect((await named("01C")).length).toBe(1);
  });

  it.each(["html", "cut", "cut_json", "internal", "bad_gateway", "gateway_timeout"] as const)(
    "is unknown after %s",
    async (kind) => {
      emulator.control({ op: "fault", next: [{ kind, method: "PATCH", status: 200 }] });
      expect((await update(idOf("p2"), { Fee: 1 })).state).toBe("unknown");
    },
  );
});

describe("a refusal of the emulator", () => {
  it("names the time until which nothing may be asked, and that time is enough", async () => {
    emulator.control({ op: "limit", requestsPerMinute: 5 });
    nowMs += 2 * MINUTE_MS;
    const asked = Array.from({ length: 6 }, () => tables.me(WAIT_MS));
    const refused = (await Promise.allSettled(asked)).find(({ status }) => status === "rejected");
    const failure = refused?.status === "rejected" ? (refused.reason as FailureError).failure : null;
    expect(failure).toMatchObject({ kind: "rate_limited", notBeforeMs: nowMs + MINUTE_MS });
    nowMs = failure?.notBeforeMs ?? 0;
    await expect(tables.me(WAIT_MS)).resolves.toBeDefined();
    expect(emulator.log().some(({ early }) => early)).toBe(false);
  });

  it.each([
    [
      { kind: "rate_limited", retryAfterSeconds: 900 },
      { kind: "rate_limited", waitMs: 900_000 },
    ],
    [
      { kind: "overload", retryAfterSeconds: 7 },
      { kind: "rate_limited", waitMs: 7_000 },
    ],
    [{ kind: "conflict" }, { kind: "locked", waitMs: null }],
  ] as const)("is told apart, and nothing is written: %j", async (fault, { kind, waitMs }) => {
    emulator.control({ op: "fault", next: [{ ...fault, method: "PATCH" }] });
    const thrown: unknown = await update(idOf("p2"), { Fee: 9 }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ failure: { kind } });
    if (waitMs !== null) expect(thrown).toMatchObject({ failure: { notBeforeMs: nowMs + waitMs } });
    expect(emulator.pages("projects").find(({ key }) => key === "p2")?.values["Fee"]).toBe(2);
  });

  it("that does not end by waiting is denied, as is a token that is none any more", async () => {
    emulator.control({ op: "limit", blocked: true });
    await expect(tables.me(WAIT_MS)).rejects.toMatchObject({ failure: { kind: "denied" } });
    emulator.control({ op: "limit", blocked: false });
    emulator.control({ op: "rotate-token", token: "ntn_other" });
    await expect(tables.me(WAIT_MS)).rejects.toMatchObject({ failure: { kind: "denied" } });
  });

  it("names the capability that is missing", async () => {
    emulator.control({ op: "capability", read: false, update: false, insert: false });
    const lacks = (right: string) => ({
      failure: { kind: "denied", detail: expect.stringContaining(`may not ${right} content`) },
    });
    await expect(scan(10)).rejects.toMatchObject(lacks("read"));
    await expect(update(idOf("p1"), { Fee: 1 })).rejects.toMatchObject(lacks("update"));
    await expect(create({ Name: "No" })).rejects.toMatchObject(lacks("insert"));
    await expect(tables.me(WAIT_MS)).resolves.toBeDefined();
  });
});

describe("what the emulator does not share", () => {
  it("is null, or no row: a page", async () => {
    emulator.control({ op: "unshare", page: "projects/p7" });
    expect(await pageOf(idOf("p7"))).toBe(null);
    await expect(update(idOf("p7"), { Fee: 1 })).rejects.toMatchObject({ failure: { kind: "refused" } });
  });

  it("is only known to be there: a page shared in part", async () => {
    emulator.control({ op: "unshare", page: "projects/p8", partial: true });
    const lists = await scan(100);
    expect(lists.flatMap(({ partial }) => partial)).toEqual([idOf("p8")]);
    expect(lists.flatMap(({ items }) => items).length).toBe(ROWS - 1);
  });

  it("denies a query, and is no data source any more", async () => {
    emulator.control({ op: "unshare", dataSource: "projects" });
    expect((await tables.schema(projects.id, WAIT_MS)).value).toBe(null);
    await expect(scan(10)).rejects.toMatchObject({ failure: { kind: "denied" } });
  });
});

describe("whatever goes wrong at the emulator", () => {
  const ORDINARY = new Set(["unreachable", "timed_out", "rate_limited", "locked"]);

  it.each([1, 2, 3, 4, 5])(
    "is no defect, and no write is made twice by a reply that lied (seed %i)",
    async (seed) => {
      emulator.control({ op: "limit", requestsPerMinute: null });
      emulator.control({
        op: "fault",
        plan: `seed=${seed},rate=0.6,kinds=429+409+500+502+503+504+529+html+cut+reset+late`,
      });
      const kinds: string[] = [];
      const marks = new Map<string, string>();
      for (let n = 0; n < 60; n += 1) {
        const mark = `mark-${n}`;
        try {
          const outcome = n % 2 === 0 ? await create({ Name: "x", "Sync id": mark }) : null;
          if (outcome !== null) marks.set(mark, outcome.state);
          else await scan(20);
        } catch (error) {
          const { kind } = (error as FailureError).failure;
          kinds.push(kind);
          if (n % 2 === 0) marks.set(mark, kind);
        }
        nowMs += MINUTE_MS;
      }
      expect(kinds.filter((kind) => !ORDINARY.has(kind))).toEqual([]);
      expect([...marks.values()]).toEqual(expect.arrayContaining(["done", "unknown", "rate_limited"]));
      emulator.control({ op: "fault", plan: "none" });
      nowMs += MINUTE_MS;
      for (const [mark, state] of marks) {
        const made = emulator.pages("projects").filter(({ values }) => values["Sync id"] === mark).length;
        if (state === "done") expect(made, mark).toBe(1);
        else if (state === "unknown") expect(made, mark).toBeLessThanOrEqual(1);
        else expect(made, `${mark} ${state}`).toBe(0);
      }
    },
  );
});
