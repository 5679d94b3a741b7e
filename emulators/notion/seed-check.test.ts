import { describe, expect, it } from "vitest";
import type { NotionSeed, SeedProperty, SeedRow } from "./seed.ts";
import { problemOfValue, problemsIn } from "./seed-check.ts";

const row = (key: string, values: SeedRow["values"]): SeedRow => ({ key, createdMs: 1, editedMs: 2, values });

function aSeed(properties: readonly SeedProperty[], rows: readonly SeedRow[]): NotionSeed {
  const owners = { key: "owners", title: "Owners", properties: [{ name: "Name", type: "title" }] as const };
  return {
    databases: [
      { key: "things", title: "Things", properties: [{ name: "Name", type: "title" }, ...properties], rows },
      { ...owners, rows: [row("ann", {})] },
    ],
  };
}

describe("a value and its type", () => {
  it.each([
    ["number", Number.NaN, "must be a number"],
    ["number", "7", "must be a number"],
    ["checkbox", "yes", "must be true or false"],
    ["people", "Ann", "must be a list of texts"],
    ["multi_select", ["a", ""], "must be a list of texts"],
    ["email", "", "must be text that is not empty, or null"],
    ["title", ["a"], "must be text"],
    ["formula", 7, "is filled by Notion itself"],
    ["date", "May", "must be an ISO 8601 day, or a moment with its offset from UTC"],
    ["date", "2026-02-29", "must be an ISO 8601 day, or a moment with its offset from UTC"],
    ["date", "2026-02-28T10:00", "must be an ISO 8601 day, or a moment with its offset from UTC"],
    ["date", { start: "2026-05-02", end: "2026-05-01" }, "must not end before it starts"],
    ["date", { start: "2026-05-02", end: "2026-05-03T10:00Z" }, "must not mix a day and a moment"],
    ["date", 20_260_501, "must be an ISO 8601 date"],
  ] as const)("do not fit: %s %j", (type, value, problem) => {
    expect(problemOfValue(type, value)).toBe(problem);
  });

  it.each([
    ["number", -0.5],
    ["title", ""],
    ["relation", []],
    ["rollup", null],
    ["date", "2024-02-29"],
    ["date", { start: "2026-05-01T23:30:00.5-05:00", end: null }],
    ["date", { start: "2026-05-01", end: "2026-05-01" }],
  ] as const)("fit: %s %j", (type, value) => {
    expect(problemOfValue(type, value)).toBeNull();
  });
});

describe("a seed", () => {
  it("is sound if everything points at something", () => {
    const properties: SeedProperty[] = [
      { name: "Size", type: "number" },
      { name: "Kind", type: "select", options: ["a"] },
      { name: "State", type: "status", groups: [{ name: "Complete", options: ["Done"] }] },
      { name: "Owner", type: "relation", target: "owners" },
      { name: "Twice", type: "formula", doubles: "Size" },
      { name: "Names", type: "rollup", relation: "Owner", property: "Name" },
    ];
    const values = { Name: "x", Size: 1, Kind: "a", State: "Done", Owner: ["ann"] };
    expect(problemsIn(aSeed(properties, [row("1", values), row("2", {})]))).toEqual([]);
  });

  it("names every place where it is not", () => {
    const properties: SeedProperty[] = [
      { name: "Kind", type: "select", options: ["a", "a"] },
      { name: "Kind", type: "title" },
      { name: "Owner", type: "relation", target: "nobody" },
      { name: "Twice", type: "formula", doubles: "Name" },
      { name: "Names", type: "rollup", relation: "Kind", property: "Name" },
    ];
    const rows = [row("1", { Owner: ["bob"], Size: 3 }), { ...row("1", {}), editedMs: 0 }];
    expect(problemsIn(aSeed(properties, rows))).toEqual([
      "things has 2 title properties",
      "things has two properties named Kind",
      "things: an option of Kind occurs twice",
      "things: Owner points at nothing",
      "things: Twice points at nothing",
      "things: Names points at nothing",
      "two rows of things have the key 1",
      "things: Owner of row 1 names bob, which is not a row of nobody",
      "things: Size of row 1 is no property",
      "things: row 1 was edited before it was created",
    ]);
  });

  it("knows its options and its rows", () => {
    const properties: SeedProperty[] = [
      { name: "Kinds", type: "multi_select", options: ["a"] },
      { name: "Owner", type: "relation", target: "owners" },
    ];
    expect(problemsIn(aSeed(properties, [row("1", { Kinds: ["a", "b"], Owner: ["ann", "bob"] })]))).toEqual([
      "things: Kinds of row 1 names b, which is not an option",
      "things: Owner of row 1 names bob, which is not a row of owners",
    ]);
  });
});
