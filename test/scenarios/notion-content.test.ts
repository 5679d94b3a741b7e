import { describe, expect, it } from "vitest";
import { notionContent } from "../../emulators/notion/table-file.ts";
import { readLineage } from "../../src/queries/lineage.ts";
import { aNotionEstate } from "./notion-estate.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 5, 1, 12);

describe("acceptance: what Notion holds", () => {
  it('`Phase` renamed to `Stage`; new option "Warranty" added', async () => {
    const { control, pageOf, rowOf, sql, later, rows, expectRest } = await aNotionEstate();
    const before = await rowOf("lot-29");
    control({ op: "rename-property", database: "projects", property: "Phase", name: "Stage" });
    control({ op: "edit", page: "lot-30", set: { Stage: "On hold" } });
    // The sample has the option already; a person chooses it for one more project.
    control({ op: "edit", page: "lot-29", set: { Stage: "Warranty", Address: "New Street" } });
    const run = await later(2 * HOUR_MS);
    expect(run.state, "an unknown word spoils no run").toBe("succeeded");
    expect(await rowOf("lot-30"), "the column follows its property").toMatchObject({ status: "on-hold" });
    // The field is set aside with its value; the record goes on with the old one.
    expect(await rowOf("lot-29")).toMatchObject({
      status: before?.["status"],
      project_address: "New Street",
    });
    expect(
      await rows(
        `select column_name, value from quarantined_fields where page_id = '${pageOf("lot-29").id}'`,
      ),
    ).toEqual([{ column_name: "status", value: expect.stringContaining("Warranty") }]);
    await sql(
      "update projects set status = 'completed' where id = ?",
      String((await rowOf("lot-30"))?.["id"]),
    );
    await later();
    expect(pageOf("lot-30").values["Stage"]).toBe("Complete");
    expect(pageOf("lot-29").values["Stage"], "nobody writes over a word that we do not know").toBe(
      "Warranty",
    );
    await expectRest();
  });

  it('`Job #` "24-101" and "24-102"; empty `Job #`', async () => {
    const { ports, pageOf, rowOf, rows, sql, later, expectRest } = await aNotionEstate();
    const [harbour, ridge] = [
      await rowOf("harbour-street-apartments"),
      await rowOf("cedar-ridge-elementary"),
    ];
    expect([harbour?.["job_number"], ridge?.["job_number"]]).toEqual(["24-101", "24-102"]);
    expect(harbour?.["id"]).not.toBe(ridge?.["id"]);
    const empty = [await rowOf("lot-13"), await rowOf("lot-14")];
    expect(empty.map((row) => String(row?.["job_number"] ?? "").trim())).toEqual(["", ""]);
    expect(empty[0]?.["id"]).not.toBe(empty[1]?.["id"]);
    // Asked for by its number each is found, and a part of a number is none.
    for (const [job, key] of [
      ["24-101", "harbour-street-apartments"],
      ["24-102", "cedar-ridge-elementary"],
    ] as const)
      expect(await readLineage(ports, "project", job)).toMatchObject({ sourceId: pageOf(key).id });
    expect(await readLineage(ports, "project", "24-1")).toHaveProperty("refused");
    // No number is no likeness: rows of applications without one are taken for nobody else's.
    for (const [id, job] of [
      ["own-1", ""],
      ["own-2", "  "],
      ["own-3", null],
    ])
      await sql(
        "insert into projects (id, title, job_number) values (?, ?, ?)",
        id ?? "",
        `Own ${id}`,
        job ?? null,
      );
    const ids = await rows("select id from projects order by id");
    await later();
    expect(await rows("select page_id from notion_pages where record_id like 'own-%'")).toHaveLength(3);
    await expectRest();
    expect(await rows("select id from projects order by id")).toEqual(ids);
  });

  it("101+ projects", async () => {
    const content = () => notionContent({ seed: 1, epochMs: NOW_MS - HOUR_MS, projectsCount: 230 });
    const { notion, rows, ports, expectRest } = await aNotionEstate({ content });
    const live = notion.pages("projects").filter(({ isTrashed }) => !isTrashed);
    expect(live.length).toBeGreaterThan(200);
    const [counted] = await rows<{ n: number }>(
      "select count(*) as n from notion_pages where sync = 'projects' and state <> 'trashed'",
    );
    expect(counted?.n).toBe(live.length);
    const [last] = (await ports.runs.runs(1)).items;
    expect(last).toMatchObject({ sync: "projects", sourceCount: live.length, destinationCount: live.length });
    const queries = notion.log().filter(({ endpoint }) => endpoint === "query");
    expect(queries.length, "pages of a hundred").toBeGreaterThanOrEqual(3);
    await expectRest();
  });

  it("Client with bad phone but good e-mail", async () => {
    const { control, rowOf, pageOf, rows, sync, world, expectRest } = await aNotionEstate();
    control({
      op: "create",
      database: "clients",
      key: "half-good",
      values: { Name: "Half Good Ltd", Email: "office@half-good.example", Phone: "ask for Kim" },
    });
    world.advance(HOUR_MS);
    const run = await sync("clients");
    expect(run).toMatchObject({ state: "succeeded", result: { counts: { created: 1, quarantined: 0 } } });
    expect(await rowOf("half-good", "clients")).toMatchObject({
      company_name: "Half Good Ltd",
      email: "office@half-good.example",
      phone: null,
      phone_raw: "ask for Kim",
      phone_e164: null,
    });
    const kept = `select column_name from quarantined_fields where page_id = '${pageOf("half-good", "clients").id}'`;
    expect(await rows(kept)).toEqual([{ column_name: "phone" }]);
    control({ op: "edit", page: "half-good", set: { Phone: "(212) 555-0142" } });
    world.advance(HOUR_MS);
    await sync("clients");
    expect(await rowOf("half-good", "clients")).toMatchObject({ phone_e164: "+12125550142" });
    expect(await rows(kept)).toEqual([]);
    await expectRest();
  });
});
