import { describe, expect, it } from "vitest";
import { parseConfig, settingsOf } from "../../src/core/config.ts";
import { decideReview } from "../../src/engine/decisions.ts";
import { nextDueMs } from "../../src/core/schedule.ts";
import { tick } from "../../src/engine/tick.ts";
import { fightContent } from "../fight/content.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

// What the configuration file says, seen in what a sync does with a workspace.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const JOB = "26-100";
const PAGE = "project-0";

type Row = { id: string; title: string; project_address: string | null; estimated_value: number | null };

/** A workspace of three projects, synced once, under what the file says of projects. */
async function underConfig(projects: Record<string, unknown>) {
  const read = parseConfig(JSON.stringify({ notion: { projects } }));
  if ("problem" in read) throw new Error(read.problem);
  const space = await aNotionWorkspace(
    { content: () => fightContent(Date.UTC(2026, 5, 1, 11), 3), requestsPerMinute: null },
    { settings: settingsOf(read.config).tables },
  );
  const { world, d1, notion } = space;
  await space.sync("clients");
  await space.sync("projects");
  const later = (ms: number): void => world.advance(ms);
  const edit = (set: Record<string, string | number | null>): void => {
    const reply = notion.control({ op: "edit", page: PAGE, set });
    if (!reply.ok) throw new Error(reply.problem);
  };
  const row = async (): Promise<Row | undefined> =>
    (await space.rows<Row>(`select * from projects where job_number = '${JOB}'`))[0];
  const write = (column: string, value: string | number | null): Promise<unknown> =>
    d1.prepare(`update projects set ${column} = ? where job_number = ?`).bind(value, JOB).run();
  const page = () => notion.pages("projects").find(({ key }) => key === PAGE);
  /** Long enough after the last edit that pages are written to. */
  const syncLater = async () => {
    later(10 * MINUTE_MS);
    return space.sync("projects");
  };
  const remove = (): Promise<unknown> =>
    d1.prepare("delete from projects where job_number = ?").bind(JOB).run();
  return { ...space, later, edit, row, write, page, syncLater, remove };
}

describe("a field whose conflicts", () => {
  it("D1 wins takes D1's value to Notion, and the conflict is written down", async () => {
    const { edit, write, row, page, syncLater, rows } = await underConfig({
      fields: { project_address: { conflict: "d1" } },
    });
    edit({ Address: "1 Notion Street" });
    await write("project_address", "2 D1 Street");
    await syncLater();
    expect(page()?.values["Address"]).toBe("2 D1 Street");
    expect((await row())?.project_address).toBe("2 D1 Street");
    expect(await rows("select taken, notion from conflicts")).toEqual([
      { taken: "d1", notion: '"1 Notion Street"' },
    ]);
  });

  it("a person decides stays as it is on both sides, with an open conflict", async () => {
    const { edit, write, row, page, syncLater, rows } = await underConfig({
      fields: { title: { conflict: "ask" } },
    });
    edit({ "Project name": "Ours in Notion" });
    await write("title", "Ours in D1");
    await syncLater();
    await syncLater();
    expect(page()?.values["Project name"]).toBe("Ours in Notion");
    expect((await row())?.title).toBe("Ours in D1");
    expect(await rows("select taken, resolved_ms from conflicts")).toEqual([
      { taken: null, resolved_ms: null },
    ]);
  });
});

describe("a field that goes", () => {
  it("in only is never written to Notion, and D1's own edit is put back", async () => {
    const { write, row, page, syncLater, writes, rows } = await underConfig({
      fields: { estimated_value: { direction: "in" } },
    });
    const before = writes();
    await write("estimated_value", 5);
    await syncLater();
    expect((await row())?.estimated_value).toBe(1_000);
    expect(page()?.values["Est Revenue"]).toBe(1_000);
    expect(writes()).toBe(before);
    expect(await rows("select value from history")).toContainEqual({ value: "5" });
  });

  it("in only is left out of a page that is made for a row", async () => {
    const { d1, notion, syncLater } = await underConfig({ fields: { estimated_value: { direction: "in" } } });
    await d1
      .prepare("insert into projects (id, title, status, estimated_value) values ('r', 'New', 'active', 7)")
      .run();
    await syncLater();
    const made = notion.pages("projects").find(({ values }) => values["Project name"] === "New");
    expect(made?.values).toMatchObject({ "Project name": "New", "Est Revenue": null });
  });

  it("out only is never taken from Notion, not even into a new row", async () => {
    const { edit, row, page, notion, syncLater, rows } = await underConfig({
      fields: { project_address: { direction: "out" }, estimated_value: { direction: "out" } },
    });
    expect((await row())?.estimated_value).toBeNull();
    expect(page()?.values["Est Revenue"]).toBe(1_000);
    edit({ Address: "typed in Notion" });
    notion.control({ op: "create", database: "projects", values: { "Project name": "P", "Est Revenue": 3 } });
    await syncLater();
    expect((await row())?.project_address).toBeNull();
    expect(await rows("select estimated_value from projects where title = 'P'")).toEqual([
      { estimated_value: null },
    ]);
  });
});

