import { addOptions, type Change, changePage, createPage, type PageMarks, removePage } from "./changes.ts";
import { changeBy, pageOf, propertyOf, tableOf } from "./control-refs.ts";
import type { OpOf } from "./control-ops.ts";
import { storedOf } from "./from-plain.ts";
import { readId } from "./ids.ts";
import type { DataSource, Page, StoredValue } from "./model.ts";
import { moveTo } from "./moves.ts";
import { defaultStatus, type NewOptions } from "./options.ts";
import { Refused } from "./refused.ts";
import type { SeedValue } from "./seed.ts";
import { dataSourceOf, type World } from "./world.ts";

/** What an op did to a page. */
export type DoneToPage = { readonly id: string };

/** A person types values into a row. */
export function editPage(world: World, op: OpOf<"edit">): DoneToPage {
  const page = pageOf(world, op.page);
  if (page.isTrashed) throw new Refused(`Page ${op.page} is in the trash; restore it first.`);
  const change = changeBy(world, op.by);
  const values = enteredValues(world, dataSourceOf(world, page), op.set, change);
  changePage(world, page, change, { values });
  return { id: page.id };
}

/** A person makes a row. */
export function createRow(world: World, op: OpOf<"create">): DoneToPage {
  const dataSource = tableOf(world, op.database);
  const change = changeBy(world, op.by);
  const values = enteredValues(world, dataSource, op.values, change);
  const current = world.catalog.dataSource(dataSource.id) as DataSource;
  return { id: createPage(world, current, change, { values, key: op.key ?? null }).id };
}

/** A person duplicates a row, with every value that can be copied, markers included. */
export function duplicatePage(world: World, op: OpOf<"duplicate">): DoneToPage {
  const page = pageOf(world, op.page);
  const dataSource = dataSourceOf(world, page);
  const copied = dataSource.properties.filter(
    ({ id, type }) => type !== "unique_id" && page.values[id] !== undefined,
  );
  const values = Object.fromEntries(copied.map(({ id }) => [id, page.values[id] ?? null]));
  const marks = { icon: page.icon, cover: page.cover };
  return {
    id: createPage(world, dataSource, changeBy(world, op.by), { values, marks, key: op.key ?? null }).id,
  };
}

/** A person puts a row into another table. */
export function movePage(world: World, op: OpOf<"move">): DoneToPage {
  return { id: moveTo(world, pageOf(world, op.page), tableOf(world, op.to), changeBy(world, op.by)).id };
}

/** A person trashes, restores, archives or unarchives a row. */
export function markPage(world: World, op: OpOf<"trash" | "restore" | "archive" | "unarchive">): DoneToPage {
  const page = pageOf(world, op.page);
  const marks: PageMarks =
    op.op === "trash" || op.op === "restore"
      ? { isTrashed: op.op === "trash" }
      : { isArchived: op.op === "archive" };
  changePage(world, page, changeBy(world, op.by), { marks });
  return { id: page.id };
}

/** A row is gone for good, as from the trash after 30 days. */
export function deleteForever(world: World, op: OpOf<"delete-forever">): DoneToPage {
  const page = pageOf(world, op.page);
  removePage(world, page);
  return { id: page.id };
}

/** The connection gains or loses sight of something. No time moves. Source: reference 6.3. */
export function setShared(world: World, op: OpOf<"share" | "unshare">): { id: string } {
  const isShared = op.op === "share";
  if (op.page !== undefined) {
    const page = pageOf(world, op.page);
    const access = isShared ? "full" : op.op === "unshare" && op.partial ? "partial" : "none";
    world.pages.put({ ...page, access }, world.nowMs());
    return { id: page.id };
  }
  const dataSource = tableOf(world, op.database ?? op.dataSource ?? "");
  if (op.dataSource !== undefined) {
    world.catalog.putDataSource({ ...dataSource, isShared });
    return { id: dataSource.id };
  }
  const database = world.catalog.database(dataSource.databaseId);
  if (!database) throw new Refused(`There is no database ${op.database} in this world.`);
  world.catalog.putDatabase({ ...database, isShared });
  return { id: database.id };
}

/** Plain values as stored ones; missing options are made, and all of it is refused if a part of it is. */
function enteredValues(
  world: World,
  dataSource: DataSource,
  plain: Readonly<Record<string, SeedValue>>,
  change: Change,
): Record<string, StoredValue> {
  const added: NewOptions = new Map();
  const findRow = (dataSourceId: string, keyOrId: string): string | null =>
    findIn(world, dataSourceId, keyOrId);
  const entries = Object.entries(plain).map(([ref, value]) => {
    const property = propertyOf(dataSource, ref);
    const stored = storedOf(world, property, value, { findRow, added });
    const isEmptied = property.type === "status" && stored === null;
    return [property.id, isEmptied ? (defaultStatus(property)?.id ?? null) : stored] as const;
  });
  addOptions(world, dataSource, added, change);
  return Object.fromEntries(entries);
}

function findIn(world: World, dataSourceId: string, keyOrId: string): string | null {
  const id = readId(keyOrId);
  if (id !== null) return world.pages.get(id)?.dataSourceId === dataSourceId ? id : null;
  const isIt = (page: Page): boolean => page.key === keyOrId && page.dataSourceId === dataSourceId;
  return [...world.pages.all()].find(isIt)?.id ?? null;
}
