import { changeBy, propertyOf, tableOf } from "./control-refs.ts";
import type { OpOf } from "./control-ops.ts";
import { storedOf } from "./from-plain.ts";
import type { DataSource, Option, Page, Property, PropertyConfig, StoredValue } from "./model.ts";
import { findOption, grouped, type NewOptions, type OptionProperty, withOptions } from "./options.ts";
import { plainOf, textForm } from "./plain-values.ts";
import { Refused } from "./refused.ts";
import {
  changeSchema,
  madeOptions,
  newProperty,
  plainConfig,
  removeProperty,
  renameProperty,
  replaced,
  retypeProperty,
  rowsOf,
} from "./schema-changes.ts";
import type { SeedValue } from "./seed.ts";
import { databaseOf, nextId, type World } from "./world.ts";

export type DoneToTable = { readonly id: string };

export function rename(world: World, op: OpOf<"rename-property">): DoneToTable {
  const dataSource = tableOf(world, op.database);
  const property = propertyOf(dataSource, op.property);
  refuseTaken(dataSource, op.name, property);
  renameProperty(world, dataSource, changeBy(world, op.by), { property, name: op.name });
  return { id: property.id };
}

export function remove(world: World, op: OpOf<"remove-property">): DoneToTable {
  const dataSource = tableOf(world, op.database);
  const property = propertyOf(dataSource, op.property);
  if (property.type === "title") throw new Refused("The title property cannot be removed.");
  removeProperty(world, dataSource, changeBy(world, op.by), property);
  return { id: property.id };
}

export function add(world: World, op: OpOf<"add-property">): DoneToTable {
  const dataSource = tableOf(world, op.database);
  refuseTaken(dataSource, op.name);
  const config = configOf(world, op);
  const property = newProperty(world, dataSource, op.name, config);
  changeSchema(world, dataSource, changeBy(world, op.by), {
    properties: [...dataSource.properties, property],
    updated: [{ id: property.id, name: op.name, action: "created" }],
  });
  return { id: property.id };
}

/** Values are kept as far as their text fits the new type, and lost otherwise. */
export function retype(world: World, op: OpOf<"retype-property">): DoneToTable {
  const dataSource = tableOf(world, op.database);
  const before = propertyOf(dataSource, op.property);
  if (before.type === "title" || before.type === "relation") {
    throw new Refused(`A property of type ${before.type} keeps its type.`);
  }
  const { id, name, description } = before;
  const property: Property = { id, name, description, ...configOf(world, op) };
  const added: NewOptions = new Map();
  const converted = new Map(
    rowsOf(world, dataSource).map((page) => [
      page.id,
      convertedValue(world, { page, before, property }, added),
    ]),
  );
  const retyped = { ...dataSource, properties: replaced(dataSource.properties, property) };
  const complete = withOptions(retyped, added).properties.find((other) => other.id === id) ?? property;
  retypeProperty(world, dataSource, changeBy(world, op.by), {
    property: complete,
    convert: (page) => converted.get(page.id) ?? null,
  });
  return { id };
}

type Retyped = { readonly page: Page; readonly before: Property; readonly property: Property };

