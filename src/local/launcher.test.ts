import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { launchedPid, launcherEnvironment, launcherPath } from "./launcher.ts";

let directory: string;
let pidFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "launcher-"));
  pidFile = join(directory, "workerd.pid");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("launcher.sh", () => {
  test("is executable, also as git keeps it", () => {
    expect(statSync(launcherPath()).mode & 0o111).toBe(0o111);
    const listing = spawnSync("git", ["ls-files", "-s", "launcher.sh"], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      encoding: "utf8",
    });
    // A source tree without git has nothing to compare with.
    if (listing.status === 0 && listing.stdout !== "") expect(listing.stdout).toMatch(/^100755 /);
  });

  test("becomes workerd: same pid, arguments untouched, control pipe on 3", async () => {
    const child = spawn(launcherPath(), ["-c", 'echo "$1" >&3', "sh", "two words"], {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
      env: { ...process.env, ...launcherEnvironment(pidFile), LAUNCHER_WORKERD: "/bin/sh" },
    });
    const control = child.stdio[3];
    if (control === null || control === undefined) throw new Error("no control pipe");
    const [text] = await once(control, "data");
    expect(String(text)).toBe("two words\n");
    expect(launchedPid(pidFile)).toBe(child.pid);
  });

  test("starts nothing when the parent is not the node it was told of", () => {
    const run = spawnSync(launcherPath(), ["-c", "echo started"], {
      env: {
        ...process.env,
        ...launcherEnvironment(pidFile),
        LAUNCHER_PARENT_PID: "1",
        LAUNCHER_WORKERD: "/bin/sh",
      },
      encoding: "utf8",
    });
    expect(run.status).toBe(1);
    expect(run.stdout).toBe("");
    expect(() => launchedPid(pidFile)).toThrow("ENOENT");
  });
});

describe("launcherEnvironment", () => {
  test("names a workerd that can be executed", () => {
    accessSync(launcherEnvironment(pidFile)["LAUNCHER_WORKERD"] ?? "", constants.X_OK);
  });
});
