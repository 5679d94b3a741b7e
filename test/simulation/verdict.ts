import { differences, finalStateOf, footprintOf, type FinalState } from "./final-state.ts";
import { brokenLaws } from "./laws.ts";
import { NO_MUTANT, type Mutant } from "./mutant.ts";
import { scenarioOf, type Scenario } from "./scenario.ts";
import { Simulation } from "./simulation.ts";

/** What became of a seed. */
export type Verdict = {
  readonly seed: number;
  /** Laws that were broken, in sentences; empty as a rule. */
  readonly breaches: readonly string[];
  /** What was exercised, with counts. */
  readonly exercised: ReadonlyMap<string, number>;
};

/**
 * Run a seed twice, once in peace and once in harm's way, and hold both against the laws.
 *
 * Deterministic: equal seeds give equal verdicts. Needs `makeGlobalsReplayable` first.
 */
export function judgeSeed(seed: number, mutant?: Mutant): Promise<Verdict> {
  return judgeScenario((mutant ?? NO_MUTANT).scenario(scenarioOf(seed)), mutant);
}

/** The same for a scenario that no seed decides, or not alone. */
export async function judgeScenario(scenario: Scenario, mutant?: Mutant): Promise<Verdict> {
  const peace = await course(scenario, false, mutant);
  const harm = await course(scenario, true, mutant);
  const breaches = [
    ...peace.breaches.map((breach) => `${breach} (without kills or faults)`),
    ...harm.breaches,
  ];
  if (breaches.length === 0) breaches.push(...differences(harm.state, peace.state));
  return { seed: scenario.seed, breaches, exercised: harm.exercised };
}

type Course = { breaches: string[]; state: FinalState; exercised: ReadonlyMap<string, number> };

async function course(scenario: Scenario, harm: boolean, mutant?: Mutant): Promise<Course> {
  const sim = new Simulation(scenario, mutant === undefined ? { harm } : { harm, mutant });
  try {
    await sim.run();
    const before = await footprintOf(sim);
    await sim.quietHour();
    const breaches = [...sim.breaches, ...(await brokenLaws(sim))];
    if (harm && breaches.length === 0 && (await footprintOf(sim)) !== before)
      breaches.push("law 3: a run with nothing new left something behind");
    return { breaches, state: await finalStateOf(sim), exercised: sim.exercised };
  } finally {
    await sim.close();
  }
}
