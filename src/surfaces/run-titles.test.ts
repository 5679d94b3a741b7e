import { expect, it } from "vitest";
import { runTitle, syncTitle } from "./run-titles.ts";

it("names a run by its sync, or by the rebuild that it carries", () => {
  expect(runTitle({ sync: "fireflies", rebuild: null })).toBe("Meetings from Fireflies");
  expect(runTitle({ sync: "fireflies", rebuild: { id: "r", what: "records" } })).toBe("Rebuild of records");
});

it("has a name for a sync that it does not know", () => {
  expect(syncTitle("some_sync")).toBe("some sync");
});
