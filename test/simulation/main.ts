import { parseArgs } from "node:util";
import { mutantNamed } from "./mutants.ts";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { judgeSeed } from "./verdict.ts";

const BREACHES_SHOWN_MAX = 10;

/** The one command that replays a seed. */
export function replayCommand(seed: number, mutant?: string): string {
  const planted = mutant === undefined ? "" : ` --mutant "${mutant}"`;
  return `node test/simulation/main.ts --seed ${seed}${planted}`;
}

/**
 * Run seeds: `--seed N` replays one, `--seeds 200 --first 1` runs many; `--mutant NAME` plants a bug first.
 *
 * @returns 1 if a law was broken, else 0
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seeds: { type: "string", default: "20" },
      first: { type: "string", default: "1" },
      mutant: { type: "string" },
    },
  });
  const mutant = values.mutant === undefined ? undefined : mutantNamed(values.mutant);
  const first = Number(values.seed ?? values.first);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const exercised = new Map<string, number>();
  const started = performance.now();
  let brokenCount = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const verdict = await judgeSeed(seed, mutant);
    for (const [what, times] of verdict.exercised) exercised.set(what, (exercised.get(what) ?? 0) + times);
    if (verdict.breaches.length === 0) continue;
    brokenCount += 1;
    for (const breach of verdict.breaches.slice(0, BREACHES_SHOWN_MAX)) console.log(`  ${breach}`);
    console.log(
      `seed ${seed} broke ${verdict.breaches.length} laws; replay: ${replayCommand(seed, mutant?.name)}`,
    );
  }
  const seconds = (performance.now() - started) / 1_000;
  for (const [what, times] of [...exercised].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`${String(times).padStart(8)}  ${what}`);
  }
  console.log(`${count} seeds, ${brokenCount} broke a law, ${(count / seconds).toFixed(2)} seeds/s`);
  return brokenCount > 0 ? 1 : 0;
}

if (import.meta.main) {
  makeGlobalsReplayable();
  process.exitCode = await main();
}
