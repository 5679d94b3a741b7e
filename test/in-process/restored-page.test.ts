import { describe, expect, it } from "vitest";
import { fightContent } from "../fight/content.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

const HOUR_MS = 3_600_000;

type Space = Awaited<ReturnType<typeof aNotionWorkspace>>;

/** A project in step on both sides, and its page. */
async function inStep(): Promise<{ space: Space; id: string; pageId: string }> {
  const content = () => fightContent(Date.UTC(2026, 5, 1, 11), 1);
  const space = await aNotionWorkspace({ content, requestsPerMinute: null });
  await space.sync("clients");
  await space.sync("projects");
  space.world.advance(HOUR_MS);
  const [row] = await space.rows<{ id: string; notion_id: string }>("select id, notion_id from projects");
  return { space, id: row?.id ?? "", pageId: row?.notion_id ?? "" };
}

const pageOf = (space: Space, id: string) => space.notion.pages("projects").find((page) => page.id === id);

/** Runs over more than a day, so that everything is listed. */
async function settle(space: Space): Promise<void> {
  for (const hours of [1, 26, 1]) {
    space.world.advance(hours * HOUR_MS);
    await space.sync("projects");
  }
}

const LIVE = "select id, title, job_number, notion_id from projects where deleted_ms is null";

describe("a page that a person takes out of the trash without an edit", () => {
  it("brings its row back where we had trashed it because the row was deleted", async () => {
    const { space, id, pageId } = await inStep();
    await space.d1.prepare("update projects set title = 'Second name' where id = ?").bind(id).run();
    await space.sync("projects");
    await space.d1.prepare("delete from projects").run();
    space.world.advance(HOUR_MS);
    await space.sync("projects");
    expect(pageOf(space, pageId)?.isTrashed).toBe(true);
    space.world.advance(HOUR_MS);
    space.notion.control({ op: "restore", page: pageId });
    await settle(space);
    expect(pageOf(space, pageId)?.isTrashed).toBe(false);
    expect(await space.rows(LIVE)).toEqual([
      { id, title: "Second name", job_number: "26-100", notion_id: pageId },
    ]);
    const history = await space.rows(`select value from history where record_id = '${id}'`);
    expect(history).toEqual([{ value: '"Project 0"' }]);
    const { writes } = space;
    const before = writes();
    await settle(space);
    expect(writes()).toBe(before);
  });

  it("brings its row back where a person had trashed it", async () => {
    const { space, id, pageId } = await inStep();
    space.notion.control({ op: "trash", page: pageId });
    space.world.advance(26 * HOUR_MS);
    await space.sync("projects");
    expect(await space.rows(LIVE)).toEqual([]);
    space.notion.control({ op: "restore", page: pageId });
    await settle(space);
    expect(pageOf(space, pageId)?.isTrashed).toBe(false);
    expect(await space.rows(LIVE)).toMatchObject([{ id, notion_id: pageId }]);
  });

  it("brings its row back where the reply to our trashing was lost", async () => {
    const { space, id, pageId } = await inStep();
    await space.d1.prepare("delete from projects").run();
    space.notion.control({ op: "fault", clear: true, next: [{ kind: "commit_then_lost", method: "PATCH" }] });
    const answer = space.notion.fetch;
    space.notion.fetch = async (request) => {
      try {
        return await answer(request);
      } finally {
        if (pageOf(space, pageId)?.isTrashed === true) space.notion.control({ op: "restore", page: pageId });
      }
    };
    await settle(space);
    expect(pageOf(space, pageId)?.isTrashed).toBe(false);
    expect(await space.rows(LIVE)).toMatchObject([{ id, notion_id: pageId }]);
  });

  it("is the row that it was named to be in a plan", async () => {
    const { space, pageId } = await inStep();
    await space.d1.prepare("delete from projects").run();
    await space.sync("projects");
    space.world.advance(HOUR_MS);
    space.notion.control({ op: "restore", page: pageId });
    space.world.advance(HOUR_MS);
    const run = await space.sync("projects", { mode: "dry_run", planHash: null });
    const plan = await space.ports.plans.plan(run.preview?.planHash ?? "");
    expect(plan?.counts).toEqual({ "create row": 1 });
  });
});
