import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLIENT_COLUMNS, type ClientColumn } from "../records/client.ts";
import { PROJECT_COLUMNS, type ProjectColumn } from "../records/project.ts";
import { mapColumns, type ColumnMap, type MappedColumn, type NotionProperty } from "./notion-columns.ts";
import { propertyRuns } from "../property-runs.testsuite.ts";

const aProperty = (name: string, type: string, options: readonly string[] = []): NotionProperty => ({
  id: type === "title" ? "title" : `id of ${name}`,
  name,
  type,
  options,
});

/** The projects database of the estate in use. */
const PROJECTS: readonly NotionProperty[] = [
  aProperty("Job #", "rich_text"),
  aProperty("Address", "rich_text"),
  aProperty("Est Revenue", "number"),
  aProperty("Est Profit", "number"),
  aProperty("Phase", "status", ["Not started", "In progress", "On hold", "Complete", "Cancelled"]),
  aProperty("Priority", "select", ["Low", "High"]),
  aProperty("Start Date", "date"),
  aProperty("Est Completion Date", "date"),
  aProperty("Client", "relation"),
  aProperty("Last edited", "last_edited_time"),
  aProperty("Project name", "title"),
];
const CLIENTS: readonly NotionProperty[] = [
  aProperty("Name", "title"),
  aProperty("Type", "select", ["Commercial", "Residential"]),
  aProperty("Phone", "phone_number"),
  aProperty("Email", "email"),
  aProperty("Address", "rich_text"),
];

type Stored = ColumnMap<ProjectColumn>["stored"];
const mapProjects = (
  schema: readonly NotionProperty[],
  configured: Partial<Record<ProjectColumn, string>> = {},
  stored: Stored = {},
) => mapColumns<ProjectColumn>(schema, PROJECT_COLUMNS, configured, stored);
const names = (columns: Readonly<Partial<Record<string, { readonly name: string }>>>) =>
  Object.fromEntries(Object.entries(columns).map(([column, property]) => [column, property?.name]));
const changed = (name: string, change: Partial<NotionProperty>) =>
  PROJECTS.map((property) => (property.name === name ? { ...property, ...change } : property));
const without = (name: string) => PROJECTS.filter((property) => property.name !== name);
const first = mapProjects(PROJECTS);

describe("mapColumns, at first sight", () => {
  it("finds the projects of the estate in use", () => {
    expect(names(first.columns)).toEqual({
      title: "Project name",
      job_number: "Job #",
      project_address: "Address",
      estimated_value: "Est Revenue",
      estimated_profit: "Est Profit",
      status: "Phase",
      priority: "Priority",
      start_date: "Start Date",
      estimated_completion: "Est Completion Date",
      client_id: "Client",
    });
    expect(first).toMatchObject({ drift: [], missing: [] });
  });

  it("finds the clients of the estate in use, phone and e-mail included", () => {
    const { columns, drift, missing } = mapColumns<ClientColumn>(CLIENTS, CLIENT_COLUMNS, {}, {});
    expect(names(columns)).toEqual({
      company_name: "Name",
      client_type: "Type",
      phone: "Phone",
      email: "Email",
      address: "Address",
    });
    expect([drift, missing]).toEqual([[], []]);
  });

  it("does not mind letter case, blanks and hyphens in names", () => {
    const { columns } = mapProjects([aProperty("START-DATE", "date"), aProperty(" job  #", "rich_text")]);
    expect(names(columns)).toEqual({ start_date: "START-DATE", job_number: " job  #" });
  });

  it("prefers the better type, and of one type the more usual name", () => {
    const two = [aProperty("Phase", "select"), aProperty("Status", "status")];
    expect(mapProjects(two).columns.status?.name).toBe("Status");
    const same = [aProperty("Status", "status"), aProperty("Phase", "status")];
    expect(mapProjects(same).columns.status?.name).toBe("Phase");
  });

  it("takes the title whatever its name, and never a property of a type that the column cannot be read from", () => {
    const { columns, missing } = mapProjects([
      aProperty("Vorhaben", "title"),
      aProperty("Phase", "checkbox"),
    ]);
    expect(names(columns)).toEqual({ title: "Vorhaben" });
    expect(missing).toEqual(["status"]);
  });

  it("names required columns that have no property, and no others", () => {
    expect(mapProjects([]).missing).toEqual(["title", "status"]);
  });

  it("reads what Notion computes, and never writes it", () => {
    const { columns } = mapProjects([aProperty("Job #", "unique_id"), aProperty("Budget", "formula")]);
    expect([columns.job_number?.isWritable, columns.estimated_value?.isWritable]).toEqual([false, false]);
    expect(first.columns.job_number?.isWritable).toBe(true);
  });

  it("lets a property serve one column", () => {
    const schema = [aProperty("Name", "title"), aProperty("Company name", "rich_text")];
    const { columns } = mapColumns<ClientColumn>(schema, CLIENT_COLUMNS, { notes: "Company name" }, {});
    expect(names(columns)).toEqual({ company_name: "Name", notes: "Company name" });
  });
});

