import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { judgeSeed } from "./verdict.ts";

/**
 * Run seeds of the simulation: `--seed N` replays one, `--seeds 200 --first 1` runs many. Exits 1 if a law was broken.
 */
async function main(words: readonly string[]): Promise<void> {
  const option = (name: string): number | null => {
    const at = words.indexOf(`--${name}`);
    return at === -1 ? null : Number(words[at + 1]);
  };
  const one = option("seed");
  const first = one ?? option("first") ?? 1;
  const count = one === null ? (option("seeds") ?? 20) : 1;
  const exercised = new Map<string, number>();
  const started = performance.now();
  let brokenCount = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const verdict = await judgeSeed(seed);
    for (const [what, times] of verdict.exercised) exercised.set(what, (exercised.get(what) ?? 0) + times);
    if (verdict.breaches.length === 0) continue;
    brokenCount += 1;
    for (const breach of verdict.breaches.slice(0, 10)) console.log(`  ${breach}`);
    console.log(`seed ${seed} broke ${verdict.breaches.length} laws; replay: node test/simulation/main.ts --seed ${seed}`);
  }
  const seconds = (performance.now() - started) / 1_000;
  if (words.includes("--exercised") || one !== null) {
    for (const [what, times] of [...exercised].toSorted(([a], [b]) => (a < b ? -1 : 1))) console.log(`${String(times).padStart(8)}  ${what}`);
  }
  console.log(`${count} seeds, ${brokenCount} broke a law, ${(count / seconds).toFixed(1)} seeds/s`);
  process.exitCode = brokenCount > 0 ? 1 : 0;
}

makeGlobalsReplayable();
await main(process.argv.slice(2));
