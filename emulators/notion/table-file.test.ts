import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { optionsOf, problemsIn } from "./seed-check.ts";
import { CLIENT_PROPERTIES, PROJECT_PROPERTIES } from "./sample/properties.ts";
import { sampleNotion } from "./sample/workspace.ts";
import { notionContent, readClientsFile, readProjectsFile, type TableFile } from "./table-file.ts";

const EPOCH_MS = Date.UTC(2026, 4, 8, 15);
const OPTIONS = { seed: 1, epochMs: EPOCH_MS };

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tables-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(lines: readonly unknown[], name = "t.jsonl"): string {
  const path = join(folder, name);
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : text);
  return path;
}

const propertyOf = ({ properties }: TableFile, name: string) =>
  properties.find((property) => property.name === name);

describe("a file of projects or clients", () => {
  it("loads plain and packed, with keys and times or without", () => {
    const lines = [
      { key: "a", created: "2026-01-02T03:04:05Z", "Project name": "A", "Est Revenue": 0 },
      "",
      { "Project name": "B" },
    ];
    const file = readProjectsFile(write(lines));
    expect(file.rows).toEqual([
      {
        key: "a",
        createdMs: Date.UTC(2026, 0, 2, 3, 4, 5),
        editedMs: null,
        values: { "Project name": "A", "Est Revenue": 0 },
      },
      { key: "line-3", createdMs: null, editedMs: null, values: { "Project name": "B" } },
    ]);
    expect(file.properties).toEqual(PROJECT_PROPERTIES);
    const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
    expect(file.contentHash).toBe(createHash("sha256").update(text).digest("hex"));
    expect(readProjectsFile(write(lines, "t.jsonl.gz"))).toEqual(file);
  });

  it("takes every form of a value", () => {
    const values = {
      "Project name": "A",
      Phase: "in PROGRESS",
      Priority: "Very high",
      "Start Date": "2026-05-01",
      "Est Completion Date": { start: "2026-05-01T08:00:00Z" },
      Trades: ["Steel", "Glass", "glass"],
      "Permit issued": true,
      Notes: null,
    };
    const file = readProjectsFile(write([values, { Phase: "Permitting" }, { Phase: "permitting" }]));
    expect(file.problems).toEqual([]);
    expect(file.rows[0]!.values).toEqual({
      ...values,
      Phase: "In progress",
      "Start Date": { start: "2026-05-01", end: null },
      "Est Completion Date": { start: "2026-05-01T08:00:00Z", end: null },
      Trades: ["steel", "Glass"],
    });
    expect(file.rows[2]!.values).toEqual({ Phase: "Permitting" });
    expect(propertyOf(file, "Phase")).toMatchObject({
      groups: [{}, { name: "In progress", options: ["In progress", "On hold", "Permitting"] }, {}],
    });
    expect(optionsOf(propertyOf(file, "Priority")!)).toContain("Very high");
    expect(optionsOf(propertyOf(file, "Trades")!)?.at(-1)).toBe("Glass");
  });

  it("makes properties of text of names that the database does not have", () => {
    const file = readClientsFile(write([{ Name: "A", Region: "north" }, { region: "south" }, { Region: 7 }]));
    expect(file.properties).toEqual([...CLIENT_PROPERTIES, { name: "Region", type: "rich_text" }]);
    expect(file.problems).toEqual([
      { line: 2, problem: "region: is spelled Region" },
      { line: 3, problem: "Region: must be text" },
    ]);
  });

  it("reports each malformed line and loads the others", () => {
    const file = readClientsFile(
      write([
        { key: "a", Name: "A" },
        "{ not json",
        ["list"],
        { key: "a", Name: "B" },
        { key: 7 },
        { created: "yesterday" },
        { created: "2026-02-31T10:00:00Z" },
        { created: "2026-02-03" },
        { created: "2026-02-03T10:00:00Z", edited: "2026-02-03T10:59:00+01:00" },
        { name: "small letters" },
        { Type: ["commercial"] },
        { Type: "commercial, residential" },
        { Status: "x".repeat(101) },
        { Projects: ["lot-12"] },
        { "": "nameless" },
        { Extra: "lost with its line", Email: "" },
        { Region: "north", REGION: "south" },
        { Name: null },
      ]),
    );
    expect(file.rows.map(({ key }) => key)).toEqual(["a", "line-18"]);
    expect(file.properties).toEqual(CLIENT_PROPERTIES);
    expect(file.problems).toEqual([
      { line: 2, problem: "is not JSON" },
      { line: 3, problem: "is not a JSON object" },
      { line: 4, problem: "the key is the same as on line 1" },
      { line: 5, problem: "key: must be text that is not empty" },
      { line: 6, problem: "created: must be an ISO 8601 moment with its zone" },
      { line: 7, problem: "created: must be an ISO 8601 moment with its zone" },
      { line: 8, problem: "created: must be an ISO 8601 moment with its zone" },
      { line: 9, problem: "edited: must not lie before created" },
      { line: 10, problem: "name: is spelled Name" },
      { line: 11, problem: "Type: must be text that is not empty, or null" },
      { line: 12, problem: "Type: must not name an option with a comma" },
      { line: 13, problem: "Status: must not name an option of more than 100 characters" },
      { line: 14, problem: "Projects: is the other side of a relation and must be given over there" },
      { line: 15, problem: ": is no name for a property" },
      { line: 16, problem: "Email: must be text that is not empty, or null" },
      { line: 17, problem: "REGION: is there twice, in capitals and not" },
    ]);
  });

  it("says in one sentence why it cannot be used", () => {
    expect(() => readProjectsFile(join(folder, "none.jsonl"))).toThrow(
      /^The projects file .* was not loaded: there is no such file\.$/,
    );
    expect(() => readClientsFile(write(["hello"]))).toThrow(
      /holds no client: line 1: is not JSON\. One client/,
    );
  });

  it("makes a sound workspace of whatever lines it takes", () => {
    const name = fc.oneof(
      fc.constantFrom(...PROJECT_PROPERTIES.map((property) => property.name), "__proto__", "key", "created"),
      fc.string({ maxLength: 5 }),
    );
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        "2026-05-01",
        "Complete",
        "complete",
        { start: "2026-05-01" },
        [],
        null,
        7,
        true,
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
      fc.array(fc.constantFrom("Steel", "STEEL", "Wood", "wood"), { maxLength: 3 }),
    );
    const row = fc.dictionary(name, value, { maxKeys: 4 });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
        const file = readProjectsFile(write([{ "Project name": "the first" }, ...rows]));
        expect(file.rows.length + file.problems.length).toBe(rows.length + 1);
        const isLost = file.rows.some(({ values }) => (values["Client"] as string[] | null)?.length);
        if (!isLost) expect(problemsIn(notionContent({ ...OPTIONS, projects: file }))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe("what an emulated Notion begins with", () => {
  it("is the sample without files", () => {
    expect(notionContent(OPTIONS)).toMatchObject(sampleNotion(OPTIONS));
    const projectsCount = 10;
    expect(notionContent({ ...OPTIONS, projectsCount })).toMatchObject(
      sampleNotion({ ...OPTIONS, projectsCount }),
    );
  });

  it("has the rows and properties of a file in place of the sample's", () => {
    const projects = readProjectsFile(
      write([
        { key: "p", "Project name": "P", Client: ["santoro-homes"], Crane: "yes" },
        { key: "q", edited: "2020-01-01T00:00:00Z" },
        { key: "r", created: "2021-01-01T00:00:00Z", edited: "2022-01-01T00:00:00Z" },
      ]),
    );
    const { databases } = notionContent({ ...OPTIONS, projects });
    expect(databases[0]!.rows).toEqual([
      {
        key: "p",
        createdMs: EPOCH_MS - 180_000,
        editedMs: EPOCH_MS - 180_000,
        values: { "Project name": "P", Client: ["santoro-homes"], Crane: "yes" },
      },
      { key: "q", createdMs: Date.UTC(2020, 0), editedMs: Date.UTC(2020, 0), values: {} },
      { key: "r", createdMs: Date.UTC(2021, 0), editedMs: Date.UTC(2022, 0), values: {} },
    ]);
    expect(databases[0]!.properties.at(-1)).toEqual({ name: "Crane", type: "rich_text" });
    expect(databases[1]).toEqual(sampleNotion(OPTIONS).databases[1]);
  });

  it("loses the sample's relations to clients that a file replaced, and no others", () => {
    const clients = readClientsFile(write([{ key: "santoro-homes", Name: "S" }, { Name: "T" }]));
    const { databases } = notionContent({ ...OPTIONS, clients });
    const of = (key: string) => databases[0]!.rows.find((row) => row.key === key)!.values["Client"];
    expect(of("lot-12")).toEqual(["santoro-homes"]);
    expect(of("union-depot-renovation")).toEqual([]);
  });

  it("is refused in one sentence if a file points at a client who is nowhere", () => {
    const projects = readProjectsFile(write([{ key: "p", Client: ["nobody"] }]));
    expect(() => notionContent({ ...OPTIONS, projects })).toThrow(
      "The files do not make a workspace: projects: Client of row p names nobody, which is not a row of clients; correct the row or leave it out.",
    );
  });
});
