/**
 * Cost of trust: a backfill by the product against one by the naive copier (workers/naive-copier.ts), from the same
 * emulator, with the same embedder that costs nothing; then what a run costs that finds nothing new.
 *
 * Both copy in the same set-up of workerd, each in a fresh one: whoever came second would find the other's code warm.
 * Every figure that has a target is a ratio or a duration within one run; repetitions alternate, and the median counts.
 */
import { readFileSync } from "node:fs";
import { type Laboratory, openLaboratory, type Stock } from "./laboratory.ts";
import type { BenchResult } from "./result.ts";
import { openSource, type Source } from "./source.ts";
import { medianOf, rounded } from "./statistics.ts";

type Row = BenchResult["rows"][number];

/** How much to measure. */
export type CopyBenchOptions = {
  /** Meetings of the backfill; 752 where a target is judged. */
  readonly meetings: number;
  readonly repetitions: number;
  readonly say: (line: string) => void;
};

const MEETING_BYTES = 117_000;
const SMALL_MEETING_BYTES = 5_000;
const SMALL_MEETINGS = 60;
/** Runs with nothing new that are measured, after one that is not. */
const QUIET_RUNS = 15;

const TRUST_RATIO_MAX = 2;
const BACKFILL_CALLS_MAX = 17;
const LEDGER_ROWS_MAX = 8;
const SMALL_RUN_MS_MAX = 100;
const FLOOR_RATIO_MAX = 2;

/** Measure the cost of trust. Takes some minutes with 752 meetings. */
export async function benchCopy(options: CopyBenchOptions): Promise<BenchResult> {
  const rows: Row[] = [];
  options.say(`making ${options.meetings} meetings of ${MEETING_BYTES / 1_000} kB`);
  const source = await openSource({ count: options.meetings, bytesEach: MEETING_BYTES });
  try {
    const copies: Copies[] = [];
    for (let repetition = 1; repetition <= options.repetitions; repetition += 1) {
      const isLast = repetition === options.repetitions;
      // The product comes first in every second repetition.
      const first = repetition % 2 === 0 ? null : await naiveCopy(source);
      const product = await inLaboratory(source, async (laboratory) => {
        const copy = await productCopy(laboratory, source);
        if (isLast) rows.push(...(await largeQuietRows(laboratory, source)));
        return copy;
      });
      const naive = first ?? (await naiveCopy(source));
      const seconds = (ms: number): string => `${rounded(ms / 1_000)} s`;
      options.say(
        `repetition ${repetition}: product ${seconds(product.ms)} (fireflies ${seconds(product.firefliesMs)}), naive ${seconds(naive.ms)}`,
      );
      copies.push({ product, naive });
    }
    rows.unshift(...copyRows(copies));
  } finally {
    await source.close();
  }
  options.say("runs with nothing new, small meetings");
  rows.push(...(await smallQuietRows()));
  return { name: "copy", rows };
}

type Copy = {
  readonly ms: number;
  /** Processor time of workerd; null where there is no /proc. */
  readonly cpuMs: number | null;
};
type ProductCopy = Copy & {
  readonly firefliesMs: number;
  readonly listCalls: number;
  readonly otherCalls: number;
};
type Copies = { readonly product: ProductCopy; readonly naive: Copy };

async function inLaboratory<T>(source: Source, work: (laboratory: Laboratory) => Promise<T>): Promise<T> {
  const laboratory = await openLaboratory(source);
  try {
    return await work(laboratory);
  } finally {
    await laboratory.stop();
  }
}

async function productCopy(laboratory: Laboratory, source: Source): Promise<ProductCopy> {
  const before = source.calls();
  const cpuBefore = cpuMsOf(laboratory.workerdPid());
  const fireflies = await laboratory.run("fireflies");
  const vectors = await laboratory.run("vectors");
  const cpuMs = since(cpuBefore, laboratory);
  const after = source.calls();
  const firefliesMs = sumOf(fireflies.map(({ run }) => run.durationMs ?? 0));
  const listCalls = (after["ListMeetings"] ?? 0) - (before["ListMeetings"] ?? 0);
  return {
    ms: firefliesMs + sumOf(vectors.map(({ run }) => run.durationMs ?? 0)),
    cpuMs,
    firefliesMs,
    listCalls,
    otherCalls: sumOf(Object.values(after)) - sumOf(Object.values(before)) - listCalls,
  };
}

