import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findRuntime, openDataDir, readToken, type DataDir } from "./data-dir.ts";
import { identify } from "../surfaces/cli/process-identity.ts";
import { DataDirBusy, StartRefused } from "./start-refused.ts";
import { DATA_FORMAT_VERSION } from "./workspace.ts";

let parent: string;
let path: string;
const opened: DataDir[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "data-dir-"));
  path = join(parent, "deep", "data");
});

afterEach(async () => {
  for (const dataDir of opened.splice(0)) await dataDir.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  unmount();
  rmSync(parent, { recursive: true, force: true });
});

async function open(freeBytesMin?: number): Promise<DataDir> {
  const dataDir = await openDataDir(path, freeBytesMin);
  opened.push(dataDir);
  return dataDir;
}

async function refusal(freeBytesMin?: number): Promise<StartRefused> {
  try {
    await open(freeBytesMin);
  } catch (error) {
    expect(error).toBeInstanceOf(StartRefused);
    if (error instanceof StartRefused) {
      expect(error.exitCode).toBe(3);
      expect(error.message).not.toContain("\n");
      return error;
    }
  }
  throw new Error("the start was not refused");
}

function modeOf(file: string): number {
  return statSync(join(path, file)).mode & 0o777;
}

function sleeper(): number {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  children.push(child);
  if (child.pid === undefined) throw new Error("sleep did not start");
  return child.pid;
}

/** Put a small disk of its own in the place of the data directory; false where that is not permitted. */
function mount(options: string): boolean {
  const command = 'exec mount -t tmpfs -o "$0" tmpfs "$1"';
  return spawnSync("sh", ["-c", command, options, path], { stdio: "ignore" }).status === 0;
}

function unmount(): void {
  spawnSync("sh", ["-c", 'exec umount "$0"', path], { stdio: "ignore" });
}

/** A directory as an earlier start has founded it. */
function found(): void {
  mkdirSync(path, { recursive: true });
  const workspace = { formatVersion: DATA_FORMAT_VERSION, createdAt: "2026-01-01T00:00:00.000Z" };
  writeFileSync(join(path, "workspace.json"), JSON.stringify(workspace));
}

/** A record as a node that died without stopping leaves it. */
function leaveRecord(record: object): void {
  found();
  writeFileSync(
    join(path, "runtime.json"),
    JSON.stringify({ startedAt: "2026-01-01T00:00:00.000Z", ...record }),
  );
}

const DEAD = { pid: 2 ** 22 + 1, startTime: "long ago" };

describe("openDataDir", () => {
  test("creates a directory that only its owner can enter, whatever the umask", async () => {
    const umask = process.umask(0);
    await open().finally(() => process.umask(umask));
    expect(modeOf(".")).toBe(0o700);
    expect(modeOf("token")).toBe(0o600);
    expect(modeOf("runtime.json")).toBe(0o600);
  });

  test("makes a token of 32 bytes once", async () => {
    const first = await open();
    expect(first.token).toMatch(/^[0-9a-f]{64}$/);
    expect(await readToken(path)).toBe(first.token);
    await first.close();
    expect((await open()).token).toBe(first.token);
  });

  test("never replaces a token that it did not make", async () => {
    found();
    writeFileSync(join(path, "token"), "a secret of mine");
    expect((await refusal()).message).toBe(
      `${join(path, "token")} does not hold a token of this program: restore it, or remove it for a new one.`,
    );
    expect(readFileSync(join(path, "token"), "utf8")).toBe("a secret of mine");
  });

  test("leaves no record behind after close, and can be opened again", async () => {
    const dataDir = await open();
    await dataDir.close();
    await dataDir.close();
    expect(await findRuntime(path)).toBeUndefined();
    await open();
  });

  test("does not write the record after close", async () => {
    const dataDir = await open();
    await dataDir.close();
    await dataDir.recordRuntime({ workerd: DEAD, port: 1, url: "http://127.0.0.1:1" });
    expect(await findRuntime(path)).toBeUndefined();
  });
});