it("a configured property is used instead of the one that would be found, and what was agreed on before is forgotten", async () => {
  const plain = await underConfig({});
  plain.notion.control({
    op: "add-property",
    database: "projects",
    name: "Where",
    type: "rich_text",
  });
  plain.edit({ Address: "the usual one", Where: null });
  await plain.syncLater();
  expect((await plain.row())?.project_address).toBe("the usual one");
  const read = parseConfig(
    JSON.stringify({ notion: { projects: { columns: { project_address: "where" } } } }),
  );
  if ("problem" in read) throw new Error(read.problem);
  Object.assign(plain.ports.notion, { settings: settingsOf(read.config).tables });
  await plain.syncLater();
  plain.later(25 * HOUR_MS);
  await plain.sync("projects");
  await plain.syncLater();
  // The new property was empty: that is no deletion of the address.
  expect((await plain.row())?.project_address).toBe("the usual one");
  expect(plain.page()?.values).toMatchObject({ Address: "the usual one", Where: "the usual one" });
  plain.edit({ Where: "the new one" });
  await plain.syncLater();
  expect((await plain.row())?.project_address).toBe("the new one");
});

describe("when a row is deleted in D1", () => {
  it("its page goes to the trash if nothing is said", async () => {
    const { remove, page, syncLater } = await underConfig({});
    await remove();
    await syncLater();
    expect(page()?.isTrashed).toBe(true);
  });

  it("and deletes say never, its page stays, no row is made, and the run finds nothing wrong", async () => {
    const { remove, page, row, syncLater, later, sync, rows, writes } = await underConfig({
      deletes: "never",
    });
    const before = writes();
    await remove();
    await syncLater();
    later(25 * HOUR_MS);
    const full = await sync("projects");
    expect(full.state).toBe("succeeded");
    expect(full.result?.counts).toMatchObject({ unchanged: 3, created: 0, deleted: 0 });
    expect(page()?.isTrashed).toBe(false);
    expect(await row()).toBeUndefined();
    expect(writes()).toBe(before);
    expect(
      await rows(`select count(*) as n from notion_pages where sync = 'projects' and state = 'bound'`),
    ).toEqual([{ n: 3 }]);
  });

  it("and deletes say ask, nothing is written until a person says that the page is to follow", async () => {
    const { remove, page, row, syncLater, later, sync, ports, writes } = await underConfig({
      deletes: "ask",
    });
    const id = (await row())?.id ?? "";
    const before = writes();
    await remove();
    const asked = await syncLater();
    expect(asked.result?.counts).toMatchObject({ pending: 1, deleted: 0 });
    later(25 * HOUR_MS);
    await sync("projects");
    expect(page()?.isTrashed).toBe(false);
    expect(writes()).toBe(before);
    const { items } = await ports.decisions.reviews(10);
    expect(items).toMatchObject([
      { candidates: [{ id }], reason: "its row was deleted in D1; the page still stands" },
    ]);
    expect((await ports.tables.owedCount("projects", ports.world.nowMs())).pages).toBe(0);
    expect(await decideReview(ports, items[0]?.id ?? "", "another")).toMatchObject({ why: "unknown" });
    expect(await decideReview(ports, items[0]?.id ?? "", id)).toEqual({ sync: "projects", recordId: id });
    const done = await syncLater();
    expect(done.result?.counts).toMatchObject({ deleted: 1 });
    expect(page()?.isTrashed).toBe(true);
    expect((await ports.decisions.reviews(10)).items).toEqual([]);
  });

  it("and a person says that it is a record again, the same record comes back; the next deletion is asked about anew", async () => {
    const { remove, page, row, syncLater, ports } = await underConfig({ deletes: "ask" });
    const id = (await row())?.id ?? "";
    await remove();
    await syncLater();
    const [first] = (await ports.decisions.reviews(10)).items;
    await decideReview(ports, first?.id ?? "", "new");
    await syncLater();
    expect((await row())?.id).toBe(id);
    await remove();
    await syncLater();
    await syncLater();
    expect(await row()).toBeUndefined();
    expect(page()?.isTrashed).toBe(false);
    const [second] = (await ports.decisions.reviews(10)).items;
    expect(second?.id).not.toBe(first?.id);
  });

  it("and comes back by itself while a person is asked, it is merged like any row", async () => {
    const { d1, remove, page, row, syncLater, ports } = await underConfig({ deletes: "ask" });
    const id = (await row())?.id ?? "";
    await remove();
    await syncLater();
    await d1
      .prepare("insert into projects (id, title, status, job_number) values (?, 'Back', 'active', ?)")
      .bind(id, JOB)
      .run();
    await syncLater();
    expect(page()?.values["Project name"]).toBe("Back");
    expect((await ports.decisions.reviews(10)).items).toEqual([]);
  });

  it("and somebody edits the page while a person is asked, the record comes back", async () => {
    const { edit, remove, row, syncLater, ports } = await underConfig({ deletes: "ask" });
    await remove();
    await syncLater();
    edit({ Address: "still in use" });
    await syncLater();
    expect((await row())?.project_address).toBe("still in use");
    expect((await ports.decisions.reviews(10)).items).toEqual([]);
  });
});

