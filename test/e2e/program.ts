import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import type { NotionEdit } from "../../emulators/notion/edit-log.ts";
import type { NotionLogEntry } from "../../emulators/notion/log-entry.ts";
import type { OutcomeJson } from "../../src/local/outcome.ts";

/** Patience with one run of the program; a busy machine is slow, a hung one never ends. */
export const RUN_MS = 120_000;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = join(ROOT, "src/local/main.ts");
const EMULATORS = join(ROOT, "emulators/main.ts");
/** A tool of the system, not of this repository. */
const [SCRIPT] = ["script"] as const;
const SYNCCTL = join(ROOT, "src/surfaces/cli/main.ts");

/** A process of the program, running or ended. */
export type Started = {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  isEnded(): boolean;
  /** Exit code; null after a signal. */
  readonly exit: Promise<number | null>;
  /** SIGKILL to node alone, or to its whole process group, workerd included. */
  kill(whom: "node" | "group"): void;
};

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type SpawnOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Run as this user; a test that is root must lose its rights to see them missed. */
  readonly uid?: number;
  readonly gid?: number;
};

const running = new Set<Started>();
const folders: string[] = [];
const releases: (() => void)[] = [];

/** A folder of the test's own, removed by `cleanUp`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "e2e-"));
  folders.push(folder);
  return folder;
}

/** Have something let go of by `cleanUp`, after the processes ended and before the folders go. */
export function onCleanUp(release: () => void): void {
  releases.push(release);
}