describe("a directory in use", () => {
  test("is refused with one sentence that names process and url", async () => {
    const dataDir = await open();
    await dataDir.recordRuntime({ workerd: DEAD, port: 8787, url: "http://127.0.0.1:8787" });
    const error = await refusal();
    expect(error).toBeInstanceOf(DataDirBusy);
    expect(error.message).toBe(
      `${path} is in use by process ${process.pid} (http://127.0.0.1:8787): stop it, or choose another directory with --data-dir.`,
    );
  });

  test("is refused while its owner is still starting", async () => {
    await open();
    expect((await refusal()).message).toContain(`process ${process.pid} (which is still starting)`);
  });

  test("is refused by its record alone, where the file system ignores locks", async () => {
    leaveRecord({ node: identify(sleeper()), url: "http://127.0.0.1:8787" });
    expect(await refusal()).toBeInstanceOf(DataDirBusy);
  });

  test("goes to exactly one of many simultaneous starts", async () => {
    // All wait for the same millisecond; whoever has the directory keeps it until its standard input ends.
    const script = `
      import { openDataDir } from ${JSON.stringify(new URL("data-dir.ts", import.meta.url).href)};
      const startMs = Number(process.argv[1]);
      while (Date.now() < startMs);
      await openDataDir(${JSON.stringify(path)}).then(
        () => console.log("won"),
        (error) => console.log(error.name),
      );
      process.stdin.resume();
    `;
    const startMs = String(Date.now() + 1_500);
    const starts = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, startMs], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      children.push(child);
      return new Promise<string>((resolve) => {
        child.stdout.once("data", (text: Buffer) => resolve(text.toString().trim()));
      });
    });
    const answers = await Promise.all(starts);
    expect(answers.sort()).toEqual(["DataDirBusy", "DataDirBusy", "DataDirBusy", "won"]);
  }, 30_000);

  test("is free at once when its owner is killed", async () => {
    const script = `
      import { openDataDir } from ${JSON.stringify(new URL("data-dir.ts", import.meta.url).href)};
      await openDataDir(${JSON.stringify(path)});
      console.log("open");
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    await open();
  }, 30_000);
});

describe("what dead processes left", () => {
  test("a workerd that outlived its node is ended before the directory is used", async () => {
    const workerd = identify(sleeper());
    leaveRecord({ node: DEAD, workerd, port: 8787, url: "http://127.0.0.1:8787" });
    await open();
    expect(workerd && identify(workerd.pid)).toBeUndefined();
  });

  test("a stranger with the pid of the dead workerd is spared", async () => {
    const pid = sleeper();
    leaveRecord({ node: DEAD, workerd: { pid, startTime: "long ago" } });
    await open();
    expect(identify(pid)).toBeDefined();
  });

  test("a stranger with the pid of the dead node does not keep the directory busy", async () => {
    leaveRecord({ node: { pid: process.ppid, startTime: "long ago" } });
    await open();
  });

  test.each(["", "{", "[]", "null", '{"node":7}'])("a record that reads %j is ignored", async (text) => {
    found();
    writeFileSync(join(path, "runtime.json"), text);
    await open();
    expect((await findRuntime(path))?.node.pid).toBe(process.pid);
  });

  test("the scratch directory is emptied", async () => {
    found();
    mkdirSync(join(path, "scratch", "miniflare-1"), { recursive: true });
    const dataDir = await open();
    expect(() => statSync(dataDir.scratchPath)).toThrow("ENOENT");
  });
});

describe("a directory of somebody else", () => {
  const TREASURES = ["scratch/notes.txt", "token", "runtime.json", "lock", ".hidden"];

  test.each(TREASURES)("that holds %s is refused, and nothing in it is touched", async (name) => {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), "mine");
    const before = readdirSync(path);
    expect((await refusal()).message).toBe(
      `${path} holds other files (such as ${before[0]}) and no workspace.json, so it is no data directory: name an empty or a new directory with --data-dir.`,
    );
    expect(readdirSync(path)).toEqual(before);
    expect(readFileSync(join(path, name), "utf8")).toBe("mine");
  });

  test("is not what an empty one is, nor one that a refused or killed start left", async () => {
    mkdirSync(path, { recursive: true });
    for (const name of ["lock", "lock-journal", "workspace.json.4711.draft"]) {
      writeFileSync(join(path, name), "");
    }
    await open();
  });
});

describe("a directory that cannot be used", () => {
  test("because a file is in its place", async () => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, "a file");
    expect((await refusal()).message).toContain("a file is in the way");
    expect(readFileSync(path, "utf8")).toBe("a file");
  });

  test("because a file is in the place of a parent", async () => {
    writeFileSync(join(parent, "deep"), "a file");
    expect((await refusal()).message).toContain("a file is in the way");
  });

  test("because the disk has less free space than the floor; then nothing is created", async () => {
    expect((await refusal(2 ** 60)).message).toMatch(/^The disk of .+ has \d+ MB left and \d+ MB are needed/);
    expect(() => statSync(join(parent, "deep"))).toThrow("ENOENT");
  });

  test("because something else stands where the lock belongs; it stays", async () => {
    found();
    writeFileSync(
      join(path, "lock"),
      "no database at all, and longer than a header of one would be: ".repeat(9),
    );
    expect((await refusal()).message).toBe(
      `${join(path, "lock")} is not the lock of this program: remove it, nothing of yours is kept in it.`,
    );
    expect(readFileSync(join(path, "lock"), "utf8")).toMatch(/^no database at all/);
  });

  test("because a directory stands where the lock belongs", async () => {
    mkdirSync(join(path, "lock"), { recursive: true });
    expect((await refusal()).message).toContain(path);
  });

  test.skipIf(process.getuid?.() === 0)("because this user may not write there", async () => {
    mkdirSync(path, { recursive: true, mode: 0o500 });
    expect((await refusal()).message).toContain(path);
  });

  test("because the disk is really full", async (context) => {
    mkdirSync(path, { recursive: true });
    if (!mount("size=64k")) return context.skip("mounting needs root");
    found();
    spawnSync("dd", ["if=/dev/zero", `of=${join(path, "filler")}`, "bs=1k", "count=100"], {
      stdio: "ignore",
    });
    expect((await refusal(0)).message).toContain("the disk is full (ENOSPC)");
    rmSync(join(path, "filler"));
    await (await open(0)).close();
  });

  test("because the file system is read-only", async (context) => {
    mkdirSync(path, { recursive: true });
    if (!mount("ro")) return context.skip("mounting needs root");
    expect((await refusal(0)).message).toContain("the file system is read-only (EROFS)");
  });
});

describe("the workspace", () => {
  function workspaceFile(): string {
    return readFileSync(join(path, "workspace.json"), "utf8");
  }

  test("is founded once", async () => {
    const first = await open();
    await first.close();
    const founded = workspaceFile();
    await open();
    expect(workspaceFile()).toBe(founded);
    expect(JSON.parse(workspaceFile())).toMatchObject({ formatVersion: DATA_FORMAT_VERSION });
  });

  test("of a newer format is refused and left as it is", async () => {
    mkdirSync(path, { recursive: true });
    const text = JSON.stringify({
      formatVersion: DATA_FORMAT_VERSION + 1,
      createdAt: "2030-01-01T00:00:00Z",
    });
    writeFileSync(join(path, "workspace.json"), text);
    expect((await refusal()).message).toContain("written by a newer version (format 2, this one knows 1)");
    expect(workspaceFile()).toBe(text);
    expect(await readToken(path)).toBeUndefined();
  });

  test.each(["", "{}", "null", "no JSON"])("that reads %j is refused and left as it is", async (text) => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "workspace.json"), text);
    expect((await refusal()).message).toContain("is damaged");
    expect(workspaceFile()).toBe(text);
  });
});
