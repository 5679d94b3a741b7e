import { spawn, type ChildProcessByStdio } from "node:child_process";
import { accessSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findRuntime } from "../../src/local/data-dir.ts";
import { endProcess } from "../../src/local/processes.ts";
import { identify, type ProcessIdentity } from "../../src/surfaces/cli/process-identity.ts";
import { CHILD_PATH, type ChildReady } from "./kill-node-child.ts";

/** A start of the program under test. */
interface Start {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly lines: AsyncIterator<string>;
  readonly exit: Promise<number | null>;
  readonly errors: string[];
}

/** Boot takes under a second on an idle machine; a test run may keep it waiting. */
const TEST_MS = 60_000;
/** The promise: one second after node is gone, so is workerd. */
const GONE_WITHIN_MS = 1_000;

let parent: string;
let dataPath: string;
const starts: Start[] = [];
const workerds: ProcessIdentity[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "kill-node-"));
  dataPath = join(parent, "data");
});

afterEach(async () => {
  for (const start of starts.splice(0)) start.process.kill("SIGKILL");
  for (const workerd of workerds.splice(0)) await endProcess(workerd, 5_000);
  rmSync(parent, { recursive: true, force: true });
});

function start(port: number, environment: Record<string, string> = {}): Start {
  const child = spawn(process.execPath, [CHILD_PATH, dataPath, String(port)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
    // Its own group, so that a signal can be sent to the group as a terminal does.
    detached: true,
  });
  const errors: string[] = [];
  createInterface(child.stderr).on("line", (line) => errors.push(line));
  const output: Interface = createInterface(child.stdout);
  const begun: Start = {
    process: child,
    lines: output[Symbol.asyncIterator](),
    exit: new Promise((resolve) => child.once("exit", resolve)),
    errors,
  };
  starts.push(begun);
  return begun;
}

async function ready(begun: Start): Promise<ChildReady & { readonly workerd: ProcessIdentity }> {
  const line = await begun.lines.next();
  if (line.done === true) throw new Error(`it ended before it was ready: ${begun.errors.join("\n")}`);
  const message: ChildReady = JSON.parse(line.value);
  const workerd = identify(message.workerdPid);
  if (workerd === undefined) throw new Error("the workerd that it named does not run");
  workerds.push(workerd);
  return { ...message, workerd };
}

async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function beat(url: string): Promise<number> {
  const response = await fetch(url, { method: "POST" });
  return Number(await response.text());
}

/** A PATH with everything that the launcher uses but setpriv, as on macOS and on a minimal Linux. */
function pathWithoutSetpriv(): string {
  const directory = join(parent, "bin");
  mkdirSync(directory);
  for (const tool of ["sh", "sleep", "ps", "tr"]) {
    const found = (process.env["PATH"] ?? "").split(":").find((place) => isFile(join(place, tool)));
    if (found !== undefined) symlinkSync(join(found, tool), join(directory, tool));
  }
  return directory;
}