function convertedValue(world: World, { page, before, property }: Retyped, added: NewOptions): StoredValue {
  const text = textForm(plainOf(world, page, before));
  if (text === "") return null;
  try {
    return storedOf(world, property, fitted(property, text), { findRow: () => null, added });
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** A text as the plain form of a type. */
function fitted(property: Property, text: string): SeedValue {
  switch (property.type) {
    case "number":
      return Number.isFinite(Number(text)) ? Number(text) : null;
    case "checkbox":
      return text === "true" || text === "Yes";
    case "multi_select":
      return text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
    default:
      return text;
  }
}

export function addOption(world: World, op: OpOf<"add-option">): DoneToTable {
  const { dataSource, property } = optionProperty(world, op);
  if (findOption(property, { name: op.option }))
    throw new Refused(`${property.name} has the option ${op.option} already.`);
  const [option] = madeOptions(world, [op.option]);
  const options = [...property.options, ...(option ? [option] : [])];
  const group = op.group ?? "To-do";
  const changed: Property =
    property.type === "status"
      ? { ...property, options, groups: grouped(property.groups, group, option?.id ?? "") }
      : { ...property, options };
  return changeOptions(world, dataSource, changed, op.by);
}

/** The option keeps its id, and so every row keeps it. */
export function renameOption(world: World, op: OpOf<"rename-option">): DoneToTable {
  const { dataSource, property } = optionProperty(world, op);
  const renamed = existingOption(property, op.option);
  const options = property.options.map((option) =>
    option === renamed ? { ...option, name: op.name } : option,
  );
  return changeOptions(world, dataSource, { ...property, options }, op.by);
}

/** Rows that had the option have it no more; their times stay. */
export function removeOption(world: World, op: OpOf<"remove-option">): DoneToTable {
  const { dataSource, property } = optionProperty(world, op);
  const removed = existingOption(property, op.option);
  const options = property.options.filter((option) => option !== removed);
  for (const page of rowsOf(world, dataSource)) {
    const value = page.values[property.id];
    const left = Array.isArray(value)
      ? value.filter((id) => id !== removed.id)
      : value === removed.id
        ? null
        : value;
    if (left === undefined || left === value) continue;
    world.pages.rewrite({ ...page, values: { ...page.values, [property.id]: left as StoredValue } });
  }
  const isKept = (id: string): boolean => id !== removed.id;
  const changed: Property =
    property.type === "status"
      ? {
          ...property,
          options,
          groups: property.groups.map((group) => ({ ...group, optionIds: group.optionIds.filter(isKept) })),
        }
      : { ...property, options };
  return changeOptions(world, dataSource, changed, op.by);
}

/** A second table in a database, with a title and nothing else. */
export function addDataSource(world: World, op: OpOf<"add-data-source">): DoneToTable {
  const first = tableOf(world, op.database);
  const database = databaseOf(world, first);
  const { by, atMs } = changeBy(world, op.by);
  const id = nextId(world, "data source");
  world.catalog.putDataSource({
    ...first,
    id,
    title: op.title,
    properties: first.properties.filter(({ type }) => type === "title"),
    createdMs: atMs,
    editedMs: atMs,
    createdBy: by,
    editedBy: by,
    lastNumber: 0,
  });
  world.catalog.putDatabase({ ...database, dataSourceIds: [...database.dataSourceIds, id] });
  return { id };
}

function changeOptions(
  world: World,
  dataSource: DataSource,
  property: Property,
  by: string | undefined,
): DoneToTable {
  const { id, name } = property;
  const properties = replaced(dataSource.properties, property);
  changeSchema(world, dataSource, changeBy(world, by), {
    properties,
    updated: [{ id, name, action: "updated" }],
  });
  return { id };
}

function configOf(world: World, op: OpOf<"add-property" | "retype-property">): PropertyConfig {
  const config = plainConfig(world, op.type, { options: op.options ?? [] });
  if (config === null) throw new Refused(`A property of type ${op.type} cannot be made here.`);
  return config;
}

function optionProperty(
  world: World,
  op: { database: string; property: string },
): { dataSource: DataSource; property: OptionProperty } {
  const dataSource = tableOf(world, op.database);
  const property = propertyOf(dataSource, op.property);
  if (!("options" in property))
    throw new Refused(`${property.name} is of type ${property.type}, which has no options.`);
  return { dataSource, property };
}

function existingOption(property: OptionProperty, name: string): Option {
  const option = findOption(property, { name });
  if (!option) throw new Refused(`${property.name} has no option ${name}.`);
  return option;
}

function refuseTaken(dataSource: DataSource, name: string, property?: Property): void {
  const isTaken = dataSource.properties.some((other) => other.name === name && other.id !== property?.id);
  if (isTaken) throw new Refused(`${dataSource.title} has a property ${name} already.`);
}
