import type { Vectorize } from "@cloudflare/workers-types";
import { DIMENSIONS, idOf, vectorOf, WRITE_VECTORS } from "../vectors.ts";

interface Env {
  /** Two bindings to one index. */
  readonly EXACT: Vectorize;
  readonly APPROXIMATE: Vectorize;
}

/** Ids asked for in one call, the most that the service takes; calls at once, as the product makes them. */
const GET_IDS = 20;
const GET_CALLS = 6;

/** Writes to the index and asks it from inside workerd, as the product does, and times nothing else. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const numberOf = (name: string): number => Number(searchParams.get(name));
    const [from, to] = [numberOf("from"), numberOf("to")];
    const shared = searchParams.get("buffer") === "shared" ? SHARED : null;
    if (pathname === "/write") return Response.json(await write(env.EXACT, from, to, shared));
    if (pathname === "/read") return Response.json(await read(env.EXACT, from, to));
    const index = searchParams.get("scoring") === "exact" ? env.EXACT : env.APPROXIMATE;
    return Response.json(await query(index, from, to));
  },
};

/** Room for the values of one write. */
const SHARED = new Float32Array(WRITE_VECTORS * DIMENSIONS);

/** @param shared room for all values of a write; null gives each vector an array of its own, as the product does */
async function write(
  index: Vectorize,
  from: number,
  to: number,
  shared: Float32Array<ArrayBuffer> | null,
): Promise<{ tookMs: number }> {
  let tookMs = 0;
  for (let first = from; first < to; first += WRITE_VECTORS) {
    const numbers = Array.from({ length: Math.min(WRITE_VECTORS, to - first) }, (_, n) => first + n);
    const vectors = numbers.map((n) => ({
      id: idOf(n),
      values: vectorOf(n, shared?.subarray((n - first) * DIMENSIONS, (n - first + 1) * DIMENSIONS)),
      metadata: { document: `d${n % 50}`, day: n % 30 },
    }));
    const startMs = Date.now();
    await index.upsert(vectors);
    tookMs += Date.now() - startMs;
  }
  const startMs = Date.now();
  await index.describe();
  return { tookMs: tookMs + Date.now() - startMs };
}

async function read(index: Vectorize, from: number, to: number): Promise<{ tookMs: number; found: number }> {
  const startMs = Date.now();
  let found = 0;
  for (let first = from; first < to; first += GET_IDS * GET_CALLS) {
    const calls = Array.from({ length: GET_CALLS }, (_, call) =>
      Array.from({ length: GET_IDS }, (_, n) => first + call * GET_IDS + n).filter((n) => n < to),
    ).filter((numbers) => numbers.length > 0);
    const lists = await Promise.all(calls.map((numbers) => index.getByIds(numbers.map(idOf))));
    found += lists.flat().length;
  }
  return { tookMs: Date.now() - startMs, found };
}

async function query(
  index: Vectorize,
  from: number,
  to: number,
): Promise<{ ids: string[]; tookMs: number }[]> {
  const answers: { ids: string[]; tookMs: number }[] = [];
  for (let n = from; n < to; n++) {
    const vector = vectorOf(n);
    const startMs = performance.now();
    const { matches } = await index.query(vector, { topK: 10 });
    answers.push({ ids: matches.map(({ id }) => id), tookMs: performance.now() - startMs });
  }
  return answers;
}
