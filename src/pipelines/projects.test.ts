import { beforeEach, describe, expect, it } from "vitest";
import { aNotionWorkspace } from "../../test/in-process/notion-workspace.ts";

type Space = Awaited<ReturnType<typeof aNotionWorkspace>>;
type Row = Record<string, string | number | null>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let space: Space;

const control = (op: Parameters<Space["notion"]["control"]>[0]): void => {
  const reply = space.notion.control(op);
  if (!reply.ok) throw new Error(reply.problem);
};
const project = async (key: string): Promise<Row> => {
  const page = pageOf(key);
  const [row] = await space.rows<Row>(
    `select projects.* from projects join notion_pages on record_id = projects.id where page_id = '${page.id}'`,
  );
  if (row === undefined) throw new Error(`${key} has no row`);
  return row;
};
const pageOf = (key: string) => {
  const page = space.notion.pages("projects").find((one) => one.key === key || one.values["Sync ID"] === key);
  if (page === undefined) throw new Error(`there is no page ${key}`);
  return page;
};
const sql = (text: string, ...values: (string | number | null)[]): Promise<unknown> =>
  space.d1
    .prepare(text)
    .bind(...values)
    .run();
/** Times after which nobody is editing and every query shows everything. */
const later = async (ms = HOUR_MS) => {
  space.world.advance(ms);
  return space.sync("projects");
};

beforeEach(async () => {
  space = await aNotionWorkspace();
  await space.sync("clients");
  await space.sync("projects");
});

describe("projects of the sample", () => {
  it("arrive with everything that could be read; empty is null and zero is zero", async () => {
    expect(await project("revenue-nobody-knows").catch(() => null)).toBe(null);
    expect(await project("lot-29")).toMatchObject({
      estimated_value: 0,
      estimated_profit: 0,
      profit_margin: null,
    });
    expect(await project("lot-30")).toMatchObject({ estimated_value: null, estimated_profit: null });
    expect(await project("lot-31")).toMatchObject({
      estimated_value: 1_234_567.89,
      estimated_profit: -2_500.1,
    });
    expect(await project("lot-26")).toMatchObject({ start_date: "2026-02-02/2026-02-20" });
    expect(await project("lot-24")).toMatchObject({ start_date: "2026-03-02T04:30:00.000Z" });
    expect(await project("lot-15")).toMatchObject({ status: "active" });
    expect(await project("namal-tower")).toMatchObject({ title: "מגדל הנמל" });
  });

  it("keep two projects of one job number apart", async () => {
    const [a, b] = [await project("lot-11"), await project("lot-12")];
    expect(a["id"]).not.toBe(b["id"]);
    expect([a["job_number"], b["job_number"]]).toEqual(["24-311", "24-311"]);
  });

  it("name their client, by its row", async () => {
    const [client] = await space.rows<Row>("select id from clients where company_name like 'Cedar Ridge%'");
    expect((await project("cedar-ridge-elementary"))["client_id"]).toBe(client?.["id"]);
  });

  it("keep what has no column beside the row, by name, without what changes by itself", async () => {
    const extra = JSON.parse(String((await project("lot-22"))["extra"])) as Record<string, unknown>;
    expect(String(extra["Notes"]).length).toBeGreaterThan(2_000);
    expect(Object.keys(extra)).not.toContain("Last edited");
  });

  it("set one value aside and keep the record: an unknown status, two clients, a client in the trash", async () => {
    const problems = await space.rows<Row>(
      "select column_name, problem from quarantined_fields where sync = 'projects' order by column_name, problem",
    );
    expect(problems.map(({ column_name: column, problem }) => `${column} ${problem}`)).toEqual([
      "client_id names 2 pages, and one is possible",
      "client_id names a page that is no record here",
      "priority is no priority that is known",
      "status is no status that is known",
      "status is no status that is known",
      "title is missing",
    ]);
    expect(await project("lot-16")).toMatchObject({ status: null });
  });

  it("set a page aside that has no title, and take it in when it gets one", async () => {
    await expect(project("lot-21")).rejects.toThrow("has no row");
    control({ op: "edit", page: "lot-21", set: { "Project name": "Lot 21" } });
    await later();
    expect(await project("lot-21")).toMatchObject({ title: "Lot 21" });
    expect(
      await space.rows("select 1 from quarantined_fields where column_name = 'title' and sync = 'projects'"),
    ).toEqual([]);
  });

  it("change nothing on either side the second time, with one call", async () => {
    const before = await space.rows("select * from row_versions");
    space.notion.control({ op: "reset-log" });
    const run = await later(30 * MINUTE_MS);
    expect(run.state).toBe("succeeded");
    expect(space.notion.log()).toHaveLength(1);
    expect(await space.rows("select * from row_versions")).toEqual(before);
    expect(space.writes()).toBe(0);
  });

  it("ask for the schema once an hour", async () => {
    space.notion.control({ op: "reset-log" });
    const asked = (): number =>
      space.notion.log().filter(({ endpoint }) => endpoint === "get_data_source").length;
    await later(20 * MINUTE_MS);
    await later(20 * MINUTE_MS);
    expect(asked()).toBe(0);
    await later(30 * MINUTE_MS);
    expect(asked()).toBe(1);
  });

  it("count a complete listing: every page is a row or has a reason", async () => {
    const run = await later(25 * HOUR_MS);
    expect([run.sourceCount, run.destinationCount]).toEqual([44, 44]);
    expect(run.result?.counts).toMatchObject({ seen: 44, unchanged: 44 });
  });
});

