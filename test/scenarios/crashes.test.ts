import { beforeAll, describe, expect, it } from "vitest";
import { makeGlobalsReplayable } from "../simulation/replayable-globals.ts";
import { HOUR_MS, scenarioOf, type Scenario } from "../simulation/scenario.ts";
import { judgeScenario } from "../simulation/verdict.ts";

/** A quiet world of a few meetings in which one thing happens: the process is killed at one call, the n-th of its kind. */
function killedAt(place: string, times: number, seed: number): Scenario {
  const scenario = scenarioOf(seed);
  return {
    ...scenario,
    calmMs: scenario.startMs + 3 * HOUR_MS,
    tickEveryMs: HOUR_MS / 6,
    plan: "business",
    quotaPerDay: null,
    faultRate: 0,
    // Accepted at once, visible much later: there is time to die in between.
    vectorDelayMs: 3 * 60_000,
    rates: { d1: 0, r2: 0, vectorize: 0, ai: 0, slow: 0 },
    events: [],
    pageEvents: [],
    deaths: [{ calls: 100_000, at: { place, times } }],
  };
}

/** Seeds of worlds with a few meetings each. */
const SEEDS = [3, 5, 13, 24] as const;

beforeAll(makeGlobalsReplayable);

describe("acceptance: a crash", () => {
  describe.each([
    ["Crash between R2 put and D1 batch", "after r2.put", 1],
    ["Crash between R2 put and D1 batch", "after r2.put", 3],
    ["Crash between D1 and Vectorize", "before vectorize.upsert", 1],
    ["Crash between Vectorize accept and apply", "after vectorize.upsert", 1],
  ])("%s (%s, number %i)", (_, place, times) => {
    it.each(SEEDS)("ends as if it had never been (seed %i)", async (seed) => {
      const { breaches, exercised } = await judgeScenario(killedAt(place, times, seed));
      expect([...exercised.keys()]).toContainEqual(expect.stringContaining(`crash: ${place}`));
      expect(breaches).toEqual([]);
    });
  });
});
