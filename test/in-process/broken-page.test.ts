import { describe, expect, it } from "vitest";
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