function naiveCopy(source: Source): Promise<Copy> {
  return inLaboratory(source, async (laboratory) => {
    const cpuBefore = cpuMsOf(laboratory.workerdPid());
    const ms = await laboratory.runFlow("copy");
    return { ms, cpuMs: since(cpuBefore, laboratory) };
  });
}

function copyRows(copies: readonly Copies[]): Row[] {
  const ratio = medianOf(copies.map(({ product, naive }) => product.ms / naive.ms));
  const calls = copies.at(-1)?.product.listCalls ?? 0;
  const cpu = copies.flatMap(({ product, naive }) =>
    product.cpuMs === null || naive.cpuMs === null ? [] : [product.cpuMs / naive.cpuMs],
  );
  const seconds = (of: (copy: Copies) => number): number => rounded(medianOf(copies.map(of)) / 1_000);
  return [
    {
      what: "backfill by the product, emulator to verified vectors",
      value: seconds(({ product }) => product.ms),
      unit: "s",
    },
    { what: "backfill by the naive copier", value: seconds(({ naive }) => naive.ms), unit: "s" },
    {
      what: `cost of trust, median of ${copies.length}`,
      value: rounded(ratio),
      unit: "x",
      target: `<= ${TRUST_RATIO_MAX}`,
      ok: ratio <= TRUST_RATIO_MAX,
    },
    ...(cpu.length > 0
      ? [{ what: "the same in processor time of workerd", value: rounded(medianOf(cpu)), unit: "x" }]
      : []),
    {
      what: "list calls of the backfill",
      value: calls,
      unit: "calls",
      target: `<= ${BACKFILL_CALLS_MAX}`,
      ok: calls <= BACKFILL_CALLS_MAX,
    },
    {
      what: "other calls (whose account the key is of)",
      value: copies.at(-1)?.product.otherCalls ?? 0,
      unit: "calls",
    },
  ];
}

async function largeQuietRows(laboratory: Laboratory, source: Source): Promise<Row[]> {
  const quiet = await quietRuns(laboratory);
  // Of medians, not the median of ratios: both figures are some ms, and what disturbs one does not disturb the other.
  const median = (of: (one: Quiet) => number): number => medianOf(quiet.map(of));
  const floorMs = median((one) => one.floorMs);
  // What the local engine takes for five steps does not grow with the meetings: docs/decisions/0007-wire-hashes.md.
  const ratio = median(({ ownMs, emptyMs }) => ownMs - emptyMs) / floorMs;
  return [
    ...(await costOfQuietRun(laboratory, source)),
    ...quietTimes("117 kB meetings", quiet),
    {
      what: "nothing new, 117 kB meetings: parse + hash of the same bytes",
      value: rounded(floorMs),
      unit: "ms",
    },
    {
      what: "nothing new, 117 kB meetings: own time against parse + hash",
      value: rounded(median(({ ownMs }) => ownMs) / floorMs),
      unit: "x",
    },
    {
      what: "nothing new, 117 kB meetings: the same without what the local engine alone takes",
      value: rounded(ratio),
      unit: "x",
      target: `<= ${FLOOR_RATIO_MAX}`,
      ok: ratio <= FLOOR_RATIO_MAX,
    },
  ];
}

async function smallQuietRows(): Promise<Row[]> {
  const source = await openSource({ count: SMALL_MEETINGS, bytesEach: SMALL_MEETING_BYTES });
  const laboratory = await openLaboratory(source);
  try {
    await laboratory.run("fireflies");
    await laboratory.run("vectors");
    const quiet = await quietRuns(laboratory);
    return quietTimes("5 kB meetings", quiet).map((row) =>
      row.what.endsWith("own time")
        ? { ...row, target: `<= ${SMALL_RUN_MS_MAX}`, ok: row.value <= SMALL_RUN_MS_MAX }
        : row,
    );
  } finally {
    await laboratory.stop();
    await source.close();
  }
}

