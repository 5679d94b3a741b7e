import type { DatabaseSync } from "node:sqlite";
import type { RequestLog } from "../world/request-log.ts";
import type { StateRow } from "../world/state-row.ts";
import { inTransaction } from "../world/world-file.ts";
import type { Catalog } from "./catalog.ts";
import type { EditLog } from "./edit-log.ts";
import { uuidOf } from "./ids.ts";
import type { NotionLogEntry } from "./log-entry.ts";
import type { DataSource, Database, Page, User } from "./model.ts";
import type { PageStore } from "./page-store.ts";
import type { QueryCache } from "./query-cache.ts";
import type { Deliver } from "../world/deliver.ts";
import type { NotionState } from "./world-state.ts";

/** An open world: what requests read and control ops change. */
export type World = {
  readonly state: NotionState;
  readonly row: StateRow<NotionState>;
  readonly database: DatabaseSync;
  readonly pages: PageStore;
  readonly catalog: Catalog;
  readonly edits: EditLog;
  readonly log: RequestLog<NotionLogEntry>;
  readonly queries: QueryCache;
  /** World time now, epoch ms. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly clockHeader: () => string | null;
  readonly deliver: Deliver | null;
};

/** Change the world and its state row in one transaction, so that a kill leaves all of it or nothing. */
export function commit<T>(world: World, work: () => T): T {
  return inTransaction(world.database, () => {
    const result = work();
    world.row.save(world.state);
    return result;
  });
}

/** A new id for something made now. */
export function nextId(world: World, what: string): string {
  world.state.madeCount += 1;
  return uuidOf(world.state.seed, `${what} ${world.state.madeCount}`);
}

/** The data source of a page. */
export function dataSourceOf(world: World, page: Page): DataSource {
  const dataSource = world.catalog.dataSource(page.dataSourceId);
  if (!dataSource) throw new Error(`page ${page.id} belongs to no data source`);
  return dataSource;
}

/** The database that holds a data source. */
export function databaseOf(world: World, dataSource: DataSource): Database {
  const database = world.catalog.database(dataSource.databaseId);
  if (!database) throw new Error(`data source ${dataSource.id} belongs to no database`);
  return database;
}

/** True if the connection can see this data source. */
export function isVisible(world: World, dataSource: DataSource | undefined): dataSource is DataSource {
  return dataSource !== undefined && dataSource.isShared && databaseOf(world, dataSource).isShared;
}

/** How much of a page the connection sees, its data source and database considered. */
export function accessOf(world: World, page: Page): Page["access"] {
  return isVisible(world, dataSourceOf(world, page)) ? page.access : "none";
}

/** The user of this id or name; a name that is new becomes a user. */
export function userFor(world: World, idOrName: string): User {
  const { state } = world;
  const known = state.users.find(({ id, name }) => id === idOrName || name === idOrName);
  if (known) return known;
  const user = { id: uuidOf(state.seed, `user ${idOrName}`), name: idOrName };
  state.users = [...state.users, user];
  return user;
}

/** How edits and pages of a test name who did something. */
export function authorOf(world: World, userId: string): "bot" | (string & {}) {
  return userId === world.state.botId ? "bot" : userId;
}
