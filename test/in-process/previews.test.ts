import { describe, expect, it } from "vitest";
import type { NotionSeed, SeedRow } from "../../emulators/notion/seed.ts";
import { TABLES } from "../../src/core/records/table.ts";
import type { PlanItem } from "../../src/core/preview.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { reviveUnfinished, startRun, tick } from "../../src/engine/tick.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

type Space = Awaited<ReturnType<typeof aNotionWorkspace>>;

const HOUR_MS = 3_600_000;
const DRY_RUN = { mode: "dry_run", planHash: null } as const;

async function aMarkedWorkspace(mayWrite = true): Promise<Space> {
  return aNotionWorkspace({}, { mayWrite });
}

/** A workspace that is somebody else's: nothing may be written to it before a plan was approved. */
const aForeignWorkspace = (): Promise<Space> => aMarkedWorkspace(false);

async function dryRun(
  space: Space,
  sync: "projects" | "clients" = "projects",
): Promise<{ run: Run; hash: string }> {
  const run = await space.sync(sync, DRY_RUN);
  const hash = run.preview?.planHash ?? "";
  expect([run.state, run.detail, hash]).toEqual(["succeeded", null, expect.stringMatching(/^[0-9a-f]{64}$/)]);
  return { run, hash };
}

const carryOut = (space: Space, planHash: string): Promise<Run> =>
  space.sync("projects", { mode: "plan", planHash });

async function itemsOf(space: Space, hash: string): Promise<PlanItem[]> {
  const plan = await space.ports.plans.plan(hash);
  if (plan === null) throw new Error("there is no such plan");
  return (await space.ports.plans.items(plan, -1, 10_000)).items;
}

/** Two queries long, with a client that comes twice, far apart, and two pages of one project number. */
function crowded(): NotionSeed {
  const startMs = Date.UTC(2026, 5, 1, 6);
  const rows = (valuesOf: (n: number) => SeedRow["values"], kind: string): SeedRow[] =>
    Array.from({ length: 130 }, (_, n) => {
      const atMs = startMs + n * 60_000;
      return { key: `${kind}-${n}`, createdMs: atMs, editedMs: atMs, values: valuesOf(n) };
    });
  return {
    databases: [
      {
        key: "clients",
        title: "Clients",
        properties: [
          { name: "Name", type: "title" },
          { name: "Email", type: "email" },
        ],
        rows: rows((n) => ({ Name: `Client ${n}`, Email: `c${n === 120 ? 3 : n}@example.com` }), "client"),
      },
      {
        key: "projects",
        title: "Projects",
        properties: [
          { name: "Project name", type: "title" },
          { name: "Job #", type: "rich_text" },
          { name: "Phase", type: "select", options: ["In progress"] },
          { name: "Sync ID", type: "rich_text" },
        ],
        rows: rows((n) => ({ "Project name": `Project ${n}`, "Job #": `J-${n === 115 ? 7 : n}` }), "project"),
      },
    ],
  };
}

/** Everything that a dry run must leave alone. */
async function everything(space: Space): Promise<unknown> {
  const tables = [
    "projects",
    "clients",
    "row_versions",
    "notion_pages",
    "notion_schemas",
    "history",
    "pushes",
    "conflicts",
    "reviews",
    "quarantined_fields",
    "run_items",
    "discoveries",
    "checkpoints",
    "approvals",
  ];
  const rows = await Promise.all(
    tables.map((table) => space.rows(`select * from ${table} order by 1, 2, 3`)),
  );
  return {
    rows,
    pages: [space.notion.pages("projects"), space.notion.pages("clients")],
    writes: space.writes(),
  };
}

/** What stands on both sides, without ids that each world makes up. */
async function state(space: Space): Promise<unknown> {
  const columns = Object.keys(TABLES.projects.columns).filter((column) => column !== "client_id");
  const rows = await space.rows(
    `select ${columns.join(", ")}, deleted_ms is null as lives from projects order by title, job_number, project_address`,
  );
  const pages = space.notion
    .pages("projects")
    .map(({ values, isTrashed }) => {
      const { "Sync ID": _id, Client: _client, "Last edited": _edited, Created: _created, ...rest } = values;
      return JSON.stringify([isTrashed, rest]);
    })
    .toSorted();
  return { rows, pages };
}

