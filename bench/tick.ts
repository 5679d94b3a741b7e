/** Idle tick: a beat of the clock with nothing due, beside the cheapest answer of the same API, which is the way there and back. */
import { performance } from "node:perf_hooks";
import { openLaboratory } from "./laboratory.ts";
import type { BenchResult } from "./result.ts";
import { openSource } from "./source.ts";
import { medianOf, rounded } from "./statistics.ts";

/** How much to measure. */
export type TickBenchOptions = {
  readonly meetings: number;
  readonly ticks: number;
  readonly say: (line: string) => void;
};

const MEETING_BYTES = 5_000;
const WARM_UP = 20;
const TICK_MS_MAX = 10;

/** Measure idle ticks on a store that is in step. Takes about half a minute. */
export async function benchTick({ meetings, ticks, say }: TickBenchOptions): Promise<BenchResult> {
  say(`storing ${meetings} meetings`);
  const source = await openSource({ count: meetings, bytesEach: MEETING_BYTES });
  const laboratory = await openLaboratory(source);
  try {
    await laboratory.run("fireflies");
    await laboratory.run("vectors");
    // The first drops what the step engine keeps of the runs.
    for (let n = 0; n < WARM_UP; n += 1) await laboratory.tick();
    const before = new Set(await laboratory.allRows());
    say(`${ticks} ticks with nothing due`);
    const [tickMs, floorMs]: [number[], number[]] = [[], []];
    for (let n = 0; n < ticks; n += 1) {
      floorMs.push(await timed(laboratory.health));
      tickMs.push(await timed(laboratory.tick));
    }
    const changed = (await laboratory.allRows()).filter((row) => !before.has(row)).length;
    const [tick, floor] = [medianOf(tickMs), medianOf(floorMs)];
    return {
      name: "tick",
      rows: [
        { what: "tick with nothing due, as a call over HTTP", value: rounded(tick), unit: "ms" },
        { what: "floor: a call over HTTP that does nothing", value: rounded(floor), unit: "ms" },
        {
          what: "tick with nothing due",
          value: rounded(tick - floor),
          unit: "ms",
          target: `<= ${TICK_MS_MAX}`,
          ok: tick - floor <= TICK_MS_MAX,
        },
        {
          what: "rows of D1 that are new or changed",
          value: changed,
          unit: "rows",
          target: "0",
          ok: changed === 0,
        },
      ],
    };
  } finally {
    await laboratory.stop();
    await source.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
