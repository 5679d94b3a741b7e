import { fight } from "../fight/fight.ts";
import { FIGHT_PLANTS } from "../fight/plants.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { judgeSeed } from "./verdict.ts";

/** Rounds of a fight that has a bug to find. */
const FIGHT_ROUNDS = 40;

/** A bug planted on purpose, and what must catch it. If a law did not bite, it would live. */
export type PlantedBug = {
  readonly name: string;
  /** What it is planted into: the whole road, or people against the sync over one Notion workspace. */
  readonly harness: "simulation" | "fight";
  /** A seed that meets it, or one of the next: what a seed stands for changes with every call that the program makes. */
  readonly seed: number;
  /** What a breach has to say. */
  readonly law: RegExp;
  /** What a simulation replaces; null in a fight. */
  readonly mutant: Mutant | null;
  /** Breaches of a seed with the bug planted. */
  judge(seed: number): Promise<readonly string[]>;
};

/** Every planted bug, whatever it is planted into. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...MUTANTS.map((mutant): PlantedBug => ({
    name: mutant.name,
    harness: "simulation",
    seed: mutant.seed,
    law: mutant.law,
    mutant,
    judge: async (seed) => (await judgeSeed(seed, { mutant })).breaches,
  })),
  ...FIGHT_PLANTS.map(({ name, seed, law, plant }): PlantedBug => ({
    name,
    harness: "fight",
    seed,
    law,
    mutant: null,
    judge: async (given) => (await fight(given, FIGHT_ROUNDS, { plant })).breaches,
  })),
];

/** The planted bug of this name. @throws Error with one sentence, if there is none */
export function plantedBug(name: string): PlantedBug {
  const found = PLANTED_BUGS.find((bug) => bug.name === name);
  if (found !== undefined) return found;
  const names = PLANTED_BUGS.map((bug) => bug.name).join(", ");
  throw new Error(`There is no planted bug "${name}"; there are ${names}.`);
}