describe("an edit", () => {
  it("in D1, by plain SQL, arrives in Notion, the label of a status included, and nothing else is touched", async () => {
    const { id } = await project("lot-29");
    const before = pageOf("lot-29").values;
    await sql(
      "update projects set title = ?, status = 'on-hold', estimated_value = 7 where id = ?",
      "By SQL",
      id ?? "",
    );
    const run = await later();
    expect(run.result?.counts).toMatchObject({ seen: 1, updated: 1 });
    expect(pageOf("lot-29").values).toMatchObject({
      "Project name": "By SQL",
      Phase: "On hold",
      "Est Revenue": 7,
      "Start Date": before["Start Date"],
      Notes: before["Notes"],
    });
    expect((await later()).result?.counts).toMatchObject({ updated: 0 });
  });

  it("of a status leaves a label that means the same", async () => {
    const { id } = await project("lot-15");
    await sql("update projects set status = 'planning', title = 'Renamed' where id = ?", id ?? "");
    await later();
    expect(pageOf("lot-15").values).toMatchObject({ Phase: "Not started", "Project name": "Renamed" });
  });

  it("in Notion arrives in D1, with what stood there in the history", async () => {
    const { id, title } = await project("lot-29");
    control({ op: "edit", page: "lot-29", set: { "Project name": "By hand" } });
    await later();
    expect(await project("lot-29")).toMatchObject({ title: "By hand" });
    expect(
      await space.rows(`select side, value, replaced_by from history where record_id = '${id}'`),
    ).toEqual([{ side: "d1", value: JSON.stringify(title), replaced_by: '"By hand"' }]);
  });

  it("of other fields on both sides arrives on both", async () => {
    const { id } = await project("lot-29");
    control({ op: "edit", page: "lot-29", set: { "Project name": "By hand" } });
    await sql("update projects set project_address = 'By SQL' where id = ?", id ?? "");
    await later();
    expect(await project("lot-29")).toMatchObject({ title: "By hand", project_address: "By SQL" });
    expect(pageOf("lot-29").values).toMatchObject({ "Project name": "By hand", Address: "By SQL" });
    expect(await space.rows("select * from conflicts")).toEqual([]);
  });

  it("of one field on both sides is Notion's, and the other value waits where a person can take it", async () => {
    const { id } = await project("lot-29");
    control({ op: "edit", page: "lot-29", set: { "Project name": "By hand" } });
    await sql("update projects set title = 'By SQL' where id = ?", id ?? "");
    await later();
    expect(await project("lot-29")).toMatchObject({ title: "By hand" });
    expect(await space.rows("select column_name, notion, d1, taken from conflicts")).toEqual([
      { column_name: "title", notion: '"By hand"', d1: '"By SQL"', taken: "notion" },
    ]);
  });

  it("waits while a person edits the page, and goes through after half an hour of that", async () => {
    const { id } = await project("lot-29");
    await sql("update projects set title = 'By SQL' where id = ?", id ?? "");
    control({ op: "edit", page: "lot-29", set: { Address: "first" } });
    const waiting = await space.sync("projects");
    expect(waiting.result?.counts).toMatchObject({ seen: 1, updated: 1 });
    expect(await project("lot-29")).toMatchObject({ title: "By SQL", project_address: "first" });
    expect(pageOf("lot-29").values["Project name"]).not.toBe("By SQL");
    for (let minutes = 0; minutes < 34; minutes += 2) {
      space.world.advance(2 * MINUTE_MS);
      control({ op: "edit", page: "lot-29", set: { Address: `after ${minutes}` } });
    }
    space.world.advance(MINUTE_MS);
    await space.sync("projects");
    expect(pageOf("lot-29").values["Project name"]).toBe("By SQL");
    expect(await space.rows("select is_forced, outcome from pushes")).toEqual([
      { is_forced: 1, outcome: "landed" },
    ]);
  });

  it("that Notion cannot take is set aside with its reason, and nothing else waits for it", async () => {
    const { id } = await project("lot-29");
    await sql(
      "update projects set title = ?, start_date = 'next spring', project_address = 'By SQL' where id = ?",
      "x".repeat(300_000),
      id ?? "",
    );
    await later();
    expect(pageOf("lot-29").values).toMatchObject({ Address: "By SQL" });
    expect(pageOf("lot-29").values["Project name"]).not.toContain("xxx");
    const problems = await space.rows<Row>(
      `select column_name, problem from quarantined_fields where page_id = '${pageOf("lot-29").id}' order by 1`,
    );
    expect(problems).toEqual([
      { column_name: "start_date", problem: "is nothing that its property in Notion takes" },
      { column_name: "title", problem: "is nothing in D1 that Notion could be given" },
    ]);
    await later(20 * MINUTE_MS);
    space.notion.control({ op: "reset-log" });
    await later(20 * MINUTE_MS);
    expect(space.notion.log()).toHaveLength(1);
  });

  it("in Notion takes the place of what D1 holds and nobody can read, which is kept", async () => {
    const { id } = await project("lot-29");
    await sql("update projects set status = 'Warranty' where id = ?", id ?? "");
    await later();
    control({ op: "edit", page: "lot-29", set: { Phase: "Complete" } });
    await later();
    expect(await project("lot-29")).toMatchObject({ status: "completed" });
    expect(await space.rows("select value from history where column_name = 'status'")).toEqual([
      { value: '"Warranty"' },
    ]);
  });

  it("in D1 that no trigger told of is found by the daily listing", async () => {
    const { id } = await project("lot-29");
    await sql("update projects set title = 'Behind its back' where id = ?", id ?? "");
    await sql(
      "update notion_pages set version = (select version from row_versions where record_id = ?1) where record_id = ?1",
      id ?? "",
    );
    await later(25 * HOUR_MS);
    expect(pageOf("lot-29").values).toMatchObject({ "Project name": "Behind its back" });
  });

  it("that names a client without a page waits until it has one", async () => {
    const { id } = await project("lot-29");
    await sql("insert into clients (id, company_name) values ('c-1', 'Not in Notion yet')");
    await sql("update projects set client_id = 'c-1', title = 'By SQL' where id = ?", id ?? "");
    await later();
    expect(pageOf("lot-29").values).toMatchObject({ "Project name": "By SQL" });
    control({
      op: "create",
      database: "clients",
      values: { Name: "Not in Notion yet", Company: "Acme" },
      key: "c-1",
    });
    await sql("update clients set company = 'Acme' where id = 'c-1'");
    space.world.advance(HOUR_MS);
    await space.sync("clients");
    await later();
    expect(pageOf("lot-29").values).toMatchObject({ Client: ["c-1"] });
  });
});

