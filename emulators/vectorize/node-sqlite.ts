import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Sql, SqlParam, SqlRow } from "./sql.ts";

/** Present a `node:sqlite` database as the index's SQL, with prepared statements kept. */
export function sqlOnNode(database: DatabaseSync): Sql {
  const prepared = new Map<string, StatementSync>();
  const statementOf = (text: string): StatementSync => {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare(text);
    prepared.set(text, statement);
    return statement;
  };
  return {
    exec(statement: string, ...params: SqlParam[]): SqlRow[] {
      const rows = statementOf(statement).all(...params);
      for (const row of rows) widenBlobs(row);
      return rows as SqlRow[];
    },
    transaction<T>(run: () => T): T {
      database.exec("BEGIN");
      try {
        const result = run();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}

// Durable Objects hand blobs out as ArrayBuffers; the index sees only those.
function widenBlobs(row: Record<string, unknown>): void {
  for (const [column, value] of Object.entries(row)) {
    if (value instanceof Uint8Array) {
      row[column] = value.buffer.byteLength === value.byteLength ? value.buffer : value.slice().buffer;
    }
  }
}
