import { env } from "cloudflare:test";
import { d1DatabaseSuite } from "../../emulators/contracts/d1-database.testsuite.ts";

const ALL_OBJECTS =
  "select type, name from sqlite_schema where type in ('table', 'view') and name not like '$_cf$_%' escape '$' " +
  "and name not like 'sqlite$_%' escape '$' and name not in (select name || '_data' from sqlite_schema)";

d1DatabaseSuite("workerd", async () => {
  const db = env.CONTRACT_DB;
  // Children before parents: tables created later refer to those created earlier; FTS shadow tables go with theirs.
  for (;;) {
    const last = await db
      .prepare(`${ALL_OBJECTS} and sql is not null and name not glob '*_text_*' order by rowid desc limit 1`)
      .first<{ name: string; type: string }>();
    if (last === null) return db;
    await db.prepare(`drop ${last.type} "${last.name}"`).run();
  }
});