describe("a page", () => {
  it("in the trash hides its record, and comes back with it", async () => {
    control({ op: "trash", page: "lot-29" });
    const run = await later(25 * HOUR_MS);
    expect(run.result?.counts).toMatchObject({ deleted: 1 });
    expect((await project("lot-29"))["deleted_ms"]).not.toBe(null);
    control({ op: "restore", page: "lot-29" });
    await later();
    expect((await project("lot-29"))["deleted_ms"]).toBe(null);
  });

  it("that cannot be seen any more deletes nothing, and is said so", async () => {
    control({ op: "unshare", page: "lot-29" });
    const run = await later(25 * HOUR_MS);
    expect(run.result?.counts).toMatchObject({ pending: 1, deleted: 0 });
    expect((await project("lot-29"))["deleted_ms"]).toBe(null);
    control({ op: "share", page: "lot-29" });
    control({ op: "edit", page: "lot-29", set: { "Project name": "Seen again" } });
    await later();
    expect(await project("lot-29")).toMatchObject({ title: "Seen again" });
  });

  it("that was moved elsewhere deletes nothing", async () => {
    control({ op: "move", page: "lot-29", to: "clients" });
    await later(25 * HOUR_MS);
    const { id } = space.notion.pages("clients").find(({ key }) => key === "lot-29") ?? { id: "" };
    expect(
      await space.rows(`select state from notion_pages where sync = 'projects' and page_id = '${id}'`),
    ).toEqual([{ state: "moved" }]);
  });

  it("of a deleted row follows it into the trash; one that was edited since brings the row back", async () => {
    const [gone, kept] = [await project("lot-29"), await project("lot-30")];
    control({ op: "edit", page: "lot-30", set: { "Project name": "Still needed" } });
    await sql("delete from projects where id in (?, ?)", gone["id"] ?? "", kept["id"] ?? "");
    await later();
    expect(pageOf("lot-29").isTrashed).toBe(true);
    expect(await project("lot-30")).toMatchObject({ id: kept["id"] ?? "", title: "Still needed" });
  });

  it("is not trashed beyond the cap of a run, whatever happened to the rows", async () => {
    await sql("delete from projects");
    await later();
    expect(space.notion.pages("projects").filter(({ isTrashed }) => isTrashed)).toHaveLength(6);
  });

  it("of a row that an application hides follows it into the trash, and a hidden row stays hidden with its page", async () => {
    const { id } = await project("lot-29");
    await sql("update projects set deleted_ms = 1 where id = ?", id ?? "");
    await later();
    expect(pageOf("lot-29").isTrashed).toBe(true);
    await sql("update projects set deleted_ms = null where id = ?", id ?? "");
    await later();
    expect((await project("lot-29"))["deleted_ms"]).not.toBe(null);
  });

  it("whose relation shows nothing because its client is not shared any more keeps its client", async () => {
    const before = await project("cedar-ridge-elementary");
    control({ op: "unshare", page: "cedar-ridge-schools" });
    control({ op: "edit", page: "cedar-ridge-elementary", set: { Address: "New Street" } });
    await later();
    expect(await project("cedar-ridge-elementary")).toMatchObject({
      client_id: before["client_id"],
      project_address: "New Street",
    });
    control({ op: "share", page: "cedar-ridge-schools" });
    control({ op: "edit", page: "cedar-ridge-elementary", set: { Client: [] } });
    await later();
    expect(await project("cedar-ridge-elementary")).toMatchObject({ client_id: null });
  });

  it("duplicated by a person is a project of its own", async () => {
    await sql("insert into projects (id, title, status) values ('p-1', 'Made here', 'active')");
    await later();
    control({ op: "duplicate", page: pageOf("p-1").id });
    await later();
    expect(await space.rows("select count(*) as n from projects where title = 'Made here'")).toEqual([
      { n: 2 },
    ]);
  });
});

