import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findBreaches, LAWS } from "./architecture/laws.ts";
import { readSource } from "./architecture/source-file.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["src", "emulators", "bench", "test"];

function readTree(): ReturnType<typeof readSource>[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      // wrangler keeps what it bundles beside a configuration.
      .filter((path) => path.endsWith(".ts") && !path.includes(".wrangler"))
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`),
  ).map((path) => readSource(path, readFileSync(join(ROOT, path), "utf8")));
}

describe("the tree", () => {
  const files = readTree();
  const breaches = findBreaches(files);

  it("is found: an empty tree would keep every law", () => {
    const paths = files.map((file) => file.path);
    expect(paths).toContain("test/architecture.test.ts");
    expect(paths.filter((path) => path.startsWith("src/")).length).toBeGreaterThan(30);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(100);
  });

  it.each(LAWS.map((law) => law.name))("%s", (name) => {
    const found = breaches.filter((breach) => breach.law === name);
    expect(found.map(({ where, what }) => `${where} ${what} (law: ${name})`)).toEqual([]);
  });
});

/** A file that breaks a law, and the line where. */
type Planted = [law: string, path: string, text: string, line: number];

const RINGS = "inner rings do not know outer rings";
const PURE = "core is pure: no clock, no chance, no I/O";
const PORTS = "ports are types only";
const COMPOSE = "only surfaces/compose.ts imports adapters";
const WIRE = "emulators speak the vendor's wire and never import src/adapters";
const STAND_INS = "the Vectorize and Workers AI stand-ins import nothing from src";
const TOKENIZER = "only core/chunk*.ts imports gpt-tokenizer";
const WORLD = "time and chance come from ports/world";
const NAMES = "file names are kebab-case and mean something";
const LENGTH = "production files have at most 300 code lines";

const PLANTED: Planted[] = [
  [RINGS, "src/core/plan.ts", 'import type { World } from "../ports/world.ts";', 1],
  [RINGS, "src/core/plan.ts", 'type W = import("../engine/run.ts").Run;', 1],
  [RINGS, "src/ports/steps.ts", 'import type { run } from "../engine/run.ts";', 1],
  [RINGS, "src/engine/run.ts", 'import { syncMeetings } from "../pipelines/fireflies.ts";', 1],
  [RINGS, "src/engine/run.ts", 'import { openStore } from "../adapters/d1/run-store.ts";', 1],
  [RINGS, "src/queries/search.ts", 'import { run } from "../engine/run.ts";', 1],
  [RINGS, "src/pipelines/projects.ts", 'import { search } from "../queries/search.ts";', 1],
  [RINGS, "src/pipelines/projects.ts", 'export { x } from "../adapters/notion/source.ts";', 1],
  [RINGS, "src/adapters/d1/run-store.ts", 'import { run } from "../../engine/run.ts";', 1],
  [RINGS, "src/surfaces/http/runs.ts", 'const x = await import("../../local/runtime.ts");', 1],
  [
    RINGS,
    "src/surfaces/cli/main.ts",
    '\nimport { createD1 } from "../../../emulators/d1/d1-database.ts";',
    2,
  ],
  [RINGS, "emulators/notion/server.ts", 'import { run } from "../../src/engine/run.ts";', 1],
  [RINGS, "src/services/thing.ts", "export const x = 1;", 1],
  [PURE, "src/core/a.ts", "export const a = 1;\nexport const b = Date.now();", 2],
  [PURE, "src/core/a.ts", "export const now = Date.now;", 1],
  [PURE, "src/core/a.ts", "const { now } = Date;", 1],
  [PURE, "src/core/a.ts", "export const a = new Date();", 1],
  [PURE, "src/core/a.ts", "export const a = Date();", 1],
  [PURE, "src/core/a.ts", "export const a = Math.random();", 1],
  [PURE, "src/core/a.ts", 'export const a = Math["random"]();', 1],
  [PURE, "src/core/a.ts", "export const a = globalThis.Date.now();", 1],
  [PURE, "src/core/a.ts", "export const a = performance.now();", 1],
  [PURE, "src/core/a.ts", "export const a = crypto.randomUUID();", 1],
  [PURE, "src/core/a.ts", "export const a = crypto.subtle.importKey;", 1],
  [PURE, "src/core/a.ts", 'export const a = fetch("https://example.com");', 1],
  [PURE, "src/core/a.ts", "export const a = process.env;", 1],
  [PURE, "src/core/a.ts", "setTimeout(() => {}, 1);", 1],
  [PURE, "src/core/a.ts", "console.log(1);", 1],
  [PURE, "src/core/a.ts", 'import { readFileSync } from "node:fs";', 1],
  [PURE, "src/core/a.ts", 'import { ulid } from "ulid";', 1],
  [PORTS, "src/ports/a.ts", "export const LIMIT = 1;", 1],
  [PORTS, "src/ports/a.ts", "export type A = 1;\nexport class Store {}", 2],
  [PORTS, "src/ports/a.ts", 'import { x } from "../core/x.ts";', 1],
  [
    "pipelines never import each other",
    "src/pipelines/projects.ts",
    'import { x } from "./fireflies.ts";',
    1,
  ],
  ["adapters never know each other", "src/adapters/d1/a.ts", 'import { x } from "../r2/raw-store.ts";', 1],
  [COMPOSE, "src/surfaces/http/runs.ts", 'import { x } from "../../adapters/d1/run-store.ts";', 1],
  [COMPOSE, "src/surfaces/worker.ts", 'import type { X } from "../adapters/d1/run-store.ts";', 1],
  [WIRE, "emulators/notion/server.ts", 'import { x } from "../../src/adapters/notion/source.ts";', 1],
  [WIRE, "emulators/notion/server.test.ts", 'import { x } from "../../src/adapters/notion/source.ts";', 1],
  [STAND_INS, "emulators/vectorize/core.ts", 'import type { X } from "../../src/core/limits.ts";', 1],
  [STAND_INS, "emulators/workers-ai/core.ts", 'import type { X } from "../../src/ports/vectors.ts";', 1],
  [TOKENIZER, "src/core/report.ts", 'import { encode } from "gpt-tokenizer/encoding/cl100k_base";', 1],
  [TOKENIZER, "src/engine/run.ts", 'import { encode } from "gpt-tokenizer";', 1],
  [WORLD, "src/engine/run.ts", "export const a = Date.now();", 1],
  [WORLD, "src/engine/run.ts", "export const a = new Date().toISOString();", 1],
  [WORLD, "src/pipelines/a.ts", "export const roll = Math.random;", 1],
  [WORLD, "src/adapters/d1/a.ts", "export const a = performance.now();", 1],
  [WORLD, "src/adapters/http/a.ts", "setTimeout(() => {}, 1);", 1],
  [WORLD, "src/adapters/http/a.ts", "export const a = AbortSignal.timeout(1);", 1],
  [WORLD, "src/adapters/http/a.ts", 'import { setTimeout as delay } from "node:timers/promises";', 1],
  [WORLD, "src/surfaces/cli/main.ts", "setTimeout(() => {}, 1);", 1],
  [WORLD, "src/surfaces/dashboard/main.ts", "setTimeout(() => {}, 1);", 1],
  [WORLD, "src/surfaces/dashboard/browser.ts", "export const a = Date.now();", 1],
  [WORLD, "src/surfaces/http/a.ts", "export const id = crypto.randomUUID();", 1],
  [WORLD, "src/surfaces/http/a.ts", "export const id = crypto.getRandomValues(new Uint8Array(9));", 1],
  [WORLD, "src/surfaces/http/a.ts", 'import { randomUUID } from "node:crypto";', 1],
  [WORLD, "src/engine/run.ts", 'import { ulid } from "ulid";', 1],
  ["no barrel files", "src/core/index.ts", 'export * from "./plan.ts";\nexport { x } from "./y.ts";', 1],
  [NAMES, "src/core/utils.ts", "export const a = 1;", 1],
  [NAMES, "src/engine/run-manager.ts", "export const a = 1;", 1],
  [NAMES, "src/common/thing.ts", "export const a = 1;", 1],
  [NAMES, "src/core/plan-v2.ts", "export const a = 1;", 1],
  [NAMES, "src/core/plan-enhanced.test.ts", "export const a = 1;", 1],
  [NAMES, "src/core/runPlan.ts", "export const a = 1;", 1],
  [LENGTH, "src/core/long.ts", "export const a = 1;\n".repeat(301), 1],
  [
    "surfaces/worker.ts has fewer than 80 code lines",
    "src/surfaces/worker.ts",
    "export const a = 1;\n".repeat(80),
    1,
  ],
];

const KEPT: [path: string, text: string][] = [
  ["src/core/a.ts", "export const a = new Date(0).getTime() + Date.UTC(2026, 0) + Math.max(1, 2);"],
  ["src/core/a.ts", "export const isDate = (x: unknown) => x instanceof Date;"],
  ["src/core/a.ts", 'export const a = (x: Uint8Array) => crypto.subtle.digest("SHA-256", x);'],
  ["src/core/a.ts", "export const a = (options: { fetch: typeof fetch }) => options.fetch;"],
  ["src/core/a.ts", "export const a = { process: 1, console: 2, setTimeout() {} };"],
  ["src/core/a.ts", "export function a(process: { step: string }) { return process.step; }"],
  ["src/core/chunk-tokens.ts", 'import { encode } from "gpt-tokenizer/encoding/cl100k_base";'],
  ["src/core/a.test.ts", 'import { readFileSync } from "node:fs"; export const a = Date.now();'],
  ["src/ports/a.ts", 'import type { X } from "../core/x.ts"; export interface A { x: X } export type { X };'],
  ["src/pipelines/index.ts", 'import { x } from "./fireflies.ts"; export const SYNCS = { x };'],
  ["src/adapters/notion/a.ts", 'import { x } from "../http/bounded-fetch.ts"; import { y } from "./y.ts";'],
  ["src/adapters/world/a.ts", 'import { ulid } from "ulid"; export const a = () => Date.now() + ulid();'],
  ["src/surfaces/cli/main.ts", "export const signal = AbortSignal.timeout(1);"],
  ["src/surfaces/cli/main.ts", "export const nonce = crypto.getRandomValues(new Uint8Array(9));"],
  ["src/surfaces/dashboard/browser.ts", "setTimeout(() => {}, 1); export const a = AbortSignal.timeout(1);"],
  ["src/surfaces/cli/watch.ts", 'import timers from "node:timers/promises"; await timers.setTimeout(1);'],
  ["src/surfaces/compose.ts", 'import { x } from "../adapters/d1/run-store.ts";'],
  [
    "src/local/main.ts",
    'import { x } from "../adapters/d1/a.ts"; import { y } from "../../emulators/main.ts"; Date.now();',
  ],
  [
    "emulators/notion/a.ts",
    'import type { X } from "../../src/core/limits.ts"; export const a = Date.now();',
  ],
  ["src/core/long.ts", "// why\n\n/** what */\nexport const a = 1;\n".repeat(300)],
];

describe("the checker", () => {
  it.each(PLANTED)("catches a breach of: %s (%s: %s)", (law, path, text, line) => {
    const breaches = findBreaches([readSource(path, text)]);
    expect(breaches).toContainEqual(expect.objectContaining({ law, where: `${path}:${line}` }));
  });

  it.each(KEPT)("lets pass %s: %s", (path, text) => {
    expect(findBreaches([readSource(path, text)])).toEqual([]);
  });

  it("has a planted breach for every law", () => {
    expect(new Set(PLANTED.map(([law]) => law))).toEqual(new Set(LAWS.map((law) => law.name)));
  });
});
