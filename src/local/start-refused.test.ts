import { describe, expect, test } from "vitest";
import { DataDirBusy, refusalOf, StartRefused } from "./start-refused.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: words of the system, open '/secret/place'`), { code });
}

describe("refusalOf", () => {
  test.each([
    ["EACCES", "this user may not write there"],
    ["EROFS", "the file system is read-only"],
    ["ENOTDIR", "a file is in the way"],
    ["ENOSPC", "the disk is full"],
    ["EDQUOT", "the disk quota is used up"],
  ])("says what %s means and what to do", (code, reason) => {
    const cause = systemError(code);
    const refusal = refusalOf(cause, ".data");
    expect(refusal).toBeInstanceOf(StartRefused);
    expect(refusal).toMatchObject({ exitCode: 3, cause });
    expect(String(refusal)).toBe(
      `StartRefused: .data cannot hold the data, because ${reason} (${code}): repair that, or choose another directory with --data-dir.`,
    );
  });

  test("leaves a defect what it is", () => {
    const defect = new TypeError("x is not a function");
    expect(refusalOf(defect, ".data")).toBe(defect);
    expect(refusalOf(systemError("EWHAT"), ".data")).not.toBeInstanceOf(StartRefused);
  });
});

describe("DataDirBusy", () => {
  test("stays a sentence when the owner is not known yet", () => {
    const busy = new DataDirBusy(".data", {});
    expect(busy.message).toBe(
      ".data is in use by another process (which is still starting): stop it, or choose another directory with --data-dir.",
    );
    expect(busy).toMatchObject({ exitCode: 3, pid: undefined, url: undefined });
  });
});
