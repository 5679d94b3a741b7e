import type { Asked, Judged, Shrunk, Threads } from "./campaign.ts";
import type { Options } from "./options.ts";
import { plantedBug } from "./planted-bugs.ts";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { scenarioLines } from "./shown-scenario.ts";
import { Trace } from "./trace.ts";
import { judgeScenario, lawOf, scenarioFor } from "./verdict.ts";

/** Seeds that are shrunk: one shows a bug as well as a hundred. */
const SHRUNK_MAX = 3;
const SHRINK_TRIES_MAX = 400;
const SHRINK_SECONDS_MAX = 90;

/** A seed that broke a law, made as small as it goes. */
export type Small = Shrunk & {
  readonly seed: number;
  readonly law: string;
  readonly lines: readonly string[];
};

/** Shrink the first seeds that broke a law, and look again at what is left of them. */
export async function shrinkAll(
  threads: Threads,
  broken: readonly Judged[],
  options: Options,
): Promise<Small[]> {
  const { bug = null, long = false } = options;
  const chosen = broken
    .filter(({ breaches }) => !lawOf(breaches[0] ?? "").startsWith("simulation"))
    .toSorted((a, b) => a.seed - b.seed)
    .slice(0, SHRUNK_MAX);
  if (chosen.length === 0 || (bug !== null && plantedBug(bug).mutant === null)) return [];
  process.stderr.write(
    `shrinking ${chosen.length} of ${broken.length} seeds, up to ${SHRINK_SECONDS_MAX} s each\n`,
  );
  const small: Small[] = [];
  const asked = chosen.map(({ seed, breaches }): Asked => ({
    do: "shrink",
    seed,
    bug,
    length: long ? "long" : "short",
    law: lawOf(breaches[0] ?? ""),
    triesMax: SHRINK_TRIES_MAX,
    secondsMax: SHRINK_SECONDS_MAX,
  }));
  const found: (Shrunk & { seed: number })[] = [];
  await threads.each(asked, (answer) => {
    if (answer.do === "shrunk") found.push(answer);
  });
  makeGlobalsReplayable();
  for (const one of found.toSorted((a, b) => a.seed - b.seed)) {
    const law = lawOf(chosen.find(({ seed }) => seed === one.seed)?.breaches[0] ?? "");
    small.push({ ...one, law, lines: await shrunkLines(one, law, options) });
  }
  return small;
}

/** The remaining world, what happened in it, and the calls around the breach. */
async function shrunkLines(
  { seed, keep }: { seed: number; keep: string },
  law: string,
  options: Options,
): Promise<string[]> {
  const mutant = options.bug === undefined ? undefined : (plantedBug(options.bug).mutant ?? undefined);
  const scenario = scenarioFor(seed, { mutant, keep, length: options.long === true ? "long" : "short" });
  const trace = new Trace(scenario.startMs);
  const { breaches } = await judgeScenario(scenario, { mutant }, trace);
  const breach = breaches.find((one) => lawOf(one) === law) ?? breaches[0] ?? "";
  return [
    "its world:",
    ...scenarioLines(scenario).map((line) => `  ${line}`),
    "calls around the breach:",
    ...trace.around(breach).map((line) => `  ${line}`),
    breach,
  ];
}
