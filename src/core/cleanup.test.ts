import { describe, expect, it } from "vitest";
import { cleanedChecks } from "./cleanup.ts";

describe("cleanedChecks", () => {
  it("says of each table how many rows went, how many stay, and why", () => {
    expect(
      cleanedChecks([
        { what: "days", verdict: "created", items: 7 },
        { what: "runs", verdict: "deleted", items: 300 },
        { what: "runs", verdict: "unchanged", items: 12 },
        { what: "history", verdict: "deleted", items: 4 },
        { what: "objects", verdict: "deleted", items: 2 },
      ]).map(({ name, expected, actual }) => `${name} | ${expected} | ${actual}`),
    ).toEqual([
      "daily figures | each day once | 7 days counted",
      "runs | rows older than 30 days | 300 deleted, 12 kept (the newest of their sync, first to see a meeting, or named by what is open)",
      "history | rows older than 365 days | 4 deleted, 0 kept",
      "raw store | what a complete proof named and nothing refers to | 2 objects deleted",
    ]);
  });

  it("counts what stays as well as what went, names no reason where none is known, and is no finding", () => {
    const checks = cleanedChecks([
      { what: "days", verdict: "created", items: 1 },
      { what: "findings", verdict: "deleted", items: 3 },
      { what: "findings", verdict: "unchanged", items: 3 },
      { what: "history", verdict: "unchanged", items: 2 },
      { what: "objects", verdict: "deleted", items: 1 },
    ]);
    expect(checks.map(({ name, actual }) => `${name}: ${actual}`)).toEqual([
      "daily figures: 1 days counted",
      "findings: 3 deleted, 3 kept (open)",
      "history: 0 deleted, 2 kept",
      "raw store: 1 objects deleted",
    ]);
    expect(checks.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  });

  it("says nothing of what there was none of", () => {
    expect(cleanedChecks([])).toEqual([]);
  });
});