describe("mapColumns, with a configuration", () => {
  it("takes the configured property before it guesses", () => {
    const schema = [...PROJECTS, aProperty("Site", "rich_text")];
    expect(mapProjects(schema, { project_address: "site" }).columns.project_address?.name).toBe("Site");
  });

  it("prefers the property that is named exactly so to one that is named alike", () => {
    const schema = [...PROJECTS, aProperty("SITE", "rich_text"), aProperty("Site", "rich_text")];
    expect(mapProjects(schema, { project_address: "Site" }).columns.project_address?.name).toBe("Site");
  });

  it("remembers what was configured when it mapped, and forgets it when the configuration says nothing", () => {
    const configured = mapProjects(PROJECTS, { status: "Phase" }, first.stored);
    expect(configured.stored.status?.configured).toBe("Phase");
    expect(mapProjects(PROJECTS, {}, configured.stored).stored.status?.configured).toBeNull();
  });

  it("reports a configured name that does not exist, and makes no guess for it", () => {
    const { columns, drift } = mapProjects(PROJECTS, { priority: "Urgency" });
    expect(columns.priority).toBeUndefined();
    expect(drift).toEqual([{ column: "priority", kind: "not_found", name: "Urgency" }]);
  });

  it("reports a configured property of a wrong type, and leaves it to the column that can read it", () => {
    const { columns, drift } = mapProjects(PROJECTS, { estimated_value: "Address" });
    expect(columns.estimated_value).toBeUndefined();
    expect(columns.project_address?.name).toBe("Address");
    expect(drift).toEqual([
      { column: "estimated_value", kind: "unusable", name: "Address", type: "rich_text" },
    ]);
  });

  it("leaves a property to the column that it was given to first", () => {
    const twice = { estimated_value: "Est Revenue", estimated_profit: "Est Revenue" };
    const once = mapProjects(PROJECTS, twice);
    const again = mapProjects(PROJECTS, twice, once.stored);
    expect([once.columns.estimated_value?.name, once.columns.estimated_profit]).toEqual([
      "Est Revenue",
      undefined,
    ]);
    expect(again.columns).toEqual(once.columns);
    expect(again.drift).toEqual([{ column: "estimated_profit", kind: "not_found", name: "Est Revenue" }]);
  });

  it("follows a change of the configuration, also to a property that served another column", () => {
    const before = mapProjects(PROJECTS);
    const after = mapProjects(PROJECTS, { estimated_profit: "Est Revenue" }, before.stored);
    expect(after.columns.estimated_profit?.name).toBe("Est Revenue");
    expect(after.columns.estimated_value).toBeUndefined();
    expect(after.drift).toEqual([
      { column: "estimated_value", kind: "removed", name: "Est Revenue" },
      { column: "estimated_profit", kind: "replaced", from: "Est Profit", to: "Est Revenue" },
    ]);
    expect(after.adopt).toEqual(["estimated_profit"]);
  });

  it("keeps what it remembers when the new configuration is a typing error, and says so in every run", () => {
    const again = mapProjects(PROJECTS, { status: "Fase" }, first.stored);
    const drift = [{ column: "status", kind: "not_found", name: "Fase" }];
    expect(again.columns.status?.name).toBe("Phase");
    expect(again.drift).toEqual(drift);
    expect(mapProjects(PROJECTS, { status: "Fase" }, again.stored).drift).toEqual(drift);
  });
});