/** End what tests started, and remove their folders; for `afterEach` and `afterAll`. */
export async function cleanUp(): Promise<void> {
  for (const started of running) started.kill("group");
  await Promise.all([...running].map((started) => started.exit));
  for (const release of releases.splice(0)) release();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Start `sync` or `start` of the program. */
export function startProgram(args: readonly string[], options: SpawnOptions = {}): Started {
  return startNode([PROGRAM, ...args], options);
}

/** Wait until `start` has made every sync once and serves. */
export async function untilServing(program: Started): Promise<void> {
  const look = (): true | undefined => {
    if (program.isEnded()) throw new Error(`the program ended: ${program.stderr()}`);
    return /Serving/.test(program.stdout() + program.stderr()) || undefined;
  };
  await waitFor("the first syncs to be over", look, { forMs: RUN_MS });
}

/** Run the program to its end. */
export async function runProgram(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return ended(startProgram(args, options));
}

/** A program on a terminal of its own. */
export type OnTerminal = Started & {
  /** Type keys; "\u0003" is Ctrl-C, "\u001b" is Esc. */
  type(keys: string): void;
};

/** Whether this machine has what `startOnTerminal` needs: `script` of util-linux. */
export function hasTerminals(): boolean {
  return /util-linux/.test(spawnSync(SCRIPT, ["--version"], { encoding: "utf8" }).stdout ?? "");
}

/** Start `sync` or `start` on a pseudo-terminal of 100 x 30; what it shows is `stdout`, the exit code is its own. */
export function startOnTerminal(args: readonly string[], options: SpawnOptions = {}): OnTerminal {
  const words = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const command = `stty cols 100 rows 30 && exec ${words.join(" ")}`;
  const child = spawnChild(SCRIPT, ["-qefc", command, "/dev/null"], {
    ...options,
    env: { TERM: "xterm", ...options.env },
  });
  return { ...watched(child), type: (keys) => void child.stdin?.write(keys) };
}

/** Whether a user gets as far as the program's own first line. */
export function mayRunProgram(who: Pick<SpawnOptions, "uid" | "gid">): boolean {
  const look = `require("node:fs").accessSync(${JSON.stringify(PROGRAM)})`;
  return spawnSync(process.execPath, ["-e", look], { ...who, cwd: tmpdir() }).status === 0;
}

/** Run `syncctl` to its end. */
export async function runSyncctl(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return ended(startNode([SYNCCTL, ...args], options));
}

/** What `sync --json` did; `story` says why, for the message of a failing test. */
export type Synced = {
  readonly code: number | null;
  readonly outcome: OutcomeJson;
  readonly stderr: string;
  readonly story: string;
};

/** Run `sync --json` to its end; the one object it printed beside the exit code. */
export async function sync(args: readonly string[], options: SpawnOptions = {}): Promise<Synced> {
  const { code, stdout, stderr } = await runProgram(["sync", "--json", ...args], options);
  const outcome = onlyObject(stdout, stderr);
  const runs = outcome.runs.map(
    (run) => `${run.sync}: ${run.state} ${run.detail ?? ""} ${JSON.stringify(run.counts)}`,
  );
  const found = outcome.proof.meetings.unexplained.slice(0, 10);
  return { code, outcome, stderr, story: [stderr, ...runs, ...found].join("\n") };
}

/** The first run of a sync in an outcome. @throws Error if it made none */
export function runOf({ outcome }: Synced, sync: string): OutcomeJson["runs"][number] {
  const run = outcome.runs.find((one) => one.sync === sync);
  if (run === undefined) throw new Error(`there is no run of ${sync}`);
  return run;
}

/** Run the emulators' command line to its end; for command lines that are refused. */
export async function runEmulators(args: readonly string[]): Promise<Ended> {
  return ended(startNode([EMULATORS, ...args], {}));
}

/** The emulators as a process of their own; what is not said to be Notion's is that of Fireflies. */
export type Emulator = {
  readonly url: string;
  readonly notion: {
    readonly url: string;
    log(): Promise<NotionLogEntry[]>;
    edits(): Promise<NotionEdit[]>;
    control(op: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  };
  readonly process: Started;
  log(): Promise<LogEntry[]>;
  control(op: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  meetings(): Promise<{ id: string }[]>;
  stop(): Promise<void>;
};

/** What the tests read of a line of the emulator's log. */
export type LogEntry = {
  readonly seq: number;
  readonly fields: readonly string[];
  readonly variables: { readonly skip?: number; readonly limit?: number };
  readonly status: number;
  readonly fault: string | null;
  readonly early: boolean;
  readonly atMs: number;
};

/** Start `emulators/main.ts` on a free port and wait until it answers. */
export async function startEmulator(args: readonly string[]): Promise<Emulator> {
  const started = startNode(
    [EMULATORS, "--fireflies-port", "0", "--notion-port", "0", "--json", ...args],
    {},
  );
  const line = await waitFor("the emulator to be ready", () => {
    if (started.isEnded()) throw new Error(`the emulator ended: ${started.stderr()}`);
    return started.stdout().includes("\n") ? started.stdout() : undefined;
  });
  const { fireflies, notion } = JSON.parse(line) as Record<"fireflies" | "notion", { url: string }>;
  const read = async <T>(path: string, url = fireflies.url): Promise<T> =>
    (await (await fetch(`${url}${path}`)).json()) as T;
  return {
    url: fireflies.url,
    process: started,
    log: () => read<LogEntry[]>("/__control/log"),
    meetings: () => read<{ id: string }[]>("/__control/meetings"),
    control: (op) => control(fireflies.url, op),
    notion: {
      url: notion.url,
      log: () => read<NotionLogEntry[]>("/__control/log", notion.url),
      edits: () => read<NotionEdit[]>("/__control/edits", notion.url),
      control: (op) => control(notion.url, op),
    },
    stop: async () => {
      process.kill(started.pid, "SIGTERM");
      await started.exit;
    },
  };
}

async function control(
  url: string,
  op: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { "content-type": "application/json" };
  const reply = await fetch(`${url}/__control`, { method: "POST", headers, body: JSON.stringify(op) });
  if (!reply.ok)
    throw new Error(`the emulator refused ${JSON.stringify(op).slice(0, 200)}: ${await reply.text()}`);
  return (await reply.json()) as Readonly<Record<string, unknown>>;
}

/** Ask until the answer is not undefined; throws after a minute, naming what was waited for. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  { everyMs = 20, forMs = 60_000 }: { everyMs?: number; forMs?: number } = {},
): Promise<T> {
  const deadlineMs = performance.now() + forMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ${forMs} ms in vain for ${what}`);
    await delay(everyMs);
  }
}

/** The API of the program that runs on a data directory; undefined while there is none. With a body, a POST. */
export async function askApi<T>(
  dataDir: string,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<T | undefined> {
  try {
    const { url } = JSON.parse(readFileSync(join(dataDir, "runtime.json"), "utf8")) as { url?: string };
    const token = readFileSync(join(dataDir, "token"), "utf8").trim();
    if (url === undefined) return undefined;
    const reply = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return reply.ok ? ((await reply.json()) as T) : undefined;
  } catch {
    // Not started, or killed in the middle of an answer.
    return undefined;
  }
}

function startNode(args: readonly string[], options: SpawnOptions): Started {
  const child = spawnChild(process.execPath, args, options);
  child.stdin?.end();
  return watched(child);
}

function spawnChild(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const { env, cwd, uid, gid } = options;
  return spawn(file, [...args], {
    cwd: cwd ?? tmpdir(),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...cleanEnvironment(), ...env },
    // A group of its own, so that a kill can hit node and workerd at once, and never the test.
    detached: true,
  });
}

function watched(child: ChildProcess): Started {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const pid = child.pid ?? Number.NaN;
  const started: Started = {
    pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    isEnded: () => child.exitCode !== null || child.signalCode !== null,
    exit: closed(child).finally(() => running.delete(started)),
    kill: (whom) => {
      try {
        process.kill(whom === "group" ? -pid : pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    },
  };
  running.add(started);
  return started;
}

const OWN_SETTINGS = new Set([
  "FIREFLIES_API_KEY",
  "FIREFLIES_WEBHOOK_SECRET",
  "NOTION_TOKEN",
  "NOTION_PROJECTS_DATABASE_ID",
  "NOTION_CLIENTS_DATABASE_ID",
  "NOTION_MAY_WRITE",
  "PHONE_COUNTRY",
  "API_TOKEN",
  "ALERT_WEBHOOK_URL",
  "ALERT_EMAIL_TO",
  "ALERT_EMAIL_FROM",
  "EMBEDDINGS",
  "EMBEDDINGS_TOKENS_MAX",
  "OPENAI_API_KEY",
  "OPENAI_API_KEY_LIVE",
]);

/** The keys and settings of a developer must not lead a test to a real service. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN_SETTINGS.has(name)));
}

/** "close" comes when the output was read to its end; a killed node may leave it open in workerd for a moment. */
async function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", (code) => resolve(code)));
}

async function ended(started: Started): Promise<Ended> {
  const patience = setTimeout(() => started.kill("group"), RUN_MS);
  const code = await started.exit;
  clearTimeout(patience);
  return { code, stdout: started.stdout(), stderr: started.stderr() };
}

function onlyObject(stdout: string, stderr: string): OutcomeJson {
  const lines = stdout.split("\n").filter((line) => line !== "");
  if (lines.length !== 1)
    throw new Error(`expected one JSON object on stdout, found ${lines.length} lines.\n${stderr}`);
  return JSON.parse(lines[0] ?? "") as OutcomeJson;
}
