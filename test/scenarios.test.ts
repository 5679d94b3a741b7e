import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

type Row = { readonly scenario: string; readonly file: string; readonly names: readonly string[] };

const ROWS: readonly Row[] = readFileSync(join(ROOT, "docs/scenarios.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| scenario") && !line.startsWith("| ---"))
  .map((line) => {
    const [, scenario = "", file = "", told = ""] = line.split("|").map((cell) => cell.trim());
    const names = told === "the same" ? [scenario] : told.split("; ");
    return { scenario, file: file.replaceAll("`", ""), names };
  });

describe("docs/scenarios.md", () => {
  it("has a row for every scenario", () => {
    expect(ROWS.length).toBeGreaterThan(20);
    expect(ROWS.filter(({ file }) => file === "later").length).toBeLessThan(4);
  });

  it.each(ROWS)("$scenario: is told by a test of that name, or later", ({ file, names }) => {
    if (file === "later") {
      expect(names).toEqual(["later"]);
      return;
    }
    const text = readFileSync(join(ROOT, file), "utf8");
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });

  it("names every file in which scenarios are told", () => {
    const files = readdirSync(join(ROOT, "test/scenarios")).filter((name) => name.endsWith(".test.ts"));
    const named = new Set(ROWS.map(({ file }) => file));
    expect(files.map((name) => `test/scenarios/${name}`).filter((file) => !named.has(file))).toEqual([]);
  });

  const source = join(process.env["MEETINGS_DATA"] ?? "", "../reference/peers.md");
  it.skipIf(process.env["MEETINGS_DATA"] === undefined || !existsSync(source))(
    "leaves out no scenario that the evidence suggests",
    () => {
      const [, section = ""] = readFileSync(source, "utf8").split("## 6. Acceptance scenarios");
      const scenarios = section
        .split("\n")
        .filter((line) => line.startsWith("| ") && !line.startsWith("| Scenario"))
        .map((line) => line.split("|")[1]?.trim());
      expect(scenarios.length).toBeGreaterThan(20);
      const known = new Set(ROWS.map(({ scenario }) => scenario));
      expect(scenarios.filter((scenario) => !known.has(scenario ?? ""))).toEqual([]);
    },
  );
});
