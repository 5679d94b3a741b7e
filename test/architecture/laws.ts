import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

/** One place where a law is broken. */
export interface Breach {
  law: string;
  /** `path:line`. */
  where: string;
  what: string;
}

interface Law {
  name: string;
  /** Lines and words of what is wrong; empty when the file keeps the law. */
  check(file: SourceFile): Finding[];
}

interface Finding {
  line: number;
  what: string;
}

const CODE_LINES_MAX = 300;
const ENTRY_LINES_MAX = 80;

/** Who may import whom (ARCHITECTURE.md); a ring may always import itself unless a law below says otherwise. */
const IMPORTS_ALLOWED: Record<string, readonly string[]> = {
  core: [],
  ports: ["core"],
  engine: ["core", "ports"],
  queries: ["core", "ports"],
  pipelines: ["core", "ports", "engine"],
  adapters: ["core", "ports"],
  surfaces: ["core", "ports", "engine", "queries", "pipelines"],
  emulators: ["core", "ports"],
};

/** Rings that may import everything. */
const FREE_RINGS = new Set(["local", "bench", "test"]);

/** Names of things that mean nothing. */
const EMPTY_WORDS = new Set(["util", "utils", "helper", "helpers", "manager", "misc", "common"]);

const LEFTOVER_SUFFIX = /-(?:new|old|v\d+|fixed|enhanced|copy|backup|final|temp)$/;

/** In core these are allowed: they compute from their arguments. */
const PURE_USES =
  /^(?:Date\.(?:UTC|parse)|new Date\(…\)|instanceof Date|Math\.(?!random\b).*|crypto\.subtle\.digest)$/;

/** Where time and chance come in; anywhere else in src they are asked of ports/world. */
const WORLD_USES = new Set([
  "AbortSignal.timeout",
  "Date()",
  "Date.now",
  "Math.random",
  "crypto.getRandomValues",
  "crypto.randomUUID",
  "new Date()",
  "performance.now",
  "performance.timeOrigin",
  "scheduler.wait",
  "setImmediate",
  "setImmediate()",
  "setInterval",
  "setInterval()",
  "setTimeout",
  "setTimeout()",
]);

const WORLD_MODULES = new Set(["node:timers", "node:timers/promises", "node:perf_hooks", "ulid"]);

const CHANCE_NAMES = new Set(["randomUUID", "randomBytes", "randomInt", "getRandomValues", "webcrypto"]);

/** The laws of the tree. A name here is what a failing test prints, so it is a sentence. */
export const LAWS: readonly Law[] = [
  { name: "inner rings do not know outer rings", check: checkRings },
  { name: "core is pure: no clock, no chance, no I/O", check: checkPurity },
  { name: "ports are types only", check: checkPorts },
  { name: "pipelines never import each other", check: checkPipelines },
  { name: "adapters never know each other", check: checkAdapters },
  { name: "only surfaces/compose.ts imports adapters", check: checkCompose },
  { name: "emulators speak the vendor's wire and never import src/adapters", check: checkEmulators },
  { name: "the Vectorize and Workers AI stand-ins import nothing from src", check: checkStandIns },
  { name: "only core/chunk*.ts imports gpt-tokenizer", check: checkTokenizer },
  { name: "time and chance come from ports/world", check: checkWorld },
  { name: "no barrel files", check: checkBarrels },
  { name: "file names are kebab-case and mean something", check: checkNames },
  { name: `production files have at most ${CODE_LINES_MAX} code lines`, check: checkLength },
  { name: `surfaces/worker.ts has fewer than ${ENTRY_LINES_MAX} code lines`, check: checkEntry },
];

/**
 * Hold every file against every law.
 *
 * @returns breaches in the order of the laws, then of the files
 */
export function findBreaches(files: readonly SourceFile[]): Breach[] {
  return LAWS.flatMap((law) =>
    files.flatMap((file) =>
      law.check(file).map(({ line, what }) => ({ law: law.name, where: `${file.path}:${line}`, what })),
    ),
  );
}

