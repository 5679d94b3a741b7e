/** Growth: a run costs what changed, not what is stored. The same run with nothing new on a store ten times as large. */
import { type Laboratory, openLaboratory } from "./laboratory.ts";
import type { BenchResult } from "./result.ts";
import { openSource, type Source } from "./source.ts";
import { medianOf, rounded } from "./statistics.ts";

/** How much to measure. */
export type GrowthBenchOptions = {
  /** Meetings of the small store; the large one has ten times as many. */
  readonly meetings: number;
  readonly say: (line: string) => void;
};

const TIMES = 10;
const MEETING_BYTES = 5_000;
const RUNS = 25;
const GROWTH_MAX = 1.2;

/** Measure growth. Takes about a minute with 200 and 2,000 meetings. */
export async function benchGrowth(options: GrowthBenchOptions): Promise<BenchResult> {
  const counts = [options.meetings, options.meetings * TIMES];
  const stores: { source: Source; laboratory: Laboratory }[] = [];
  try {
    for (const count of counts) {
      options.say(`storing ${count} meetings`);
      const source = await openSource({ count, bytesEach: MEETING_BYTES });
      const laboratory = await openLaboratory(source);
      stores.push({ source, laboratory });
      await laboratory.run("fireflies");
      await laboratory.run("vectors");
      await laboratory.run("fireflies");
    }
    options.say(`${RUNS} runs with nothing new on each`);
    const times: number[][] = [[], []];
    for (let runs = 0; runs < RUNS; runs += 1) {
      for (const [place, { laboratory }] of stores.entries()) {
        const [report] = await laboratory.run("fireflies");
        times[place]?.push(report?.run.durationMs ?? 0);
      }
    }
    const [small = Number.NaN, large = Number.NaN] = times.map(medianOf);
    return {
      name: "growth",
      rows: [
        { what: `nothing new, ${counts[0]} meetings stored`, value: rounded(small), unit: "ms" },
        { what: `nothing new, ${counts[1]} meetings stored`, value: rounded(large), unit: "ms" },
        {
          what: "growth for ten times as many meetings",
          value: rounded(large / small),
          unit: "x",
          target: `<= ${GROWTH_MAX}`,
          ok: large / small <= GROWTH_MAX,
        },
      ],
    };
  } finally {
    for (const { laboratory, source } of stores) {
      await laboratory.stop();
      await source.close();
    }
  }
}
