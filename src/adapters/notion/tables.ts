import type { CreatePageParameters } from "@notionhq/client";
import { sha256Hex } from "../../core/identity.ts";
import type { NotionPage, NotionReply, NotionTables, PageList, PageQuery } from "../../ports/notion.ts";
import type { World } from "../../ports/world.ts";
import type { Fetch } from "../http/bounded-fetch.ts";
import { ask } from "./api-call.ts";
import { segmentOf } from "./path-segment.ts";
import { equalQueryOf, propertyBodiesOf, ROWS_MAX, sinceQueryOf } from "./requests.ts";
import {
  broken,
  cursorIn,
  listItemOf,
  matchesOf,
  objectOf,
  objectOrNull,
  outcomeOf,
  pageListOf,
  pageOf,
  replyOf,
} from "./replies.ts";
import { field, listIn, textIn } from "./wire-fields.ts";
import { dataSourcesIn, schemaOf } from "./wire-schema.ts";

export type NotionOptions = {
  /** Base address, without `/v1` and without a slash at its end. */
  readonly url: string;
  readonly token: string;
  /** Whose token it is, where tokens do not differ by workspace: emulators all take the same one. */
  readonly keyOf?: string;
  readonly fetch: Fetch;
  readonly world: World;
};

/** Notion by its own client. One method is one call; nothing is retried, waited for or logged here. */
export async function createNotionTables(options: NotionOptions): Promise<NotionTables> {
  const keyName = `notion:${(await sha256Hex(`${options.token}${options.keyOf ?? ""}`)).slice(0, 16)}`;
  return {
    keyName,
    me: (timeoutMs) => me(options, timeoutMs),
    dataSourcesOf: (databaseId, timeoutMs) => dataSourcesOf(options, databaseId, timeoutMs),
    schema: (dataSourceId, timeoutMs) => schema(options, dataSourceId, timeoutMs),
    query: (query, timeoutMs) => queryPages(options, query, timeoutMs),
    queryEqual: (asked, timeoutMs) => queryEqual(options, asked, timeoutMs),
    page: (pageId, timeoutMs) => onePage(options, pageId, timeoutMs),
    listItems: (asked, timeoutMs) => listItems(options, asked, timeoutMs),
    create: (asked, timeoutMs) => create(options, asked, timeoutMs),
    update: (asked, timeoutMs) => update(options, asked, timeoutMs),
    setTrashed: (asked, timeoutMs) => setTrashed(options, asked, timeoutMs),
  };
}

async function me(options: NotionOptions, timeoutMs: number): ReturnType<NotionTables["me"]> {
  const call = { method: "me", resumes: false } as const;
  const user = objectOf(await ask(options, call, timeoutMs, (client) => client.users.me({})));
  const botId = textIn(user, "id") ?? broken("a user", "id");
  const workspaceId = textIn(field(user, "bot"), "workspace_id") ?? broken("a user", "bot.workspace_id");
  return replyOf({ botId, workspaceId });
}

async function dataSourcesOf(
  options: NotionOptions,
  databaseId: string,
  timeoutMs: number,
): ReturnType<NotionTables["dataSourcesOf"]> {
  const call = { method: "dataSourcesOf", resumes: false } as const;
  const answer = await ask(options, call, timeoutMs, (client) =>
    client.databases.retrieve({ database_id: databaseId }),
  );
  const database = objectOrNull(answer);
  if (database === null) return replyOf(null);
  return replyOf(dataSourcesIn(database) ?? broken("a database", "data_sources with id and name"));
}

async function schema(
  options: NotionOptions,
  dataSourceId: string,
  timeoutMs: number,
): ReturnType<NotionTables["schema"]> {
  const call = { method: "schema", resumes: false } as const;
  const answer = await ask(options, call, timeoutMs, (client) =>
    client.dataSources.retrieve({ data_source_id: dataSourceId }),
  );
  const dataSource = objectOrNull(answer);
  if (dataSource === null) return replyOf(null);
  const read = schemaOf(dataSource);
  return replyOf("lacks" in read ? broken("a data source", read.lacks) : read);
}

async function queryPages(
  options: NotionOptions,
  query: PageQuery,
  timeoutMs: number,
): Promise<NotionReply<PageList>> {
  const call = { method: "query", resumes: query.cursor !== null } as const;
  const answer = await ask(options, call, timeoutMs, (client) =>
    client.dataSources.query(sinceQueryOf(query)),
  );
  return replyOf(pageListOf(objectOf(answer)));
}

async function queryEqual(
  options: NotionOptions,
  asked: Parameters<NotionTables["queryEqual"]>[0],
  timeoutMs: number,
): Promise<NotionReply<readonly NotionPage[]>> {
  const call = { method: "queryEqual", resumes: false } as const;
  const answer = await ask(options, call, timeoutMs, (client) =>
    client.dataSources.query(equalQueryOf(asked)),
  );
  return replyOf(matchesOf(objectOf(answer), asked));
}

async function onePage(
  options: NotionOptions,
  pageId: string,
  timeoutMs: number,
): Promise<NotionReply<NotionPage | null>> {
  const call = { method: "page", resumes: false } as const;
  const answer = await ask(options, call, timeoutMs, (client) => client.pages.retrieve({ page_id: pageId }));
  const page = objectOrNull(answer);
  // A page of which only the id is shown is not shared either.
  return replyOf(page === null ? null : pageOf(page));
}

async function listItems(
  options: NotionOptions,
  asked: Parameters<NotionTables["listItems"]>[0],
  timeoutMs: number,
): ReturnType<NotionTables["listItems"]> {
  const call = { method: "listItems", resumes: asked.cursor !== null } as const;
  const answer = await ask(options, call, timeoutMs, (client) =>
    client.pages.properties.retrieve({
      page_id: asked.pageId,
      property_id: segmentOf(asked.propertyId),
      start_cursor: asked.cursor,
      page_size: ROWS_MAX,
    }),
  );
  const list = objectOf(answer);
  const results = listIn(list, "results") ?? broken("a property", "a list of results");
  return replyOf({ items: results.map(listItemOf), cursor: cursorIn(list) });
}

async function create(
  options: NotionOptions,
  asked: Parameters<NotionTables["create"]>[0],
  timeoutMs: number,
): ReturnType<NotionTables["create"]> {
  const call = { method: "create", resumes: false } as const;
  const created: CreatePageParameters = {
    parent: { type: "data_source_id", data_source_id: asked.dataSourceId },
    properties: propertyBodiesOf(asked.properties),
  };
  return replyOf(outcomeOf(await ask(options, call, timeoutMs, (client) => client.pages.create(created))));
}

async function update(
  options: NotionOptions,
  asked: Parameters<NotionTables["update"]>[0],
  timeoutMs: number,
): ReturnType<NotionTables["update"]> {
  const call = { method: "update", resumes: false } as const;
  const updated = { page_id: asked.pageId, properties: propertyBodiesOf(asked.properties) };
  return replyOf(outcomeOf(await ask(options, call, timeoutMs, (client) => client.pages.update(updated))));
}

async function setTrashed(
  options: NotionOptions,
  asked: Parameters<NotionTables["setTrashed"]>[0],
  timeoutMs: number,
): ReturnType<NotionTables["setTrashed"]> {
  const call = { method: "setTrashed", resumes: false } as const;
  const updated = { page_id: asked.pageId, in_trash: asked.isTrashed };
  return replyOf(outcomeOf(await ask(options, call, timeoutMs, (client) => client.pages.update(updated))));
}
