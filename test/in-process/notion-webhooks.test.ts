import { beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../emulators/world/deliver.ts";
import { notionEvent } from "../../src/core/webhooks/notion-event.ts";
import { COUNTED } from "../../src/core/report.ts";
import { receivePage } from "../../src/engine/webhook-intake.ts";
import { executeRun } from "../../src/engine/run.ts";
import { tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";
import { freshSteps } from "./workspace.ts";

const MINUTE_MS = 60_000;
/** Longer than Notion collects changes into one event. */
const COLLECTED_MS = 15_000;
/** Longer than a page is left alone after a person's edit. */
const QUIET_MS = 4 * MINUTE_MS;

async function aListeningWorkspace() {
  const heard: Delivery[] = [];
  const space = await aNotionWorkspace({
    indexLagMs: 10 * MINUTE_MS,
    deliver: async (delivery) => {
      heard.push(delivery);
      return 200;
    },
  });
  // Meetings are another test's.
  const ports = { ...space.ports, source: null };
  await space.sync("clients");
  await space.sync("projects");
  const reply = space.notion.control({ op: "webhook", url: "https://product.example/webhooks/notion" });
  space.notion.control({ op: "webhook", verify: reply.ok ? (reply.verificationToken ?? "") : "" });
  await space.notion.deliverDue();
  heard.length = 0;
  /** What Notion has sent so far arrives, in any order. */
  const receive = async (arrange: (all: Delivery[]) => Delivery[] = (all) => all): Promise<unknown[]> => {
    await space.notion.deliverDue();
    const received = [];
    for (const { body } of arrange(heard.splice(0))) {
      const event = notionEvent(JSON.parse(body));
      if ("error" in event) throw new Error(event.error);
      received.push(await receivePage(ports, event));
    }
    return received;
  };
  const beat = (): Promise<unknown> => tick(ports, space.engine);
  const unfinished = async (): Promise<Run[]> => (await ports.runs.unfinished()).items;
  const runAll = async (): Promise<Run[]> => {
    const runs = await unfinished();
    for (const run of runs) await executeRun(ports, freshSteps(space.world), run.id, PIPELINES);
    return Promise.all(runs.map(async ({ id }) => (await ports.runs.run(id)) as Run));
  };
  const [project] = await space.rows<{ id: string; notion_id: string; title: string }>(
    "select id, notion_id, title from projects where deleted_ms is null order by id limit 1",
  );
  if (project === undefined) throw new Error("there is no project");
  const inbox = () =>
    space.rows("select kind, sync, by_us, outcome from webhook_inbox order by received_ms, id");
  return { ...space, ports, heard, receive, beat, unfinished, runAll, project, inbox };
}

let space: Awaited<ReturnType<typeof aListeningWorkspace>>;
beforeEach(async () => {
  space = await aListeningWorkspace();
});

const titleOf = async (id: string): Promise<unknown> =>
  (await space.rows<{ title: string }>(`select title from projects where id = '${id}'`))[0]?.title;

describe("an event about a page of ours", () => {
  it("has the page read by itself while no query shows the edit yet", async () => {
    const { project, world, notion, receive, beat, runAll, inbox } = space;
    notion.control({
      op: "edit",
      page: project.notion_id,
      set: { "Project name": "Renamed by hand" },
      by: "Ada Example",
    });
    world.advance(COLLECTED_MS);
    expect(await receive()).toEqual([{ kept: true }]);
    await beat();
    const [run] = await runAll();
    expect(run).toMatchObject({
      sync: "projects",
      trigger: "webhook",
      state: expect.stringMatching(/^succeeded/),
    });
    expect(run?.result?.counts.updated).toBe(1);
    expect(await titleOf(project.id)).toBe("Renamed by hand");
    expect(await inbox()).toEqual([
      { kind: "page.properties_updated", sync: "projects", by_us: 0, outcome: "read" },
    ]);
    await beat();
    expect(await space.unfinished()).toEqual([]);
  });

  it("that comes after a listing has brought its edit calls one run, and not one after another", async () => {
    const { project, world, notion, receive, beat, runAll, sync, inbox } = space;
    notion.control({
      op: "edit",
      page: project.notion_id,
      set: { "Project name": "Renamed by hand" },
      by: "Ada Example",
    });
    // Queries show the edit, but what they show is not proven to be of now: the listing cannot close what comes now.
    world.advance(11 * MINUTE_MS);
    await sync("projects");
    expect(await titleOf(project.id)).toBe("Renamed by hand");
    expect(await receive()).toEqual([{ kept: true }]);
    await beat();
    const [run] = await runAll();
    expect(run).toMatchObject({ trigger: "webhook", state: "succeeded" });
    expect(run?.result?.counts).toMatchObject({ seen: 1, unchanged: 1 });
    expect(await inbox()).toEqual([expect.objectContaining({ outcome: "read" })]);
    await beat();
    expect(await space.unfinished()).toEqual([]);
  });

  it("brings a new page, one that was trashed, and one that came back, whatever the order and how often they come", async () => {
    const { project, world, notion, receive, beat, runAll } = space;
    notion.control({
      op: "create",
      database: "projects",
      values: { "Project name": "Quite new" },
      key: "quite-new",
    });
    notion.control({ op: "trash", page: project.notion_id });
    world.advance(COLLECTED_MS);
    const sent = await receive((all) => [...all.toReversed(), ...all]);
    expect(sent).toEqual([{ kept: true }, { kept: true }, { kept: false }, { kept: false }]);
    await beat();
    expect((await runAll()).map(({ trigger }) => trigger)).toEqual(["webhook"]);
    expect(await space.rows("select id from projects where title = 'Quite new'")).toHaveLength(1);
    const deleted = `select id from projects where id = '${project.id}' and deleted_ms is not null`;
    expect(await space.rows(deleted)).toHaveLength(1);
    notion.control({ op: "restore", page: project.notion_id });
    world.advance(COLLECTED_MS);
    await receive();
    await beat();
    await runAll();
    expect(await space.rows(deleted)).toEqual([]);
    expect(await space.rows("select id from projects where title = 'Quite new'")).toHaveLength(1);
  });

  it("is none of ours for pages elsewhere, and costs no run", async () => {
    const { receive, inbox } = space;
    const event = {
      id: "e1",
      timestamp: new Date(space.world.nowMs()).toISOString(),
      type: "page.created",
      entity: { id: "9a9e0000-0000-4000-8000-0000000000f1", type: "page" },
      data: { parent: { id: "d1b00000-0000-4000-8000-000000000001", type: "database" } },
    };
    space.heard.push({ url: "", headers: {}, body: JSON.stringify(event) });
    expect(await receive()).toEqual([{ kept: false }]);
    expect(await inbox()).toEqual([]);
  });

  it("that says the schema changed has it read again before it is an hour old", async () => {
    const { world, notion, receive, beat, runAll } = space;
    notion.control({
      op: "rename-property",
      database: "projects",
      property: "Project name",
      name: "Project",
    });
    world.advance(COLLECTED_MS);
    await receive();
    await beat();
    await runAll();
    const [row] = await space.rows<{ schema: string }>(
      "select schema from notion_schemas where sync = 'projects'",
    );
    expect(row?.schema).toContain('"name":"Project"');
    expect((await space.inbox()).map(({ outcome }) => outcome)).toEqual(["read"]);
  });
});

describe("what we have written ourselves", () => {
  const editInD1 = async (value: string): Promise<void> => {
    await space.d1
      .prepare("update projects set project_address = ?1 where id = ?2")
      .bind(value, space.project.id)
      .run();
  };

  it("comes back as an echo, and no run is made for it", async () => {
    const { world, receive, beat, sync, unfinished, inbox } = space;
    world.advance(QUIET_MS);
    await editInD1("7 Application Road");
    await sync("projects");
    expect(space.writes()).toBeGreaterThan(0);
    world.advance(COLLECTED_MS);
    expect(await receive()).toEqual([{ kept: true }]);
    await beat();
    expect(await unfinished()).toEqual([]);
    expect(await inbox()).toEqual([
      { kind: "page.properties_updated", sync: "projects", by_us: 1, outcome: "echo" },
    ]);
  });

  it("is no echo if a person is an author as well, and the push is marked and counted", async () => {
    const { world, notion, project, receive, beat, runAll, sync, inbox } = space;
    world.advance(QUIET_MS);
    await editInD1("7 Application Road");
    await sync("projects");
    // Within the same moment, so that Notion tells of both in one event.
    notion.control({
      op: "edit",
      page: project.notion_id,
      set: { Address: "Typed over it" },
      by: "Ada Example",
    });
    world.advance(COLLECTED_MS);
    expect(await receive()).toEqual([{ kept: true }]);
    expect(await space.rows("select id from pushes where suspected_ms is not null")).toHaveLength(1);
    await beat();
    const [run] = await runAll();
    expect(run?.trigger).toBe("webhook");
    expect(run?.result?.checks).toContainEqual(
      expect.objectContaining({ name: COUNTED.suspected, actual: 1 }),
    );
    expect(await inbox()).toEqual([expect.objectContaining({ by_us: 0, outcome: "read" })]);
    expect(
      (
        await space.rows<{ project_address: string }>(
          `select project_address from projects where id = '${project.id}'`,
        )
      )[0],
    ).toEqual({ project_address: "Typed over it" });
  });

  it("is no window for what a person typed into another property, or later", async () => {
    const { world, notion, project, receive, sync } = space;
    world.advance(QUIET_MS);
    await editInD1("7 Application Road");
    await sync("projects");
    world.advance(COLLECTED_MS);
    await receive();
    world.advance(QUIET_MS);
    notion.control({
      op: "edit",
      page: project.notion_id,
      set: { "Project name": "Another name" },
      by: "Ada Example",
    });
    world.advance(COLLECTED_MS);
    await receive();
    expect(await space.rows("select id from pushes where suspected_ms is not null")).toEqual([]);
  });
});