function isFile(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

describe.each([
  { way: "the kernel watches node", isKernel: true },
  { way: "the launcher watches node", isKernel: false },
])("when $way", ({ isKernel }) => {
  test.skipIf(isKernel && process.platform !== "linux")(
    "a SIGKILL of node alone ends workerd, frees the port and leaves a directory that starts again",
    async () => {
      const environment = isKernel ? {} : { PATH: pathWithoutSetpriv() };
      const first = start(0, environment);
      const { url, port, workerd } = await ready(first);
      expect(await beat(url)).toBe(1);

      first.process.kill("SIGKILL");
      await first.exit;
      // Within the same second: a process is no more before the kernel has closed the last of its sockets.
      await expect
        .poll(async () => [identify(workerd.pid), await isPortFree(port)], {
          timeout: GONE_WITHIN_MS,
          interval: 20,
        })
        .toEqual([undefined, true]);
      expect(await findRuntime(dataPath)).toBeUndefined();

      const second = await ready(start(port, environment));
      expect(second.port).toBe(port);
      expect(await beat(second.url)).toBe(2);
    },
    TEST_MS,
  );

  test.skipIf(isKernel && process.platform !== "linux")(
    "a SIGKILL while workerd starts leaves no workerd",
    async () => {
      const environment = isKernel ? {} : { PATH: pathWithoutSetpriv() };
      for (const laterMs of [0, 20, 60, 150]) {
        const begun = start(0, environment);
        const workerd = await launched();
        await delay(laterMs);
        begun.process.kill("SIGKILL");
        await begun.exit;
        await expect
          .poll(() => identify(workerd.pid), { timeout: GONE_WITHIN_MS, interval: 20 })
          .toBeUndefined();
        rmSync(join(dataPath, "workerd.pid"));
      }
      const { url } = await ready(start(0, environment));
      expect(await beat(url)).toBe(1);
    },
    TEST_MS,
  );
});

/** The workerd that the launcher notes next. */
async function launched(): Promise<ProcessIdentity> {
  const workerd = await vi.waitUntil(workerdOfDataDir, { timeout: 20_000, interval: 5 });
  workerds.push(workerd);
  return workerd;
}

/** Whoever the launcher noted last, if it still runs. */
function workerdOfDataDir(): ProcessIdentity | undefined {
  try {
    return identify(Number(readFileSync(join(dataPath, "workerd.pid"), "utf8")));
  } catch {
    return undefined;
  }
}

describe("a signal to the whole group, as a terminal or a supervisor sends it", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s leaves node the time to stop in its own order, within 2 s",
    async (signal) => {
      const begun = start(0);
      const { workerd, port } = await ready(begun);
      process.kill(-(begun.process.pid ?? Number.NaN), signal);
      const line = await begun.lines.next();
      expect(JSON.parse(String(line.value)).stopMs).toBeLessThan(2_000);
      expect(await begun.exit).toBe(0);
      expect(identify(workerd.pid)).toBeUndefined();
      expect(workerdOfDataDir()).toBeUndefined();
      expect(await isPortFree(port)).toBe(true);
    },
    TEST_MS,
  );
});

describe.each(["SIGINT", "SIGHUP"] as const)("%s to workerd", (signal) => {
  test(
    "does not end it, since a terminal sends it to the whole group while node may still have work for workerd",
    async () => {
      const begun = start(0);
      const { url, workerd } = await ready(begun);
      process.kill(workerd.pid, signal);
      // Without the launcher it is gone within milliseconds.
      await delay(300);
      expect(await beat(url)).toBe(1);
      expect((await findRuntime(dataPath))?.workerd).toEqual(workerd);
      expect(begun.errors).toEqual([]);
    },
    TEST_MS,
  );
});

describe("a crash of workerd alone", () => {
  test(
    "is healed on the same port, and the record names the new process",
    async () => {
      const { url, workerd } = await ready(start(0));
      expect(await beat(url)).toBe(1);
      await endProcess(workerd, 5_000);
      await expect
        .poll(async () => (await findRuntime(dataPath))?.workerd?.pid, { timeout: 20_000 })
        .not.toBe(workerd.pid);
      const successor = (await findRuntime(dataPath))?.workerd;
      if (successor !== undefined) workerds.push(successor);
      expect(await beat(url)).toBe(2);
    },
    TEST_MS,
  );
});

describe("a second start", () => {
  test(
    "on the same data directory is refused with one sentence that names process and url",
    async () => {
      const first = start(0);
      const { url } = await ready(first);
      const second = start(0);
      expect(await second.exit).toBe(3);
      expect(second.errors).toEqual([
        `DataDirBusy: ${dataPath} is in use by process ${first.process.pid} (${url}): stop it, or choose another directory with --data-dir.`,
      ]);
      expect(await beat(url)).toBe(1);
    },
    TEST_MS,
  );
});
