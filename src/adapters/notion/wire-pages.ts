import { readValue } from "../../core/mapping/notion-values.ts";
import type { NotionPage } from "../../ports/notion.ts";
import { field, isTrashedIn, momentIn, textIn } from "./wire-fields.ts";

/** A page as Notion gives it. */
export type WirePage =
  | { readonly state: "whole"; readonly page: NotionPage }
  /** This token may only know that it is there. */
  | { readonly state: "partial"; readonly id: string }
  /** It breaks Notion's contract. */
  | { readonly state: "broken"; readonly id: string | null; readonly lacks: string };

/** Read a page. Keys that we do not know are passed over: Notion adds some on any version. */
export function wirePageOf(wire: unknown): WirePage {
  const id = textIn(wire, "id");
  if (id === null) return { state: "broken", id, lacks: "id" };
  if (WHOLE_KEYS.every((key) => field(wire, key) === undefined)) return { state: "partial", id };

  const parent = field(wire, "parent");
  const createdMs = momentIn(wire, "created_time");
  const editedMs = momentIn(wire, "last_edited_time");
  const isTrashed = isTrashedIn(wire);
  const properties = propertiesOf(field(wire, "properties"));
  if (textIn(parent, "type") === null) return { state: "broken", id, lacks: "parent" };
  if (createdMs === null) return { state: "broken", id, lacks: "created_time" };
  if (editedMs === null) return { state: "broken", id, lacks: "last_edited_time" };
  if (isTrashed === null) return { state: "broken", id, lacks: "in_trash" };
  if (properties === null) return { state: "broken", id, lacks: "properties with id and type" };
  const page = {
    id,
    dataSourceId: field(parent, "type") === "data_source_id" ? textIn(parent, "data_source_id") : null,
    createdMs,
    editedMs,
    createdBy: textIn(field(wire, "created_by"), "id"),
    editedBy: textIn(field(wire, "last_edited_by"), "id"),
    isTrashed,
    isArchived: field(wire, "is_archived") === true,
    properties,
  };
  return { state: "whole", page };
}

/** Of these a partial page has none. */
const WHOLE_KEYS = ["url", "parent", "properties", "created_time"];

function propertiesOf(wire: unknown): NotionPage["properties"] | null {
  if (typeof wire !== "object" || wire === null) return null;
  const entries = Object.values(wire).map((property: unknown) => {
    const id = textIn(property, "id");
    const type = textIn(property, "type");
    return id === null || type === null ? null : ([id, { type, read: readValue(property) }] as const);
  });
  const whole = entries.filter((entry) => entry !== null);
  return whole.length === entries.length ? Object.fromEntries(whole) : null;
}
