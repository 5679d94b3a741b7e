import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

// npm writes into the lock file only what the registry in reach serves, and drops optional packages of other platforms
// without a word; `npm ci` on a Mac would then find no workerd. These tests say exactly what was dropped.

const ROOT = join(import.meta.dirname, "..");

interface LockEntry {
  version?: string;
  resolved?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

type Packages = Record<string, LockEntry>;

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const OS_WORDS: Record<string, string> = {
  aix: "aix",
  android: "android",
  darwin: "darwin",
  freebsd: "freebsd",
  linux: "linux",
  linuxmusl: "linux",
  netbsd: "netbsd",
  openbsd: "openbsd",
  openharmony: "openharmony",
  sunos: "sunos",
  win32: "win32",
  windows: "win32",
};

const CPU_WORDS: Record<string, string> = {
  "64": "x64",
  arm: "arm",
  arm64: "arm64",
  ia32: "ia32",
  loong64: "loong64",
  mips64el: "mips64el",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  x64: "x64",
};

function readJson<T>(path: string): T {
  // The shapes are npm's own; a field that is missing fails a test below.
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

/** Find what `name` means for the package at `from`, as Node resolves it: the nearest node_modules wins. */
function resolve(packages: Packages, from: string, name: string): LockEntry | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const entry = packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`];
    if (entry !== undefined || folder === "") return entry ?? null;
  }
}

/** What is wrong with the lock's entry for one optional dependency; empty if nothing. */
function findFaults(entry: LockEntry | null, name: string, wanted: string): string[] {
  if (entry === null) return ["is missing"];
  const words = name.split(/[/-]/);
  const os = words.map((word) => OS_WORDS[word]).find((word) => word !== undefined);
  const cpu = words.map((word) => CPU_WORDS[word]).find((word) => word !== undefined);
  const isExact = /^\d/.test(wanted);
  return [
    ...(isExact && entry.version !== wanted ? [`has version ${entry.version}, not ${wanted}`] : []),
    ...(entry.optional === true ? [] : ["lacks optional: true"]),
    ...(os === undefined || entry.os?.includes(os) === true ? [] : [`lacks os ["${os}"]`]),
    ...(cpu === undefined || entry.cpu?.includes(cpu) === true ? [] : [`lacks cpu ["${cpu}"]`]),
    ...(entry.os === undefined && entry.cpu === undefined ? ["lacks os and cpu"] : []),
  ];
}

/** Every fault of every optional dependency, as "package needs name@version: fault". */
function checkOptional(packages: Packages, manifestOf: (path: string) => Manifest | null): string[] {
  return Object.entries(packages).flatMap(([path, entry]) => {
    const wanted = { ...entry.optionalDependencies, ...manifestOf(path)?.optionalDependencies };
    return Object.entries(wanted).flatMap(([name, version]) =>
      findFaults(resolve(packages, path, name), name, version).map(
        (fault) => `${path.replace("node_modules/", "")} needs ${name}@${version}: ${fault}`,
      ),
    );
  });
}

function installedManifest(path: string): Manifest | null {
  const file = join(ROOT, path, "package.json");
  return path !== "" && existsSync(file) ? readJson<Manifest>(file) : null;
}

function findLoosePins(manifest: Manifest): string[] {
  return [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap((group) =>
    Object.entries(group ?? {})
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${name}@${version}`),
  );
}

describe("package-lock.json", () => {
  const { packages } = readJson<{ packages: Packages }>(join(ROOT, "package-lock.json"));

  it("has every platform's variant of every optional dependency", () => {
    expect(Object.keys(packages).filter((path) => installedManifest(path) !== null).length).toBeGreaterThan(
      50,
    );
    expect(checkOptional(packages, installedManifest)).toEqual([]);
  });

  it("names no host, so that it works with any registry", () => {
    const named = Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(named.map(([path, entry]) => `${path}: ${entry.resolved}`)).toEqual([]);
  });

  it.each(["workerd", "miniflare", "wrangler"])("has exactly one version of %s", (name) => {
    const versions = Object.entries(packages)
      .filter(([path]) => path.endsWith(`node_modules/${name}`))
      .map(([, entry]) => entry.version);
    expect(versions).toHaveLength(1);
  });

  it("agrees with package.json", () => {
    const manifest = readJson<Manifest>(join(ROOT, "package.json"));
    expect(packages[""]).toMatchObject({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
  });
});

describe("package.json", () => {
  it("pins exactly", () => {
    expect(findLoosePins(readJson<Manifest>(join(ROOT, "package.json")))).toEqual([]);
  });
});

describe("the checker", () => {
  const parent = { version: "1.0.0", optionalDependencies: { "@a/x-darwin-64": "1.0.0" } };
  const child = { version: "1.0.0", optional: true, os: ["darwin"], cpu: ["x64"] };
  const check = (packages: Packages) => checkOptional({ "node_modules/x": parent, ...packages }, () => null);

  it("passes a whole entry, at the top or nested", () => {
    expect(check({ "node_modules/@a/x-darwin-64": child })).toEqual([]);
    expect(check({ "node_modules/x/node_modules/@a/x-darwin-64": child })).toEqual([]);
  });

  it.each<[string, LockEntry | null]>([
    ["is missing", null],
    ["has version 1.0.1, not 1.0.0", { ...child, version: "1.0.1" }],
    ["lacks optional: true", { ...child, optional: false }],
    ['lacks os ["darwin"]', { ...child, os: ["linux"] }],
    ['lacks cpu ["x64"]', { version: "1.0.0", optional: true, os: ["darwin"] }],
  ])("says that an entry %s", (fault, entry) => {
    const faults = check(entry === null ? {} : { "node_modules/@a/x-darwin-64": entry });
    expect(faults).toEqual([`x needs @a/x-darwin-64@1.0.0: ${fault}`]);
  });

  it("reads what the installed package wants, even where the lock forgot it", () => {
    const packages = { "node_modules/x": { version: "1.0.0" } };
    expect(checkOptional(packages, () => ({ optionalDependencies: { y: "1.0.0" } }))).toEqual([
      "x needs y@1.0.0: is missing",
    ]);
  });

  it.each(["^1.0.0", "~1.0.0", ">=1.0.0", "*", "latest", "1.x"])("finds the loose pin %s", (version) => {
    expect(findLoosePins({ devDependencies: { y: version } })).toEqual([`y@${version}`]);
    expect(findLoosePins({ devDependencies: { y: "1.0.0-beta.1" } })).toEqual([]);
  });
});
