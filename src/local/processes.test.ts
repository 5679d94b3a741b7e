import { spawn, type ChildProcess } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import { identify, isRunning } from "../surfaces/cli/process-identity.ts";
import { endProcess } from "./processes.ts";

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

describe("endProcess", () => {
  test("ends the process and returns when it is gone", async () => {
    const identity = identify(sleeper());
    if (identity === undefined) throw new Error("not identified");
    await endProcess(identity, 5_000);
    expect(isRunning(identity)).toBe(false);
    await endProcess(identity, 5_000);
  });

  test("spares a stranger who got the same number", async () => {
    const pid = sleeper();
    await endProcess({ pid, startTime: "an earlier start" }, 5_000);
    expect(identify(pid)).toBeDefined();
  });
});
