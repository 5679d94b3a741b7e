import { propertyIdOf, uuidOf } from "./ids.ts";
import type { Database, DataSource, Option, Property, PropertyConfig } from "./model.ts";
import { optionOf } from "./options.ts";
import { Refused } from "./refused.ts";
import type { NotionSeed, SeedDatabase, SeedProperty } from "./seed.ts";

/** Ids of what a seed names; they follow from the seed of the world and the keys alone. */
export function seededIds(seed: number, key: string): { databaseId: string; dataSourceId: string } {
  return { databaseId: uuidOf(seed, `database ${key}`), dataSourceId: uuidOf(seed, `data source of ${key}`) };
}

/** The tables of a seed without their rows; mirrors that a seed only names on one side are added on the other. */
export function seededTables(
  seed: number,
  content: NotionSeed,
  made: { atMs: number; by: string },
): { database: Database; dataSource: DataSource }[] {
  const databases = withMirrors(content.databases);
  return databases.map((table) => {
    const { databaseId, dataSourceId } = seededIds(seed, table.key);
    const times = { createdMs: made.atMs, editedMs: made.atMs };
    const properties = table.properties.map((property) => seededProperty(seed, databases, table, property));
    if (properties.filter(({ type }) => type === "title").length !== 1) {
      throw new Refused(`The database ${table.key} must have exactly one title property.`);
    }
    return {
      database: {
        id: databaseId,
        key: table.key,
        title: table.title,
        dataSourceIds: [dataSourceId],
        ...times,
        isShared: true,
      },
      dataSource: {
        id: dataSourceId,
        databaseId,
        title: table.title,
        properties,
        ...times,
        createdBy: made.by,
        editedBy: made.by,
        isTrashed: false,
        isShared: true,
        lastNumber: 0,
      },
    };
  });
}

function withMirrors(databases: readonly SeedDatabase[]): readonly SeedDatabase[] {
  return databases.map((table) => {
    const missing = databases.flatMap((other) =>
      other.properties.flatMap((property): SeedProperty[] => {
        if (property.type !== "relation" || property.target !== table.key || property.mirror === undefined)
          return [];
        const isThere = table.properties.some(({ name }) => name === property.mirror);
        return isThere
          ? []
          : [{ name: property.mirror, type: "relation", target: other.key, mirror: property.name }];
      }),
    );
    return { ...table, properties: [...table.properties, ...missing] };
  });
}

/** The id of a seeded property; ids of one table differ. */
function idOf(seed: number, table: SeedDatabase, name: string): string {
  const ids = new Map<string, string>();
  for (const property of table.properties) {
    let id = property.type === "title" ? "title" : propertyIdOf(seed, `${table.key}/${property.name}`);
    for (let turn = 2; [...ids.values()].includes(id); turn += 1) {
      id = propertyIdOf(seed, `${table.key}/${property.name}/${turn}`);
    }
    ids.set(property.name, id);
  }
  const id = ids.get(name);
  if (id === undefined) throw new Refused(`The database ${table.key} has no property ${name}.`);
  return id;
}

function seededProperty(
  seed: number,
  databases: readonly SeedDatabase[],
  table: SeedDatabase,
  property: SeedProperty,
): Property {
  const config = configOf(seed, databases, table, property);
  return { id: idOf(seed, table, property.name), name: property.name, description: null, ...config };
}

function configOf(
  seed: number,
  databases: readonly SeedDatabase[],
  table: SeedDatabase,
  property: SeedProperty,
): PropertyConfig {
  const { type } = property;
  switch (type) {
    case "number":
      return { type, format: "number" };
    case "unique_id":
      return { type, prefix: null };
    case "select":
    case "multi_select":
      return { type, options: optionsOf(seed, `${table.key}/${property.name}`, property.options) };
    case "status":
      return statusOf(seed, `${table.key}/${property.name}`, property);
    case "relation": {
      const target = tableOf(databases, property.target);
      const mirrorId = property.mirror === undefined ? null : idOf(seed, target, property.mirror);
      return { type, dataSourceId: seededIds(seed, target.key).dataSourceId, mirrorId };
    }
    case "formula":
      return { type, doublesId: idOf(seed, table, property.doubles) };
    case "rollup": {
      const relation = table.properties.find(({ name }) => name === property.relation);
      if (relation?.type !== "relation")
        throw new Refused(`${property.name} rolls up ${property.relation}, which is no relation.`);
      const propertyId = idOf(seed, tableOf(databases, relation.target), property.property);
      return { type, relationId: idOf(seed, table, property.relation), propertyId };
    }
    default:
      return { type };
  }
}

function tableOf(databases: readonly SeedDatabase[], key: string): SeedDatabase {
  const table = databases.find((table) => table.key === key);
  if (!table) throw new Refused(`There is no database ${key} in the seed.`);
  return table;
}

function optionsOf(seed: number, label: string, names: readonly string[]): readonly Option[] {
  return names.map((name, at) => optionOf(seed, `option ${name} of ${label}`, name, at));
}

function statusOf(
  seed: number,
  label: string,
  { groups }: Extract<SeedProperty, { type: "status" }>,
): Extract<PropertyConfig, { type: "status" }> {
  const options = optionsOf(
    seed,
    label,
    groups.flatMap(({ options }) => options),
  );
  const colors = { "To-do": "gray", "In progress": "blue", Complete: "green" };
  return {
    type: "status",
    options,
    groups: groups.map((group) => ({
      id: uuidOf(seed, `group ${group.name} of ${label}`),
      name: group.name,
      color: colors[group.name],
      optionIds: options.filter(({ name }) => group.options.includes(name)).map(({ id }) => id),
    })),
  };
}
