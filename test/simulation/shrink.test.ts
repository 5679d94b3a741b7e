import { beforeAll, describe, expect, it } from "vitest";
import { cutTo, keepText, partsIn, partsOf } from "./cut.ts";
import { plantedBug } from "./planted-bugs.ts";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { scenarioOf } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { breachesInHarm, judgeSeed, lawOf, scenarioFor } from "./verdict.ts";

const UNBOUNDED = { triesMax: 1_000, isTimeUp: () => false };
const SHRINK_MS_MAX = 120_000;

describe("shrinking", () => {
  it("finds the two parts of fifty that break a law together", async () => {
    const parts = Array.from({ length: 50 }, (_, place) => `e${place}`);
    const isBroken = (some: readonly string[]) =>
      Promise.resolve(some.includes("e7") && some.includes("e31"));
    const found = await shrink(parts, isBroken, UNBOUNDED);
    expect(found).toMatchObject({ parts: ["e7", "e31"], isLeast: true });
  });

  it("ends at its bound with what it has, and says so", async () => {
    const parts = Array.from({ length: 50 }, (_, place) => `e${place}`);
    const found = await shrink(parts, (some) => Promise.resolve(some.includes("e7")), {
      triesMax: 3,
      isTimeUp: () => false,
    });
    expect(found.tries).toBe(3);
    expect(found.isLeast).toBe(false);
    expect(found.parts).toContain("e7");
  });
});

describe("parts of a scenario", () => {
  const scenario = scenarioOf(14);

  it("make the scenario again when none is left out, and survive a command line", () => {
    const all = partsOf(scenario);
    expect(cutTo(scenario, all)).toEqual(scenario);
    expect(new Set(partsIn(keepText(all), scenario))).toEqual(new Set(all));
  });

  it("take with a meeting what happens to it", () => {
    const events = new Set(scenario.events.filter((event) => "id" in event && event.id === "m000"));
    const left = cutTo(
      scenario,
      partsOf(scenario).filter((part) => part !== "m0"),
    );
    expect(left.events.filter((event) => events.has(event))).toEqual([]);
    expect(left.meetings.map(({ id }) => id)).not.toContain("m000");
  });

  it("are refused in one sentence when the scenario has none of that name", () => {
    expect(() => partsIn("e9999", scenario)).toThrow('"e9999" is no part of seed 14.');
    expect(() => partsIn("nonsense", scenario)).toThrow('"nonsense" is no part of seed 14.');
  });
});

describe("a seed that a planted bug breaks", () => {
  beforeAll(makeGlobalsReplayable);

  it(
    "is made smaller, and what is left breaks the same law when it is replayed by its parts",
    async () => {
      const { mutant } = plantedBug("delete on 404");
      if (mutant === null) throw new Error("the bug is planted into the simulation");
      const whole = scenarioFor(SEED, { mutant });
      const all = partsOf(whole);
      const isBroken = async (parts: readonly string[]): Promise<boolean> =>
        (await breachesInHarm(cutTo(whole, parts), mutant)).some((breach) => mutant.law.test(breach));
      const found = await shrink(all, isBroken, { triesMax: 60, isTimeUp: () => false });
      expect(found.parts.length).toBeLessThan(all.length / 2);
      const { breaches } = await judgeSeed(SEED, { mutant, keep: keepText(found.parts) });
      expect(breaches.map(lawOf).join("\n")).toMatch(/law 7/);
    },
    SHRINK_MS_MAX,
  );
});

/** Its meetings are few, and one of them is hidden. */
const SEED = 58;
