/**
 * Memory: a five-hour meeting, 10 MB of JSON, from the emulator to verified vectors in a workerd whose heap is bounded.
 * The platform gives a Worker 128 MB for heap and everything else; the local runtime enforces only the heap.
 */
import { benchMeetings } from "../emulators/fireflies/bench-meetings.ts";
import type { SourceMeeting } from "../emulators/fireflies/source-meeting.ts";
import { openLaboratory } from "./laboratory.ts";
import { memoryMb } from "./process-memory.ts";
import type { BenchResult } from "./result.ts";
import { serveMeetings, type Source } from "./source.ts";
import { rounded } from "./statistics.ts";

type Row = BenchResult["rows"][number];
type Letters = "latin" | "cyrillic";

/** The heap that must do, and the smallest that is tried, MB. */
const HEAP_MB = 96;
const HEAP_MB_MIN = 48;
/** The smallest heap that passes is found to within this, MB. */
const HEAP_STEP_MB = 4;

const LONG_MEETING_BYTES = 10_000_000;
const SHORT_MEETINGS = 5;
const SHORT_MEETING_BYTES = 20_000;
const FLAGS = "MINIFLARE_WORKERD_V8_FLAGS";

/** Measure memory. Takes some minutes. */
export async function benchMemory(options: { readonly say: (line: string) => void }): Promise<BenchResult> {
  const rows: Row[] = [];
  for (const letters of ["latin", "cyrillic"] as const) {
    const source = await serveMeetings(meetings(letters));
    try {
      if (rows.length === 0) rows.push(await controlRow(source));
      rows.push(...(await lettersRows(source, letters, options.say)));
    } finally {
      await source.close();
    }
  }
  return { name: "memory", rows };
}

/** The long one is neither first nor last of its page. */
function* meetings(letters: Letters): Generator<SourceMeeting> {
  const epochMs = Date.now();
  const shorts = { count: SHORT_MEETINGS, bytesEach: SHORT_MEETING_BYTES, letters };
  yield* benchMeetings({ ...shorts, seed: 1, epochMs });
  const longMs = epochMs - (SHORT_MEETINGS + 1) * 4 * 3_600_000;
  yield* benchMeetings({ count: 1, bytesEach: LONG_MEETING_BYTES, letters, seed: 2, epochMs: longMs });
  yield* benchMeetings({ ...shorts, seed: 3, epochMs: longMs - 24 * 3_600_000 });
}

async function lettersRows(source: Source, letters: Letters, say: (line: string) => void): Promise<Row[]> {
  const passes = async (heapMb: number): Promise<Passage> => {
    const passage = await passageThrough(source, heapMb);
    say(`${letters}, heap ${heapMb} MB: ${passage.why ?? "passes"}`);
    return passage;
  };
  const { why, peakMb } = await passes(HEAP_MB);
  let low = HEAP_MB_MIN - HEAP_STEP_MB;
  let smallest = why === null ? HEAP_MB : Number.NaN;
  while (smallest - low > HEAP_STEP_MB) {
    const middle = low + Math.ceil((smallest - low) / 2 / HEAP_STEP_MB) * HEAP_STEP_MB;
    if ((await passes(middle)).why === null) smallest = middle;
    else low = middle;
  }
  return [
    {
      what: `10 MB meeting, ${letters}: end to end with a heap of ${HEAP_MB} MB`,
      value: why === null ? 1 : 0,
      unit: "0 or 1",
      target: "1",
      ok: why === null,
    },
    { what: `10 MB meeting, ${letters}: smallest heap that passes`, value: smallest, unit: "MB" },
    peakMb === null
      ? {
          what: `${letters}: peak of workerd above idle, not measurable here (no /proc)`,
          value: 0,
          unit: "MB",
        }
      : { what: `10 MB meeting, ${letters}: peak of workerd above idle`, value: rounded(peakMb), unit: "MB" },
  ];
}

type Passage = {
  /** Why it did not pass; null if it did. */
  readonly why: string | null;
  /** Peak of resident memory above what it was when idle, MB; null where there is no /proc. */
  readonly peakMb: number | null;
};

async function passageThrough(source: Source, heapMb: number): Promise<Passage> {
  const laboratory = await withHeap(heapMb, () => openLaboratory(source));
  try {
    const pid = laboratory.workerdPid();
    const idleMb = memoryMb(pid, "VmRSS");
    await laboratory.run("fireflies");
    const [vectors] = await laboratory.run("vectors");
    const peakMb = memoryMb(pid, "VmHWM");
    const whole = vectors?.counts.created === 2 * SHORT_MEETINGS + 1;
    const why = laboratory.workerdPid() === pid && whole ? null : "workerd was started again on the way";
    return { why, peakMb: peakMb === null || idleMb === null ? null : peakMb - idleMb };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error), peakMb: null };
  } finally {
    await laboratory.stop();
  }
}

/** Shows that the flag bounds anything at all. */
async function controlRow(source: Source): Promise<Row> {
  const laboratory = await withHeap(HEAP_MB, () => openLaboratory(source));
  // A Worker that merely throws answers with a status; only the end of workerd leaves the call without any.
  const crashed = await laboratory.yardstick("/hold").then(
    () => false,
    (error: unknown) => !(error instanceof Error && error.message.startsWith("/hold: ")),
  );
  await laboratory.stop();
  return {
    what: `control: a Worker that holds 200 MB crashes with a heap of ${HEAP_MB} MB`,
    value: crashed ? 1 : 0,
    unit: "0 or 1",
    target: "1",
    ok: crashed,
  };
}

/** Miniflare reads the flags from this process's environment whenever it starts workerd. */
async function withHeap<T>(heapMb: number, start: () => Promise<T>): Promise<T> {
  const before = process.env[FLAGS];
  process.env[FLAGS] = `--max-heap-size=${heapMb}`;
  try {
    return await start();
  } finally {
    if (before === undefined) delete process.env[FLAGS];
    else process.env[FLAGS] = before;
  }
}
