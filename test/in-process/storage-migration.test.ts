import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createD1 } from "../../emulators/d1/d1-database.ts";
import { createAlertStore } from "../../src/adapters/d1/telling-table.ts";
import { createCleanupStore } from "../../src/adapters/d1/cleanup-store.ts";
import { createReportStore } from "../../src/adapters/d1/report-table.ts";
import { cleanUp, DAY_MS } from "./cleanup.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { expectProof } from "./laws.ts";
import { verified } from "./proof.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");
const FIRST = "0017_alerts.sql";

const FILES = readdirSync(MIGRATIONS).toSorted();

async function migrated(d1: ReturnType<typeof createD1>, files: readonly string[]): Promise<void> {
  for (const file of files) await d1.prepare(readFileSync(join(MIGRATIONS, file), "utf8")).run();
}

describe("a database from before alerts were told, storage was watched and reports were made", () => {
  it("keeps every row, tells nobody of what is over, is reported and counted, and writes no index twice", async () => {
    const d1 = createD1();
    await migrated(
      d1,
      FILES.filter((file) => file < FIRST),
    );
    // Rows as the program before left them, of a workspace in step.
    const space = await aFirefliesWorkspace([1, 2, 3].map((n) => aSourceMeeting(`m${n}`, n)));
    await space.sync();
    await space.vectors();
    await verified(space);
    const columnsOf = async (table: string): Promise<string[]> =>
      (
        await d1.prepare(`select name from pragma_table_info('${table}')`).all<{ name: string }>()
      ).results.map(({ name }) => name);
    const tables = (
      await d1
        .prepare(
          `select name from sqlite_master where type = 'table' and sql is not null and name not like 'sqlite_%'
             and name not like '%_fts%' and name not like 'search%'`,
        )
        .all<{ name: string }>()
    ).results.map(({ name }) => name);
    const kept: Record<string, number> = {};
    for (const table of tables) {
      const columns = await columnsOf(table);
      const rows = await space.rows<Record<string, unknown>>(`select ${columns.join(", ")} from ${table}`);
      for (const row of rows)
        await d1
          .prepare(
            `insert or replace into ${table} (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`,
          )
          .bind(...columns.map((name) => row[name] as string))
          .run();
      kept[table] = rows.length;
    }
    await d1.exec(
      "insert into alerts (id, kind, subject, detail, opened_ms, last_ms, closed_ms) values ('over', 'run_lost', 'fireflies', 'd', 1, 1, 2), ('open', 'run_lost', 'projects', 'd', 1, 1, null)",
    );
    await migrated(
      d1,
      FILES.filter((file) => file >= FIRST),
    );
    for (const [table, rows] of Object.entries(kept)) {
      const [{ n } = { n: -1 }] = (
        await d1.prepare(`select count(*) as n from ${table}`).all<{ n: number }>()
      ).results;
      expect([table, n]).toEqual([table, table === "alerts" ? rows + 2 : rows]);
    }

    const alerts = createAlertStore(d1);
    const claim = { channel: "webhook:x", id: "c", realNowMs: 5, nowMs: 5 };
    expect((await alerts.claim(claim))?.alerts.map(({ id }) => id)).toEqual(["open"]);
    // No two indexes over the same columns: each would be written with every row.
    const indexes = (
      await d1
        .prepare(
          `select m.sql, m.tbl_name || ' ' || (select group_concat(coalesce(name, 'expression of ' || m.name)) from pragma_index_info(m.name)) as what
           from sqlite_master as m where m.type = 'index' and m.sql is not null`,
        )
        .all<{ what: string; sql: string }>()
    ).results.map(({ what, sql }) => `${what} ${/ where .*/i.exec(sql)?.[0].toLowerCase() ?? ""}`);
    expect(indexes.filter((what, place) => indexes.indexOf(what) !== place)).toEqual([]);

    const { rows } = await createReportStore(d1).week({
      fromMs: 0,
      toMs: space.world.nowMs() + 1,
      sync: null,
    });
    expect(rows.week_runs.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThan(2);
    expect((await createCleanupStore(d1).daysToRoll("2027-01-01", 9)).items).toEqual([
      "1970-01-01",
      "2026-06-01",
    ]);
  });

  it("is cleaned up later although its calls do not say when their waits were decided", async () => {
    const space = await aFirefliesWorkspace([aSourceMeeting("m1", 1)]);
    await space.sync();
    await space.d1.exec("update attempts set decided_ms = null");
    space.world.advance(40 * DAY_MS);
    await space.sync();
    await space.vectors();
    const runs = await cleanUp(space);
    expect(runs.at(-1)?.state).toBe("succeeded");
    await expectProof(space.ports);
  });
});
