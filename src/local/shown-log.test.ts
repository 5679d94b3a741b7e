import { describe, expect, test } from "vitest";
import { isShown } from "./shown-log.ts";

describe("isShown", () => {
  test.each([
    ["error", '{"event":"api_error","path":"/api/status"}'],
    [
      "fatal",
      "V8 fatal error; location = Reached heap limit; message = : allocation failed: JavaScript heap out of memory",
    ],
    ["warn", "The Workers runtime crashed unexpectedly and is being restarted (crash #1)."],
    ["error", "The Workers runtime failed to restart after an unexpected crash."],
  ])("shows a line of level %s: %s", (level, message) => {
    expect(isShown({ timestamp: 0, level, message })).toBe(true);
  });

  test.each([
    ["log", '{"event":"anything"}'],
    ["log", "<--- Last few GCs --->"],
    ["error", "*** Received signal #6: Aborted"],
    ["warn", "a binding is deprecated"],
  ])("hides a line of level %s: %s", (level, message) => {
    expect(isShown({ timestamp: 0, level, message })).toBe(false);
  });
});
