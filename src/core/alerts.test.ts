import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ALERT_KINDS } from "./alerts.ts";

it("has one section of the runbook for each alert, and none too many", () => {
  const runbook = readFileSync(join(import.meta.dirname, "../../docs/runbook.md"), "utf8");
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map((match) => match[1]);
  expect(sections.toSorted()).toEqual([...ALERT_KINDS].toSorted());
});
