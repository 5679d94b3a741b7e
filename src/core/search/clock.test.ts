import { expect, it } from "vitest";
import { clockOf } from "./clock.ts";

it.each([
  [0, "0:00"],
  [59.9, "0:59"],
  [754, "12:34"],
  [3_600, "1:00:00"],
  [36_061, "10:01:01"],
])("%d seconds are %s on a player", (seconds, text) => {
  expect(clockOf(seconds)).toBe(text);
});
