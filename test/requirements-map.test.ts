import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

type Row = { readonly requirement: string; readonly where: string; readonly test: string };

const ROWS: readonly Row[] = readFileSync(join(ROOT, "docs/requirements-map.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| requirement") && !line.startsWith("| ---"))
  .map((line) => {
    const [, requirement = "", where = "", test = ""] = line.split("|").map((cell) => cell.trim());
    return { requirement, where, test };
  });

/** Paths of a cell: what stands in backticks and looks like one. */
function pathsIn(cell: string): string[] {
  return [...cell.matchAll(/`([\w./-]+\.\w+)`/g)].map((match) => match[1] ?? "");
}

describe("docs/requirements-map.md", () => {
  it("has a row for every requirement", () => {
    expect(ROWS.length).toBeGreaterThan(60);
  });

  it.each(ROWS)("$requirement: names files that exist, or says later", ({ where, test }) => {
    if (where === "later") {
      expect(test).toBe("later");
      return;
    }
    const [files, tests] = [pathsIn(where), pathsIn(test)];
    expect(files.length).toBeGreaterThan(0);
    expect(tests.length).toBeGreaterThan(0);
    expect([...files, ...tests].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(tests.filter((path) => !path.endsWith(".test.ts"))).toEqual([]);
  });

  const source = join(process.env["MEETINGS_DATA"] ?? "", "../requirements.md");
  it.skipIf(process.env["MEETINGS_DATA"] === undefined || !existsSync(source))(
    "leaves out no line of the requirements",
    () => {
      const words = (text: string): string =>
        text
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, " ")
          .trim();
      const known = ROWS.map((row) => words(row.requirement));
      const lines = readFileSync(source, "utf8")
        .split("\n")
        .filter((line) => /^(- |\d\. )/.test(line))
        .map((line) => words(line.replace(/^(- |\d\. )/, "")));
      expect(lines.length).toBeGreaterThan(50);
      expect(lines.filter((line) => !known.some((requirement) => requirement.includes(line)))).toEqual([]);
    },
  );
});
