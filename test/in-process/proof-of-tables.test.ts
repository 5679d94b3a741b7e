import { beforeEach, describe, expect, it } from "vitest";
import { FailureError } from "../../src/core/errors.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";
import { verified } from "./proof.ts";
import { runSync } from "./workspace.ts";

const CLEAN = { states: ["verify succeeded"], found: [] };
const HOUR_MS = 3_600_000;

let space: Awaited<ReturnType<typeof aNotionWorkspace>>;
const aPage = async (table = "projects"): Promise<{ page: string; record: string }> => {
  const [bound] = await space.rows<{ page: string; record: string }>(
    `select page_id as page, record_id as record from notion_pages where sync = '${table}' and state = 'bound' order by page_id limit 1`,
  );
  return bound ?? { page: "", record: "" };
};

beforeEach(async () => {
  space = await aNotionWorkspace();
  await runSync(space, "fireflies");
  await space.sync("clients");
  await space.sync("projects");
  await runSync(space, "vectors");
  space.world.advance(HOUR_MS);
});

describe("a proof of pages", () => {
  it("finds nothing where nothing is wrong, and writes nothing to Notion", async () => {
    const writes = space.writes();
    const { report, ...clean } = await verified(space);
    expect(clean).toMatchObject(CLEAN);
    const figures = report.proof?.state.figures.filter(
      ({ domain }) => domain === "projects" || domain === "clients",
    );
    expect(figures).toHaveLength(2);
    for (const { ledger, store, ok } of figures ?? [])
      expect({ ok, store }).toEqual({ ok: true, store: ledger });
    expect(space.writes()).toBe(writes);
  });

  it("names a page that was edited under us, has it read and merged, and is clean the second time", async () => {
    const { page, record } = await aPage();
    space.notion.control({ op: "edit", page, set: { Address: "1 Quay Street" } });
    // A query shows it by then.
    space.world.advance(60_000);
    const first = await verified(space);
    expect(first.found).toEqual([`page_differs ${page}`]);
    expect(first.states).toEqual([
      "verify succeeded_with_findings",
      "projects succeeded",
      "verify succeeded",
    ]);
    expect(first.report.findings[0]?.cause).toMatch(
      /^it was last edited at 20.* shows other values than were last read$/,
    );
    expect(await space.rows(`select project_address from projects where id = '${record}'`)).toEqual([
      { project_address: "1 Quay Street" },
    ]);
    space.world.advance(HOUR_MS);
    expect(await verified(space)).toMatchObject(CLEAN);
  });

  it("names a page that is in the trash, and lets its record follow", async () => {
    const { page, record } = await aPage();
    space.notion.control({ op: "trash", page });
    space.world.advance(60_000);
    const first = await verified(space);
    expect(first.found).toEqual([`page_unlisted ${page}`]);
    const [row] = await space.rows<{ deleted: number | null }>(
      `select deleted_ms as deleted from projects where id = '${record}'`,
    );
    expect(row?.deleted).toBeGreaterThan(0);
    space.world.advance(HOUR_MS);
    expect(await verified(space)).toMatchObject(CLEAN);
  });

  it("does not mend what a person deleted in D1: that goes to Notion by policy, and is on its way until then", async () => {
    const { page, record } = await aPage();
    await space.rows(`delete from projects where id = '${record}'`);
    const { states, found, report } = await verified(space);
    expect({ states, found }).toEqual(CLEAN);
    expect(report.proof?.state.notes).toContain("1 pages of projects have something on its way");
    await space.sync("projects");
    expect(await space.rows(`select state from notion_pages where page_id = '${page}'`)).toEqual([
      { state: "trashed" },
    ]);
    space.world.advance(HOUR_MS);
    expect(await verified(space)).toMatchObject(CLEAN);
  });

  it("names a row that was changed without anything noticing, and has what was agreed on decide", async () => {
    const { page, record } = await aPage("clients");
    await space.rows(`update clients set address = 'nowhere' where id = '${record}'`);
    await space.rows(
      `update row_versions set version = version - 1 where sync = 'clients' and record_id = '${record}'`,
    );
    const first = await verified(space);
    expect(first.found).toEqual([`row_differs ${page}`]);
    expect(first.states).toEqual(["verify succeeded_with_findings", "clients succeeded", "verify succeeded"]);
    space.world.advance(HOUR_MS);
    expect(await verified(space)).toMatchObject(CLEAN);
  });

  it("says that a table could not be listed, and proves the rest", async () => {
    const { notion } = space.ports;
    const refuse = async (): Promise<never> => {
      throw new FailureError({ kind: "denied", party: "notion", detail: "the token was revoked" });
    };
    const ports = { ...space.ports, notion: { ...notion, tables: { ...notion.tables, query: refuse } } };
    const { states, report } = await verified(space, { ports });
    expect(states).toEqual(["verify succeeded"]);
    expect(report.proof?.state.notes).toEqual([
      "clients could not be listed now: the token was revoked",
      "projects could not be listed now: the token was revoked",
    ]);
    expect(report.proof?.state.looked).not.toContain("projects");
  });
});
