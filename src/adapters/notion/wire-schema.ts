import { plainText } from "../../core/mapping/notion-values.ts";
import type { DataSourceSchema, SchemaProperty } from "../../ports/notion.ts";
import { field, isTrashedIn, listIn, textIn } from "./wire-fields.ts";

/** Read a data source; the name of the first key that is missing or wrong if it breaks Notion's contract. */
export function schemaOf(wire: unknown): DataSourceSchema | { readonly lacks: string } {
  const id = textIn(wire, "id");
  // A parent that is another data source names the database as well.
  const databaseId = textIn(field(wire, "parent"), "database_id");
  const isTrashed = isTrashedIn(wire);
  const wireProperties = field(wire, "properties");
  if (id === null) return { lacks: "id" };
  if (databaseId === null) return { lacks: "parent.database_id" };
  if (isTrashed === null) return { lacks: "in_trash" };
  if (typeof wireProperties !== "object" || wireProperties === null) return { lacks: "properties" };
  const columns = Object.values(wireProperties).map(propertyOf);
  const properties = columns.filter((column) => column !== null);
  if (properties.length < columns.length) return { lacks: "properties with id, name and type" };
  return { id, databaseId, title: plainText(field(wire, "title")), isTrashed, properties };
}

function propertyOf(wire: unknown): SchemaProperty | null {
  const id = textIn(wire, "id");
  const name = field(wire, "name");
  const type = textIn(wire, "type");
  if (id === null || typeof name !== "string" || type === null) return null;
  const config = field(wire, type);
  const options = OPTION_TYPES.has(type) ? (listIn(config, "options") ?? []) : [];
  return {
    id,
    name,
    type,
    options: options.map((option) => textIn(option, "name")).filter((option) => option !== null),
    target: type === "relation" ? textIn(config, "data_source_id") : null,
  };
}

const OPTION_TYPES: ReadonlySet<string> = new Set(["select", "multi_select", "status"]);

/** The data sources of a database; null if it breaks Notion's contract. */
export function dataSourcesIn(
  wire: unknown,
): readonly { readonly id: string; readonly name: string }[] | null {
  const list = listIn(wire, "data_sources");
  const read = (list ?? []).map((one) => ({ id: textIn(one, "id"), name: field(one, "name") }));
  const whole = read.flatMap(({ id, name }) =>
    id !== null && typeof name === "string" ? [{ id, name }] : [],
  );
  return list !== null && whole.length === list.length ? whole : null;
}
