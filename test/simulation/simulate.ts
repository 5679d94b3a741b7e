import { createLogUpdate } from "log-update";
import { isDrawable } from "../../src/local/terminal.ts";
import { Threads, type Asked, type Judged, type Shrunk } from "./campaign.ts";
import { PLANTED_BUGS, plantedBug, type PlantedBug } from "./planted-bugs.ts";
import { replayCommand } from "./replay-command.ts";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { scenarioLines } from "./shown-scenario.ts";
import { Tally } from "./tally.ts";
import { Trace } from "./trace.ts";
import { judgeScenario, lawOf, scenarioFor } from "./verdict.ts";

/** What the command line leaves to a simulation. */
export type Options = {
  readonly seeds?: number;
  readonly first?: number;
  readonly seed?: number;
  readonly keep?: string;
  readonly bug?: string;
  readonly planted?: string | true;
  readonly long?: boolean;
  readonly trace?: boolean;
  readonly shrink: boolean;
  readonly threads: number;
  readonly json?: boolean;
};

const SEEDS = 1_000;
const PLANTED_SEEDS = 200;
const BREACHES_SHOWN_MAX = 10;
/** Seeds that are shrunk: one shows a bug as well as a hundred. */
const SHRUNK_MAX = 3;
const SHRINK_TRIES_MAX = 400;
const SHRINK_SECONDS_MAX = 90;
/** Real time between two lines of progress, where they cannot be drawn over each other. */
const LINE_EVERY_MS = 10_000;
const INTERRUPTED = 130;

/** What went wrong, in one sentence. */
export function failure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

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

type Small = Shrunk & { readonly seed: number; readonly law: string; readonly lines: readonly string[] };