describe("mapColumns, later", () => {
  it("sees no drift in a schema that stayed, and keeps every base", () => {
    expect(mapProjects(PROJECTS, {}, first.stored)).toEqual({ ...first, adopt: [] });
  });

  it("follows a renamed property by its id, even when its old name now belongs to another", () => {
    const schema = [...changed("Phase", { name: "Stand" }), { ...aProperty("Phase", "status"), id: "new" }];
    const { columns, drift, adopt, stored } = mapProjects(schema, {}, first.stored);
    expect(columns.status).toMatchObject({ propertyId: "id of Phase", name: "Stand" });
    expect(drift).toEqual([{ column: "status", kind: "renamed", from: "Phase", to: "Stand" }]);
    expect(adopt).toEqual([]);
    expect(mapProjects(schema, {}, stored).drift).toEqual([]);
  });

  it("follows a rename of a configured property without a change of the configuration", () => {
    const before = mapProjects(PROJECTS, { status: "Phase" });
    const { columns, drift } = mapProjects(
      changed("Phase", { name: "Stand" }),
      { status: "Phase" },
      before.stored,
    );
    expect(columns.status?.name).toBe("Stand");
    expect(drift).toEqual([{ column: "status", kind: "renamed", from: "Phase", to: "Stand" }]);
  });

  it("follows a configured property by its id, though another has its old name by now", () => {
    const before = mapProjects(PROJECTS, { status: "Phase" });
    const schema = [...changed("Phase", { name: "Stand" }), { ...aProperty("Phase", "status"), id: "new" }];
    const { columns } = mapProjects(schema, { status: "Phase" }, before.stored);
    expect(columns.status).toMatchObject({ propertyId: "id of Phase", name: "Stand" });
  });

  it("finds a configured property again that was made anew under its name", () => {
    const configured = { estimated_value: "Est Revenue" };
    const before = mapProjects(PROJECTS, configured);
    const { columns, adopt } = mapProjects(changed("Est Revenue", { id: "anew" }), configured, before.stored);
    expect(columns.estimated_value?.propertyId).toBe("anew");
    expect(adopt).toEqual(["estimated_value"]);
  });

  it("leaves a property to the column that uses it, not to one that used it once", () => {
    const moved = mapProjects(PROJECTS, { estimated_profit: "Est Revenue" }, first.stored);
    const { columns } = mapProjects(PROJECTS, {}, moved.stored);
    expect(columns.estimated_profit?.name).toBe("Est Revenue");
    expect(columns.estimated_value).toBeUndefined();
  });

  it.each([
    ["a number that was removed", "estimated_value", without("Est Revenue")],
    ["a relation that was another type meanwhile", "client_id", changed("Client", { type: "rich_text" })],
  ])("begins anew with %s: it may have come back emptied", (_, column, schema) => {
    const gone = mapProjects(schema, {}, first.stored);
    expect(mapProjects(PROJECTS, {}, gone.stored).adopt).toEqual([column]);
  });

  it("goes on with another type that it can read, with bases that begin anew", () => {
    const { columns, drift, adopt } = mapProjects(changed("Phase", { type: "select" }), {}, first.stored);
    expect(columns.status?.type).toBe("select");
    expect(drift).toEqual([
      { column: "status", kind: "retyped", from: "status", to: "select", isUsable: true },
    ]);
    expect(adopt).toEqual(["status"]);
  });

  it("drops one column whose type it cannot read, in every run; once mended, its bases begin anew", () => {
    const broken = changed("Est Revenue", { type: "rich_text" });
    const drift = [
      { column: "estimated_value", kind: "retyped", from: "number", to: "rich_text", isUsable: false },
    ];
    const second = mapProjects(broken, {}, first.stored);
    expect(second.columns.estimated_value).toBeUndefined();
    expect(Object.keys(second.columns)).toHaveLength(Object.keys(first.columns).length - 1);
    const third = mapProjects(broken, {}, second.stored);
    expect([second.drift, third.drift]).toEqual([drift, drift]);
    const mended = mapProjects(PROJECTS, {}, third.stored);
    expect(mended).toMatchObject({ drift: [], adopt: ["estimated_value"] });
    expect(mapProjects(PROJECTS, {}, mended.stored).adopt).toEqual([]);
  });

  it("names a required column that was removed as missing", () => {
    const { drift, missing } = mapProjects(without("Phase"), {}, first.stored);
    expect(drift).toEqual([{ column: "status", kind: "removed", name: "Phase" }]);
    expect(missing).toEqual(["status"]);
  });

  it("takes a property made anew under the old name as another one: its blanks are no edits", () => {
    const schema = changed("Est Revenue", { id: "anew" });
    const { columns, drift, adopt } = mapProjects(schema, {}, first.stored);
    expect(columns.estimated_value?.propertyId).toBe("anew");
    expect(drift).toEqual([
      { column: "estimated_value", kind: "replaced", from: "Est Revenue", to: "Est Revenue" },
    ]);
    expect(adopt).toEqual(["estimated_value"]);
  });

  it("calls a relation that is not there not shared, and takes it up again where it stopped", () => {
    const hidden = mapProjects(without("Client"), {}, first.stored);
    expect(hidden.drift).toEqual([{ column: "client_id", kind: "no_longer_shared", name: "Client" }]);
    expect(hidden.columns.client_id).toBeUndefined();
    expect(mapProjects(PROJECTS, {}, hidden.stored)).toMatchObject({ drift: [], adopt: [] });
  });

  it("reports a new option once", () => {
    const schema = changed("Priority", { options: ["Low", "Urgent", "High"] });
    const { drift, stored } = mapProjects(schema, {}, first.stored);
    expect(drift).toEqual([{ column: "priority", kind: "new_option", option: "Urgent" }]);
    expect(mapProjects(schema, {}, stored).drift).toEqual([]);
  });
});

