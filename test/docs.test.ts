import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsOf } from "../src/core/config.ts";
import { CLIENT_COLUMNS } from "../src/core/records/client.ts";
import { PROJECT_COLUMNS } from "../src/core/records/project.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const TEXTS = globSync(["*.{md,jsonc,html}", "{bench,docs,emulators,src,test}/**/*.{md,ts,jsonc,html}"], {
  cwd: ROOT,
});

describe("what is written", () => {
  it("links to files that are there", () => {
    const links = TEXTS.filter((file) => file.endsWith(".md")).flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, to = ""]) => ({ file, to })),
    );
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(({ file, to }) => !existsSync(join(ROOT, dirname(file), to)))).toEqual([]);
  });

  it("names documents that are there, in code and configuration too", () => {
    const named = TEXTS.flatMap((file) =>
      [...read(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([document]) => ({ file, document })),
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter(({ document }) => !existsSync(join(ROOT, document)))).toEqual([]);
  });
});

describe("docs/config.md", () => {
  const text = read("docs/config.md");

  it("names every column that may be configured", () => {
    const columns = [...Object.keys(PROJECT_COLUMNS), ...Object.keys(CLIENT_COLUMNS)];
    expect(columns.filter((column) => !text.includes(`\`${column}\``))).toEqual([]);
  });

  it("says of every schedule and budget what stands where nothing is said", () => {
    const { scheduleMs, rates, phoneCountry } = settingsOf({});
    const said = (key: string) => new RegExp(`^\\| \`${key}\` \\|.*\\| (.*) \\|$`, "m").exec(text)?.[1];
    for (const [name, ms] of Object.entries(scheduleMs))
      expect(said(`schedule.${name}_minutes`), name).toBe(String(ms / 60_000));
    expect(said("quota.notion_per_minute")).toBe(String(rates.notion?.calls));
    expect(said("notion.phone_country")).toBe(`\`${phoneCountry}\``);
  });
});
