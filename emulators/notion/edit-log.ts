import type { DatabaseSync } from "node:sqlite";
import type { SeedValue } from "./seed.ts";

/**
 * A value written to a property of a page, by anyone. What the seed began with is no edit; the far side of a mirrored
 * relation is one, by whoever wrote the near side. Changes of a schema and moves rewrite values without an edit.
 */
export type NotionEdit = {
  /** Exact, in world epoch ms. */
  readonly atMs: number;
  readonly pageId: string;
  readonly propertyId: string;
  readonly value: SeedValue;
  readonly previous: SeedValue;
  /** `bot` for the connection, otherwise the id of a user. */
  readonly by: "bot" | (string & {});
};

/** All edits of a world, in order. Kept in its file and never cut: laws of simulations need every one. */
export type EditLog = { append(edit: NotionEdit): void; entries(): NotionEdit[] };

export function openEditLog(database: DatabaseSync): EditLog {
  database.exec(
    "create table if not exists edits (seq integer primary key autoincrement, edit text not null)",
  );
  const insert = database.prepare("insert into edits (edit) values (?)");
  const select = database.prepare("select edit from edits order by seq");
  return {
    append: (edit) => void insert.run(JSON.stringify(edit)),
    entries: () => select.all().map((row) => JSON.parse(String(row["edit"])) as NotionEdit),
  };
}
