import { minuteOf } from "./dates.ts";
import type { Database, DataSource, Option, Property } from "./model.ts";
import { trashView, urlOf } from "./page-view.ts";
import { runsOf } from "./rich-text.ts";
import { databaseOf, isVisible, type World } from "./world.ts";
import { uuidOf } from "./ids.ts";

/** A database: its data sources, and no properties. Source: reference 2.2. */
export function databaseView(world: World, version: string, database: Database): Record<string, unknown> {
  const dataSources = database.dataSourceIds
    .map((id) => world.catalog.dataSource(id))
    .filter((dataSource) => isVisible(world, dataSource) && !dataSource.isTrashed);
  return {
    object: "database",
    id: database.id,
    title: runsOf(database.title),
    description: [],
    parent: parentOf(world),
    is_inline: false,
    ...trashView(version, false),
    is_locked: false,
    created_time: minuteOf(database.createdMs),
    last_edited_time: minuteOf(database.editedMs),
    data_sources: dataSources.map((dataSource) => ({ id: dataSource?.id, name: dataSource?.title })),
    icon: null,
    cover: null,
    url: urlOf("", database.id),
    public_url: null,
  };
}

/** A data source with its schema; relations to what is not shared are missing. Source: reference 2.3. */
export function dataSourceView(
  world: World,
  version: string,
  dataSource: DataSource,
): Record<string, unknown> {
  const shown = dataSource.properties.filter((property) => isShown(world, property));
  return {
    object: "data_source",
    id: dataSource.id,
    title: runsOf(dataSource.title),
    description: [],
    parent: { type: "database_id", database_id: dataSource.databaseId },
    database_parent: parentOf(world),
    is_inline: false,
    ...trashView(version, dataSource.isTrashed),
    created_time: minuteOf(dataSource.createdMs),
    last_edited_time: minuteOf(dataSource.editedMs),
    created_by: { object: "user", id: dataSource.createdBy },
    last_edited_by: { object: "user", id: dataSource.editedBy },
    properties: Object.fromEntries(
      shown.map((property) => [property.name, propertySchemaView(world, dataSource, property)]),
    ),
    icon: null,
    cover: null,
    url: urlOf("", databaseOf(world, dataSource).id),
    public_url: null,
  };
}

/** False for a relation whose target the connection cannot see. */
export function isShown(world: World, property: Property): boolean {
  return property.type !== "relation" || isVisible(world, world.catalog.dataSource(property.dataSourceId));
}

function propertySchemaView(
  world: World,
  dataSource: DataSource,
  property: Property,
): Record<string, unknown> {
  const { id, name, description, type } = property;
  return { id, name, description, type, [type]: configView(world, dataSource, property) };
}

function configView(world: World, dataSource: DataSource, property: Property): unknown {
  const nameOf = (ref: string, properties = dataSource.properties): string | undefined =>
    properties.find(({ id }) => id === ref)?.name;
  switch (property.type) {
    case "number":
      return { format: property.format };
    case "select":
    case "multi_select":
      return { options: property.options.map(optionSchemaView) };
    case "status":
      return {
        options: property.options.map(optionSchemaView),
        groups: property.groups.map(({ optionIds, ...group }) => ({ ...group, option_ids: optionIds })),
      };
    case "relation": {
      const target = world.catalog.dataSource(property.dataSourceId);
      const ends = { database_id: target?.databaseId, data_source_id: property.dataSourceId };
      if (property.mirrorId === null) return { ...ends, type: "single_property", single_property: {} };
      const mirrorName = nameOf(property.mirrorId, target?.properties);
      const mirror = { synced_property_id: property.mirrorId, synced_property_name: mirrorName };
      return { ...ends, type: "dual_property", dual_property: mirror };
    }
    case "formula":
      return { expression: `prop(${JSON.stringify(nameOf(property.doublesId) ?? "")}) * 2` };
    case "rollup":
      return rollupConfig(world, dataSource, property);
    case "unique_id":
      return { prefix: property.prefix };
    default:
      return {};
  }
}

function rollupConfig(
  world: World,
  dataSource: DataSource,
  { relationId, propertyId }: Extract<Property, { type: "rollup" }>,
): Record<string, unknown> {
  const relation = dataSource.properties.find(({ id }) => id === relationId);
  const target = relation?.type === "relation" ? world.catalog.dataSource(relation.dataSourceId) : undefined;
  return {
    function: "show_original",
    relation_property_id: relationId,
    relation_property_name: relation?.name,
    rollup_property_id: propertyId,
    rollup_property_name: target?.properties.find(({ id }) => id === propertyId)?.name,
  };
}

function optionSchemaView({ id, name, color, description }: Option): Record<string, unknown> {
  return { id, name, color, description };
}

/** The page that holds every database of the workspace. */
function parentOf(world: World): Record<string, unknown> {
  return { type: "page_id", page_id: uuidOf(world.state.seed, "the page of all databases") };
}
