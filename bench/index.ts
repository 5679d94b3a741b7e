/**
 * The Vectorize stand-in: vectors written and read a second, in workerd and in process, against sqlite-vec; whether exact
 * scoring finds the ten nearest; how long a query takes over 10,000 vectors, and over 100,000 in bounded memory.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getLoadablePath } from "sqlite-vec";
import { createVectorizeInProcess } from "../emulators/vectorize/in-process.ts";
import type { VectorIndex } from "../emulators/vectorize/types.ts";
import { memoryMb } from "./process-memory.ts";
import type { BenchResult } from "./result.ts";
import { medianOf, p95Of, rounded } from "./statistics.ts";
import { DIMENSIONS, idOf, vectorOf, WRITE_VECTORS } from "./vectors.ts";
import { openVectorStore, type VectorStore } from "./vector-store.ts";

type Row = BenchResult["rows"][number];
type Say = (line: string) => void;
type Answer = { readonly ids: readonly string[]; readonly tookMs: number };

const FEW = 10_000;
const MANY = 100_000;
const ROUNDS = 3;
/** Questions are vectors of their own, near to the topics of the stored ones. */
const QUESTIONS_FROM = 5_000_000;
const QUESTIONS_FEW = 200;
const QUESTIONS_MANY = 20;
const RECALL_QUESTIONS = 50;
const NEAREST = 10;

const QUERY_MS_MAX = 50;
const RESIDENT_MB_MAX = 512;

/** Measure the index. Takes about two minutes. */
export async function benchIndex({ say }: { readonly say: Say }): Promise<BenchResult> {
  const rows = [...(await fewRows(say)), ...(await manyRows(say))];
  return { name: "index", rows };
}

async function fewRows(say: Say): Promise<Row[]> {
  const store = await openVectorStore();
  try {
    const writes = await writeRows(store, say);
    say(`${FEW} vectors: questions`);
    const [from, to] = [QUESTIONS_FROM, QUESTIONS_FROM + QUESTIONS_FEW];
    const exact = await store.ask<Answer[]>(`/query?scoring=exact&from=${from}&to=${to}`);
    const approximate = await store.ask<Answer[]>(`/query?scoring=approximate&from=${from}&to=${to}`);
    const p95 = p95Of(exact.slice(1).map(({ tookMs }) => tookMs));
    const recall = recallOf(exact);
    return [
      ...writes,
      {
        what: `recall@${NEAREST} of exact scoring over ${FEW} vectors, against brute force`,
        value: recall,
        unit: "share",
        target: "1",
        ok: recall === 1,
      },
      {
        what: `recall@${NEAREST} of approximate scoring`,
        value: rounded(recallOf(approximate)),
        unit: "share",
      },
      {
        what: `exact query over ${FEW} vectors in workerd, p95`,
        value: rounded(p95),
        unit: "ms",
        target: `<= ${QUERY_MS_MAX}`,
        ok: p95 <= QUERY_MS_MAX,
      },
      {
        what: `approximate query over ${FEW} vectors in workerd, p95`,
        value: rounded(p95Of(approximate.slice(1).map(({ tookMs }) => tookMs))),
        unit: "ms",
      },
    ];
  } finally {
    await store.stop();
  }
}

/** Each round writes the same vectors again, so that all but the first also replace. */
async function writeRows(store: VectorStore, say: Say): Promise<Row[]> {
  const inWorkerd: number[] = [];
  const inProcess: number[] = [];
  const yardstick: number[] = [];
  const reads: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    say(`${FEW} vectors: round ${round + 1} of ${ROUNDS}`);
    inWorkerd.push(perSecond(await store.ask<{ tookMs: number }>(`/write?from=0&to=${FEW}`)));
    inProcess.push(perSecond(await writeInProcess()));
    yardstick.push(perSecond(writeSqliteVec()));
    reads.push(perSecond(await store.ask<{ tookMs: number }>(`/read?from=0&to=${FEW}`)));
  }
  const [workerd, own, vec] = [medianOf(inWorkerd), medianOf(inProcess), medianOf(yardstick)];
  return [
    { what: "upsert in workerd, by RPC", value: Math.round(workerd), unit: "vectors/s" },
    { what: "upsert in process", value: Math.round(own), unit: "vectors/s" },
    { what: "insert into sqlite-vec", value: Math.round(vec), unit: "vectors/s" },
    { what: "in workerd against sqlite-vec", value: rounded(workerd / vec), unit: "x" },
    { what: "in process against sqlite-vec", value: rounded(own / vec), unit: "x" },
    { what: "getByIds in workerd, 20 ids a call", value: Math.round(medianOf(reads)), unit: "vectors/s" },
  ];
}

