import { describe, expect, it } from "vitest";
import { notionEvent } from "../../src/core/webhooks/notion-event.ts";
import { receivePage } from "../../src/engine/webhook-intake.ts";
import { fightContent } from "../fight/content.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

const HOUR_MS = 3_600_000;
const REASON = "page breaks Notion's contract: it comes without parent";

type Space = Awaited<ReturnType<typeof aNotionWorkspace>>;
type WirePage = { id: string; parent?: unknown };

async function inStep(projects: number): Promise<Space> {
  const content = () => fightContent(Date.UTC(2026, 5, 1, 11), projects);
  return aNotionWorkspace({ content, requestsPerMinute: null });
}

const idOf = (space: Space, title: string): string =>
  space.notion.pages("projects").find(({ values }) => values["Project name"] === title)?.id ?? "";

/** From now on Notion leaves the parent of this page out, wherever it shows it. @returns the end of it */
function breakPage(space: Space, pageId: string): () => void {
  const { notion } = space;
  const answer = notion.fetch;
  notion.fetch = async (request) => {
    const reply = await answer(request);
    if (!reply.ok) return reply;
    const body = (await reply.json()) as WirePage & { results?: WirePage[] };
    const without = (page: WirePage): WirePage => (page.id === pageId ? { ...page, parent: null } : page);
    const shown =
      body.results === undefined ? without(body) : { ...body, results: body.results.map(without) };
    return Response.json(shown, { headers: reply.headers });
  };
  return () => {
    notion.fetch = answer;
  };
}

describe("a page that breaks Notion's contract", () => {
  it("stands aside with its reason, the others come, and it comes once it is whole", async () => {
    const space = await inStep(3);
    const mend = breakPage(space, idOf(space, "Project 1"));
    await space.sync("clients");
    const run = await space.sync("projects");
    expect([run.state, run.result?.counts]).toEqual([
      "succeeded",
      expect.objectContaining({ seen: 3, created: 2, quarantined: 1 }),
    ]);
    const { items } = await space.ports.runs.setAside(run.id, 10);
    expect(items).toEqual([{ itemId: idOf(space, "Project 1"), verdict: "quarantined", reason: REASON }]);
    mend();
    space.world.advance(25 * HOUR_MS);
    await space.sync("projects");
    expect(await space.rows("select title from projects order by title")).toEqual(
      ["Project 0", "Project 1", "Project 2"].map((title) => ({ title })),
    );
    expect(await space.rows("select * from quarantined_fields")).toEqual([]);
  });

  it("leaves its record as it is, and an edit of D1 waits without keeping the others", async () => {
    const space = await inStep(3);
    await space.sync("clients");
    await space.sync("projects");
    const mend = breakPage(space, idOf(space, "Project 1"));
    await space.d1.prepare("update projects set project_address = 'Pier 4'").run();
    space.world.advance(25 * HOUR_MS);
    const run = await space.sync("projects");
    const addressed = () =>
      space.notion.pages("projects").filter(({ values }) => values["Address"] === "Pier 4").length;
    expect(run.result?.counts).toMatchObject({ seen: 3, updated: 2, quarantined: 1, failed: 0 });
    expect(addressed()).toBe(2);
    expect(await space.rows("select title from projects where title = 'Project 1'")).toHaveLength(1);
    mend();
    space.world.advance(25 * HOUR_MS);
    await space.sync("projects");
    expect(addressed()).toBe(3);
  });

  it("is named in a plan once, with the reason", async () => {
    const space = await inStep(2);
    await space.sync("clients");
    breakPage(space, idOf(space, "Project 1"));
    const itemsOf = async () => {
      const run = await space.sync("projects", { mode: "dry_run", planHash: null });
      const plan = await space.ports.plans.plan(run.preview?.planHash ?? "");
      return plan === null ? [] : (await space.ports.plans.items(plan, -1, 100)).items;
    };
    const aside = (await itemsOf()).filter(({ action }) => action === "set aside");
    expect(aside).toMatchObject([{ pageId: idOf(space, "Project 1"), after: REASON }]);
    await space.sync("projects");
    space.world.advance(HOUR_MS);
    expect(await itemsOf()).toEqual([]);
  });
});

/** Four runs a day for some days. @returns in which states they ended */
async function liveOn(space: Space, days: number): Promise<Set<string>> {
  const states = new Set<string>();
  for (let n = 0; n < days * 6; n += 1) {
    space.world.advance(4 * HOUR_MS);
    states.add((await space.sync("projects")).state);
  }
  return states;
}

const addressed = (space: Space): number =>
  space.notion.pages("projects").filter(({ values }) => values["Address"] === "Pier 4").length;

