import { addOptions, type Change, changePage, givenToAll } from "./changes.ts";
import { storedOf } from "./from-plain.ts";
import type { DataSource, Page, Property, StoredValue } from "./model.ts";
import type { NewOptions } from "./options.ts";
import { plainStored } from "./plain-values.ts";
import { Refused } from "./refused.ts";
import { dataSourceOf, type World } from "./world.ts";

/**
 * Put a page into another data source, as Notion does it: values follow to the property of the same name and type,
 * options are found or made by their names, and the rest is left behind.
 */
export function moveTo(world: World, page: Page, target: DataSource, change: Change): Page {
  if (page.dataSourceId === target.id) return page;
  const added: NewOptions = new Map();
  const values: Record<string, StoredValue> = {};
  for (const property of target.properties) {
    const source = dataSourceOf(world, page).properties.find(
      ({ name, type }) => type === property.type && (name === property.name || type === "title"),
    );
    if (source) values[property.id] = followed(world, { page, source, property, added });
  }
  const kept = addOptions(world, target, added, change);
  const number = kept.lastNumber + 1;
  world.catalog.putDataSource({ ...kept, lastNumber: number });
  const all = { ...values, ...givenToAll(kept, values, number) };
  return changePage(world, page, change, { marks: { dataSourceId: target.id, values: all } });
}

type Followed = {
  readonly page: Page;
  readonly source: Property;
  readonly property: Property;
  readonly added: NewOptions;
};

function followed(world: World, { page, source, property, added }: Followed): StoredValue {
  const value = page.values[source.id] ?? null;
  if (!("options" in property)) return value;
  try {
    return storedOf(world, property, plainStored(world, source, value), { findRow: () => null, added });
  } catch (error) {
    // A status of this name is not there; the page gets the default.
    if (error instanceof Refused) return null;
    throw error;
  }
}