async function manyRows(say: Say): Promise<Row[]> {
  const store = await openVectorStore();
  try {
    for (let from = 0; from < MANY; from += FEW) {
      say(`${MANY} vectors: ${from + FEW} written`);
      // One buffer for all values: what a thousand arrays a write leave to the garbage collector is the client's doing.
      await store.ask(`/write?buffer=shared&from=${from}&to=${from + FEW}`);
    }
    say(`${MANY} vectors: questions`);
    const to = QUESTIONS_FROM + QUESTIONS_MANY;
    const times = async (scoring: string): Promise<number[]> => {
      const answers = await store.ask<Answer[]>(`/query?scoring=${scoring}&from=${QUESTIONS_FROM}&to=${to}`);
      return answers.map(({ tookMs }) => tookMs);
    };
    const [exact, approximate] = [await times("exact"), await times("approximate")];
    return [
      { what: `exact query over ${MANY} vectors from disk, p95`, value: rounded(p95Of(exact)), unit: "ms" },
      {
        what: `approximate query over ${MANY} vectors, p95 (the first reads all of them: ${rounded(approximate[0] ?? 0)} ms)`,
        value: rounded(p95Of(approximate.slice(1))),
        unit: "ms",
      },
      memoryRow(store.workerdPid()),
    ];
  } finally {
    await store.stop();
  }
}

function memoryRow(pid: number): Row {
  const what = `workerd with ${MANY} vectors written and queried, most resident`;
  const peakMb = memoryMb(pid, "VmHWM");
  if (peakMb === null) return { what: `${what}: not measurable here (no /proc)`, value: 0, unit: "MB" };
  const target = `<= ${RESIDENT_MB_MAX}`;
  return { what, value: rounded(peakMb), unit: "MB", target, ok: peakMb <= RESIDENT_MB_MAX };
}

async function writeInProcess(): Promise<{ tookMs: number }> {
  return inFolder(async (folder) => {
    const vectorize = createVectorizeInProcess({
      folder,
      nowMs: () => Date.now(),
      newMutationId: () => crypto.randomUUID(),
    });
    const index = vectorize.bind({ name: "bench", dimensions: DIMENSIONS, metric: "cosine", delayMs: 0 });
    let tookMs = 0;
    for (let from = 0; from < FEW; from += WRITE_VECTORS) tookMs += await timedWrite(index, from);
    vectorize.close();
    return { tookMs };
  });
}

async function timedWrite(index: VectorIndex, from: number): Promise<number> {
  const vectors = numbersFrom(from).map((n) => ({
    id: idOf(n),
    values: vectorOf(n),
    metadata: { document: `d${n % 50}`, day: n % 30 },
  }));
  const startMs = performance.now();
  await index.upsert(vectors);
  if (from + WRITE_VECTORS >= FEW) await index.describe();
  return performance.now() - startMs;
}

/** One transaction a write, as the stand-in does it, and no metadata. */
function writeSqliteVec(): { tookMs: number } {
  const folder = mkdtempSync(join(tmpdir(), "meeting-sync-bench-"));
  const database = new DatabaseSync(join(folder, "vec.sqlite"), { allowExtension: true });
  database.loadExtension(getLoadablePath());
  database.exec(`CREATE VIRTUAL TABLE vectors USING vec0(
    id TEXT PRIMARY KEY, embedding FLOAT[${DIMENSIONS}] distance_metric=cosine)`);
  const insert = database.prepare("INSERT INTO vectors (id, embedding) VALUES (?, ?)");
  let tookMs = 0;
  for (let from = 0; from < FEW; from += WRITE_VECTORS) {
    const vectors = numbersFrom(from).map((n) => ({
      id: idOf(n),
      values: new Uint8Array(vectorOf(n).buffer),
    }));
    const startMs = performance.now();
    database.exec("BEGIN");
    for (const { id, values } of vectors) insert.run(id, values);
    database.exec("COMMIT");
    tookMs += performance.now() - startMs;
  }
  database.close();
  rmSync(folder, { recursive: true });
  return { tookMs };
}

/** The share of the truly nearest that answers have among theirs. */
function recallOf(answers: readonly Answer[]): number {
  const stored = Array.from({ length: FEW }, (_, n) => scaledToOne(vectorOf(n)));
  let found = 0;
  for (const [place, { ids }] of answers.slice(0, RECALL_QUESTIONS).entries()) {
    const question = scaledToOne(vectorOf(QUESTIONS_FROM + place));
    const nearest = stored
      .map((vector, n) => ({ id: idOf(n), product: productOf(vector, question) }))
      .sort((one, other) => other.product - one.product)
      .slice(0, NEAREST);
    found += nearest.filter(({ id }) => ids.includes(id)).length;
  }
  return found / (RECALL_QUESTIONS * NEAREST);
}

function scaledToOne(vector: Float32Array): Float64Array {
  const length = Math.hypot(...vector);
  return Float64Array.from(vector, (value) => value / length);
}

function productOf(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] as number) * (other[at] as number);
  return sum;
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "meeting-sync-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function numbersFrom(from: number): number[] {
  return Array.from({ length: WRITE_VECTORS }, (_, n) => from + n);
}

function perSecond({ tookMs }: { tookMs: number }): number {
  return FEW / (tookMs / 1000);
}
