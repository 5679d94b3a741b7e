import { asJson, breachLines, report, type Shown } from "./campaign-report.ts";
import { Threads, type Asked } from "./campaign.ts";
import type { Options } from "./options.ts";
import { plantedBug } from "./planted-bugs.ts";
import { progressLine, stopAtInterrupt } from "./progress.ts";
import { shrinkAll } from "./small-scenarios.ts";
import { Tally } from "./tally.ts";

const SEEDS = 1_000;
const INTERRUPTED = 130;

/** Run many seeds on all threads. @returns whether every law was kept */
export async function simulate(options: Options): Promise<boolean> {
  const { seeds = SEEDS, first = 1, bug = null, long = false, threads: wanted } = options;
  if (bug !== null) plantedBug(bug);
  const threads = new Threads(Math.min(wanted, seeds));
  const tally = new Tally();
  const startedMs = performance.now();
  const progress = progressLine();
  const stop = stopAtInterrupt(threads);
  const secondsNow = (): number => (performance.now() - startedMs) / 1_000;
  const told = (): string =>
    `${tally.seeds} of ${seeds} seeds, ${tally.broken.length} broke a law, ${(tally.seeds / secondsNow()).toFixed(1)} seeds/s`;
  await stop.orDone(
    threads.each(questions(first, seeds, { bug, length: long ? "long" : "short" }, stop), (answer) => {
      if (answer.do !== "judged") return;
      tally.add(answer);
      if (answer.breaches.length > 0) progress.say(breachLines(answer, options));
      progress.show(told());
    }),
  );
  const seconds = secondsNow();
  progress.end();
  const small = options.shrink && !stop.isAsked() ? await shrinkAll(threads, tally.broken, options) : [];
  await threads.end();
  const shown: Shown = { options, tally, seconds, threads: threads.count, small };
  process.stdout.write(options.json === true ? `${JSON.stringify(asJson(shown))}\n` : report(shown));
  if (stop.isAsked()) process.exitCode = tally.broken.length > 0 ? 1 : INTERRUPTED;
  return tally.broken.length === 0;
}

function* questions(
  first: number,
  count: number,
  { bug, length }: Pick<Asked, "bug" | "length">,
  stop: { isAsked(): boolean },
): Generator<Asked> {
  for (let seed = first; seed < first + count && !stop.isAsked(); seed += 1)
    yield { do: "judge", seed, bug, length };
}