async function shrinkAll(threads: Threads, broken: readonly Judged[], options: Options): Promise<Small[]> {
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

type Shown = {
  readonly options: Options;
  readonly tally: Tally;
  readonly seconds: number;
  readonly threads: number;
  readonly small: readonly Small[];
};

function report({ options, tally, seconds, threads, small }: Shown): string {
  const lines: string[] = [];
  for (const { title, rows } of tally.groups()) {
    lines.push("", title);
    for (const [what, times] of rows) lines.push(`${String(times).padStart(9)}  ${what}`);
  }
  const untouched = tally.untouched();
  lines.push("", untouched.length === 0 ? "untouched: nothing" : `untouched: ${untouched.join("; ")}`);
  for (const one of small) {
    const { seed, keep, parts, partsBefore, tries, isLeast } = one;
    const how = isLeast ? "none of them can go" : "a bound ended the search";
    lines.push(
      "",
      `seed ${seed} shrunk from ${partsBefore} parts to ${parts} in ${tries} tries (${how}); replay:`,
      `  ${replayCommand(seed, { bug: options.bug, keep, isLong: options.long === true })}`,
      ...one.lines,
    );
  }
  const { short, longer } = tally.speeds(threads);
  lines.push("");
  for (const [name, speed] of [
    ["of two days", short],
    ["longer", longer],
  ] as const) {
    if (speed.seeds > 0)
      lines.push(
        `histories ${name}: ${speed.seeds} seeds, ${speed.meanMs.toFixed(0)} ms each, ${speed.perSecond.toFixed(1)} seeds/s on ${threads} threads`,
      );
  }
  lines.push(
    `${tally.seeds} seeds in ${seconds.toFixed(1)} s, ${tally.broken.length} broke a law, ${(tally.seeds / seconds).toFixed(1)} seeds/s`,
  );
  return `${lines.join("\n")}\n`;
}

function asJson({ options, tally, seconds, threads, small }: Shown): object {
  return {
    ok: tally.broken.length === 0,
    seeds: tally.seeds,
    first: options.first ?? 1,
    seconds: Number(seconds.toFixed(3)),
    threads,
    seeds_per_second: Number((tally.seeds / seconds).toFixed(2)),
    speeds: tally.speeds(threads),
    exercised: Object.fromEntries([...tally.exercised].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    untouched: tally.untouched(),
    broken: tally.broken.map(({ seed, breaches }) => ({
      seed,
      breaches,
      replay: replayCommand(seed, { bug: options.bug, isLong: options.long === true }),
    })),
    shrunk: small.map(({ lines: _, ...one }) => ({
      ...one,
      replay: replayCommand(one.seed, { bug: options.bug, keep: one.keep, isLong: options.long === true }),
    })),
  };
}

function breachLines({ seed, breaches }: Judged, { bug, long = false }: Options): string {
  const lines = breaches.slice(0, BREACHES_SHOWN_MAX).map((breach) => `  ${breach}`);
  return [
    `seed ${seed} broke ${breaches.length} laws; replay: ${replayCommand(seed, { bug, isLong: long })}`,
    ...lines,
    ...(breaches.length > BREACHES_SHOWN_MAX ? [`  and ${breaches.length - BREACHES_SHOWN_MAX} more`] : []),
  ].join("\n");
}

/** Run one seed, or parts of it, and tell what happened. @returns whether every law was kept */
export async function replay(options: Options & { readonly seed: number }): Promise<boolean> {
  makeGlobalsReplayable();
  const { seed, keep, bug, long = false } = options;
  const planted = bug === undefined ? null : plantedBug(bug);
  if (planted?.harness === "fight") return shownBreaches(options, await planted.judge(seed));
  const mutant = planted?.mutant ?? undefined;
  const scenario = scenarioFor(seed, { mutant, keep, length: long ? "long" : "short" });
  const trace = new Trace(scenario.startMs);
  const verdict = await judgeScenario(scenario, { mutant }, trace);
  if (options.json === true) return shownBreaches(options, verdict.breaches);
  const lines = [
    `seed ${seed}`,
    ...scenarioLines(scenario).map((line) => `  ${line}`),
    "",
    ...(options.trace === true ? trace.all() : trace.timeline()),
  ];
  for (const breach of verdict.breaches.slice(0, SHRUNK_MAX))
    lines.push("", `calls around: ${breach}`, ...trace.around(breach).map((line) => `  ${line}`));
  process.stdout.write(`${lines.join("\n")}\n`);
  return shownBreaches(options, verdict.breaches);
}

function shownBreaches({ seed, json }: Options, breaches: readonly string[]): boolean {
  if (json === true)
    process.stdout.write(`${JSON.stringify({ ok: breaches.length === 0, seed, breaches })}\n`);
  else if (breaches.length === 0) process.stdout.write(`\nseed ${seed} kept every law\n`);
  else process.stdout.write(`\n${breaches.join("\n")}\nseed ${seed} broke ${breaches.length} laws\n`);
  return breaches.length === 0;
}

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
  const LAW_CHARACTERS = 110;
  return seed === null
    ? `LIVES   ${name} (${harness}): ${tried} seeds tried`
    : `caught  ${name} (${harness}): seed ${seed}, ${tried} tried; ${law.split("\n")[0]?.slice(0, LAW_CHARACTERS)}`;
}

/** One line that is drawn over itself on a terminal, and said now and then elsewhere. */
function progressLine(): { show(line: string): void; say(text: string): void; end(): void } {
  const { stderr } = process;
  if (isDrawable(stderr)) {
    const draw = createLogUpdate(stderr, { showCursor: true });
    return { show: (line) => draw(line), say: (text) => draw.persist(text), end: () => draw.clear() };
  }
  let saidMs = performance.now();
  return {
    show: (line) => {
      if (performance.now() - saidMs < LINE_EVERY_MS) return;
      saidMs = performance.now();
      stderr.write(`${line}\n`);
    },
    say: (text) => stderr.write(`${text}\n`),
    end: () => undefined,
  };
}

/** Ctrl-C ends the work and not the program: what was found so far is still told. */
function stopAtInterrupt(threads: Threads): {
  isAsked(): boolean;
  orDone<T>(work: Promise<T>): Promise<T | undefined>;
} {
  let asked = false;
  const interrupted = new Promise<undefined>((resolve) => {
    process.once("SIGINT", () => {
      asked = true;
      void threads.end().then(() => resolve(undefined));
    });
  });
  return { isAsked: () => asked, orDone: (work) => Promise.race([work, interrupted]) };
}