describe("newest", () => {
  it.each([
    ["D1's edit of a later minute", 3 * MINUTE_MS, "from D1"],
    ["Notion's edit within one minute", 0, "from Notion"],
  ])("wins: %s", async (_, laterMs, expected) => {
    const { edit, write, row, page, later, syncLater, d1, world } = await underConfig({
      fields: { project_address: { conflict: "newest" } },
    });
    edit({ Address: "from Notion" });
    later(laterMs);
    await write("project_address", "from D1");
    // The database has a clock of its own; here it is set to the world's.
    await d1.prepare("update row_versions set changed_real_ms = ?").bind(world.realNowMs()).run();
    await syncLater();
    expect((await row())?.project_address).toBe(expected);
    expect(page()?.values["Address"]).toBe(expected);
  });
});

it("the schedule decides when a sync is due", async () => {
  const space = await aNotionWorkspace();
  await space.sync("clients");
  await space.sync("projects");
  const read = parseConfig('{"schedule": {"projects_minutes": 30, "clients_minutes": 600}}');
  if ("problem" in read) throw new Error(read.problem);
  const ports = { ...space.ports, source: null, scheduleMs: settingsOf(read.config).scheduleMs };
  const started = async (): Promise<string[]> =>
    (await ports.runs.unfinished()).items.map(({ sync }) => sync).filter((sync) => sync !== "vectors");
  const dueMs = nextDueMs(ports.scheduleMs, "projects", space.world.nowMs());
  expect(nextDueMs(ports.scheduleMs, "projects", dueMs) - dueMs).toBe(30 * MINUTE_MS);
  space.world.advance(dueMs - space.world.nowMs() - 1);
  await tick(ports, space.engine);
  expect(await started()).toEqual([]);
  space.world.advance(1);
  await tick(ports, space.engine);
  expect(await started()).toEqual(["projects"]);
});

it("a file that cannot be followed parks every sync with its sentence, before anybody is asked for anything", async () => {
  const space = await aNotionWorkspace();
  Object.assign(space.ports, {
    configProblem: 'SYNC_CONFIG: notoin is no key that is known here: did you mean "notion"?',
  });
  const run = await space.sync("projects");
  expect(run).toMatchObject({
    state: "parked",
    notBeforeMs: null,
    detail: 'SYNC_CONFIG: notoin is no key that is known here: did you mean "notion"?',
  });
  expect(space.notion.log()).toEqual([]);
});