/** Both sides in step, then edits of every kind on both of them. */
async function edited(space: Space): Promise<void> {
  await space.sync("clients");
  await space.sync("projects");
  space.world.advance(HOUR_MS);
  const bound = await space.rows<{ id: string; notion_id: string }>(
    "select id, notion_id from projects where deleted_ms is null order by title, id limit 6",
  );
  const [a, b, c, d] = bound;
  const run = (sql: string, ...values: string[]) =>
    space.d1
      .prepare(sql)
      .bind(...values)
      .run();
  await run("update projects set title = 'Changed in D1' where id = ?", a?.id ?? "");
  space.notion.control({
    op: "edit",
    page: b?.notion_id ?? "",
    set: { "Project name": "Changed in Notion" },
  });
  await run("delete from projects where id = ?", c?.id ?? "");
  space.notion.control({ op: "trash", page: d?.notion_id ?? "" });
  await run("insert into projects (id, title, job_number) values ('new-row', 'Made in D1', 'J-9000')");
  space.world.advance(HOUR_MS);
}

describe("a dry run", () => {
  it("of a workspace that was never seen names every page as a row to make, and writes nothing", async () => {
    const space = await aForeignWorkspace();
    await space.sync("clients");
    const before = await everything(space);
    const { run, hash } = await dryRun(space);
    expect(await everything(space)).toEqual(before);
    const items = await itemsOf(space, hash);
    const made = items.filter(({ action }) => action === "create row");
    expect(made.length).toBeGreaterThan(10);
    expect(made.every(({ recordId, pageId }) => recordId === null && pageId !== null)).toBe(true);
    expect(run.result?.checks.find(({ name }) => name === "plan to carry out")?.actual).toContain(
      `--plan ${hash}`,
    );
  });

  it("names what was edited on either side, field by field, and writes nothing", async () => {
    const space = await aMarkedWorkspace();
    await edited(space);
    const before = await everything(space);
    const { hash } = await dryRun(space);
    expect(await everything(space)).toEqual(before);
    const items = await itemsOf(space, hash);
    const said = items.map(({ action, column, after }) => [action, column, column === null ? null : after]);
    expect(said).toContainEqual(["change page", "title", "Changed in D1"]);
    expect(said).toContainEqual(["change row", "title", "Changed in Notion"]);
    const actions = items.map(({ action }) => action);
    expect(actions.toSorted()).toEqual([
      "change page",
      "change row",
      "create page",
      "delete row",
      "trash page",
    ]);
  });

  it("twice over the same world has the same hash, and another once anything has changed", async () => {
    const space = await aMarkedWorkspace();
    await edited(space);
    const first = await dryRun(space);
    space.world.advance(HOUR_MS);
    expect((await dryRun(space)).hash).toBe(first.hash);
    await space.d1.prepare("update projects set title = 'Once more' where title = 'Changed in D1'").run();
    expect((await dryRun(space)).hash).not.toBe(first.hash);
  });

  it("finds nothing to do where both sides are in step", async () => {
    const space = await aMarkedWorkspace();
    await space.sync("clients");
    await space.sync("projects");
    space.world.advance(HOUR_MS);
    await space.sync("projects");
    const { hash } = await dryRun(space);
    expect(await itemsOf(space, hash)).toEqual([]);
  });

  it("of clients names what would be made, and that is what is made", async () => {
    const space = await aForeignWorkspace();
    const { hash } = await dryRun(space, "clients");
    const counts = (await space.ports.plans.plan(hash))?.counts;
    const run = await space.sync("clients");
    expect(counts?.["create row"]).toBe(run.result?.counts.created);
    const reviews = await space.rows("select * from reviews");
    expect(counts?.ask ?? 0).toBe(reviews.length);
  });

  it("knows in a later batch what an earlier one would have made or bound", async () => {
    const space = await aNotionWorkspace({ content: () => crowded() });
    await space.d1.prepare("insert into projects (id, title, job_number) values ('r', 'Ours', 'J-7')").run();
    for (const sync of ["clients", "projects"] as const) {
      const counts = (await space.ports.plans.plan((await dryRun(space, sync)).hash))?.counts;
      const run = await space.sync(sync);
      expect(counts?.["create row"], sync).toBe(run.result?.counts.created);
      const waiting = await space.rows(`select * from reviews where sync = '${sync}'`);
      expect(counts?.ask ?? 0, sync).toBe(waiting.length);
    }
    expect(await space.rows("select count(*) as clients from clients")).toEqual([{ clients: 129 }]);
    expect(await space.rows("select count(*) as projects from projects")).toEqual([{ projects: 130 }]);
  });

  it("that the step engine lost is not begun again as something else", async () => {
    const space = await aForeignWorkspace();
    const asked = { sync: "projects", trigger: "manual", priority: "normal", preview: DRY_RUN } as const;
    const { run } = await startRun(space.ports, space.engine, asked);
    const nowMs = space.world.nowMs();
    await space.ports.runs.acquireLease(run, { startedMs: nowMs, realNowMs: nowMs, termMs: 1 });
    space.world.advance(HOUR_MS);
    space.engine.knows = "lost";
    await reviveUnfinished(space.ports, space.engine, { afterRestart: true });
    expect(await space.rows("select state, mode from runs")).toEqual([{ state: "failed", mode: "dry_run" }]);
  });

  it("is no run that the schedule counts: the sync is due as before", async () => {
    const space = await aForeignWorkspace();
    await dryRun(space);
    expect(await space.ports.runs.lastEnded("projects")).toBeNull();
    await tick(space.ports, space.engine);
    const due = await space.rows("select sync, mode from runs where state = 'queued' and sync = 'projects'");
    expect(due).toEqual([{ sync: "projects", mode: null }]);
  });
});

