import type { Page } from "./model.ts";
import { plainOf } from "./plain-values.ts";
import type { SeedValue } from "./seed.ts";
import { accessOf, authorOf, dataSourceOf, type World } from "./world.ts";

/** A page as it is now, whatever the connection sees of it: for tests to compare with. */
export type NotionPageState = {
  readonly id: string;
  readonly key: string | null;
  readonly dataSourceId: string;
  readonly isTrashed: boolean;
  readonly isArchived: boolean;
  readonly isShared: boolean;
  /** By name of property. */
  readonly values: Readonly<Record<string, SeedValue>>;
  /** `bot` for the connection, otherwise the id of a user. */
  readonly createdBy: "bot" | (string & {});
  readonly createdMs: number;
  readonly lastEditedBy: "bot" | (string & {});
  /** Exact, in world epoch ms. */
  readonly lastEditedMs: number;
};

export type NotionDatabaseState = {
  readonly key: string;
  readonly title: string;
  readonly databaseId: string;
  readonly dataSourceIds: string[];
};

/** Every page of a database, in the order in which they came to be. @throws Error for a key that is not there */
export function pagesOf(world: World, databaseKey: string): NotionPageState[] {
  const database = world.catalog.databases().find(({ key }) => key === databaseKey);
  if (!database) throw new Error(`There is no database ${databaseKey} in this world.`);
  const pages = [...world.pages.all()].filter(({ dataSourceId }) =>
    database.dataSourceIds.includes(dataSourceId),
  );
  return pages.map((page) => pageState(world, page));
}

function pageState(world: World, page: Page): NotionPageState {
  const { id, key, dataSourceId, isTrashed, isArchived, createdMs } = page;
  const { properties } = dataSourceOf(world, page);
  return {
    id,
    key,
    dataSourceId,
    isTrashed,
    isArchived,
    isShared: accessOf(world, page) !== "none",
    values: Object.fromEntries(properties.map((property) => [property.name, plainOf(world, page, property)])),
    createdBy: authorOf(world, page.createdBy),
    createdMs,
    lastEditedBy: authorOf(world, page.editedBy),
    lastEditedMs: page.editedMs,
  };
}

export function databasesOf(world: World): NotionDatabaseState[] {
  return world.catalog.databases().map(({ key, title, id, dataSourceIds }) => ({
    key,
    title,
    databaseId: id,
    dataSourceIds: [...dataSourceIds],
  }));
}
