import { expect, it } from "vitest";
import { runTitle, syncTitle } from "./run-titles.ts";

it("names a run by its sync, or by the rebuild that it carries", () => {
  expect(runTitle({ sync: "fireflies", rebuild: null })).toBe("Meetings from Fireflies");
  expect(runTitle({ sync: "fireflies", rebuild: { id: "r", what: "records" } })).toBe("Rebuild of records");
  const preview = { mode: "dry_run", planHash: null } as const;
  expect(runTitle({ sync: "projects", rebuild: null, preview })).toBe("Projects with Notion, dry run");
});

it("has a name for a sync that it does not know", () => {
  expect(syncTitle("some_sync")).toBe("some sync");
});
