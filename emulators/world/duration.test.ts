import { expect, it } from "vitest";
import { parseDurationMs } from "./duration.ts";

it("reads spans of one or more units", () => {
  expect(parseDurationMs("7d")).toBe(604_800_000);
  expect(parseDurationMs("1d12h")).toBe(129_600_000);
  expect(parseDurationMs("0.5h")).toBe(1_800_000);
});

it("is null for anything else", () => {
  for (const text of ["", "7", "d", "-7d", "7 d", "7days", "1h-"]) expect(parseDurationMs(text)).toBeNull();
});
