/**
 * Speed, memory and steadiness of the chunker.
 *
 *   node bench/chunk.ts [--meetings FILE.jsonl[.gz]] [--edits N] [--rules SHARE,PAIR] [--json]
 *
 * Without --meetings it makes up its own. With --edits or --rules it measures only edits, for docs/decisions.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { TokenTextSplitter } from "@langchain/textsplitters";
import { Tiktoken } from "js-tiktoken/lite";
import o200k_base from "js-tiktoken/ranks/o200k_base";

import { chunkTranscript } from "../src/core/chunk.ts";
import type { SpokenSentence } from "../src/core/chunk.ts";
import {
  EditedOften,
  SIZES,
  joinTranscripts,
  makeEdit,
  makeTranscript,
  readTranscripts,
  rollsOf,
} from "../src/core/chunk-edits.testsuite.ts";
import { SPLIT_RULES } from "../src/core/chunk-cuts.ts";
import type { SplitRules } from "../src/core/chunk-cuts.ts";
import type { BenchResult } from "./result.ts";

type Row = BenchResult["rows"][number];

const ROUNDS = 3;
const EDITS = 4_000;
const CHANGED_MAX = 6;
const SPEED_TARGET = 3;
/** Characters of about 100 chunks. */
const HUNDRED_CHUNKS_UNITS = 170_000;
const HEAP_MB = 60;

/** What to measure. `meetings`: a file as in --meetings; made up if absent. `json`: no progress on stderr. */
export type ChunkBenchOptions = { readonly meetings?: string | undefined; readonly json: boolean };

/** Measure the chunker. Takes about a minute. */
export async function benchChunk(options: ChunkBenchOptions): Promise<BenchResult> {
  const say = (text: string) => (options.json ? undefined : process.stderr.write(`chunk: ${text}\n`));
  const transcripts = transcriptsOf(options.meetings);
  say("speed against LangChain.js");
  const rows = await measureSpeed(transcripts);
  say("edits of one sentence");
  rows.push(...measureEdits(transcripts, EDITS, SPLIT_RULES));
  say("memory of a 10 MB transcript");
  rows.push(measureMemory("ASCII"), measureMemory("Cyrillic"));
  return { name: "chunk", rows };
}

function transcriptsOf(meetings: string | undefined): SpokenSentence[][] {
  return meetings === undefined
    ? Array.from({ length: 60 }, (_, index) => makeTranscript(index, 800))
    : readTranscripts(meetings);
}

async function measureSpeed(transcripts: readonly SpokenSentence[][]): Promise<Row[]> {
  const splitter = new TokenTextSplitter({ chunkSize: SIZES.tokensMax, chunkOverlap: SIZES.overlapTokens });
  // Given here, as it would be fetched from the network otherwise. Special tokens must not throw.
  Object.assign(splitter, { tokenizer: new Tiktoken(o200k_base), disallowedSpecial: [] });
  const texts = transcripts.map((transcript) =>
    transcript.map((sentence) => `${sentence.speaker}: ${sentence.text}`).join("\n"),
  );
  const spokenBytes = transcripts.flat().reduce((sum, sentence) => sum + Buffer.byteLength(sentence.text), 0);
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.ours.push(
      await secondsOf(() => {
        for (const transcript of transcripts) {
          chunkTranscript(transcript, SIZES);
        }
      }),
    );
    times.theirs.push(
      await secondsOf(async () => {
        for (const text of texts) {
          await splitter.splitText(text);
        }
      }),
    );
  }
  const speedOf = (seconds: number) => spokenBytes / 1e6 / seconds;
  const [oursFirst, theirsFirst] = [speedOf(times.ours[0]!), speedOf(times.theirs[0]!)];
  const [ours, theirs] = [speedOf(Math.min(...times.ours)), speedOf(Math.min(...times.theirs))];
  const unit = "MB of speech per processor second";
  return [
    { what: "tokenize + cut, first round, no word known", value: round(oursFirst), unit },
    { what: "tokenize + cut, best round, words known", value: round(ours), unit },
    { what: "LangChain.js TokenTextSplitter, same ranks, first round", value: round(theirsFirst), unit },
    { what: "LangChain.js TokenTextSplitter, same ranks, best round", value: round(theirs), unit },
    ratio("ratio of first rounds", oursFirst / theirsFirst),
    ratio("ratio of best rounds", ours / theirs),
  ];
}

