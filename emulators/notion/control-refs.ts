import type { Change } from "./changes.ts";
import { readId } from "./ids.ts";
import type { DataSource, Page, Property } from "./model.ts";
import { findProperty } from "./page-view.ts";
import { Refused } from "./refused.ts";
import { DEFAULT_PERSON } from "./seed-rows.ts";
import { dataSourceOf, databaseOf, userFor, type World } from "./world.ts";

/** The change that a person makes now. */
export function changeBy(world: World, by: string | undefined): Change {
  return { by: userFor(world, by ?? DEFAULT_PERSON).id, atMs: world.nowMs() };
}

/** The page of an id, a key, or `database/key`. @throws Refused if there is none, or more than one */
export function pageOf(world: World, ref: string): Page {
  const id = readId(ref);
  const byId = id === null ? undefined : world.pages.get(id);
  if (byId) return byId;
  const slash = ref.indexOf("/");
  const named = [...world.pages.all()].filter(({ key }) => key === ref);
  if (named.length === 1) return named[0] as Page;
  if (named.length > 1) {
    throw new Refused(`There are ${named.length} rows with the key ${ref}; write database/${ref}.`);
  }
  const found = slash === -1 ? undefined : rowOf(world, ref.slice(0, slash), ref.slice(slash + 1));
  if (!found) throw new Refused(`There is no page ${ref} in this world.`);
  return found;
}

function rowOf(world: World, databaseKey: string, rowKey: string): Page | undefined {
  return [...world.pages.all()].find(
    (page) => page.key === rowKey && databaseOf(world, dataSourceOf(world, page)).key === databaseKey,
  );
}

/** The only data source of a database by key or id, or the data source of an id. @throws Refused */
export function tableOf(world: World, ref: string): DataSource {
  const id = readId(ref);
  const direct = id === null ? undefined : world.catalog.dataSource(id);
  if (direct) return direct;
  const database = world.catalog.databases().find((database) => database.key === ref || database.id === id);
  if (!database) throw new Refused(`There is no database ${ref} in this world.`);
  const [first] = database.dataSourceIds;
  const dataSource = first === undefined ? undefined : world.catalog.dataSource(first);
  if (!dataSource) throw new Refused(`The database ${ref} has no data source.`);
  return dataSource;
}

/** A property by name or id. @throws Refused */
export function propertyOf(dataSource: DataSource, ref: string): Property {
  const property = findProperty(dataSource, ref);
  if (!property) throw new Refused(`${dataSource.title} has no property ${ref}.`);
  return property;
}
