import { beforeAll, describe, expect, it } from "vitest";
import { replayCommand } from "./main.ts";
import { mutantNamed } from "./mutants.ts";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { judgeSeed } from "./verdict.ts";

/** Chosen because each once broke a law, or because together they reach every kind of trouble. */
const SEEDS = [1, 2, 3];

/** A planted bug, a seed that meets it, and the law that must bite. */
const PLANTED: readonly (readonly [mutant: string, seed: number, law: RegExp])[] = [
  ["no fence check", 16, /law 5/],
];

beforeAll(makeGlobalsReplayable);

describe("the whole road, killed anywhere and never spared", () => {
  it.each(SEEDS)("keeps every law under seed %i", async (seed) => {
    const { breaches } = await judgeSeed(seed);
    expect(breaches, `replay: ${replayCommand(seed)}`).toEqual([]);
  });
});

describe("a law bites", () => {
  it.each(PLANTED)("when the program %s (seed %i)", async (name, seed, law) => {
    const { breaches } = await judgeSeed(seed, mutantNamed(name));
    expect(breaches.join("\n"), `replay: ${replayCommand(seed, name)}`).toMatch(law);
  });
});
