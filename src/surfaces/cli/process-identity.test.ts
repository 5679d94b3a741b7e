import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import { identify, isRunning, startTimeFromProc, startTimeFromPs } from "./process-identity.ts";

const children: ChildProcess[] = [];

function sleeper(): number {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  children.push(child);
  if (child.pid === undefined) throw new Error("sleep did not start");
  return child.pid;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

describe("identify", () => {
  test("gives the same identity for the same process and another one for another process", () => {
    expect(identify(process.pid)).toEqual(identify(process.pid));
    expect(identify(sleeper())).not.toEqual(identify(process.pid));
  });

  test("knows nothing of a process that does not exist", () => {
    expect(identify(2 ** 22 + 1)).toBeUndefined();
  });

  test.runIf(process.platform === "linux")("counts a zombie as gone", async () => {
    // The shell starts a short child, becomes a program that never waits for it, and so keeps it as a zombie.
    const parent = spawn("sh", ["-c", "sleep 0.05 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(parent);
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once("data", (text: Buffer) => resolve(Number(text)));
    });
    await expect.poll(() => startTimeFromProc(pid), { timeout: 5_000 }).toBeUndefined();
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test.skipIf(spawnSync("ps", ["-V"]).error)("works with ps where there is no /proc", () => {
    const pid = sleeper();
    expect(startTimeFromPs(pid)).toMatch(/20\d\d/);
    expect(startTimeFromPs(pid)).toBe(startTimeFromPs(pid));
    expect(startTimeFromPs(2 ** 22 + 1)).toBeUndefined();
  });
});

describe("isRunning", () => {
  test("does not mistake a later process with the same number for the one that was identified", () => {
    const pid = sleeper();
    expect(isRunning({ pid, startTime: "an earlier start" })).toBe(false);
  });
});
