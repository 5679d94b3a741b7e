import { describe, expect, it } from "vitest";
import { NOTION_DEMO_TOKEN } from "../../emulators/notion/keys.ts";
import { createRandom } from "../../emulators/world/random.ts";
import { USUAL_SETTINGS } from "../../src/core/config.ts";
import { shownItem, type PlanItem, type PlanValue } from "../../src/core/preview.ts";
import { TABLES } from "../../src/core/records/table.ts";
import { fightContent } from "../fight/content.ts";
import { peopleOf } from "../fight/people.ts";
import { noTypedValues } from "../fight/typed.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

const HOUR_MS = 3_600_000;
const STARTED_MS = Date.UTC(2026, 5, 1, 11);
const PROJECTS = 4;
const SEEDS = Array.from({ length: 30 }, (_, n) => n + 1);
const COLUMNS = Object.keys(TABLES.projects.columns);

type Space = Awaited<ReturnType<typeof aNotionWorkspace>>;
type Row = Record<string, string | number | null>;
/** One effect or one thing to do, in a form in which both can be compared. */
type Effect = readonly unknown[];

async function inStep(change: Parameters<typeof aNotionWorkspace>[1] = {}): Promise<Space> {
  const content = () => fightContent(STARTED_MS, PROJECTS);
  const space = await aNotionWorkspace({ content, requestsPerMinute: null }, change);
  await space.sync("clients");
  await space.sync("projects");
  space.world.advance(25 * HOUR_MS);
  return space;
}

async function plan(space: Space): Promise<{ hash: string; items: PlanItem[] }> {
  const run = await space.sync("projects", { mode: "dry_run", planHash: null });
  const hash = run.preview?.planHash ?? expect.unreachable(run.detail ?? "the dry run made no plan");
  const kept = await space.ports.plans.plan(hash);
  if (kept === null) throw new Error("the plan is not kept");
  return { hash, items: (await space.ports.plans.items(kept, -1, 10_000)).items };
}

const rowsOf = async (space: Space): Promise<Map<string, Row>> =>
  new Map((await space.rows<Row>("select * from projects")).map((row) => [String(row["id"]), row]));

/** A value as a plan shows it: long texts are cut. */
const asShown = (after: PlanValue): PlanValue =>
  shownItem({ action: "ask", recordId: null, pageId: null, column: null, before: null, after }).after;

const filled = (values: Row): Row =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

/** What a run did: rows that differ, and pushes that landed. */
async function effectsOf(space: Space, before: Map<string, Row>, sinceMs: number): Promise<Effect[]> {
  const effects: Effect[] = [];
  for (const [id, row] of await rowsOf(space)) {
    const old = before.get(id);
    const shown = Object.fromEntries(COLUMNS.map((column) => [column, row[column] ?? null]));
    if (old === undefined) effects.push(["create row", row["notion_id"], asShown(filled(shown))]);
    else if (old["deleted_ms"] === null && row["deleted_ms"] !== null) effects.push(["delete row", id]);
    else {
      if (old["deleted_ms"] !== null && row["deleted_ms"] === null)
        effects.push(["change row", id, "deleted", false]);
      for (const column of [...COLUMNS, "notion_id", "extra"])
        if (old[column] !== row[column])
          effects.push(["change row", id, column, asShown(row[column] ?? null)]);
    }
  }
  const pushes = await space.rows<Record<"kind" | "record_id" | "page_id" | "fields" | "outcome", string>>(
    `select kind, record_id, page_id, fields, outcome from pushes where sent_ms >= ${sinceMs}`,
  );
  for (const push of pushes) {
    expect(push.outcome).toBe("landed");
    const fields = Object.entries(
      JSON.parse(push.fields) as Record<string, { value: string | number | null }>,
    );
    if (push.kind === "trash") effects.push(["trash page", push.page_id]);
    if (push.kind === "update")
      for (const [column, { value }] of fields)
        effects.push(["change page", push.page_id, column, asShown(value)]);
    if (push.kind === "create") {
      const shown = Object.fromEntries(fields.map(([column, { value }]) => [column, value]));
      effects.push(["create page", push.record_id, asShown(filled(shown))]);
      // A new page is named by its record, so its id in the row is no item of its own.
      const place = effects.findIndex(
        ([what, id, column]) => what === "change row" && id === push.record_id && column === "notion_id",
      );
      if (place >= 0) effects.splice(place, 1);
    }
  }
  return sorted(effects);
}

/** The same of a plan; what is asked and what is set aside changes neither side. */
function promisedBy(items: readonly PlanItem[]): Effect[] {
  const effects = items.flatMap(({ action, recordId, pageId, column, after }): Effect[] => {
    if (action === "create row") return [[action, pageId, filled(after as Row)]];
    if (action === "create page") return [[action, recordId, filled(after as Row)]];
    if (action === "delete row") return [[action, recordId]];
    if (action === "trash page") return [[action, pageId]];
    if (action === "change row") return [[action, recordId, column, after]];
    return action === "change page" ? [[action, pageId, column, after]] : [];
  });
  return sorted(effects);
}

const sorted = (effects: readonly Effect[]): Effect[] =>
  effects.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** An address that names a page so often that a reply cuts it. */
