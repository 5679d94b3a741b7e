import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import { benchChunk } from "./chunk.ts";
import { benchCopy } from "./copy.ts";
import { benchFight } from "./fight.ts";
import { benchGrowth } from "./growth.ts";
import { benchIndex } from "./index.ts";
import { benchMemory } from "./memory.ts";
import { benchNotion } from "./notion.ts";
import { benchRetrieval } from "./retrieval.ts";
import { benchSearch } from "./search.ts";
import { benchSoak } from "./soak.ts";
import { benchTick } from "./tick.ts";
import { benchVerify } from "./verify.ts";
import type { BenchResult } from "./result.ts";

/** What the command line leaves to a bench. */
type Options = {
  readonly json?: boolean;
  readonly meetings?: string;
  readonly queries?: string;
  readonly seeds: number;
  readonly seed?: number;
  readonly rounds: number;
};

type Bench = {
  readonly name: string;
  readonly about: string;
  /** Takes too long to run where nobody asked for it by name. */
  readonly isOnRequest?: boolean;
  run(options: Options, say: (line: string) => void): Promise<BenchResult>;
};

const BENCHES: readonly Bench[] = [
  {
    name: "copy",
    about: "backfill and runs with nothing new, against a naive copier and against parse + hash (5 min)",
    run: (_options, say) => benchCopy({ meetings: 752, repetitions: 3, say }),
  },
  {
    name: "growth",
    about: "a run with nothing new on 200 and on 2,000 stored meetings (1 min)",
    run: (_options, say) => benchGrowth({ meetings: 200, say }),
  },
  {
    name: "memory",
    about: "a five-hour meeting of 10 MB through a workerd with a small heap (3 min)",
    run: (_options, say) => benchMemory({ say }),
  },
  {
    name: "index",
    about: "the Vectorize stand-in: writes against sqlite-vec, recall, 100,000 vectors (2 min)",
    run: (_options, say) => benchIndex({ say }),
  },
  {
    name: "chunk",
    about: "tokenize and cut, against the token splitter of LangChain.js (1 min; --meetings uses real ones)",
    run: ({ meetings, json }) => benchChunk({ meetings, json: json === true }),
  },
  {
    name: "search",
    about: "a question over 10,000 and over 100,000 chunks, against the same two queries alone (5 min)",
    run: (_options, say) => benchSearch({ meetings: 800, copies: 9, say }),
  },
  {
    name: "retrieval",
    about:
      "search on meetings and questions with known answers, against plain BM25 (1 min; --meetings, --queries)",
    run: ({ meetings, queries }, say) => benchRetrieval({ meetings, queries, say }),
  },
  {
    name: "notion",
    about:
      "10,000 projects: calls, time by the limit alone, and rows a second against a naive copier (2 min)",
    run: (_options, say) => benchNotion({ projects: 10_000, edits: 1_000, repetitions: 4, say }),
  },
  {
    name: "tick",
    about: "a beat of the clock with nothing due: its time, and rows written to D1 (1 min)",
    run: (_options, say) => benchTick({ meetings: 200, ticks: 300, say }),
  },
  {
    name: "verify",
    about: "a proof of 10,000 meetings, against plain reading of the same bytes (5 min)",
    run: (_options, say) => benchVerify({ meetings: 10_000, repetitions: 3, say }),
  },
  {
    name: "soak",
    about:
      "thirty days of the schedule: calls, rows, growth, and the bill at four sizes (half an hour); only if named",
    isOnRequest: true,
    run: (_options, say) => benchSoak({ days: 30, say }),
  },
  {
    name: "fight",
    about:
      "people against the sync over one Notion workspace (half an hour; --seeds, --rounds, --seed); only if named",
    isOnRequest: true,
    run: ({ seeds, seed, rounds }, say) => benchFight({ seeds, seed: seed ?? null, rounds, say }),
  },
];

const MISSED = 1;
const USAGE = 2;

const HELP = `
Benches:
${BENCHES.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`).join("\n")}

Without a name all of them run but soak and fight, on nothing but this machine. What has a target is a ratio or a bound within one run, so a
slow machine does not fail it; a busy one may. Ends with 1 if a target is missed.

Examples:
  npm run bench -- copy growth
  npm run bench -- chunk --meetings meetings.jsonl.gz
  npm run bench -- retrieval --meetings meetings.jsonl.gz --queries queries.jsonl --json
  npm run bench -- fight --seeds 100 --rounds 60
  npm run bench -- fight --seed 14
  npm run bench -- --json > bench.json`;

async function benchAll(names: readonly string[], options: Options): Promise<void> {
  const chosen = BENCHES.filter(({ name, isOnRequest }) =>
    names.length === 0 ? isOnRequest !== true : names.includes(name),
  );
  const results: BenchResult[] = [];
  for (const { name, run } of chosen) {
    const result = await run(options, (line) => process.stderr.write(`${name}: ${line}\n`));
    results.push(result);
    if (options.json !== true) process.stdout.write(table(result));
  }
  const ok = results.every(({ rows }) => rows.every((row) => row.ok !== false));
  if (options.json === true) {
    const alone = names.length === 1 ? results[0]?.detail : undefined;
    process.stdout.write(`${JSON.stringify(alone ?? { ok, benches: results })}\n`);
  }
  process.exitCode = ok ? 0 : MISSED;
}

function table({ name, rows }: BenchResult): string {
  const cells = rows.map(({ what, value, unit, target, ok }) => [
    what,
    String(value),
    unit,
    target ?? "",
    ok === undefined ? "" : ok ? "ok" : "MISSED",
  ]);
  const head = [name, "value", "unit", "target", ""];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = [head, ...cells].map((row) =>
    row
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n\n`;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("A whole number from 1 on.");
  return count;
}

const program = new Command("bench")
  .description("Measure what the performance claims rest on.")
  .addArgument(new Argument("[name...]", "which benches").choices(BENCHES.map(({ name }) => name)))
  .option("--json", "print one JSON object on stdout; progress goes to stderr")
  .option("--meetings <file>", "meetings of a .jsonl or .jsonl.gz file, for the chunk and retrieval benches")
  .option("--queries <file>", "questions about them with the sentences that answer, for the retrieval bench")
  .option("--seeds <n>", "seeds of the fight bench", countOf, 1_000)
  .option("--rounds <n>", "rounds of each seed of the fight bench", countOf, 200)
  .option("--seed <n>", "one seed of the fight bench, to see its breaches again", countOf)
  .addHelpText("after", HELP)
  .exitOverride()
  .action(benchAll);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE;
}
