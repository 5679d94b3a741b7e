import type { Options } from "./options.ts";
import { plantedBug } from "./planted-bugs.ts";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { scenarioLines } from "./shown-scenario.ts";
import { Trace } from "./trace.ts";
import { judgeScenario, scenarioFor } from "./verdict.ts";

/** Breaches that are shown with the calls around them. */
const EXPLAINED_MAX = 3;

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
  for (const breach of verdict.breaches.slice(0, EXPLAINED_MAX))
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
