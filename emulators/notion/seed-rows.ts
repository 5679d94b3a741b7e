import { givenToAll } from "./changes.ts";
import { type FindRow, storedOf } from "./from-plain.ts";
import { uuidOf } from "./ids.ts";
import type { DataSource, Page, StoredValue } from "./model.ts";
import { type NewOptions, withOptions } from "./options.ts";
import { Refused } from "./refused.ts";
import type { NotionSeed, SeedDatabase, SeedRow } from "./seed.ts";
import { seededIds, seededTables } from "./seed-schema.ts";
import { userFor, type World } from "./world.ts";

/** Who made what a seed begins with, and who is at the controls when nobody is named. */
export const DEFAULT_PERSON = "Robin Owner";

/** Fill a new world. Queries see everything at once; nothing of it is an edit. @throws Refused */
export function plantSeed(world: World, content: NotionSeed, atMs: number): void {
  const by = userFor(world, DEFAULT_PERSON).id;
  const { seed } = world.state;
  const tables = seededTables(seed, content, { atMs, by });
  for (const { database, dataSource } of tables) {
    world.catalog.putDatabase(database);
    world.catalog.putDataSource(dataSource);
  }
  const rowIds = idsOfRows(seed, content);
  const findRow: FindRow = (dataSourceId, key) => rowIds.get(`${dataSourceId}/${key}`) ?? null;
  const pages = new Map<string, Page>();
  for (const table of content.databases) {
    for (const page of pagesOf(world, table, { findRow, by })) pages.set(page.id, page);
  }
  for (const page of mirrored(world, pages).values()) world.pages.put(page, Number.NEGATIVE_INFINITY);
}

function idsOfRows(seed: number, { databases }: NotionSeed): Map<string, string> {
  const ids = new Map<string, string>();
  for (const { key, rows } of databases) {
    const { dataSourceId } = seededIds(seed, key);
    for (const row of rows) {
      const name = `${dataSourceId}/${row.key}`;
      if (ids.has(name)) throw new Refused(`Two rows of ${key} have the key ${row.key}; keys must differ.`);
      ids.set(name, uuidOf(seed, `row ${row.key} of ${key}`));
    }
  }
  return ids;
}

function pagesOf(
  world: World,
  table: SeedDatabase,
  { findRow, by }: { findRow: FindRow; by: string },
): Page[] {
  const { dataSourceId } = seededIds(world.state.seed, table.key);
  const before = world.catalog.dataSource(dataSourceId) as DataSource;
  const added: NewOptions = new Map();
  const pages = table.rows.map((row, at): Page => {
    const values = valuesOf(world, before, row, { findRow, added });
    return {
      id: uuidOf(world.state.seed, `row ${row.key} of ${table.key}`),
      key: row.key,
      dataSourceId,
      values: { ...values, ...givenToAll(before, values, at + 1) },
      createdMs: row.createdMs,
      createdBy: by,
      editedMs: row.editedMs,
      editedBy: by,
      isTrashed: row.isTrashed ?? false,
      isArchived: false,
      isLocked: false,
      access: "full",
      icon: null,
      cover: null,
    };
  });
  world.catalog.putDataSource({ ...withOptions(before, added), lastNumber: table.rows.length });
  return pages;
}

function valuesOf(
  world: World,
  dataSource: DataSource,
  row: SeedRow,
  { findRow, added }: { findRow: FindRow; added: NewOptions },
): Record<string, StoredValue> {
  const byName = new Map(dataSource.properties.map((property) => [property.name, property]));
  const stored = Object.entries(row.values).map(([name, plain]) => {
    const property = byName.get(name);
    if (!property) throw new Refused(`Row ${row.key} has a value for ${name}, which is no property.`);
    return [property.id, storedOf(world, property, plain, { findRow, added })] as const;
  });
  return Object.fromEntries(stored);
}

/** The pages with both sides of every mirrored relation, whichever side the seed gave. */
function mirrored(world: World, pages: ReadonlyMap<string, Page>): ReadonlyMap<string, Page> {
  const links = new Map<string, Map<string, Set<string>>>();
  const link = (pageId: string, propertyId: string, targetId: string): void => {
    const ofPage = links.get(pageId) ?? new Map<string, Set<string>>();
    ofPage.set(propertyId, (ofPage.get(propertyId) ?? new Set()).add(targetId));
    links.set(pageId, ofPage);
  };
  for (const page of pages.values()) {
    for (const property of world.catalog.dataSource(page.dataSourceId)?.properties ?? []) {
      if (property.type !== "relation") continue;
      for (const id of (page.values[property.id] ?? []) as readonly string[]) {
        link(page.id, property.id, id);
        if (property.mirrorId !== null) link(id, property.mirrorId, page.id);
      }
    }
  }
  return new Map(
    [...pages].map(([id, page]) => {
      const linked = [...(links.get(id) ?? [])].map(([propertyId, ids]) => [propertyId, [...ids]] as const);
      return [id, { ...page, values: { ...page.values, ...Object.fromEntries(linked) } }];
    }),
  );
}
