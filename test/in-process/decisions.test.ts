import { describe, expect, it } from "vitest";
import { decideReview, historyOf, resolveConflict, restoreValue } from "../../src/engine/decisions.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

const HOUR_MS = 3_600_000;
/** Long enough for a page to be left alone, and for queries to show it. */
const LATER_MS = 24 * HOUR_MS;

type Bound = { readonly recordId: string; readonly pageId: string; readonly title: string };

/** Projects and clients brought in, and a project whose title both sides agree on. */
async function synced() {
  const space = await aNotionWorkspace();
  await space.sync("clients");
  await space.sync("projects");
  const [project] = await space.rows<Bound>(
    `select record_id as recordId, page_id as pageId, title from notion_pages as page
     join projects on projects.id = page.record_id where page.sync = 'projects' and job_number is not null order by title limit 1`,
  );
  if (project === undefined) throw new Error("the sample has no project with a page");
  const valueIn = (pageId: string, name: string) =>
    space.notion.pages("projects").find(({ id }) => id === pageId)?.values[name];
  return {
    ...space,
    project,
    titleInNotion: () => valueIn(project.pageId, "Project name"),
    titleInD1: async () => {
      const [row] = await space.rows<{ title: string }>(
        `select title from projects where id = '${project.recordId}'`,
      );
      return row?.title;
    },
    setTitle: (title: string) =>
      space.d1.prepare("update projects set title = ?2 where id = ?1").bind(project.recordId, title).run(),
    later: () => space.world.advance(LATER_MS),
  };
}

/** Both sides changed the title, and the policy asks: neither side has moved. */
async function withConflict() {
  const space = await synced();
  const { project, d1 } = space;
  space.later();
  space.notion.control({ op: "edit", page: project.pageId, set: { "Project name": "By Notion" } });
  await space.setTitle("By D1");
  const base = JSON.stringify([project.title, project.title]);
  await d1
    .prepare(
      `insert into conflicts (id, sync, record_id, column_name, notion, d1, base, run_id, at_ms)
       values ('c1', 'projects', ?1, 'title', '"By Notion"', '"By D1"', ?2, 'r1', 1)`,
    )
    .bind(project.recordId, base)
    .run();
  space.later();
  return space;
}

describe("a conflict that a person settles", () => {
  it.each([
    { take: "d1", wins: "By D1" },
    { take: "notion", wins: "By Notion" },
  ] as const)("ends as they said on both sides ($take), and keeps what lost", async ({ take, wins }) => {
    const { ports, sync, project, titleInD1, titleInNotion, rows } = await withConflict();
    expect((await ports.decisions.conflicts(10, false)).items).toMatchObject([
      { id: "c1", column: "title", notion: "By Notion", d1: "By D1", taken: null },
    ]);
    expect(await resolveConflict(ports, "c1", take)).toEqual({
      sync: "projects",
      recordId: project.recordId,
    });
    expect((await ports.decisions.conflicts(10, false)).items).toEqual([]);
    expect((await ports.decisions.conflicts(10, true)).items).toMatchObject([
      { taken: take, isByPerson: true },
    ]);
    await sync("projects");
    expect([await titleInD1(), titleInNotion()]).toEqual([wins, wins]);
    const lost = await rows<{ value: string }>("select value from history where column_name = 'title'");
    expect(lost).toEqual([{ value: JSON.stringify(take === "d1" ? "By Notion" : "By D1") }]);
  });

  it("may be settled the other way until it is carried out, and not after", async () => {
    const { ports, sync, titleInD1 } = await withConflict();
    await resolveConflict(ports, "c1", "d1");
    await resolveConflict(ports, "c1", "notion");
    await sync("projects");
    expect(await titleInD1()).toBe("By Notion");
    expect(await resolveConflict(ports, "c1", "d1")).toMatchObject({ why: "overtaken" });
  });

  it("is refused without naming a value once the row holds another one, or is gone", async () => {
    const { ports, setTitle, d1, project, rows } = await withConflict();
    await setTitle("Changed once more");
    const refusal = await resolveConflict(ports, "c1", "d1");
    expect(refusal).toMatchObject({
      why: "overtaken",
      refused: expect.stringContaining("title has other values"),
    });
    expect(JSON.stringify(refusal)).not.toMatch(/Changed once more|By D1|By Notion/);
    expect(await rows("select taken, by_person from conflicts")).toEqual([{ taken: null, by_person: 0 }]);
    await d1.prepare("delete from projects where id = ?1").bind(project.recordId).run();
    expect(await resolveConflict(ports, "c1", "d1")).toMatchObject({
      refused: expect.stringContaining("the record is gone"),
    });
    expect(await resolveConflict(ports, "c2", "d1")).toMatchObject({ why: "unknown" });
  });
});

