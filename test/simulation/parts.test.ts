import { beforeAll, describe, expect, it } from "vitest";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { replayCommand } from "./replay-command.ts";
import { judgeSeed } from "./verdict.ts";

/** Seeds that have the parts of the world that most do not have, and what each must have met. */
const SEEDS: readonly (readonly [seed: number, met: readonly RegExp[]])[] = [
  [4, [/^event: people /, /^event: webhook of notion/, /^event: wake-up, heard$/]],
  [10, [/^event: machine suspended/]],
  [18, [/^event: key of \w+ revoked/, /^event: trouble after a pause/]],
  [392, [/^event: forged webhook of fireflies, handshake/, /^event: forged webhook of notion, altered/]],
  [49, [/^event: key of \w+ revoked/]],
  [57, [/^fault: database full/]],
  [58, [/^event: second process started/]],
  [66, [/^event: clock set /]],
];

beforeAll(makeGlobalsReplayable);

describe("every part of the world", () => {
  it.each(SEEDS)("is kept in step under seed %i", async (seed, met) => {
    const { breaches, exercised } = await judgeSeed(seed);
    expect(breaches, `replay: ${replayCommand(seed)}`).toEqual([]);
    const names = [...exercised.keys()];
    for (const pattern of met)
      expect(
        names.filter((name) => pattern.test(name)),
        String(pattern),
      ).not.toEqual([]);
  });
});
