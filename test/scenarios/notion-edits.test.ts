import { describe, expect, it } from "vitest";
import { readLineage } from "../../src/queries/lineage.ts";
import { aNotionEstate } from "./notion-estate.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe("acceptance: edits in Notion and in D1", () => {
  it("Same project, different fields edited on both sides between runs", async () => {
    const { control, pageOf, rowOf, sql, later, rows, expectRest } = await aNotionEstate();
    const id = (await rowOf("lot-29"))?.["id"] ?? "";
    control({ op: "edit", page: "lot-29", set: { "Project name": "By hand", Notes: "Seen by hand" } });
    await sql("update projects set project_address = 'By SQL', estimated_value = 7 where id = ?", id);
    expect((await later()).state).toBe("succeeded");
    const both = { title: "By hand", project_address: "By SQL", estimated_value: 7 };
    expect(await rowOf("lot-29")).toMatchObject(both);
    expect(pageOf("lot-29").values).toMatchObject({
      "Project name": "By hand",
      Address: "By SQL",
      "Est Revenue": 7,
      Notes: "Seen by hand",
    });
    expect(await rows("select id from conflicts"), "nobody contradicted anybody").toEqual([]);
    await expectRest();
    expect(await rowOf("lot-29")).toMatchObject(both);
  });

  it("Same field edited on both sides in the same minute", async () => {
    const space = await aNotionEstate();
    const { control, pageOf, rowOf, sql, later, rows, expectRest } = space;
    const id = String((await rowOf("lot-29"))?.["id"]);
    control({ op: "edit", page: "lot-29", set: { "Project name": "By hand" } });
    await sql("update projects set title = 'By SQL' where id = ?", id);
    await later(10 * MINUTE_MS);
    expect(await rowOf("lot-29")).toMatchObject({ title: "By hand" });
    expect(pageOf("lot-29").values["Project name"]).toBe("By hand");
    // The loser is kept, where a person can take it: beside the conflict, and in the history.
    expect(await rows("select column_name, notion, d1, taken from conflicts")).toEqual([
      { column_name: "title", notion: '"By hand"', d1: '"By SQL"', taken: "notion" },
    ]);
    expect(
      await rows(`select value from history where record_id = '${id}' and value = '"By SQL"'`),
    ).toHaveLength(1);
    await expectRest();
    const life = await readLineage(space.ports, "project", id);
    expect(life).toMatchObject({
      events: expect.arrayContaining([
        expect.objectContaining({
          says: 'title edited on both sides: "By hand" in Notion, "By SQL" in D1; Notion taken by policy',
        }),
      ]),
    });
  });

  it("Notion normalises what we wrote (trim, date form)", async () => {
    const space = await aNotionEstate();
    const { notion, pageOf, rowOf, sql, later, rows, writes, expectRest } = space;
    const answer = notion.fetch;
    // A service that keeps no blanks around a text.
    notion.fetch = async (request) => {
      if (request.method !== "PATCH" && request.method !== "POST") return answer(request);
      const body = await request.text();
      const trimmed = body.replaceAll(/"content":"\s*(.*?)\s*"/g, '"content":"$1"');
      return answer(
        new Request(request.url, { method: request.method, headers: request.headers, body: trimmed }),
      );
    };
    const id = (await rowOf("lot-29"))?.["id"] ?? "";
    const before = writes();
    const day = "2026-07-01T08:00:00Z";
    await sql("update projects set title = '  Blanks  ', start_date = ? where id = ?", day, id);
    await later();
    expect(writes() - before).toBe(1);
    expect(pageOf("lot-29").values["Project name"]).toBe("Blanks");
    expect(JSON.stringify(pageOf("lot-29").values["Start Date"])).not.toContain('"2026-07-01T08:00:00Z"');
    // What it made of our words is no edit by anybody: nothing comes back, and nothing is sent again.
    await expectRest();
    expect(writes() - before).toBe(1);
    expect(await rowOf("lot-29")).toMatchObject({ title: "  Blanks  ", start_date: day });
    expect(await rows("select id from conflicts")).toEqual([]);
  });

  it("Integration loses access to a database for an hour", async () => {
    const { control, later, rows, ports, world, sync, expectRest } = await aNotionEstate();
    const whole = "select id, title, deleted_ms, client_id from projects order by id";
    const before = await rows(whole);
    const bound = "select page_id, record_id from notion_pages where state = 'bound' order by page_id";
    const bindings = await rows(bound);
    control({ op: "unshare", database: "projects" });
    const lost = await later();
    expect(lost.state).toBe("parked");
    expect(lost.detail).toMatch(/\S+ \S+/);
    expect((await ports.runs.openAlerts()).items.map(({ kind }) => kind)).toContain("access_lost");
    expect([await rows(whole), await rows(bound)]).toEqual([before, bindings]);
    expect((await sync("clients")).state, "the other table goes on").toBe("succeeded");
    world.advance(HOUR_MS);
    control({ op: "share", database: "projects" });
    const back = await later();
    expect(back.state).toBe("succeeded");
    expect((await ports.runs.openAlerts()).items).toEqual([]);
    expect([await rows(whole), await rows(bound)]).toEqual([before, bindings]);
    await expectRest();
  });
});