function ratio(what: string, value: number): Row {
  return { what, value: round(value), unit: "x", target: `>= ${SPEED_TARGET}`, ok: value >= SPEED_TARGET };
}

function measureEdits(transcripts: readonly SpokenSentence[][], edits: number, rules: SplitRules): Row[] {
  const joined = joinTranscripts(transcripts, HUNDRED_CHUNKS_UNITS);
  const edited = (joined.length > 0 ? joined : transcripts).map((transcript) => ({
    transcript,
    often: new EditedOften(transcript, rules),
  }));
  const roll = rollsOf(edits);
  const changed = Array.from({ length: edits }, () => {
    const { transcript, often } = edited[Math.floor(roll() * edited.length)]!;
    return often.changedBy(makeEdit(transcript, roll));
  }).sort((one, other) => one - other);
  const cuts = edited.flatMap(({ often }) => often.cuts);
  const tokens = cuts.reduce((sum, cut) => sum + cut.tokens, 0);
  const most = changed.at(-1)!;
  const histogram = Array.from(
    { length: most + 1 },
    (_, count) => changed.filter((one) => one === count).length,
  );
  return [
    { what: "chunks per transcript", value: round(cuts.length / edited.length), unit: "chunks" },
    { what: "tokens per chunk, mean", value: round(tokens / cuts.length), unit: "tokens" },
    { what: "chunks changed by an edit, mean", value: round(sumOf(changed) / edits), unit: "chunks" },
    { what: "chunks changed, 99.9 %", value: changed[Math.floor(edits * 0.999)]!, unit: "chunks" },
    {
      what: `chunks changed, most of ${edits} edits (0, 1, 2, ... changed: ${histogram.join(" ")})`,
      value: most,
      unit: "chunks",
      target: `<= ${CHANGED_MAX}`,
      ok: most <= CHANGED_MAX,
    },
  ];
}

/** Chunk a 10 MB transcript in a process whose heap may grow by HEAP_MB over what it has before; more would crash it. */
function measureMemory(script: "ASCII" | "Cyrillic"): Row {
  const run = (heapMb: number, chunk: boolean) =>
    spawnSync(
      process.execPath,
      [
        "--expose-gc",
        `--max-old-space-size=${heapMb}`,
        fileURLToPath(import.meta.resolve("./chunk-memory.ts")),
        script,
        String(chunk),
      ],
      { encoding: "utf8" },
    );
  const before = Math.ceil(Number(run(2_000, false).stdout));
  const passed = run(before + HEAP_MB, true);
  return {
    what: `heap for a 10 MB ${script} transcript, above ${before} MB before`,
    value: HEAP_MB,
    unit: "MB",
    target: "does not crash",
    ok: passed.status === 0,
  };
}

/** Processor time, which other programs on the machine disturb less than the clock on the wall. */
async function secondsOf(work: () => void | Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const used = process.cpuUsage(start);
  return (used.user + used.system) / 1e6;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      meetings: { type: "string" },
      edits: { type: "string" },
      rules: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [coreMinShare01, pairMaxCores] = (values.rules ?? "").split(",").map(Number);
  const rules = coreMinShare01 && pairMaxCores ? { coreMinShare01, pairMaxCores } : SPLIT_RULES;
  const result: BenchResult =
    values.edits === undefined && values.rules === undefined
      ? await benchChunk(values)
      : {
          name: "chunk",
          rows: measureEdits(transcriptsOf(values.meetings), Number(values.edits ?? EDITS), rules),
        };
  if (values.json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    for (const row of result.rows) {
      const verdict = row.ok === undefined ? "" : `  (${row.target}: ${row.ok ? "ok" : "MISSED"})`;
      process.stdout.write(`${row.what}: ${row.value} ${row.unit}${verdict}\n`);
    }
  }
}
