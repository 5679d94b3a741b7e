import { describe, expect, it } from "vitest";
import { normaliseLabel } from "../mapping/label.ts";
import { CLIENT_COLUMNS } from "./client.ts";
import type { Column } from "./column.ts";
import { PROJECT_COLUMNS } from "./project.ts";

const TABLES: [string, Readonly<Record<string, Column>>][] = [
  ["projects", PROJECT_COLUMNS],
  ["clients", CLIENT_COLUMNS],
];

describe.each(TABLES)("the columns of %s", (_, columns) => {
  const entries = Object.entries(columns);

  it("have one policy in each group, for a group is merged as one value", () => {
    const policies = new Map<string, unknown>();
    for (const [, column] of entries) {
      expect(column.policy).toEqual(policies.get(column.group) ?? column.policy);
      policies.set(column.group, column.policy);
    }
    for (const [name, { group }] of entries) {
      const members = entries.filter(([, column]) => column.group === group);
      expect(members.length > 1 || group === name, name).toBe(true);
    }
  });

  it("share no synonym that the better type alone could not tell apart", () => {
    const seen = new Map<string, string>();
    for (const [name, { synonyms, notionTypes }] of entries) {
      for (const key of synonyms.map((synonym) => `${normaliseLabel(synonym)} ${notionTypes[0]}`)) {
        expect(seen.get(key) ?? name, key).toBe(name);
        seen.set(key, name);
      }
    }
  });
});

describe("what the requirements name", () => {
  const requirements = (columns: Readonly<Record<string, Column>>, isRequired: boolean) =>
    new Set(
      Object.values(columns).flatMap((column) =>
        column.requirement !== null && column.isRequired === isRequired ? [column.requirement] : [],
      ),
    );

  it("is there for projects, required and optional", () => {
    expect(requirements(PROJECT_COLUMNS, true)).toEqual(new Set(["name", "status"]));
    expect(requirements(PROJECT_COLUMNS, false)).toEqual(new Set(["client_id", "budget", "timeline"]));
  });

  it("is there for clients, required and optional", () => {
    expect(requirements(CLIENT_COLUMNS, true)).toEqual(new Set(["name"]));
    expect(requirements(CLIENT_COLUMNS, false)).toEqual(new Set(["email", "phone", "company"]));
  });
});