describe("a row without a page", () => {
  it("gets one, once, with our mark, its status as a label and its client as a relation", async () => {
    const { client_id: client } = await project("cedar-ridge-elementary");
    await sql(
      "insert into projects (id, title, status, client_id, estimated_value) values ('p-1', 'Made here', 'on-hold', ?, 5)",
      client ?? null,
    );
    expect((await later()).result?.counts).toMatchObject({ created: 1 });
    await later();
    const made = space.notion
      .pages("projects")
      .filter(({ values }) => values["Project name"] === "Made here");
    expect(made.map(({ values }) => values)).toMatchObject([
      { "Sync ID": "p-1", Phase: "On hold", "Est Revenue": 5, Client: ["cedar-ridge-schools"] },
    ]);
  });

  it.each(["commit_then_lost", "commit_then_503", "late"] as const)(
    "gets one only, though the call seemed to fail: %s",
    async (kind) => {
      await sql("insert into projects (id, title, status) values ('p-1', 'Made here', 'active')");
      control({
        op: "fault",
        next: [
          {
            kind,
            endpoint: "create_page",
            ...(kind === "late" ? { lateMs: 50_000 } : {}),
            ...(kind === "commit_then_503" ? { namesResource: false } : {}),
          },
        ],
      });
      for (let runs = 0; runs < 5; runs += 1) await later(10 * MINUTE_MS);
      expect(space.notion.pages("projects").filter(({ values }) => values["Sync ID"] === "p-1")).toHaveLength(
        1,
      );
      expect(await space.rows("select state from notion_pages where record_id = 'p-1'")).toEqual([
        { state: "bound" },
      ]);
    },
  );

  it("whose page we made twice keeps the first; an untouched twin goes into the trash, a touched one to a person", async () => {
    await sql("insert into projects (id, title, status) values ('p-1', 'Made here', 'active')");
    await later();
    const schema = await space.rows<{ schema: string }>(
      "select schema from notion_schemas where sync = 'projects'",
    );
    const { id: dataSourceId, properties } = JSON.parse(schema[0]?.schema ?? "{}") as {
      id: string;
      properties: { id: string; name: string }[];
    };
    const idOf = (name: string): string => properties.find((one) => one.name === name)?.id ?? "";
    const twin = async (): Promise<string> => {
      const { value } = await space.ports.notion.tables.create(
        {
          dataSourceId,
          properties: {
            title: { type: "title", value: "Made here" },
            [idOf("Sync ID")]: { type: "rich_text", value: "p-1" },
          },
        },
        1_000,
      );
      return value.state === "done" ? value.page.id : "";
    };
    const [untouched, touched] = [await twin(), await twin()];
    control({ op: "edit", page: touched, set: { Address: "Somebody's work" } });
    await later();
    const state = (id: string): boolean | undefined =>
      space.notion.pages("projects").find((page) => page.id === id)?.isTrashed;
    expect([state(untouched), state(touched)]).toEqual([true, false]);
    expect(
      await space.rows("select reason from reviews where sync = 'projects' and decision is null"),
    ).toEqual([{ reason: "a second page of ours for the same record" }]);
  });

  it("waits, and says for what, where no property can hold our mark", async () => {
    control({ op: "remove-property", database: "projects", property: "Sync ID" });
    await sql("insert into projects (id, title, status) values ('p-1', 'Made here', 'active')");
    const run = await later(2 * HOUR_MS);
    expect(run.result?.checks).toContainEqual(
      expect.objectContaining({ name: "rows without a page", actual: expect.stringContaining('"Sync ID"') }),
    );
    expect(space.writes()).toBe(0);
  });
});