describe("a plan that is carried out", () => {
  it("leaves both sides as an ordinary run does", async () => {
    const [planned, ordinary] = [await aMarkedWorkspace(), await aMarkedWorkspace()];
    await edited(planned);
    await edited(ordinary);
    const { hash } = await dryRun(planned);
    expect((await carryOut(planned, hash)).state).toBe("succeeded");
    ordinary.world.advance(25 * HOUR_MS);
    await ordinary.sync("projects");
    expect(await state(planned)).toEqual(await state(ordinary));
    planned.world.advance(HOUR_MS);
    expect(await itemsOf(planned, (await dryRun(planned)).hash)).toEqual([]);
  });

  it("is refused once the world has moved, and nothing is written", async () => {
    const space = await aMarkedWorkspace();
    await edited(space);
    const { hash } = await dryRun(space);
    await space.d1.prepare("update projects set title = 'Since then' where title = 'Changed in D1'").run();
    const before = await everything(space);
    const run = await carryOut(space, hash);
    expect(await everything(space)).toEqual(before);
    expect(run.state).toBe("succeeded_with_findings");
    expect(run.result?.findings).toEqual([
      "the world has moved since this plan was made: 1 action differs; make a new one with npm run -s syncctl -- run projects --dry-run",
    ]);
    expect((await space.ports.plans.plan(hash))?.approvedMs).toBeNull();
  });

  it("may trash more pages than a run may without a person's word", async () => {
    const space = await aMarkedWorkspace();
    await space.sync("clients");
    await space.sync("projects");
    space.world.advance(HOUR_MS);
    await space.d1.prepare("delete from projects where id in (select id from projects limit 8)").run();
    const trashed = () => space.notion.pages("projects").filter(({ isTrashed }) => isTrashed).length;
    const before = trashed();
    const { hash } = await dryRun(space);
    await carryOut(space, hash);
    expect(trashed()).toBe(before + 8);
  });
});

describe("a workspace that we did not start", () => {
  it("is only read, and each run says first what waits and the command, until a plan is carried out", async () => {
    const space = await aForeignWorkspace();
    await edited(space);
    const waiting = await space.sync("projects");
    expect(space.writes()).toBe(0);
    expect(waiting.state).toBe("succeeded");
    const first = waiting.result?.checks.find(({ name }) => name === "a first plan");
    expect(first?.actual).toBe(
      "1 row without a page and 2 pages with something owed wait until a person approves the first plan for this workspace: npm run -s syncctl -- run projects --dry-run",
    );
    const { hash } = await dryRun(space);
    expect(space.writes()).toBe(0);
    const run = await carryOut(space, hash);
    expect(run.state).toBe("succeeded");
    expect(space.writes()).toBe(3);
    expect(run.result?.checks.some(({ name }) => name === "a first plan")).toBe(false);
  });

  it("is written to by ordinary runs afterwards", async () => {
    const space = await aForeignWorkspace();
    await edited(space);
    await carryOut(space, (await dryRun(space)).hash);
    const before = space.writes();
    await space.d1.prepare("update projects set title = 'Later' where title = 'Changed in D1'").run();
    space.world.advance(HOUR_MS);
    await space.sync("projects");
    expect(space.writes()).toBe(before + 1);
  });

  it("stays unwritten when a plan is refused, or approved for clients alone", async () => {
    const space = await aForeignWorkspace();
    await edited(space);
    await carryOut(space, "0".repeat(64));
    const { hash } = await dryRun(space, "clients");
    await space.sync("clients", { mode: "plan", planHash: hash });
    await space.sync("projects");
    expect(space.writes()).toBe(0);
  });
});
