import { parseAst } from "vitest/node";

/** One `import`, `export … from`, `import()` or `import("…")` type. */
interface Import {
  specifier: string;
  /** Names taken from it; empty for a namespace, a default, a side effect or a re-export of everything. */
  names: string[];
  isType: boolean;
  line: number;
}

/** A mention of a global as a value, with up to three links: `Date.now`, `crypto.subtle.digest`, `new Date()`. */
interface GlobalUse {
  chain: string;
  line: number;
}

/** What the laws look at in one file. */
export interface SourceFile {
  path: string;
  imports: Import[];
  globalUses: GlobalUse[];
  /** Lines that are neither blank nor comment. */
  codeLineCount: number;
  /** Top-level statements that exist at run time and are not re-exports, by line. */
  runtimeLines: number[];
  hasReExports: boolean;
}

interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

/** Every global through which time, chance or the outside world comes in. */
const GLOBALS = new Set([
  "AbortSignal",
  "Bun",
  "Date",
  "Deno",
  "EventSource",
  "Math",
  "Temporal",
  "WebSocket",
  "XMLHttpRequest",
  "caches",
  "console",
  "crypto",
  "fetch",
  "global",
  "globalThis",
  "localStorage",
  "navigator",
  "performance",
  "process",
  "queueMicrotask",
  "require",
  "scheduler",
  "self",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

const CHAIN_LINKS_MAX = 3;

/**
 * Read one TypeScript file for the laws.
 *
 * @param path relative to the repository, with forward slashes
 * @param text the file
 * @throws SyntaxError if it does not parse
 *
 * No scope analysis: a name that the file binds anywhere (parameter, variable, import) does not count as the global.
 */
export function readSource(path: string, text: string): SourceFile {
  const program: unknown = parseAst(text, { lang: "ts" });
  if (!isNode(program)) throw new Error(`${path}: no syntax tree`);
  const lineOf = lineFinder(text);
  const bound = new Set<string>();
  const imports: Import[] = [];
  const uses: { name: string; use: GlobalUse }[] = [];
  walk(program, [], (node, ancestors) => {
    const found = readImport(node, lineOf);
    if (found !== null) imports.push(found);
    for (const name of namesBoundBy(node)) bound.add(name);
    const use = readGlobalUse(node, ancestors, lineOf);
    if (use !== null) uses.push({ name: String(node["name"]), use });
  });
  const statements = nodesOf(program["body"]);
  return {
    path,
    imports,
    globalUses: uses.filter(({ name }) => !bound.has(name)).map(({ use }) => use),
    codeLineCount: countCodeLines(text),
    runtimeLines: statements.filter(isRuntime).map((node) => lineOf(node.start)),
    hasReExports: statements.some(isReExport),
  };
}

type Visit = (node: Node, ancestors: readonly Node[]) => void;

function walk(node: Node, ancestors: readonly Node[], visit: Visit): void {
  visit(node, ancestors);
  const inside = [...ancestors, node];
  for (const value of Object.values(node)) for (const child of nodesOf(value)) walk(child, inside, visit);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function nodesOf(value: unknown): Node[] {
  return (Array.isArray(value) ? value : [value]).filter(isNode);
}

function lineFinder(text: string): (offset: number) => number {
  return (offset) => text.slice(0, offset).split("\n").length;
}

function readImport(node: Node, lineOf: (offset: number) => number): Import | null {
  const source = node["source"];
  if (!isNode(source) || typeof source["value"] !== "string") return null;
  const specifiers = nodesOf(node["specifiers"]);
  const names = specifiers.flatMap((specifier) => nodesOf(specifier["imported"] ?? specifier["local"]));
  const everyNameIsType =
    specifiers.length > 0 &&
    specifiers.every((one) => one["importKind"] === "type" || one["exportKind"] === "type");
  return {
    specifier: source["value"],
    names: names.map((name) => String(name["name"])),
    isType:
      node.type === "TSImportType" ||
      node["importKind"] === "type" ||
      node["exportKind"] === "type" ||
      everyNameIsType,
    line: lineOf(node.start),
  };
}

function namesBoundBy(node: Node): string[] {
  const patterns = [
    ...(node.type === "VariableDeclarator" || node.type.endsWith("Declaration") ? nodesOf(node["id"]) : []),
    ...("params" in node && !node.type.startsWith("TS") ? nodesOf(node["params"]) : []),
    ...(node.type.startsWith("Import") ? nodesOf(node["local"]) : []),
  ];
  return patterns.flatMap(namesIn);
}

function namesIn(pattern: Node): string[] {
  if (pattern.type === "Identifier") return [String(pattern["name"])];
  const inner = [
    pattern["left"],
    pattern["argument"],
    pattern["elements"],
    pattern["properties"],
    pattern["parameter"],
  ];
  const values = pattern.type === "Property" ? nodesOf(pattern["value"]) : inner.flatMap(nodesOf);
  return values.flatMap(namesIn);
}

function readGlobalUse(
  node: Node,
  ancestors: readonly Node[],
  lineOf: (offset: number) => number,
): GlobalUse | null {
  const name = node["name"];
  if (node.type !== "Identifier" || typeof name !== "string" || !GLOBALS.has(name)) return null;
  const parent = ancestors.at(-1);
  if (parent === undefined || isInType(ancestors) || isOnlyAName(node, parent)) return null;
  return { chain: chainOf(node, name, ancestors), line: lineOf(node.start) };
}

/** Types describe, they do not run; casts and annotations with values inside are other node types. */
function isInType(ancestors: readonly Node[]): boolean {
  return ancestors.some((node) =>
    /^TS(?:Type|Interface|Import|TypeQuery|QualifiedName|ClassImplements|InterfaceHeritage)/.test(node.type),
  );
}

/** `{ fetch: … }`, `options.fetch`, `fetch() {}` in a class: the word stands there, the global does not. */
function isOnlyAName(node: Node, parent: Node): boolean {
  const isComputed = parent["computed"] === true;
  if (parent.type === "MemberExpression") return parent["property"] === node && !isComputed;
  return parent["key"] === node && !isComputed && parent["shorthand"] !== true;
}

function chainOf(node: Node, name: string, ancestors: readonly Node[]): string {
  let chain = name;
  let inner = node;
  let depth = 1;
  for (const outer of ancestors.toReversed()) {
    const property = outer["property"];
    const isLink =
      outer.type === "MemberExpression" && outer["object"] === inner && outer["computed"] !== true;
    if (!isLink || !isNode(property) || depth >= CHAIN_LINKS_MAX) {
      if (outer.type === "NewExpression" && outer["callee"] === inner) {
        return nodesOf(outer["arguments"]).length === 0 ? `new ${chain}()` : `new ${chain}(…)`;
      }
      if (outer.type === "BinaryExpression" && outer["operator"] === "instanceof")
        return `instanceof ${chain}`;
      return outer.type === "CallExpression" && depth === 1 ? `${chain}()` : chain;
    }
    chain += `.${String(property["name"])}`;
    inner = outer;
    depth++;
  }
  return chain;
}

function isReExport(node: Node): boolean {
  return isNode(node["source"]) && node.type.startsWith("Export");
}

function isRuntime(node: Node): boolean {
  if (node.type === "ImportDeclaration" || isReExport(node)) return false;
  const declaration = node["declaration"];
  const inner = isNode(declaration) ? declaration : node;
  if (inner.type === "ExportNamedDeclaration")
    return inner["exportKind"] !== "type" && nodesOf(inner["specifiers"]).length > 0;
  return !inner.type.startsWith("TS") && inner["declare"] !== true;
}

function countCodeLines(text: string): number {
  return text.split("\n").filter((line) => !/^\s*(?:$|\/\/|\/\*|\*)/.test(line)).length;
}
