import { MINUTE_MS } from "../../core/durations.ts";
import type { CreatePageParameters, QueryDataSourceParameters } from "@notionhq/client";
import { FailureError } from "../../core/errors.ts";
import { writeValue } from "../../core/mapping/notion-writes.ts";
import type { NotionTables, PageQuery, PropertyWrites } from "../../ports/notion.ts";

/** Rows or items of a reply. Source: Notion docs, page_size. */
export const ROWS_MAX = 100;

/** Ask for rows since a moment, in the order of their times. */
export function sinceQueryOf({ dataSourceId, since, cursor, rows }: PageQuery): QueryDataSourceParameters {
  const isEdited = since.by === "edited";
  const timestamp = isEdited ? "last_edited_time" : "created_time";
  return {
    data_source_id: dataSourceId,
    sorts: [{ timestamp, direction: "ascending" }],
    page_size: Math.min(rows, ROWS_MAX),
    ...(cursor === null ? {} : { start_cursor: cursor }),
    ...(since.atMs === null ? {} : { filter: sinceFilter(isEdited, since.atMs) }),
  };
}

/** Notion's times are floored to the minute, so those of a row of this very minute lie before the moment asked for. */
function sinceFilter(isEdited: boolean, atMs: number) {
  const condition = { on_or_after: new Date(Math.floor(atMs / MINUTE_MS) * MINUTE_MS).toISOString() };
  return isEdited
    ? { timestamp: "last_edited_time" as const, last_edited_time: condition }
    : { timestamp: "created_time" as const, created_time: condition };
}

/** Ask for rows whose text property is this. A condition goes by the property's type; the title is known by its id. */
export function equalQueryOf(asked: Parameters<NotionTables["queryEqual"]>[0]): QueryDataSourceParameters {
  const condition = { equals: asked.text };
  const property = asked.propertyId;
  return {
    data_source_id: asked.dataSourceId,
    page_size: ROWS_MAX,
    filter: property === "title" ? { property, title: condition } : { property, rich_text: condition },
  };
}

/**
 * Values as Notion takes them, by property id.
 *
 * @throws FailureError refused, if one is none that Notion would take
 */
export function propertyBodiesOf(writes: PropertyWrites): NonNullable<CreatePageParameters["properties"]> {
  const entries = Object.entries(writes).map(([id, { type, value }]) => {
    const written = writeValue(type, value);
    if ("body" in written) return [id, written.body];
    const detail = `property ${id}: ${written.problem}`;
    throw new FailureError({ kind: "refused", party: "notion", detail });
  });
  return Object.fromEntries(entries) as NonNullable<CreatePageParameters["properties"]>;
}
