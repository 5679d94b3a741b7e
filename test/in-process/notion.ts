import { createNotionTables } from "../../src/adapters/notion/tables.ts";
import type { NotionTables, WriteOutcome } from "../../src/ports/notion.ts";
import type { World } from "../../src/ports/world.ts";

export const TOKEN = "ntn_secret-token";
/** Stands in what is written and in what errors say; it must be seen nowhere else. */
export const VALUE = "Harbour retrofit, confidential";
export const NOW_MS = Date.UTC(2026, 5, 1, 10);

export const PAGE_ID = "9a9e0000-0000-4000-8000-0000000000f1";
export const DATA_SOURCE_ID = "d5000000-0000-4000-8000-000000000001";
export const DATABASE_ID = "d1b00000-0000-4000-8000-000000000001";
export const BOT_ID = "b07a0000-0000-4000-8000-00000000b07a";

/** What a service answers: a status and a body of JSON, or text as it stands. */
export type FakeReply = {
  readonly status?: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
};

export type SeenRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly signal: AbortSignal;
  readonly redirect: string;
};

/** A response in the form of a reply. */
export function responseOf({ status = 200, body, text, headers = {} }: FakeReply): Response {
  return new Response(text ?? JSON.stringify(body), { status, headers });
}

/** Notion tables whose service answers by a function, the requests it got, and a way to let time run out. */
export async function aNotion(answer: (request: SeenRequest) => Response | Promise<Response>, token = TOKEN) {
  const requests: SeenRequest[] = [];
  const timers: AbortController[] = [];
  let stopped = 0;
  const world: World = {
    nowMs: () => NOW_MS,
    realNowMs: () => NOW_MS,
    realAtMs: (worldMs) => worldMs,
    newId: () => "01TEST",
    timer: () => {
      const controller = new AbortController();
      timers.push(controller);
      return { signal: controller.signal, stop: () => void (stopped += 1) };
    },
    timeout: () => new AbortController().signal,
  };
  const tables = await createNotionTables({
    url: "http://notion.test",
    token,
    world,
    fetch: async (request) => {
      const text = await request.text();
      const { method, url, headers, signal, redirect } = request;
      const seen = {
        method,
        url,
        headers,
        signal,
        redirect,
        body: text === "" ? undefined : JSON.parse(text),
      };
      requests.push(seen);
      return answer(seen);
    },
  });
  return {
    tables,
    requests,
    /** Let the time of all calls under way run out. */
    expire: () => {
      for (const timer of timers) timer.abort();
    },
    timersLeft: () => timers.length - stopped,
  };
}

/** A row as Notion gives it; `change` replaces keys, undefined takes one away. */
export function aWirePage(change: Record<string, unknown> = {}): Record<string, unknown> {
  const page = {
    object: "page",
    id: PAGE_ID,
    created_time: "2026-03-01T08:00:00.000Z",
    last_edited_time: "2026-05-04T16:40:00.000Z",
    created_by: { object: "user", id: "a0000000-0000-4000-8000-000000000001" },
    last_edited_by: { object: "user", id: BOT_ID },
    in_trash: false,
    is_archived: false,
    is_locked: false,
    icon: null,
    cover: null,
    parent: { type: "data_source_id", data_source_id: DATA_SOURCE_ID, database_id: DATABASE_ID },
    properties: {
      Name: { id: "title", type: "title", title: [richText(VALUE)] },
      Fee: { id: "q%7CzL", type: "number", number: 12_500.5 },
      Client: {
        id: "Rk%3Fu",
        type: "relation",
        relation: [{ id: "c11e0000-0000-4000-8000-000000000001" }],
        has_more: false,
      },
    },
    url: "https://app.notion.com/p/Harbour-retrofit-9a9e0000000040008000000000000f1",
    public_url: null,
    request_id: "4f0c0000",
    ...change,
  };
  return page;
}

/** A run of text as Notion gives it. */
export function richText(text: string): Record<string, unknown> {
  const plain = { bold: false, italic: false, strikethrough: false, underline: false, code: false };
  return {
    type: "text",
    text: { content: text, link: null },
    annotations: { ...plain, color: "default" },
    plain_text: text,
    href: null,
  };
}

/** A reply to a query. */
export function aWireList(results: readonly unknown[], change: Record<string, unknown> = {}) {
  return {
    object: "list",
    type: "page_or_data_source",
    page_or_data_source: {},
    results,
    next_cursor: null,
    has_more: false,
    request_id: "4f0c0000",
    ...change,
  };
}

/** An error as Notion words it; its message quotes a value, as Notion's do. */
export function aWireError(
  status: number,
  code: string,
  additional: Record<string, unknown> = {},
): FakeReply {
  const message = `body failed validation: body.properties.Name should be a number, instead was "${VALUE}".`;
  const body = {
    object: "error",
    status,
    code,
    message,
    request_id: "8d2e-77",
    additional_data: additional,
  };
  return { status, body };
}

const SINCE = { by: "edited", atMs: null } as const;
const PROPERTIES = { title: { type: "title", value: VALUE } };

/** One call of each method. */
export const READS = {
  me: (tables) => tables.me(1_000),
  dataSourcesOf: (tables) => tables.dataSourcesOf(DATABASE_ID, 1_000),
  schema: (tables) => tables.schema(DATA_SOURCE_ID, 1_000),
  query: (tables) =>
    tables.query({ dataSourceId: DATA_SOURCE_ID, since: SINCE, cursor: null, rows: 100 }, 1_000),
  queryEqual: (tables) =>
    tables.queryEqual({ dataSourceId: DATA_SOURCE_ID, propertyId: "title", text: VALUE }, 1_000),
  page: (tables) => tables.page(PAGE_ID, 1_000),
  listItems: (tables) => tables.listItems({ pageId: PAGE_ID, propertyId: "Rk%3Fu", cursor: null }, 1_000),
} as const satisfies Record<string, (tables: NotionTables) => Promise<{ value: unknown }>>;

export const WRITES = {
  create: (tables) => tables.create({ dataSourceId: DATA_SOURCE_ID, properties: PROPERTIES }, 1_000),
  update: (tables) => tables.update({ pageId: PAGE_ID, properties: PROPERTIES }, 1_000),
  setTrashed: (tables) => tables.setTrashed({ pageId: PAGE_ID, isTrashed: true }, 1_000),
} as const satisfies Record<string, (tables: NotionTables) => Promise<{ value: WriteOutcome }>>;

/** The same reads, going on from a cursor. */
export const RESUMED_READS = {
  query: (tables) =>
    tables.query({ dataSourceId: DATA_SOURCE_ID, since: SINCE, cursor: "eyJ2", rows: 100 }, 1_000),
  listItems: (tables) => tables.listItems({ pageId: PAGE_ID, propertyId: "Rk%3Fu", cursor: "eyJ2" }, 1_000),
} as const satisfies Record<string, (tables: NotionTables) => Promise<{ value: unknown }>>;