describe("the schema", () => {
  it("may have a property renamed: its column follows", async () => {
    control({ op: "rename-property", database: "projects", property: "Address", name: "Where" });
    control({ op: "edit", page: "lot-29", set: { Where: "New Street" } });
    const run = await later(2 * HOUR_MS);
    expect(run.state).toBe("succeeded");
    expect(await project("lot-29")).toMatchObject({ project_address: "New Street" });
  });

  it("may lose a property: its column waits, is named, and no value is cleared", async () => {
    const before = await project("lot-29");
    control({ op: "remove-property", database: "projects", property: "Est Revenue" });
    const run = await later(2 * HOUR_MS);
    expect(run.state).toBe("succeeded_with_findings");
    expect(run.result?.findings.join()).toContain(
      'projects.estimated_value: its property "Est Revenue" is gone',
    );
    expect(await project("lot-29")).toMatchObject({ estimated_value: before["estimated_value"] });
  });

  it("may have a property retyped: its column waits and no value is lost", async () => {
    const before = await project("lot-31");
    control({ op: "retype-property", database: "projects", property: "Est Revenue", type: "rich_text" });
    const run = await later(2 * HOUR_MS);
    expect(run.result?.findings.join()).toContain("is now a rich_text and cannot be read");
    expect(await project("lot-31")).toMatchObject({ estimated_value: before["estimated_value"] });
  });

  it("may have a property made anew: it is filled from D1, for nobody has cleared anything", async () => {
    const before = await project("lot-31");
    control({ op: "remove-property", database: "projects", property: "Est Revenue" });
    await later(2 * HOUR_MS);
    control({ op: "add-property", database: "projects", name: "Est Revenue", type: "number" });
    await later(2 * HOUR_MS);
    await later(25 * HOUR_MS);
    expect(await project("lot-31")).toMatchObject({ estimated_value: before["estimated_value"] });
    expect(pageOf("lot-31").values["Est Revenue"]).toBe(before["estimated_value"]);
  });

  it("may have a property retyped while it is remembered: no value is lost", async () => {
    const before = await project("lot-31");
    control({ op: "retype-property", database: "projects", property: "Job #", type: "number" });
    control({ op: "edit", page: "lot-31", set: { Address: "New Street" } });
    await later(20 * MINUTE_MS);
    expect(await project("lot-31")).toMatchObject({
      job_number: before["job_number"],
      project_address: "New Street",
    });
  });

  it("without a required column stops the sync with a sentence that names it", async () => {
    control({ op: "remove-property", database: "projects", property: "Phase" });
    const run = await later(2 * HOUR_MS);
    expect(run.state).toBe("parked");
    expect(run.detail).toContain("lacks status");
  });
});