/** Tests may reach anywhere; what they hold is named by their sentences. */
function isTest(path: string): boolean {
  return /\.(?:test|testsuite|d)\.ts$/.test(path);
}

/** The ring of a file: `core`, `adapters`, …, or null outside the tree. */
function ringOf(path: string): string | null {
  const [first, second] = path.split("/");
  if (first !== "src") return first ?? null;
  return second ?? null;
}

/** The technology of an adapter or emulator: the folder below the ring. */
function technologyOf(path: string): string | null {
  const match = /^(?:src\/adapters|emulators)\/([^/]+)\//.exec(path);
  return match?.[1] ?? null;
}

/** Imports inside the repository, with the path they mean. */
function innerImports(file: SourceFile): { target: string; isType: boolean; line: number }[] {
  return file.imports
    .filter((one) => one.specifier.startsWith("."))
    .map((one) => ({
      target: posix.normalize(posix.join(posix.dirname(file.path), one.specifier)),
      isType: one.isType,
      line: one.line,
    }));
}

function importsWhere(file: SourceFile, isWrong: (target: string, isType: boolean) => boolean): Finding[] {
  return innerImports(file)
    .filter(({ target, isType }) => isWrong(target, isType))
    .map(({ target, line }) => ({ line, what: `imports ${target}` }));
}

function checkRings(file: SourceFile): Finding[] {
  const ring = ringOf(file.path);
  if (ring === null || FREE_RINGS.has(ring) || isTest(file.path)) return [];
  const allowed = IMPORTS_ALLOWED[ring];
  if (allowed === undefined) return [{ line: 1, what: `${ring} is no ring of the design` }];
  return importsWhere(file, (target) => {
    const other = ringOf(target);
    // Adapters in surfaces and emulators have laws of their own, with a better name.
    if (other === "adapters" && (ring === "surfaces" || ring === "emulators")) return false;
    return other !== null && other !== ring && !allowed.includes(other);
  });
}

function checkPurity(file: SourceFile): Finding[] {
  if (ringOf(file.path) !== "core" || isTest(file.path)) return [];
  const modules = file.imports.filter(
    (one) => /^(?:node|cloudflare|bun|deno):/.test(one.specifier) || one.specifier === "ulid",
  );
  return [
    ...modules.map((one) => ({ line: one.line, what: `imports ${one.specifier}` })),
    ...file.globalUses
      .filter((use) => !PURE_USES.test(use.chain))
      .map((use) => ({ line: use.line, what: `uses ${use.chain}` })),
  ];
}

function checkPorts(file: SourceFile): Finding[] {
  if (ringOf(file.path) !== "ports" || isTest(file.path)) return [];
  return [
    ...file.imports
      .filter((one) => !one.isType)
      .map((one) => ({ line: one.line, what: `imports ${one.specifier} as a value` })),
    ...file.runtimeLines.map((line) => ({ line, what: "exists at run time" })),
  ];
}

function checkPipelines(file: SourceFile): Finding[] {
  if (ringOf(file.path) !== "pipelines" || isTest(file.path) || file.path === "src/pipelines/index.ts")
    return [];
  return importsWhere(file, (target) => ringOf(target) === "pipelines");
}

function checkAdapters(file: SourceFile): Finding[] {
  if (ringOf(file.path) !== "adapters" || isTest(file.path)) return [];
  const own = technologyOf(file.path);
  return importsWhere(file, (target) => {
    const other = technologyOf(target);
    return ringOf(target) === "adapters" && other !== own && other !== "http";
  });
}

function checkCompose(file: SourceFile): Finding[] {
  if (ringOf(file.path) !== "surfaces" || isTest(file.path) || file.path === "src/surfaces/compose.ts")
    return [];
  return importsWhere(file, (target) => ringOf(target) === "adapters");
}

function checkEmulators(file: SourceFile): Finding[] {
  if (ringOf(file.path) !== "emulators") return [];
  return importsWhere(file, (target) => ringOf(target) === "adapters");
}