describe("a doubtful page", () => {
  it("becomes a record of its own when a person says so", async () => {
    const { ports, sync, rows } = await synced();
    const { items } = await ports.decisions.reviews(50);
    const [first] = items;
    expect(items.length).toBeGreaterThan(1);
    expect(first?.candidates[0]?.name).toEqual(expect.any(String));
    const before = await rows("select id from clients");
    expect(await decideReview(ports, first?.id ?? "", "new")).toEqual({ sync: "clients", recordId: null });
    expect(await sync("clients")).toMatchObject({ state: "succeeded", result: { counts: { created: 1 } } });
    expect(await rows("select id from clients")).toHaveLength(before.length + 1);
    expect((await ports.decisions.reviews(50)).items).toHaveLength(items.length - 1);
    expect(await decideReview(ports, first?.id ?? "", "new")).toMatchObject({ why: "overtaken" });
  });

  it("is the record that a person names, and only a record of the same table", async () => {
    const { ports, sync, rows, project } = await synced();
    const [first] = (await ports.decisions.reviews(50)).items;
    expect(await decideReview(ports, first?.id ?? "", project.recordId)).toMatchObject({
      why: "unknown",
      refused: expect.stringContaining("among clients"),
    });
    expect(await decideReview(ports, "nothing", "new")).toMatchObject({ why: "unknown" });
    const before = await rows("select id from clients");
    const chosen = first?.candidates[0]?.id ?? "";
    expect(await decideReview(ports, first?.id ?? "", chosen)).toEqual({ sync: "clients", recordId: chosen });
    await sync("clients");
    expect(await rows("select id from clients")).toEqual(before);
    expect(await rows(`select state from notion_pages where page_id = '${first?.pageId}'`)).toEqual([
      { state: "quarantined" },
    ]);
  });

  it("is looked at again even if a run wrote it down as undecided in the same moment", async () => {
    const { ports, sync, d1 } = await synced();
    const [first] = (await ports.decisions.reviews(50)).items;
    await decideReview(ports, first?.id ?? "", "new");
    await d1.prepare("update notion_pages set owed = 0").run();
    expect(await sync("clients")).toMatchObject({ result: { counts: { created: 1 } } });
  });
});

describe("a value that was replaced", () => {
  it("comes back into D1 and from there into Notion, and what it replaces is kept in its turn", async () => {
    const { ports, sync, project, notion, titleInD1, titleInNotion, later } = await synced();
    later();
    notion.control({ op: "edit", page: project.pageId, set: { "Project name": "Renamed" } });
    later();
    await sync("projects");
    expect(await titleInD1()).toBe("Renamed");
    const said = await historyOf(ports, "projects", project.recordId);
    const items = "items" in said ? said.items : [];
    expect(items).toMatchObject([
      { column: "title", side: "d1", value: project.title, replacedBy: "Renamed" },
    ]);
    const entry = items[0]?.id ?? "";
    expect(await restoreValue(ports, entry)).toMatchObject({ changed: true });
    expect(await restoreValue(ports, entry)).toMatchObject({ changed: false });
    await sync("projects");
    expect([await titleInD1(), titleInNotion()]).toEqual([project.title, project.title]);
    const after = await historyOf(ports, "projects", project.recordId);
    expect("items" in after ? after.items : []).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ side: "d1", value: "Renamed", runId: `restore:${entry}` }),
        expect.objectContaining({ side: "notion", value: "Renamed" }),
      ]),
    );
  });

  it("is refused where it would not stay, or has nowhere to go", async () => {
    const { ports, d1, project } = await synced();
    const keep = (id: string, sync: string, column: string, value: string) =>
      d1
        .prepare(
          `insert into history (id, sync, record_id, column_name, side, value, replaced_by, run_id, at_ms)
           values (?1, ?2, ?3, ?4, 'd1', ?5, '"x"', 'r', 1)`,
        )
        .bind(id, sync, project.recordId, column, value)
        .run();
    await keep("h1", "clients", "company_name", '"Old"');
    await keep("h2", "projects", "title", "null");
    await keep("h3", "projects", "id = id; drop table projects", '"Old"');
    await keep("h4", "projects", "title", '"Old"');
    expect(await restoreValue(ports, "h1")).toMatchObject({
      refused: expect.stringContaining("only filled"),
    });
    expect(await restoreValue(ports, "h2")).toMatchObject({ refused: "title may not be empty" });
    expect(await restoreValue(ports, "h3")).toMatchObject({ why: "overtaken" });
    await d1.prepare("update projects set deleted_ms = 1 where id = ?1").bind(project.recordId).run();
    expect(await restoreValue(ports, "h4")).toMatchObject({ refused: expect.stringContaining("is deleted") });
    expect(await restoreValue(ports, "h5")).toMatchObject({ why: "unknown" });
    expect(await historyOf(ports, "projects", "nobody")).toMatchObject({ why: "unknown" });
  });
});
