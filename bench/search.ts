/**
 * Search: how long a question takes over many chunks, against the same two queries straight on D1 and on the index; both
 * through the same workerd, turn by turn.
 */
import { type Laboratory, openLaboratory } from "./laboratory.ts";
import type { BenchResult } from "./result.ts";
import { openSource } from "./source.ts";
import { medianOf, p95Of, rounded } from "./statistics.ts";

type Row = BenchResult["rows"][number];

/** How much to measure. */
export type SearchBenchOptions = {
  /** Meetings of 117 kB; 800 have some 10,000 chunks. */
  readonly meetings: number;
  /** How often these are stored once more for the second figure. */
  readonly copies: number;
  readonly say: (line: string) => void;
};

const MEETING_BYTES = 117_000;
const WARM_UPS = 20;
/** Questions over the large store, whose figures are only printed; each of them reads a good part of it. */
const QUESTIONS_LARGE = 60;
const P95_MS_MAX = 50;
const DIRECT_RATIO_MAX = 1.5;

/** Measure search. Takes some five minutes with 800 meetings and nine copies. */
export async function benchSearch(options: SearchBenchOptions): Promise<BenchResult> {
  const source = await openSource({ count: options.meetings, bytesEach: MEETING_BYTES });
  const laboratory = await openLaboratory(source);
  try {
    options.say(`storing ${options.meetings} meetings`);
    await laboratory.run("fireflies");
    await laboratory.run("vectors");
    const questions = await laboratory.yardstick<string[]>("/questions");
    const { vectors: few } = await laboratory.stock();
    options.say(`${questions.length} questions over ${few} chunks`);
    const small = await times(laboratory, questions);
    const rows = rowsOf(few, small, true);
    for (let copy = 1; copy <= options.copies; copy += 1) {
      options.say(`storing them once more, ${copy} of ${options.copies}`);
      await laboratory.yardstick(`/double?name=c${copy}`);
    }
    if (options.copies > 0) {
      const { vectors: many } = await laboratory.stock();
      options.say(`${QUESTIONS_LARGE} questions over ${many} chunks`);
      rows.push(...rowsOf(many, await times(laboratory, questions.slice(0, QUESTIONS_LARGE)), false));
    }
    return { name: "search", rows };
  } finally {
    await laboratory.stop();
    await source.close();
  }
}

type Times = { readonly product: number[]; readonly direct: number[] };

async function times(laboratory: Laboratory, questions: readonly string[]): Promise<Times> {
  const product: number[] = [];
  const direct: number[] = [];
  for (const [place, question] of questions.entries()) {
    const productMs = await timed(async () => {
      const { items } = await laboratory.search(question);
      if (items.length === 0) throw new Error("a question made of stored words found nothing");
    });
    const directMs = await timed(() => laboratory.yardstick(`/search?q=${encodeURIComponent(question)}`));
    if (place < WARM_UPS) continue;
    product.push(productMs);
    direct.push(directMs);
  }
  return { product, direct };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function rowsOf(chunks: number, { product, direct }: Times, isJudged: boolean): Row[] {
  const p95Ms = p95Of(product);
  const ratio = p95Ms / p95Of(direct);
  const over = `${chunks} chunks`;
  const judged = (target: string, ok: boolean): object => (isJudged ? { target, ok } : {});
  return [
    { what: `${over}: search, median`, value: rounded(medianOf(product)), unit: "ms" },
    {
      what: `${over}: search, 95 %`,
      value: rounded(p95Ms),
      unit: "ms",
      ...judged(`<= ${P95_MS_MAX}`, p95Ms <= P95_MS_MAX),
    },
    { what: `${over}: the same two queries alone, median`, value: rounded(medianOf(direct)), unit: "ms" },
    {
      what: `${over}: the same two queries alone, 95 %`,
      value: rounded(p95Of(direct)),
      unit: "ms",
    },
    {
      what: `${over}: search against the two queries, 95 %`,
      value: rounded(ratio),
      unit: "x",
      ...judged(`<= ${DIRECT_RATIO_MAX}`, ratio <= DIRECT_RATIO_MAX),
    },
  ];
}
