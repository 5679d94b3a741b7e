import type { DatabaseSync } from "node:sqlite";

/** Everything about a world that is no list, as one row of its file, written as a whole. One in memory is never opened again. */
export type StateRow<State> = { load(): State | null; save(state: State): void };

export function openStateRow<State>(database: DatabaseSync): StateRow<State> {
  database.exec(
    "create table if not exists state (id integer primary key check (id = 1), value text not null)",
  );
  const select = database.prepare("select value from state where id = 1");
  const upsert = database.prepare("insert or replace into state (id, value) values (1, ?)");
  return {
    load() {
      const row = select.get();
      return row ? (JSON.parse(String(row["value"])) as State) : null;
    },
    save(state) {
      if (database.location() === null) return;
      upsert.run(JSON.stringify(state));
    },
  };
}
