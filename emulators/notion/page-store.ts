import type { DatabaseSync } from "node:sqlite";
import type { Page } from "./model.ts";

/**
 * The rows of a world: in memory for reading, beside them one small SQLite row each for the next start.
 *
 * There are two views. `get` and `all` are the rows as they are; `indexed` is what queries see, which lags behind.
 * What the lag still hid when a world was closed is visible when it is opened again.
 */
export type PageStore = {
  get(id: string): Page | undefined;
  /** In the order in which they came to be, across restarts too. */
  all(): IterableIterator<Page>;
  /** Add or replace a row; queries see it when the lag after `atMs` is over. */
  put(page: Page, atMs: number): void;
  /** Replace a row in both views at once: what a change of schema does to the values of every row. */
  rewrite(page: Page): void;
  /** Remove a row for good, from both views at once. */
  remove(id: string): void;
  /** Rows of a data source as queries see them at `nowMs`, in no order that means anything. */
  indexed(dataSourceId: string, at: IndexTime): Page[];
  /** Grows with every change of either view up to `at`: equal numbers, equal rows. */
  version(at: IndexTime): number;
};

type IndexTime = { readonly nowMs: number; readonly lagMs: number };

type Entry = {
  readonly current: Page;
  /** Null for a row that queries do not see yet. */
  indexed: Page | null;
  readonly waiting: { atMs: number; page: Page }[];
};

/** Changes of one row that wait for the index; with more, the oldest are skipped, as if they had never been seen. */
const WAITING_MAX = 100;

export function openPageStore(database: DatabaseSync): PageStore {
  const file = openRows(database);
  const entries = new Map<string, Entry>();
  /** Those that queries do not see as they are. */
  const unsettled = new Set<Entry>();
  let version = 0;
  for (const page of file.load()) entries.set(page.id, { current: page, indexed: page, waiting: [] });
  const settle = ({ nowMs, lagMs }: IndexTime): void => {
    for (const entry of unsettled) {
      while (entry.waiting[0] && entry.waiting[0].atMs + lagMs <= nowMs) {
        entry.indexed = entry.waiting.shift()?.page ?? null;
        version += 1;
      }
      if (entry.waiting.length === 0) unsettled.delete(entry);
    }
  };
  const replace = (id: string, entry: Entry | null): void => {
    const before = entries.get(id);
    if (before && before !== entry) unsettled.delete(before);
    if (entry) entries.set(id, entry);
    else entries.delete(id);
    version += 1;
  };
  return {
    get: (id) => entries.get(id)?.current,
    *all() {
      for (const { current } of entries.values()) yield current;
    },
    put(page, atMs) {
      const { indexed = null, waiting = [] } = entries.get(page.id) ?? {};
      const entry: Entry = {
        current: page,
        indexed,
        waiting: [...waiting.slice(1 - WAITING_MAX), { atMs, page }],
      };
      replace(page.id, entry);
      unsettled.add(entry);
      file.save(page);
    },
    rewrite(page) {
      replace(page.id, { current: page, indexed: page, waiting: [] });
      file.save(page);
    },
    remove(id) {
      replace(id, null);
      file.forget(id);
    },
    indexed(dataSourceId, at) {
      settle(at);
      return [...entries.values()].flatMap(({ indexed }) =>
        indexed?.dataSourceId === dataSourceId ? [indexed] : [],
      );
    },
    version(at) {
      settle(at);
      return version;
    },
  };
}

/** The rows in the world's file. */
function openRows(database: DatabaseSync): {
  load(): Iterable<Page>;
  save(page: Page): void;
  forget(id: string): void;
} {
  database.exec(
    "create table if not exists pages (seq integer primary key, id text unique not null, value text not null)",
  );
  const select = database.prepare("select value from pages order by seq");
  const upsert = database.prepare(
    "insert into pages (id, value) values (?, ?) on conflict (id) do update set value = excluded.value",
  );
  const remove = database.prepare("delete from pages where id = ?");
  return {
    load: () => select.iterate().map((row) => JSON.parse(String(row["value"])) as Page),
    save: (page) => void upsert.run(page.id, JSON.stringify(page)),
    forget: (id) => void remove.run(id),
  };
}
