import { Client } from "@notionhq/client";
import { createNotionEmulator, type NotionEmulator, type NotionOptions } from "./emulator.ts";
import { NOTION_DEMO_TOKEN } from "./keys.ts";
import type { NotionSeed } from "./seed.ts";

/** The instant at which worlds of tests begin: half a minute past three on a Friday afternoon. */
export const NOTION_EPOCH_MS = Date.UTC(2026, 4, 8, 15, 0, 30);
const DAY_MS = 86_400_000;

/** Two tables that know each other: every type of property, a few rows. */
export const SMALL_SEED: NotionSeed = {
  databases: [
    {
      key: "projects",
      title: "Projects",
      properties: [
        { name: "Name", type: "title" },
        {
          name: "Stage",
          type: "status",
          groups: [
            { name: "To-do", options: ["Backlog"] },
            { name: "In progress", options: ["Doing"] },
            { name: "Complete", options: ["Done"] },
          ],
        },
        { name: "Fee", type: "number" },
        { name: "Kind", type: "select", options: ["Retrofit", "New build"] },
        { name: "Tags", type: "multi_select", options: ["steel", "timber"] },
        { name: "Due", type: "date" },
        { name: "Urgent", type: "checkbox" },
        { name: "Notes", type: "rich_text" },
        { name: "Mail", type: "email" },
        { name: "Phone", type: "phone_number" },
        { name: "Site", type: "url" },
        { name: "Team", type: "people" },
        { name: "Papers", type: "files" },
        { name: "Clients", type: "relation", target: "clients", mirror: "Projects" },
        { name: "Number", type: "unique_id" },
        { name: "Made", type: "created_time" },
        { name: "Changed", type: "last_edited_time" },
        { name: "Maker", type: "created_by" },
        { name: "Changer", type: "last_edited_by" },
        { name: "Double fee", type: "formula", doubles: "Fee" },
        { name: "Client names", type: "rollup", relation: "Clients", property: "Name" },
      ],
      rows: [
        {
          key: "harbour",
          createdMs: NOTION_EPOCH_MS - 30 * DAY_MS,
          editedMs: NOTION_EPOCH_MS - 3 * DAY_MS,
          values: {
            Name: "Harbour retrofit",
            Stage: "Doing",
            Fee: 12_500.5,
            Kind: "Retrofit",
            Tags: ["steel"],
            Due: "2026-06-30",
            Urgent: true,
            Notes: "Tides matter.",
            Mail: "quay@harbour.example",
            Phone: "+49 30 1234567",
            Site: "https://harbour.example/",
            Team: ["Ada Example"],
            Papers: ["plan.pdf", "https://harbour.example/photo.jpg"],
            Clients: ["port"],
          },
        },
        {
          key: "school",
          createdMs: NOTION_EPOCH_MS - 20 * DAY_MS,
          editedMs: NOTION_EPOCH_MS - 2 * DAY_MS,
          values: { Name: "School roof", Fee: 800, Tags: ["timber", "steel"] },
        },
        {
          key: "old",
          createdMs: NOTION_EPOCH_MS - 90 * DAY_MS,
          editedMs: NOTION_EPOCH_MS - 80 * DAY_MS,
          values: { Name: "Old mill", Stage: "Done" },
          isTrashed: true,
        },
      ],
    },
    {
      key: "clients",
      title: "Clients",
      properties: [
        { name: "Name", type: "title" },
        { name: "Region", type: "select", options: ["North", "South"] },
      ],
      rows: [
        {
          key: "port",
          createdMs: NOTION_EPOCH_MS - 40 * DAY_MS,
          editedMs: NOTION_EPOCH_MS - 40 * DAY_MS,
          values: { Name: "Port Authority", Region: "North" },
        },
      ],
    },
  ],
};

/** The small seed with so many further projects, `row-1` on, created a second apart. */
export function seedWithRows(count: number): NotionSeed {
  const [projects, ...others] = SMALL_SEED.databases;
  const rows = Array.from({ length: count }, (_, at) => ({
    key: `row-${at + 1}`,
    createdMs: NOTION_EPOCH_MS - 10 * DAY_MS + at * 1_000,
    editedMs: NOTION_EPOCH_MS - DAY_MS,
    values: { Name: `Row ${at + 1}`, Fee: at + 1 },
  }));
  return { databases: projects ? [{ ...projects, rows: [...projects.rows, ...rows] }, ...others] : others };
}

/** A reply as a test reads it. */
type NotionAnswer = { status: number; headers: Headers; body: Record<string, unknown> };

/** An emulator in memory on a clock that only moves when told, for tests. */
export type NotionWorld = {
  emulator: NotionEmulator;
  /** Let world time pass, in milliseconds. */
  wait(ms: number): void;
  /** Waits of slow bodies so far, in milliseconds. */
  slept: number[];
  /** Notion's own client, which never retries by itself; `warnings` of it are dropped. */
  client(notionVersion?: string): Client;
  /** A request of no client: path below `/v1/`, body as JSON, or the raw text. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<NotionAnswer>;
  /** Ids by key. */
  dataSourceId(database: string): string;
  pageId(key: string): string;
};

/** Build a world; its clock starts at the epoch. */
export async function aNotionWorld(options: Partial<NotionOptions> = {}): Promise<NotionWorld> {
  let nowMs = NOTION_EPOCH_MS;
  const slept: number[] = [];
  const emulator = await createNotionEmulator({
    nowMs: () => nowMs,
    sleep: async (ms) => void slept.push(ms),
    content: () => SMALL_SEED,
    ...options,
  });
  const found = <T>(thing: T | undefined, name: string): T => {
    if (thing === undefined) throw new Error(`the test's world has no ${name}`);
    return thing;
  };
  return {
    emulator,
    slept,
    wait: (ms) => void (nowMs += ms),
    client: (notionVersion = "2026-03-11") =>
      new Client({
        auth: NOTION_DEMO_TOKEN,
        notionVersion,
        retry: false,
        logger: () => undefined,
        fetch: (url, init) => emulator.fetch(new Request(url, init as RequestInit)),
      }),
    ask: async (method, path, body, headers = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const request = new Request(`https://api.notion.com/v1/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${NOTION_DEMO_TOKEN}`,
          "notion-version": "2026-03-11",
          ...(text === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(text === undefined ? {} : { body: text }),
      });
      const response = await emulator.fetch(request);
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Record<string, unknown>,
      };
    },
    dataSourceId: (database) =>
      found(emulator.databases().find(({ key }) => key === database)?.dataSourceIds[0], database),
    pageId: (key) => {
      const pages = emulator.databases().flatMap((database) => emulator.pages(database.key));
      return found(pages.find((page) => page.key === key)?.id, key);
    },
  };
}
