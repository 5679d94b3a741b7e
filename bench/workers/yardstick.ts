/**
 * What the product is measured against inside the same workerd: the naive copier, the least that reading one page can
 * cost, and a control that must not survive a small heap.
 */
import { listQuery } from "../../src/adapters/fireflies/query.ts";
import type { NaiveEnv } from "./naive-copier.ts";

import { readPlainly, type ReadStores } from "./plain-reading.ts";
import { copyChunks, questionsOf, searchDirectly, type ProductStores } from "./search-floor.ts";

export { EmptyRun } from "./empty-run.ts";
export { NaiveCopy } from "./naive-copier.ts";

type Flow = {
  create(): Promise<{ id: string }>;
  get(id: string): Promise<{ status(): Promise<object> }>;
};
type Env = NaiveEnv &
  ProductStores &
  ReadStores & {
    readonly COPY: Flow;
    readonly EMPTY: Flow;
  };

const HELD_BYTES = 200 * 1024 * 1024;

const ROUTES: Record<string, (env: Env, url: URL) => Promise<object>> = {
  "/start": async (env, url) => {
    const { id } = await flowOf(env, url).create();
    return { id };
  },
  "/status": async (env, url) => (await flowOf(env, url).get(url.searchParams.get("id") ?? "")).status(),
  "/floor": floorOfPage,
  "/hold": holdHeap,
  "/questions": (env) => questionsOf(env),
  "/search": (env, url) => searchDirectly(env, url.searchParams.get("q") ?? ""),
  "/read": (env) => readPlainly(env),
  "/double": (env, url) => copyChunks(env, url.searchParams.get("name") ?? ""),
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const route = ROUTES[url.pathname];
    if (route === undefined) return new Response("there is no such yardstick", { status: 404 });
    return Response.json(await route(env, url));
  },
};

function flowOf(env: Env, url: URL): Flow {
  return url.searchParams.get("flow") === "copy" ? env.COPY : env.EMPTY;
}

/**
 * The first page, fetched and read, then parsed and hashed meeting by meeting: all that a run with nothing new would do
 * if it kept no ledger. The clock of workerd moves with I/O only, so each part ends in a harmless read.
 */
async function floorOfPage(env: Env): Promise<object> {
  const startedMs = await tickedMs(env);
  const response = await fetch(`${env.FIREFLIES_URL}/graphql`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${env.FIREFLIES_KEY}`,
      "content-type": "application/json",
      "accept-encoding": "gzip",
    },
    body: JSON.stringify({ query: listQuery([]), variables: { limit: 50, skip: 0 } }),
  });
  const bytes = await response.arrayBuffer();
  const receivedMs = await tickedMs(env);
  const { data } = JSON.parse(new TextDecoder().decode(bytes)) as { data: { transcripts: object[] } };
  await crypto.subtle.digest("SHA-256", bytes);
  const readMs = await tickedMs(env);
  return {
    answerMs: receivedMs - startedMs,
    floorMs: readMs - receivedMs,
    bytes: bytes.byteLength,
    rows: data.transcripts.length,
  };
}

async function tickedMs(env: Env): Promise<number> {
  await env.RAW.head("clock");
  return Date.now();
}

/** Hold 200 MB of heap. Returns only where nothing bounds the heap. */
async function holdHeap(): Promise<object> {
  const held: number[][] = [];
  for (let bytes = 0; bytes < HELD_BYTES; bytes += 8 * 131_072) {
    held.push(Array.from({ length: 131_072 }, (_, place) => place + 0.5));
  }
  return { heldMb: (held.length * 8 * 131_072) / 1024 ** 2 };
}