function checkStandIns(file: SourceFile): Finding[] {
  if (!/^emulators\/(?:vectorize|workers-ai)\//.test(file.path) || isTest(file.path)) return [];
  return importsWhere(file, (target) => target.startsWith("src/"));
}

function checkTokenizer(file: SourceFile): Finding[] {
  const ring = ringOf(file.path);
  if (
    ring === "test" ||
    ring === "bench" ||
    isTest(file.path) ||
    /^src\/core\/chunk[^/]*\.ts$/.test(file.path)
  )
    return [];
  return file.imports
    .filter((one) => /^gpt-tokenizer(?:\/|$)/.test(one.specifier))
    .map((one) => ({ line: one.line, what: `imports ${one.specifier}` }));
}

function checkWorld(file: SourceFile): Finding[] {
  // Core has the stricter law of its own; the world's own adapter and the local runner are where time comes from.
  if (!/^src\/(?!core\/|local\/|adapters\/world\/)/.test(file.path) || isTest(file.path)) return [];
  const isChance = (names: readonly string[]) => names.some((name) => CHANCE_NAMES.has(name));
  const modules = file.imports.filter(
    (one) =>
      (WORLD_MODULES.has(one.specifier) && !isCommandPause(file, one.specifier)) ||
      (/^(?:node:)?crypto$/.test(one.specifier) && isChance(one.names)),
  );
  return [
    ...modules.map((one) => ({ line: one.line, what: `imports ${one.specifier}` })),
    ...file.globalUses
      .filter((use) => WORLD_USES.has(use.chain) && !isOfClient(file, use.chain))
      .map((use) => ({ line: use.line, what: `uses ${use.chain}` })),
  ];
}

/**
 * Commands and the page are clients in a process of their own, without a world. A command needs a call's timeout and a
 * nonce; the page a call's timeout, and pauses, in one file.
 */
function isOfClient(file: SourceFile, chain: string): boolean {
  const isTimeout = chain === "AbortSignal.timeout";
  if (file.path === "src/surfaces/dashboard/browser.ts") return isTimeout || chain === "setTimeout()";
  return file.path.startsWith("src/surfaces/cli/") && (isTimeout || chain === "crypto.getRandomValues");
}

/** A command that looks at something until it is over pauses between two looks. */
function isCommandPause(file: SourceFile, specifier: string): boolean {
  return file.path.startsWith("src/surfaces/cli/") && specifier === "node:timers/promises";
}

function checkBarrels(file: SourceFile): Finding[] {
  if (posix.basename(file.path) !== "index.ts" || !file.hasReExports || file.runtimeLines.length > 0)
    return [];
  return [{ line: 1, what: "only re-exports" }];
}

function checkNames(file: SourceFile): Finding[] {
  const parts = file.path.split("/").map((part) => part.replace(/(?:\.[a-z]+)*\.ts$/, ""));
  return parts.flatMap((part) => {
    const words = part.split("-");
    const empty = words.find((word) => EMPTY_WORDS.has(word));
    if (empty !== undefined) return [{ line: 1, what: `"${empty}" says nothing about what is inside` }];
    if (LEFTOVER_SUFFIX.test(part))
      return [{ line: 1, what: `"${part}" looks like a second version of something` }];
    return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(part) ? [] : [{ line: 1, what: `"${part}" is not kebab-case` }];
  });
}

function checkLength(file: SourceFile): Finding[] {
  if (isTest(file.path) || ringOf(file.path) === "test" || file.codeLineCount <= CODE_LINES_MAX) return [];
  return [{ line: 1, what: `has ${file.codeLineCount}` }];
}

function checkEntry(file: SourceFile): Finding[] {
  if (file.path !== "src/surfaces/worker.ts" || file.codeLineCount < ENTRY_LINES_MAX) return [];
  return [{ line: 1, what: `has ${file.codeLineCount}` }];
}
