import { describe, expect, it } from "vitest";
import { aNotionWorkspace } from "../../test/in-process/notion-workspace.ts";
import { aWorkspace } from "../../test/in-process/workspace.ts";
import { statusLines } from "../surfaces/cli/lines.ts";
import { setAsideCount } from "../surfaces/cut-lists.ts";
import { readReport, readStatus } from "./status.ts";

describe("what is off", () => {
  it("is nothing where both vendors are configured", async () => {
    const { ports } = await aNotionWorkspace();
    expect((await readStatus(ports)).off).toEqual([]);
  });

  it("names the variable that is missing", async () => {
    const { ports } = await aWorkspace({ source: null });
    expect((await readStatus(ports)).off).toEqual([
      { sync: "fireflies", reason: "fireflies is off: no FIREFLIES_API_KEY is set" },
      { sync: "clients", reason: "clients is off: no NOTION_TOKEN is set" },
      { sync: "projects", reason: "projects is off: no NOTION_TOKEN is set" },
    ]);
    const { ports: half } = await aNotionWorkspace({}, { databases: { projects: "x", clients: null } });
    expect((await readStatus(half)).off).toEqual([
      {
        sync: "clients",
        reason:
          "clients is off: neither NOTION_CLIENTS_DATABASE_ID nor notion.clients.database names its database",
      },
    ]);
  });
});

it("status counts what stands aside of the tables, and names what waits for a person", async () => {
  const { ports, sync } = await aNotionWorkspace();
  await sync("clients");
  const status = await readStatus(ports);
  const { items } = await ports.decisions.reviews(100);
  expect(items.length).toBeGreaterThan(0);
  expect(status.tables).toMatchObject([{ sync: "projects" }, { sync: "clients", reviewsOpen: items.length }]);
  const lines = statusLines(status);
  expect(lines).toContain(
    `For you: clients: ${items.length} may be somebody known already: npm run -s syncctl -- reviews`,
  );
  expect(lines.filter((line) => line.startsWith("Clients from Notion: "))).toEqual([
    expect.stringMatching(/^Clients from Notion: \d+ rows; \d+ pages bound, \d+ set aside/),
  ]);
  expect(lines.some((line) => line.startsWith("Projects with Notion: "))).toBe(false);
});

describe("the report of clients", () => {
  it("names what stands aside and the fields kept aside, in later runs as well, and never a value", async () => {
    const { ports, sync, rows, world } = await aNotionWorkspace();
    const reports = [];
    for (const _ of ["first", "nothing new"]) {
      const { id } = await sync("clients");
      const report = await readReport(ports, id);
      if (report === null) throw new Error("the run has no report");
      reports.push(report);
      world.advance(3_600_000);
    }
    for (const { setAside } of reports) {
      const verdicts = new Set(setAside.map(({ verdict }) => verdict));
      expect([...verdicts].toSorted()).toEqual(["field", "pending", "quarantined"]);
      expect(setAside.at(-1)?.verdict).toBe("field");
    }
    const named = reports.map(({ setAside }) =>
      setAside.map(({ itemId, verdict }) => `${verdict} ${itemId}`),
    );
    expect(named[1]).toEqual(named[0]);
    for (const report of reports) expect(setAsideCount(report, 0)).toBe(report.setAside.length);
    const values = await rows<{ value: string }>(
      "select value from quarantined_fields where length(value) > 6",
    );
    expect(values.length).toBeGreaterThan(3);
    const said = JSON.stringify(reports);
    expect(values.filter(({ value }) => said.includes(value.slice(1, -1)))).toEqual([]);
  });
});
