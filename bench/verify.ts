/**
 * Verify: how long a complete proof of many meetings takes, against plain reading of the same bytes (every revision, every
 * chunk, every vector, nothing compared), both through the same workerd, turn by turn.
 */
import { openLaboratory } from "./laboratory.ts";
import type { BenchResult } from "./result.ts";
import { openSource } from "./source.ts";
import { medianOf, rounded } from "./statistics.ts";

/** How much to measure. */
export type VerifyBenchOptions = {
  readonly meetings: number;
  readonly repetitions: number;
  readonly say: (line: string) => void;
};

const MEETING_BYTES = 5_000;
const RATIO_MAX = 1.5;

/** What plain reading has read. */
type Read = {
  readonly ms: number;
  readonly objects: number;
  readonly bytes: number;
  readonly rows: number;
  readonly vectors: number;
};

/** Measure proof. Takes some ten minutes with 10,000 meetings. */
export async function benchVerify({ meetings, repetitions, say }: VerifyBenchOptions): Promise<BenchResult> {
  const source = await openSource({ count: meetings, bytesEach: MEETING_BYTES });
  const laboratory = await openLaboratory(source);
  try {
    say(`storing ${meetings} meetings`);
    await laboratory.run("fireflies");
    await laboratory.run("vectors");
    const proofs: number[] = [];
    const plain: number[] = [];
    const ratios: number[] = [];
    let read: Read | null = null;
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      // Whoever comes second finds the stores warm.
      const first = repetition % 2 === 0 ? await laboratory.yardstick<Read>("/read") : null;
      const proofMs = await laboratory.prove();
      read = first ?? (await laboratory.yardstick<Read>("/read"));
      proofs.push(proofMs);
      plain.push(read.ms);
      ratios.push(proofMs / read.ms);
      say(
        `repetition ${repetition}: proof ${rounded(proofMs / 1_000)} s, plain reading ${rounded(read.ms / 1_000)} s`,
      );
    }
    return { name: "verify", rows: rowsOf(meetings, { proofs, plain, ratios, read }) };
  } finally {
    await laboratory.stop();
    await source.close();
  }
}

function rowsOf(
  meetings: number,
  {
    proofs,
    plain,
    ratios,
    read,
  }: {
    readonly proofs: readonly number[];
    readonly plain: readonly number[];
    readonly ratios: readonly number[];
    readonly read: Read | null;
  },
): BenchResult["rows"] {
  const seconds = medianOf(proofs) / 1_000;
  const ratio = medianOf(ratios);
  const objects = read?.objects ?? 0;
  const rows = (read?.rows ?? 0) + objects;
  return [
    { what: "meetings proved", value: objects, unit: "", target: String(meetings), ok: objects === meetings },
    { what: "bytes of revisions", value: rounded((read?.bytes ?? 0) / 1e6), unit: "MB" },
    { what: "proof of everything", value: rounded(seconds), unit: "s" },
    { what: "meetings and objects", value: Math.round(objects / seconds), unit: "1/s" },
    { what: "rows (sightings, chunks)", value: Math.round(rows / seconds), unit: "1/s" },
    { what: "vectors read back", value: Math.round((read?.vectors ?? 0) / seconds), unit: "1/s" },
    { what: "plain reading of the same bytes", value: rounded(medianOf(plain) / 1_000), unit: "s" },
    {
      what: "proof against plain reading",
      value: rounded(ratio),
      unit: "x",
      target: `<= ${RATIO_MAX}`,
      ok: ratio <= RATIO_MAX,
    },
  ];
}