/** Who else may send a run to the page. */
const SENDERS = {
  "a webhook announced": async ({ ports, world }: Space, pageId: string): Promise<void> => {
    const event = {
      id: "e1",
      timestamp: new Date(world.nowMs()).toISOString(),
      type: "page.properties_updated",
      entity: { id: pageId, type: "page" },
      data: { parent: { id: "d1b00000-0000-4000-8000-000000000001", type: "database" } },
    };
    const read = notionEvent(event);
    if ("error" in read) throw new Error(read.error);
    expect(await receivePage(ports, read)).toEqual({ kept: true });
  },
  "a proof found": async ({ d1, world }: Space, pageId: string): Promise<void> => {
    await d1
      .prepare(
        `insert into findings (id, domain, kind, subject, mender, cause, found_ms, run_id, proof_id)
         values ('f', 'pages', 'page_differs', ?1, 'projects', 'it differs', ?2, 'r', 'p')`,
      )
      .bind(pageId, world.nowMs())
      .run();
  },
};

describe("a page that breaks Notion's contract and is asked for by itself", () => {
  it.each(["a webhook announced", "a proof found"] as const)(
    "because %s, keeps nothing of others from going out, and comes once it is whole",
    async (sender) => {
      const space = await inStep(3);
      await space.sync("clients");
      await space.sync("projects");
      const broken = idOf(space, "Project 1");
      const mend = breakPage(space, broken);
      await SENDERS[sender](space, broken);
      await space.d1.prepare("update projects set project_address = 'Pier 4'").run();
      expect([...(await liveOn(space, 3))]).toEqual(["succeeded_with_findings"]);
      expect(addressed(space)).toBe(2);
      mend();
      await liveOn(space, 2);
      expect(addressed(space)).toBe(3);
    },
  );

  it("because a project lost it, keeps no other project from being read, and the project its client", async () => {
    const space = await inStep(3);
    await space.sync("clients");
    await space.sync("projects");
    const client =
      space.notion.pages("clients").find(({ values }) => values["Name"] === "Client a")?.id ?? "";
    const pageOf = (job: string) =>
      space.notion.pages("projects").find(({ values }) => values["Job #"] === job)?.id ?? "";
    const clientOf = async () =>
      (
        await space.rows<{ id: string | null }>(
          "select client_id as id from projects where job_number = '26-101'",
        )
      )[0];
    const before = await clientOf();
    space.notion.control({ op: "edit", page: pageOf("26-101"), set: { Client: [] }, by: "Ada Example" });
    const set = { "Project name": "Renamed" };
    space.notion.control({ op: "edit", page: pageOf("26-102"), set, by: "Ada Example" });
    const mend = breakPage(space, client);
    await liveOn(space, 3);
    expect(await space.rows("select id from projects where title = 'Renamed'")).toHaveLength(1);
    expect(await clientOf()).toEqual(before);
    mend();
    await liveOn(space, 2);
    expect(await clientOf()).toEqual({ id: null });
  });
});

describe("a long list that Notion does not give", () => {
  it.each([
    [500, "internal_server_error"],
    [404, "object_not_found"],
    [400, "validation_error"],
  ])(
    "but answers with %i keeps no other page from being read, and comes once it is given",
    async (status, code) => {
      const content = () => {
        const { databases, ...seed } = fightContent(Date.UTC(2026, 5, 1, 11), 3);
        const [clients, projects] = databases;
        const template = clients?.rows[0];
        if (clients === undefined || projects === undefined || template === undefined)
          throw new Error("there is no content");
        const keys = Array.from({ length: 30 }, (_, n) => `client-${n}`);
        const many = keys.map((key) => ({ ...template, key, values: { Name: key } }));
        const rows = projects.rows.map((row, n) => ({
          ...row,
          values: { ...row.values, Client: n === 1 ? keys : ["client-1"] },
        }));
        return {
          ...seed,
          databases: [
            { ...clients, rows: many },
            { ...projects, rows },
          ],
        };
      };
      const space = await aNotionWorkspace({ content, requestsPerMinute: null });
      const answer = space.notion.fetch;
      space.notion.fetch = async (request) =>
        /\/properties\//.test(request.url)
          ? Response.json({ object: "error", status, code, message: "x" }, { status })
          : answer(request);
      const problems = () =>
        space.rows("select problem from quarantined_fields where column_name = 'client_id'");
      await space.sync("clients");
      await liveOn(space, 1);
      expect(await space.rows("select title from projects")).toHaveLength(3);
      expect(await problems()).toEqual([{ problem: "has more entries than Notion shows at once" }]);
      space.notion.fetch = answer;
      await liveOn(space, 2);
      expect(await problems()).toEqual([{ problem: "names 30 pages, and one is possible" }]);
    },
  );
});
