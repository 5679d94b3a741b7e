import { beforeEach, describe, expect, it } from "vitest";
import { aNotionWorkspace } from "../../test/in-process/notion-workspace.ts";

type Space = Awaited<ReturnType<typeof aNotionWorkspace>>;
type Row = Record<string, string | number | null>;

const HOUR_MS = 3_600_000;

let space: Space;

const control = (op: Parameters<Space["notion"]["control"]>[0]): void => {
  const reply = space.notion.control(op);
  if (!reply.ok) throw new Error(reply.problem);
};
const pageId = (key: string): string =>
  space.notion.pages("clients").find((page) => page.key === key)?.id ?? "";
const client = async (key: string): Promise<Row | undefined> =>
  (
    await space.rows<Row>(
      `select clients.* from clients join notion_pages on record_id = clients.id where page_id = '${pageId(key)}'`,
    )
  )[0];
const problemsOf = async (key: string): Promise<Row[]> =>
  space.rows<Row>(`select column_name, problem from quarantined_fields where page_id = '${pageId(key)}'`);
const later = async (ms = HOUR_MS) => {
  space.world.advance(ms);
  return space.sync("clients");
};

beforeEach(async () => {
  space = await aNotionWorkspace();
  await space.sync("clients");
});

describe("clients of the sample", () => {
  it("arrive with a valid phone in E.164, beside what Notion says", async () => {
    expect(await client("juniper-inn")).toMatchObject({
      phone_e164: "+12125550136",
      client_type: "commercial",
    });
    const row = await client("juniper-inn");
    expect(row?.["phone_raw"]).toBe(row?.["phone"]);
  });

  it("lose one bad value and not the record: the raw one is kept", async () => {
    expect(await client("maple-court")).toMatchObject({ email: null, email_raw: "maple@example" });
    expect(await problemsOf("maple-court")).toEqual([
      { column_name: "email", problem: "is no proper e-mail address" },
    ]);
    expect(await client("sunrise-daycare")).toMatchObject({
      phone: null,
      phone_raw: "ask for Kim",
      phone_e164: null,
    });
    expect(await client("orchard-clinic")).toMatchObject({ email: "orchard@example.org" });
    expect(await problemsOf("port-authority")).toEqual([
      { column_name: "email", problem: "is too long for an e-mail address" },
    ]);
  });

  it("wait in the review list where one may be somebody known already", async () => {
    const waiting = await space.rows<Row>("select page_id from reviews where decision is null");
    const keys = waiting.map(
      ({ page_id: id }) => space.notion.pages("clients").find((page) => page.id === id)?.key,
    );
    expect(keys.toSorted()).toEqual(
      ["bluegate-again", "hollis-again", "juniper-inn-again", "county-archive"].toSorted(),
    );
    expect(await client("hollis-again")).toBe(undefined);
  });

  it("change nothing the second time, and nothing is ever written to Notion", async () => {
    const before = await space.rows("select * from row_versions");
    const run = await later(25 * HOUR_MS);
    expect(run.result?.counts).toMatchObject({ seen: 30, created: 0, updated: 0 });
    expect(await space.rows("select * from row_versions")).toEqual(before);
    expect(space.writes()).toBe(0);
  });
});

describe("a client", () => {
  it("that was edited is updated by the changed column only", async () => {
    const before = await client("juniper-inn");
    control({ op: "edit", page: "juniper-inn", set: { Address: "New Street 1" } });
    await later();
    const { updated_at: _updated, ...after } = (await client("juniper-inn")) ?? {};
    const { updated_at: _before, ...was } = before ?? {};
    expect(after).toEqual({ ...was, address: "New Street 1" });
  });

  it("that somebody changed in D1 is Notion's again, and what stood there is in the history", async () => {
    const { id } = (await client("juniper-inn")) ?? {};
    await space.d1
      .prepare("update clients set address = 'By SQL' where id = ?")
      .bind(id ?? "")
      .run();
    await later();
    expect((await client("juniper-inn"))?.["address"]).not.toBe("By SQL");
    expect(await space.rows("select side, value from history")).toEqual([{ side: "d1", value: '"By SQL"' }]);
    expect(space.writes()).toBe(0);
  });

  it("whose bad e-mail is cured leaves quarantine", async () => {
    control({ op: "edit", page: "maple-court", set: { Email: "maple@example.com" } });
    await later();
    expect(await client("maple-court")).toMatchObject({ email: "maple@example.com" });
    expect(await problemsOf("maple-court")).toEqual([]);
  });

  it("that a person calls a new one is taken in with the next run; one that is called the same is not", async () => {
    const decide = (key: string, decision: string): Promise<unknown> =>
      space.d1
        .prepare("update reviews set decision = ?, decided_ms = 1 where page_id = ?")
        .bind(decision, pageId(key))
        .run()
        .then(() =>
          space.d1.prepare("update notion_pages set owed = 1 where page_id = ?").bind(pageId(key)).run(),
        );
    const original = await client("hollis-family");
    await decide("bluegate-again", "new");
    await decide("hollis-again", String(original?.["id"]));
    const run = await later();
    expect(run.result?.counts).toMatchObject({ created: 1, quarantined: 1 });
    expect(await client("bluegate-again")).toBeDefined();
    expect(await client("hollis-again")).toBe(undefined);
  });

  it("of a row in D1 that is surely the same is bound to it", async () => {
    space = await aNotionWorkspace();
    await space.d1
      .prepare(
        "insert into clients (id, company_name, phone_e164) values ('old', 'Juniper Inn', '+12125550136')",
      )
      .run();
    await space.sync("clients");
    expect((await client("juniper-inn"))?.["id"]).toBe("old");
  });
});
