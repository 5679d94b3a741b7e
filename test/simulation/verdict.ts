import { cutTo, partsIn } from "./cut.ts";
import { differences, finalStateOf, footprintOf, type FinalState } from "./final-state.ts";
import { brokenLaws } from "./laws.ts";
import { NO_MUTANT, type Mutant } from "./mutant.ts";
import { plainScenarioOf, scenarioOf, type HistoryLength, type Scenario } from "./scenario.ts";
import { Simulation } from "./simulation.ts";
import type { Trace } from "./trace.ts";

/** What became of a seed. */
export type Verdict = {
  readonly seed: number;
  /** Laws that were broken, in sentences; empty as a rule. */
  readonly breaches: readonly string[];
  /** What was exercised, with counts. */
  readonly exercised: ReadonlyMap<string, number>;
  /** Virtual time that the history took, ms. */
  readonly virtualMs: number;
};

/** How a seed is judged. */
export type Judging = {
  readonly mutant?: Mutant | undefined;
  /** Default "short". */
  readonly length?: HistoryLength;
  /** Parts of the scenario to keep, as `keepText` writes them; all by default. */
  readonly keep?: string | undefined;
};

/** The scenario of a seed, as it is judged. @throws Error with one sentence, if `keep` names what it does not have */
export function scenarioFor(seed: number, { mutant = NO_MUTANT, length = "short", keep }: Judging): Scenario {
  // A planted bug is looked for where parts that are added do not move what a seed stands for.
  const scenario =
    mutant === NO_MUTANT ? scenarioOf(seed, length) : mutant.scenario(plainScenarioOf(seed, length));
  return keep === undefined ? scenario : cutTo(scenario, partsIn(keep, scenario));
}

/**
 * Run a seed twice, once in peace and once in harm's way, and hold both against the laws.
 *
 * Deterministic: equal seeds give equal verdicts. Needs `makeGlobalsReplayable` first.
 */
export function judgeSeed(seed: number, judging: Judging = {}): Promise<Verdict> {
  return judgeScenario(scenarioFor(seed, judging), judging);
}

/** The same for a scenario that no seed decides, or not alone. @param trace writes down what happens in harm's way */
export async function judgeScenario(
  scenario: Scenario,
  { mutant }: Judging = {},
  trace?: Trace,
): Promise<Verdict> {
  const peace = await course(scenario, { harm: false, mutant });
  const harm = await course(scenario, { harm: true, mutant, trace });
  const breaches = [...peace.breaches.map((breach) => `${breach}${IN_PEACE}`), ...harm.breaches];
  if (breaches.length === 0) breaches.push(...differences(harm.state, peace.state));
  return { seed: scenario.seed, breaches, exercised: harm.exercised, virtualMs: harm.virtualMs };
}

/** What is broken in harm's way alone, for whoever looks for less of the same: half the work. */
export async function breachesInHarm(scenario: Scenario, mutant?: Mutant): Promise<readonly string[]> {
  return (await course(scenario, { harm: true, mutant })).breaches;
}

/** Ends a breach that nothing was to blame for but the program. */
export const IN_PEACE = " (without kills or faults)";

/** Which law a breach is one of: two sentences of one law differ in ids and counts. */
export function lawOf(breach: string): string {
  return `${breach.split(":")[0] ?? breach}${breach.endsWith(IN_PEACE) ? IN_PEACE : ""}`;
}

type Course = {
  readonly breaches: string[];
  readonly state: FinalState;
  readonly exercised: ReadonlyMap<string, number>;
  readonly virtualMs: number;
};
type CourseMode = { harm: boolean; mutant?: Mutant | undefined; trace?: Trace | undefined };

async function course(scenario: Scenario, { harm, mutant, trace }: CourseMode): Promise<Course> {
  const sim = new Simulation(scenario, { harm, ...(mutant && { mutant }), ...(trace && { trace }) });
  try {
    await sim.run();
    const before = await footprintOf(sim);
    await sim.quietHour();
    const breaches = [...sim.breaches, ...(await brokenLaws(sim))];
    if (harm && breaches.length === 0 && (await footprintOf(sim)) !== before)
      breaches.push("law 3: a run with nothing new left something behind");
    const virtualMs = sim.clock.nowMs() - scenario.startMs;
    return { breaches, state: await finalStateOf(sim), exercised: sim.exercised, virtualMs };
  } finally {
    await sim.close();
  }
}
