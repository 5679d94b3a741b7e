import type { Judged } from "./campaign.ts";
import type { Options } from "./options.ts";
import { replayCommand } from "./replay-command.ts";
import type { Small } from "./small-scenarios.ts";
import type { Tally } from "./tally.ts";

const BREACHES_SHOWN_MAX = 10;

/** What there is to report of many seeds. */
export type Shown = {
  readonly options: Options;
  readonly tally: Tally;
  readonly seconds: number;
  readonly threads: number;
  readonly small: readonly Small[];
};

/** For a person: what was exercised and what was not, what broke and how to see it again, how fast it went. */
export function report({ options, tally, seconds, threads, small }: Shown): string {
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

/** The same for a program. */
export function asJson({ options, tally, seconds, threads, small }: Shown): object {
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
    shrunk: small.map(({ lines: _lines, ...one }) => ({
      ...one,
      replay: replayCommand(one.seed, { bug: options.bug, keep: one.keep, isLong: options.long === true }),
    })),
  };
}

/** A seed that broke laws, and its replay. */
export function breachLines({ seed, breaches }: Judged, { bug, long = false }: Options): string {
  const lines = breaches.slice(0, BREACHES_SHOWN_MAX).map((breach) => `  ${breach}`);
  return [
    `seed ${seed} broke ${breaches.length} laws; replay: ${replayCommand(seed, { bug, isLong: long })}`,
    ...lines,
    ...(breaches.length > BREACHES_SHOWN_MAX ? [`  and ${breaches.length - BREACHES_SHOWN_MAX} more`] : []),
  ].join("\n");
}
