import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { METADATA_INDEXES } from "../../src/core/chunk-plan.ts";
import { EMBEDDING_MODEL } from "../../src/core/policy.ts";

const ROOT = join(import.meta.dirname, "../..");
const README_LINES_MAX = 120;

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const GUIDE = read("docs/deploy.md");
const CONFIG = read("wrangler.jsonc");

/** Values of a field of wrangler.jsonc, each once. */
const valuesOf = (field: string): string[] => [
  ...new Set([...CONFIG.matchAll(new RegExp(`"${field}": "([^"]+)"`, "g"))].map((match) => match[1] ?? "")),
];

/** Place of a command in the guide; it must be there. */
function placeOf(command: string): number {
  expect(GUIDE).toContain(`npx wrangler ${command}`);
  return GUIDE.indexOf(`npx wrangler ${command}`);
}

test("docs/deploy.md makes everything that wrangler.jsonc binds", () => {
  const commands = [
    ...valuesOf("database_name").flatMap((name) => [
      `d1 create ${name}`,
      `d1 migrations apply ${name} --remote`,
    ]),
    ...valuesOf("bucket_name").map((name) => `r2 bucket create ${name}`),
    ...valuesOf("queue").map((name) => `queues create ${name}`),
    ...valuesOf("index_name").map(
      (name) => `vectorize create ${name} --dimensions=${EMBEDDING_MODEL.dimensions} --metric=cosine`,
    ),
  ];
  expect(commands.length).toBe(6);
  for (const command of commands) expect(placeOf(command)).toBeLessThan(placeOf("deploy  "));
  expect(CONFIG).toContain(`"EMBEDDINGS": "workers-ai:${EMBEDDING_MODEL.name}"`);
});

test("docs/deploy.md makes every metadata index of every vector index before anything is deployed", () => {
  for (const index of valuesOf("index_name")) {
    for (const [property, type] of Object.entries(METADATA_INDEXES)) {
      const command = `vectorize create-metadata-index ${index} --property-name=${property} --type=${type}`;
      expect(placeOf(command)).toBeGreaterThan(placeOf(`vectorize create ${index}`));
      expect(placeOf(command)).toBeLessThan(placeOf("deploy  "));
    }
  }
});

test("docs/deploy.md sets every secret that the Worker cannot do without", () => {
  for (const secret of ["API_TOKEN", "FIREFLIES_API_KEY", "NOTION_TOKEN"]) {
    expect(read("src/surfaces/env.ts")).toContain(`readonly ${secret}?: string;`);
    expect(placeOf(`secret put ${secret}`)).toBeGreaterThan(placeOf("deploy  "));
  }
});

test("docs/deploy.md names every variable of Notion that the Worker reads, and README.md those of a .env", () => {
  const names = [...read("src/surfaces/env.ts").matchAll(/readonly (NOTION_\w+|PHONE_COUNTRY)\?/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !["NOTION_URL", "NOTION_WORKSPACE"].includes(name));
  expect(names.length).toBe(5);
  for (const text of [GUIDE, read("README.md")])
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
});

test("README.md stays short and points to it", () => {
  expect(read("README.md")).toContain("(docs/deploy.md)");
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(README_LINES_MAX);
});