type Quiet = {
  readonly emptyMs: number;
  readonly runMs: number;
  readonly answerMs: number;
  /** Until the whole reply is there, asked for without a product. */
  readonly plainAnswerMs: number;
  readonly ownMs: number;
  readonly floorMs: number;
};

/** Runs with nothing new, each beside a reading of the same page by the yardstick. */
async function quietRuns(laboratory: Laboratory): Promise<Quiet[]> {
  await laboratory.run("fireflies");
  const quiet: Quiet[] = [];
  for (let runs = 0; runs < QUIET_RUNS; runs += 1) {
    const [report] = await laboratory.run("fireflies");
    const plain = await laboratory.yardstick<{ answerMs: number; floorMs: number }>("/floor");
    const emptyMs = await laboratory.runFlow("empty");
    const runMs = report?.run.durationMs ?? 0;
    // From the request until the last byte of the reply: the clock stands still while the reply is looked at.
    const answerMs = report?.run.result?.operations["list"]?.ms ?? Number.NaN;
    quiet.push({
      emptyMs,
      runMs,
      answerMs,
      ownMs: runMs - answerMs,
      floorMs: plain.floorMs,
      plainAnswerMs: plain.answerMs,
    });
  }
  return quiet;
}

function quietTimes(size: string, quiet: readonly Quiet[]): Row[] {
  const median = (of: (one: Quiet) => number): number => rounded(medianOf(quiet.map(of)));
  return [
    { what: `nothing new, ${size}: whole run`, value: median(({ runMs }) => runMs), unit: "ms" },
    {
      what: `nothing new, ${size}: the emulator's part, until the whole reply is there`,
      value: median(({ answerMs }) => answerMs),
      unit: "ms",
    },
    {
      what: `nothing new, ${size}: the same, asked for by the yardstick`,
      value: median(({ plainAnswerMs }) => plainAnswerMs),
      unit: "ms",
    },
    {
      what: `nothing new, ${size}: the local engine alone (as many steps and D1 reads, empty)`,
      value: median(({ emptyMs }) => emptyMs),
      unit: "ms",
    },
    { what: `nothing new, ${size}: own time`, value: median(({ ownMs }) => ownMs), unit: "ms" },
  ];
}

/** What one run with nothing new asks for and leaves behind. */
async function costOfQuietRun(laboratory: Laboratory, source: Source): Promise<Row[]> {
  const callsBefore = sumOf(Object.values(source.calls()));
  const before = await laboratory.stock();
  await laboratory.run("fireflies");
  const after = await laboratory.stock();
  const calls = sumOf(Object.values(source.calls())) - callsBefore;
  const ledger = sumOf(Object.entries(after.rows).map(([name, rows]) => rows - (before.rows[name] ?? 0)));
  const same = isSame(before, after);
  return [
    { what: "nothing new: calls", value: calls, unit: "calls", target: "1", ok: calls === 1 },
    {
      what: "nothing new: objects, records, chunks or vectors written",
      value: same ? 0 : 1,
      unit: "0 or 1",
      target: "0",
      ok: same,
    },
    {
      what: "nothing new: new rows of the ledger",
      value: ledger,
      unit: "rows",
      target: `<= ${LEDGER_ROWS_MAX}`,
      ok: ledger <= LEDGER_ROWS_MAX,
    },
  ];
}

function isSame(before: Stock, after: Stock): boolean {
  return (
    before.digest === after.digest && before.objects === after.objects && before.vectors === after.vectors
  );
}

/** Processor time of a process so far; null where there is no /proc. */
function cpuMsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Fields 14 and 15, in ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

function since(before: number | null, laboratory: Laboratory): number | null {
  const now = cpuMsOf(laboratory.workerdPid());
  return now === null || before === null ? null : now - before;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
