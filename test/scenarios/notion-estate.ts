import { expect } from "vitest";
import type { Run } from "../../src/ports/run-store.ts";
import { expectSums } from "../in-process/laws.ts";
import { aNotionWorkspace } from "../in-process/notion-workspace.ts";

const HOUR_MS = 3_600_000;
type Row = Record<string, string | number | null>;

/** Projects and clients brought in from the sample workspace, and what tells a story about them. */
export async function aNotionEstate(...options: Parameters<typeof aNotionWorkspace>) {
  const space = await aNotionWorkspace(...options);
  const { world, d1, ports } = space;
  const control = (op: Parameters<typeof space.notion.control>[0]): void => {
    const reply = space.notion.control(op);
    if (!reply.ok) throw new Error(reply.problem);
  };
  await space.sync("clients");
  await space.sync("projects");
  const pageOf = (key: string, table: "projects" | "clients" = "projects") => {
    const page = space.notion.pages(table).find((one) => one.key === key);
    if (page === undefined) throw new Error(`there is no page ${key}`);
    return page;
  };
  return {
    ...space,
    control,
    pageOf,
    /** The row that a page is bound to; null if it is bound to none. */
    rowOf: async (key: string, table: "projects" | "clients" = "projects"): Promise<Row | null> => {
      const rows = await space.rows<Row>(
        `select ${table}.* from ${table} join notion_pages on record_id = ${table}.id
         where page_id = '${pageOf(key, table).id}'`,
      );
      return rows[0] ?? null;
    },
    sql: (text: string, ...values: (string | number | null)[]) =>
      d1
        .prepare(text)
        .bind(...values)
        .run(),
    /** Time goes by, and a run of projects is made. */
    later: (ms = HOUR_MS): Promise<Run> => {
      world.advance(ms);
      return space.sync("projects");
    },
    /** The laws at rest: sums, every page accounted for, no push open, and nothing to do the second time, on either side. */
    expectRest: async (): Promise<void> => {
      for (const sync of ["clients", "projects"] as const) {
        world.advance(25 * HOUR_MS);
        const run = await space.sync(sync);
        expect(run.sourceCount, `law 2: every page of ${sync} is a row or has a reason`).toBe(
          run.destinationCount,
        );
        const writes = space.writes();
        world.advance(25 * HOUR_MS);
        const { created, updated, deleted, failed } = (await space.sync(sync)).result?.counts ?? {};
        expect({ created, updated, deleted, failed }, "law 3: twice is once").toEqual({
          created: 0,
          updated: 0,
          deleted: 0,
          failed: 0,
        });
        expect(space.writes()).toBe(writes);
      }
      expect(await space.rows("select id from pushes where settled_ms is null")).toEqual([]);
      await expectSums(ports);
    },
  };
}