describe("access", () => {
  it("that is refused parks the lane with a sentence: a wrong token", async () => {
    control({ op: "remove-token" });
    const run = await later(2 * HOUR_MS);
    expect([run.state, run.notBeforeMs]).toEqual(["parked", null]);
  });

  it("to read and not to write lets everything in, and names the capability when something is to go out", async () => {
    control({ op: "capability", update: false });
    const { id } = await project("lot-29");
    await sql("update projects set title = 'By SQL' where id = ?", id ?? "");
    const run = await later();
    expect(run.state).toBe("parked");
    expect(run.detail).toContain("update");
    expect(await space.rows("select outcome from pushes")).toEqual([{ outcome: "not_landed" }]);
  });

  it("to a workspace that nobody approved writes nothing there", async () => {
    space = await aNotionWorkspace({}, { mayWrite: false });
    await space.sync("clients");
    await space.sync("projects");
    const { id } = await project("lot-29");
    await sql("update projects set title = 'By SQL' where id = ?", id ?? "");
    await sql("insert into projects (id, title, status) values ('p-1', 'Made here', 'active')");
    const run = await later(DAY_MS);
    expect(run.result?.counts).toMatchObject({ pending: 1 });
    expect(space.writes()).toBe(0);
  });
});

describe("adoption", () => {
  it("binds rows that are there already: by page id, by job number, by title and address; doubtful ones wait", async () => {
    space = await aNotionWorkspace();
    const page = pageOf("lot-29");
    await sql(
      "insert into projects (id, title, status, notion_id) values ('by-page', 'Any name', 'active', ?)",
      page.id,
    );
    await sql(
      "insert into projects (id, title, status, job_number) values ('by-job', 'Old name', 'active', '24-101')",
    );
    await sql(
      "insert into projects (id, title, status, job_number) values ('doubtful', 'A lot', 'active', '24-311')",
    );
    await space.sync("clients");
    await space.sync("projects");
    const bound = await space.rows<Row>(
      "select record_id, page_id from notion_pages where record_id in ('by-page', 'by-job', 'doubtful') order by 1",
    );
    expect(bound).toEqual([
      { record_id: "by-job", page_id: pageOf("harbour-street-apartments").id },
      { record_id: "by-page", page_id: page.id },
    ]);
    expect(await space.rows("select candidates from reviews where sync = 'projects'")).toEqual([
      { candidates: '["doubtful"]' },
      { candidates: '["doubtful"]' },
    ]);
    // Notion has the word; what D1 held is kept.
    expect(
      await space.rows("select value from history where record_id = 'by-job' and column_name = 'title'"),
    ).toEqual([{ value: '"Old name"' }]);
    await later();
    expect(space.notion.pages("projects").filter(({ createdBy }) => createdBy === "bot")).toEqual([]);
  });
});
