import { describe, expect, it } from "vitest";
import type { FieldPolicy } from "../merge.ts";
import { groupsOf, TABLES, writtenColumns } from "./table.ts";

describe("writtenColumns", () => {
  it("are those in step with Notion and those that follow from them, each once", () => {
    const columns = writtenColumns(TABLES.clients);
    expect(columns).toEqual(expect.arrayContaining(["email", "email_raw", "phone_raw", "phone_e164"]));
    expect(new Set(columns).size).toBe(columns.length);
    expect(writtenColumns(TABLES.projects)).toEqual(Object.keys(TABLES.projects.columns));
  });
});

describe("groupsOf", () => {
  it("holds every column once, those that depend on each other together, in the order of the table", () => {
    const groups = groupsOf(TABLES.projects, {});
    expect(groups.flatMap(({ columns }) => columns).toSorted()).toEqual(
      Object.keys(TABLES.projects.columns).toSorted(),
    );
    expect(groups[0]?.columns).toEqual(["title"]);
    expect(groups[1]?.columns).toEqual(["status", "start_date", "estimated_completion"]);
  });

  it("goes by the configured policy where there is one, else by the column's own", () => {
    const asked: FieldPolicy = { direction: "both", conflict: "ask" };
    const policyOf = (column: string) =>
      groupsOf(TABLES.projects, { title: asked }).find(({ columns }) => columns.includes(column))?.policy;
    expect(policyOf("title")).toBe(asked);
    expect(policyOf("priority")).toEqual({ direction: "both", conflict: "notion" });
  });
});
