import type { StoredColumn } from "../../core/mapping/notion-columns.ts";
import type { DataSourceSchema } from "../../ports/notion.ts";
import type { TableStore } from "../../ports/table-store.ts";
import { statement, type Database } from "./database.ts";

/** What is remembered of the data source of each table: one row a sync. */
export function schemaTable(database: Database): Pick<TableStore, "schema" | "keepSchema"> {
  return {
    schema: async (sync) => {
      const [row] = await database.rows<{
        database_id: string;
        schema: string;
        columns: string;
        fetched_ms: number;
        key_name: string;
        bot_id: string;
      }>("select * from notion_schemas where sync = ?1", sync);
      if (row === undefined) return null;
      return {
        databaseId: row.database_id,
        schema: JSON.parse(row.schema) as DataSourceSchema,
        columns: JSON.parse(row.columns) as Record<string, StoredColumn>,
        fetchedMs: row.fetched_ms,
        keyName: row.key_name,
        botId: row.bot_id,
      };
    },
    keepSchema: async (
      fence,
      sync,
      { databaseId, schema, columns, fetchedMs, keyName, botId, adopt, isOther },
    ) => {
      await database.fenced(fence, [
        statement(
          `insert into notion_schemas (sync, database_id, schema, columns, fetched_ms, key_name, bot_id)
           values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
           on conflict (sync) do update set database_id = excluded.database_id, schema = excluded.schema,
             columns = excluded.columns, fetched_ms = excluded.fetched_ms, key_name = excluded.key_name, bot_id = excluded.bot_id`,
          sync,
          databaseId,
          JSON.stringify(schema),
          JSON.stringify(columns),
          fetchedMs,
          keyName,
          botId,
        ),
        ...(isOther
          ? [
              statement("delete from discoveries where sync = ?1", sync),
              statement("delete from checkpoints where lane = ?1", sync),
            ]
          : []),
        ...adopt.map((column) =>
          statement(
            "update notion_pages set bases = json_remove(bases, '$.' || ?2) where sync = ?1",
            sync,
            column,
          ),
        ),
      ]);
    },
  };
}
