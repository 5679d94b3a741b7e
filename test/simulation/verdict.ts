import { afterwardsOf } from "./afterwards.ts";
import { cutTo, partsIn } from "./cut.ts";
import { differences, finalStateOf, footprintOf } from "./final-state.ts";
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
 * Run a seed in harm's way and hold it against the laws; some also against a program that begins when all is over.
 *
 * Deterministic: equal seeds give equal verdicts. Needs `makeGlobalsReplayable` first.
 */
export function judgeSeed(seed: number, judging: Judging = {}): Promise<Verdict> {
  return judgeScenario(scenarioFor(seed, judging), judging);
}

/** Every so many seeds are held against a program that begins afterwards: it costs a quarter of one, and the laws tell most. */
const COMPARED_EVERY = 5;

/** The same for a scenario that no seed decides, or not alone. @param trace writes down what happens in harm's way */
export async function judgeScenario(
  scenario: Scenario,
  { mutant }: Judging = {},
  trace?: Trace,
): Promise<Verdict> {
  const sim = new Simulation(scenario, { ...(mutant && { mutant }), ...(trace && { trace }) });
  try {
    const breaches = await inHarm(sim);
    if (breaches.length === 0 && scenario.seed % COMPARED_EVERY === 0)
      breaches.push(...(await otherwiseAfterwards(sim)));
    const virtualMs = sim.clock.nowMs() - scenario.startMs;
    return { seed: scenario.seed, breaches, exercised: sim.exercised, virtualMs };
  } finally {
    await sim.close();
  }
}

/** What is broken in harm's way alone, for whoever looks for less of the same. */
export async function breachesInHarm(scenario: Scenario, mutant?: Mutant): Promise<readonly string[]> {
  const sim = new Simulation(scenario, { ...(mutant && { mutant }) });
  try {
    return await inHarm(sim);
  } finally {
    await sim.close();
  }
}

/** Which law a breach is one of: two sentences of one law differ in ids and counts. */
export function lawOf(breach: string): string {
  return breach.split(":")[0] ?? breach;
}

async function inHarm(sim: Simulation): Promise<string[]> {
  await sim.run();
  const before = await footprintOf(sim);
  await sim.quietHour();
  const breaches = [...sim.breaches, ...(await brokenLaws(sim))];
  if (breaches.length === 0 && (await footprintOf(sim)) !== before)
    breaches.push("law 3: a run with nothing new left something behind");
  return breaches;
}

/** What a program knows otherwise that begins when all is over, over empty stores and the source as it is then. */
async function otherwiseAfterwards(lived: Simulation): Promise<string[]> {
  const scenario = afterwardsOf(lived.scenario, lived.clock.nowMs());
  const { mutant } = lived.mode;
  const later = new Simulation(scenario, { source: lived.source, ...(mutant && { mutant }) });
  try {
    await later.runAfterwards();
    if (later.breaches.length > 0)
      return later.breaches.map((breach) => `law 4: begun afterwards: ${breach}`);
    return differences(await finalStateOf(lived), await finalStateOf(later));
  } finally {
    await later.close();
  }
}
