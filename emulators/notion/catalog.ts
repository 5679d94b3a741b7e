import type { DatabaseSync } from "node:sqlite";
import type { Database, DataSource } from "./model.ts";

/** Databases and their data sources: in memory for reading, beside them one SQLite row each. */
export type Catalog = {
  databases(): readonly Database[];
  database(id: string): Database | undefined;
  dataSources(): readonly DataSource[];
  dataSource(id: string): DataSource | undefined;
  putDatabase(database: Database): void;
  putDataSource(dataSource: DataSource): void;
  /** Grows with every change. */
  version(): number;
};

export function openCatalog(file: DatabaseSync): Catalog {
  file.exec(
    "create table if not exists catalog (id text primary key, kind text not null, value text not null)",
  );
  const upsert = file.prepare(
    "insert into catalog (id, kind, value) values (?, ?, ?) on conflict (id) do update set value = excluded.value",
  );
  const databases = new Map<string, Database>();
  const dataSources = new Map<string, DataSource>();
  for (const row of file.prepare("select kind, value from catalog order by rowid").all()) {
    const value: unknown = JSON.parse(String(row["value"]));
    if (row["kind"] === "database") databases.set((value as Database).id, value as Database);
    else dataSources.set((value as DataSource).id, value as DataSource);
  }
  let version = 0;
  return {
    databases: () => [...databases.values()],
    database: (id) => databases.get(id),
    dataSources: () => [...dataSources.values()],
    dataSource: (id) => dataSources.get(id),
    putDatabase(database) {
      version += 1;
      databases.set(database.id, database);
      upsert.run(database.id, "database", JSON.stringify(database));
    },
    putDataSource(dataSource) {
      version += 1;
      dataSources.set(dataSource.id, dataSource);
      upsert.run(dataSource.id, "data_source", JSON.stringify(dataSource));
    },
    version: () => version,
  };
}