async function mention(space: Space, pageId: string, times: number): Promise<void> {
  const run = { type: "mention", mention: { type: "page", page: { id: pageId } } };
  const reply = await space.notion.fetch(
    new Request(`https://api.notion.com/v1/pages/${pageId}`, {
      method: "PATCH",
      headers: {
        authorization: `Bearer ${NOTION_DEMO_TOKEN}`,
        "notion-version": "2026-03-11",
        "content-type": "application/json",
      },
      body: JSON.stringify({
        properties: { Address: { rich_text: Array.from({ length: times }, () => run) } },
      }),
    }),
  );
  expect(reply.status).toBe(200);
}

describe("a plan", () => {
  it.each(SEEDS)("is what its run does, and leaves nothing to a plain run, seed %i", async (seed) => {
    const random = createRandom(seed, "plan");
    const space = await inStep();
    const people = peopleOf(space, random, noTypedValues());
    for (let n = random.int(2, 8); n > 0; n -= 1) await people.move();
    if (random.chance(0.4)) {
      const client = random.pick(space.notion.pages("clients"));
      space.notion.control({ op: "unshare", page: client.id });
    }
    if (random.chance(0.4)) {
      const page = space.notion.pages("projects").find(({ isTrashed, isShared }) => !isTrashed && isShared);
      if (page !== undefined && "Address" in page.values) await mention(space, page.id, 30);
    }
    // An application takes rows back whose pages are in the trash.
    if (random.chance(0.3)) await space.d1.prepare("update projects set deleted_ms = null").run();
    space.world.advance(2 * HOUR_MS);
    const { hash, items } = await plan(space);
    const [before, startedMs, writes] = [await rowsOf(space), space.world.nowMs(), space.writes()];
    const run = await space.sync("projects", { mode: "plan", planHash: hash });
    expect(run.result?.findings.filter((finding) => finding.includes("moved since"))).toEqual([]);
    const done = await effectsOf(space, before, startedMs);
    expect(done).toEqual(promisedBy(items));
    const pushes = await space.rows(`select id from pushes where sent_ms >= ${startedMs}`);
    expect(space.writes() - writes).toBe(pushes.length);
    space.world.advance(26 * HOUR_MS);
    const [settled, settledMs] = [await rowsOf(space), space.world.nowMs()];
    await space.sync("projects");
    expect(await effectsOf(space, settled, settledMs)).toEqual([]);
  });

  it("names a text whole that a reply cuts", async () => {
    const space = await inStep();
    const [page] = space.notion.pages("projects");
    await mention(space, page?.id ?? "", 30);
    space.world.advance(HOUR_MS);
    const { items } = await plan(space);
    expect(promisedBy(items).map(([, , column, after]) => [column, after])).toEqual([
      ["project_address", asShown("Project 0".repeat(30))],
    ]);
  });

  it("clears no relation whose page is not shared any more, and neither does its run nor a later push", async () => {
    const space = await inStep();
    const [page] = space.notion.pages("projects");
    const [client] = space.notion.pages("clients");
    space.notion.control({ op: "unshare", page: client?.id ?? "" });
    space.notion.control({ op: "edit", page: page?.id ?? "", set: { Address: "Pier 4" } });
    space.world.advance(HOUR_MS);
    const { hash, items } = await plan(space);
    expect(promisedBy(items).map(([action, , column]) => [action, column])).toEqual([
      ["change row", "project_address"],
    ]);
    await space.sync("projects", { mode: "plan", planHash: hash });
    await space.d1
      .prepare("update projects set title = 'Changed in D1' where project_address = 'Pier 4'")
      .run();
    space.world.advance(HOUR_MS);
    await space.sync("projects");
    const [row] = await space.rows<Row>(
      "select title, client_id from projects where project_address = 'Pier 4'",
    );
    expect(row).toMatchObject({ title: "Changed in D1", client_id: expect.any(String) });
    expect(space.notion.pages("projects").map(({ values }) => values["Project name"])).toContain(
      "Changed in D1",
    );
  });

  it("sets a known page aside that is shown in part only, as its run does", async () => {
    const space = await inStep();
    const pageId = space.notion.pages("projects")[0]?.id ?? "";
    space.notion.control({ op: "unshare", page: pageId, partial: true });
    space.world.advance(HOUR_MS);
    const { hash, items } = await plan(space);
    expect(items.map((item) => [item.action, item.pageId])).toEqual([["set aside", pageId]]);
    await space.sync("projects", { mode: "plan", planHash: hash });
    const [page] = await space.rows(`select state from notion_pages where page_id = '${pageId}'`);
    expect(page).toEqual({ state: "lost" });
  });

  it("hides a row that an application took back while its page is in the trash", async () => {
    const space = await inStep();
    space.notion.control({ op: "trash", page: space.notion.pages("projects")[0]?.id ?? "" });
    await space.sync("projects");
    space.world.advance(25 * HOUR_MS);
    await space.sync("projects");
    await space.d1.prepare("update projects set deleted_ms = null").run();
    space.world.advance(HOUR_MS);
    const { items } = await plan(space);
    expect(items.map(({ action }) => action)).toEqual(["delete row"]);
  });

  it("gives a page that is to be made no value that goes into D1 only", async () => {
    const usual = USUAL_SETTINGS.tables;
    const policy = { direction: "in", conflict: "notion" } as const;
    const policies = { ...usual.projects.policies, job_number: policy };
    const settings = { ...usual, projects: { ...usual.projects, policies } };
    const space = await inStep({ settings });
    await space.d1
      .prepare("insert into projects (id, title, job_number) values ('r', 'Made in D1', 'J-9000')")
      .run();
    const { items } = await plan(space);
    expect(items).toEqual([
      expect.objectContaining({ action: "create page", after: { title: "Made in D1" } }),
    ]);
  });
});