describe("mapColumns, any schema", () => {
  const anyName = fc.constantFrom(
    "Phase",
    "Status",
    "Address",
    "Client",
    "Job #",
    "Budget",
    "Start date",
    "Name",
  );
  const anyType = fc.constantFrom(
    "status",
    "select",
    "rich_text",
    "relation",
    "number",
    "date",
    "formula",
    "files",
  );
  // Ids differ, and names as well: in Notion's reply a property stands under its name.
  const anySchema = fc
    .uniqueArray(
      fc.record({
        id: fc.constantFrom("a", "b", "c", "d", "e"),
        name: anyName,
        type: anyType,
        options: fc.constant([]),
      }),
      { selector: ({ id }) => id, maxLength: 5 },
    )
    .filter((schema) => new Set(schema.map(({ name }) => name)).size === schema.length);
  const anyConfigured = fc.dictionary(
    fc.constantFrom<ProjectColumn>("status", "client_id", "estimated_value", "project_address"),
    anyName,
  );

  it("keeps one property to one column, of a type it can be read from, and is calm when nothing changes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anySchema, anyConfigured), { minLength: 1, maxLength: 4 }), (looks) => {
        let stored: Stored = {};
        for (const [schema, configured] of looks) {
          const map = mapProjects(schema, configured, stored);
          const used = Object.entries(map.columns) as [ProjectColumn, MappedColumn][];
          expect(new Set(used.map(([, { propertyId }]) => propertyId)).size).toBe(used.length);
          for (const [column, { type }] of used) {
            expect(PROJECT_COLUMNS[column].notionTypes).toContain(type);
          }
          const again = mapProjects(schema, configured, map.stored);
          expect(again.columns).toEqual(map.columns);
          expect(again.adopt).toEqual([]);
          ({ stored } = again);
        }
      }),
      { numRuns: propertyRuns(1000) },
    );
  });
});
