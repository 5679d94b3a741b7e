import { Threads, type Asked } from "./campaign.ts";
import type { Options } from "./options.ts";
import { PLANTED_BUGS, plantedBug, type PlantedBug } from "./planted-bugs.ts";
import { progressLine, stopAtInterrupt } from "./progress.ts";

const PLANTED_SEEDS = 200;
const LAW_CHARACTERS_MAX = 110;

type Catch = {
  readonly name: string;
  readonly harness: string;
  readonly seed: number | null;
  readonly tried: number;
  readonly law: string;
};

/** Plant one bug after another and look for the first seed that catches it. @returns whether each was caught */
export async function hunt(options: Options): Promise<boolean> {
  const { seeds = PLANTED_SEEDS, first = 1, planted } = options;
  const bugs = planted === true || planted === undefined ? PLANTED_BUGS : [plantedBug(planted)];
  const threads = new Threads(options.threads);
  const stop = stopAtInterrupt(threads);
  const progress = progressLine();
  const catches: Catch[] = [];
  for (const bug of bugs) {
    if (stop.isAsked()) break;
    const caught = await stop.orDone(huntOne(threads, bug, { first, seeds }, (line) => progress.show(line)));
    if (caught === undefined) break;
    catches.push(caught);
    if (options.json !== true) {
      progress.end();
      process.stdout.write(`${catchLine(caught)}\n`);
    }
  }
  progress.end();
  await threads.end();
  const isWell = catches.length === bugs.length && catches.every(({ seed }) => seed !== null);
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ok: isWell, bugs: catches })}\n`);
  else
    process.stdout.write(
      `${catches.filter(({ seed }) => seed !== null).length} of ${bugs.length} planted bugs caught\n`,
    );
  return isWell;
}

async function huntOne(
  threads: Threads,
  bug: PlantedBug,
  { first, seeds }: { first: number; seeds: number },
  show: (line: string) => void,
): Promise<Catch> {
  const { name, harness } = bug;
  let tried = 0;
  let best: { seed: number; law: string } | null = null;
  const isCaught = (): boolean => best !== null;
  function* next(): Generator<Asked> {
    for (let seed = first; seed < first + seeds && !isCaught(); seed += 1)
      yield { do: "judge", seed, bug: name, length: "short" };
  }
  await threads.each(next(), (answer) => {
    if (answer.do !== "judged") return;
    tried += 1;
    show(`${name}: ${tried} seeds tried`);
    const law = answer.breaches.find((breach) => bug.law.test(breach));
    if (law !== undefined && (best === null || answer.seed < best.seed)) best = { seed: answer.seed, law };
  });
  const found = best as { seed: number; law: string } | null;
  return { name, harness, seed: found?.seed ?? null, tried, law: found?.law ?? "" };
}

function catchLine({ name, harness, seed, tried, law }: Catch): string {
  return seed === null
    ? `LIVES   ${name} (${harness}): ${tried} seeds tried`
    : `caught  ${name} (${harness}): seed ${seed}, ${tried} tried; ${law.split("\n")[0]?.slice(0, LAW_CHARACTERS_MAX)}`;
}
