/**
 * The fight over one workspace (test/fight/fight.ts) with more seeds than the test suite has: people on both sides type,
 * faults strike, the program is killed and overtaken; in the end both sides must be equal, and no value lost.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { FightVerdict } from "../test/fight/fight.ts";
import type { BenchResult } from "./result.ts";
import { rounded } from "./statistics.ts";

/** Which fights. */
export type FightBenchOptions = {
  /** How many seeds, beginning with 1. */
  readonly seeds: number;
  /** One seed to replay, in place of all others. */
  readonly seed: number | null;
  readonly rounds: number;
  readonly say: (line: string) => void;
};

const MINUTE_MS = 60_000;
/** Seeds between two lines of progress. */
const PROGRESS_SEEDS = 10;

/** Fight over all seeds, on every core. Takes about an hour and a half with 1,000 seeds of 200 rounds on two cores. */
export async function benchFight({ seeds, seed, rounds, say }: FightBenchOptions): Promise<BenchResult> {
  const queue = seed === null ? Array.from({ length: seeds }, (_, n) => n + 1) : [seed];
  const startedMs = performance.now();
  const verdicts: FightVerdict[] = [];
  const keep = (verdict: FightVerdict): void => {
    verdicts.push(verdict);
    for (const breach of verdict.breaches) say(`seed ${verdict.seed} of ${rounds} rounds: ${breach}`);
    if (verdicts.length % PROGRESS_SEEDS === 0) say(progressOf(verdicts, queue.length));
  };
  const left = queue.values();
  const threads = Math.min(availableParallelism(), queue.length);
  await Promise.all(Array.from({ length: threads }, () => fightOn(left, rounds, keep)));
  const breached = verdicts.filter(({ breaches }) => breaches.length > 0).map((one) => one.seed);
  const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
  const breaches = sumOf(verdicts.map((one) => one.breaches.length));
  const where = breached.length === 0 ? "" : ` (seeds ${breached.toSorted((a, b) => a - b).join(", ")})`;
  return {
    name: "fight",
    rows: [
      { what: "seeds", value: verdicts.length, unit: "" },
      { what: "rounds of each", value: rounds, unit: "" },
      { what: "values typed", value: sumOf(verdicts.map(({ typed }) => typed)), unit: "" },
      {
        what: "lost of those typed into the window of a push, which Notion leaves open",
        value: sumOf(verdicts.map(({ suspected }) => suspected)),
        unit: "",
      },
      { what: `breaches${where}`, value: breaches, unit: "", target: "0", ok: breaches === 0 },
      {
        what: "speed",
        value: rounded(verdicts.length / ((performance.now() - startedMs) / MINUTE_MS)),
        unit: "seeds/min",
      },
    ],
  };
}

/** One thread, which takes the next seed until there is none. */
async function fightOn(
  seeds: Iterator<number>,
  rounds: number,
  keep: (verdict: FightVerdict) => void,
): Promise<void> {
  const worker = new Worker(new URL("workers/fight.ts", import.meta.url), { workerData: { rounds } });
  try {
    for (let next = seeds.next(); next.done !== true; next = seeds.next())
      keep(await ask(worker, next.value));
  } finally {
    await worker.terminate();
  }
}

function ask(worker: Worker, seed: number): Promise<FightVerdict> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", take);
      worker.off("error", refuse);
    };
    const take = (verdict: FightVerdict): void => {
      settle();
      resolve(verdict);
    };
    const refuse = (error: Error): void => {
      settle();
      reject(error);
    };
    worker.on("message", take);
    worker.on("error", refuse);
    worker.postMessage(seed, []);
  });
}

function progressOf(verdicts: readonly FightVerdict[], seeds: number): string {
  const breached = verdicts.filter(({ breaches }) => breaches.length > 0).length;
  return `${verdicts.length} of ${seeds} seeds, ${breached} with a breach`;
}
