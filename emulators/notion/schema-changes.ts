import type { Change } from "./changes.ts";
import { propertyIdOf } from "./ids.ts";
import type {
  DataSource,
  Option,
  Page,
  Property,
  PropertyConfig,
  PropertyType,
  StoredValue,
} from "./model.ts";
import { optionOf } from "./options.ts";
import { announceSchema, type SchemaUpdate } from "./webhooks.ts";
import { nextId, type World } from "./world.ts";

/** Replace a schema: one write, one moment, one author. */
export function changeSchema(
  world: World,
  dataSource: DataSource,
  change: Change,
  what: { properties: readonly Property[]; updated: readonly SchemaUpdate[] },
): DataSource {
  const changed = {
    ...dataSource,
    properties: what.properties,
    editedMs: change.atMs,
    editedBy: change.by,
  };
  world.catalog.putDataSource(changed);
  announceSchema(world, changed, change, what.updated);
  return changed;
}

/** A property that is new, with an id that no other of this table ever had. */
export function newProperty(
  world: World,
  dataSource: DataSource,
  name: string,
  config: PropertyConfig,
): Property {
  const label = `property ${name} of ${dataSource.id}, ${nextId(world, "property")}`;
  return { id: propertyIdOf(world.state.seed, label), name, description: null, ...config };
}

/** The same schema with one property replaced. */
export function replaced(properties: readonly Property[], property: Property): readonly Property[] {
  return properties.map((other) => (other.id === property.id ? property : other));
}

/** Rename a property; its id stays. */
export function renameProperty(
  world: World,
  dataSource: DataSource,
  change: Change,
  { property, name }: { property: Property; name: string },
): DataSource {
  const properties = replaced(dataSource.properties, { ...property, name });
  return changeSchema(world, dataSource, change, {
    properties,
    updated: [{ id: property.id, name, action: "updated" }],
  });
}

/** Remove a property with its values, and what depends on it: mirrors, formulas, rollups. */
export function removeProperty(
  world: World,
  dataSource: DataSource,
  change: Change,
  removed: Property,
): DataSource {
  const properties = dataSource.properties.filter(
    (property) => property.id !== removed.id && !dependsOn(property, removed.id),
  );
  const { id, name } = removed;
  const after = changeSchema(world, dataSource, change, {
    properties,
    updated: [{ id, name, action: "deleted" }],
  });
  if (removed.type === "relation" && removed.mirrorId !== null) {
    const far = world.catalog.dataSource(removed.dataSourceId);
    const mirror = far?.properties.find((property) => property.id === removed.mirrorId);
    if (far && mirror) removeProperty(world, far, change, { ...mirror, mirrorId: null } as Property);
  }
  const ids = new Set(properties.map((property) => property.id));
  for (const page of rowsOf(world, dataSource)) {
    const kept = Object.entries(page.values).filter(([id]) => ids.has(id));
    if (kept.length < Object.keys(page.values).length) {
      world.pages.rewrite({ ...page, values: Object.fromEntries(kept) });
    }
  }
  return after;
}

function dependsOn(property: Property, id: string): boolean {
  if (property.type === "formula") return property.doublesId === id;
  return property.type === "rollup" && property.relationId === id;
}

/** Give a property another type; its id stays. @param convert a value in its new form, null if it has none */
export function retypeProperty(
  world: World,
  dataSource: DataSource,
  change: Change,
  { property, convert }: { property: Property; convert: (page: Page) => StoredValue },
): DataSource {
  const values = rowsOf(world, dataSource).map((page) => [page, convert(page)] as const);
  const { id, name } = property;
  const properties = replaced(dataSource.properties, property);
  const after = changeSchema(world, dataSource, change, {
    properties,
    updated: [{ id, name, action: "updated" }],
  });
  for (const [page, value] of values) {
    world.pages.rewrite({ ...page, values: { ...page.values, [property.id]: value } });
  }
  return after;
}

/** Every row of a data source as it is now, in the trash or not. */
export function rowsOf(world: World, dataSource: DataSource): Page[] {
  return [...world.pages.all()].filter(({ dataSourceId }) => dataSourceId === dataSource.id);
}

/** The configuration of a type that needs none from elsewhere. Null for links between tables. */
export function plainConfig(
  world: World,
  type: PropertyType,
  {
    options = [],
    format = "number",
    prefix = null,
  }: { options?: readonly string[]; format?: string; prefix?: string | null },
): PropertyConfig | null {
  switch (type) {
    case "number":
      return { type, format };
    case "select":
    case "multi_select":
      return { type, options: madeOptions(world, options) };
    case "status": {
      const made = madeOptions(world, options.length > 0 ? options : ["Not started", "In progress", "Done"]);
      return { type, options: made, groups: statusGroups(world, made) };
    }
    case "unique_id":
      return { type, prefix };
    case "relation":
    case "formula":
    case "rollup":
      return null;
    default:
      return { type };
  }
}

export function madeOptions(world: World, names: readonly string[]): readonly Option[] {
  return names.map((name, at) => optionOf(world.state.seed, nextId(world, `option ${name}`), name, at));
}

/** The first option is to do, the last complete, those between in progress. */
function statusGroups(
  world: World,
  options: readonly Option[],
): Extract<PropertyConfig, { type: "status" }>["groups"] {
  const ids = options.map(({ id }) => id);
  const last = Math.max(1, ids.length - 1);
  const groups = [
    { name: "To-do", color: "gray", optionIds: ids.slice(0, 1) },
    { name: "In progress", color: "blue", optionIds: ids.slice(1, last) },
    { name: "Complete", color: "green", optionIds: ids.slice(last) },
  ];
  return groups.map((group) => ({ id: nextId(world, `group ${group.name}`), ...group }));
}
