import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { LexicalEmbedder } from "../../emulators/workers-ai/lexical-embedder.ts";
import { readD1, readIndexes } from "./end-state.ts";
import {
  cleanUp,
  onCleanUp,
  RUN_MS,
  runProgram,
  sync,
  temporaryFolder,
  type Synced,
  runOf,
} from "./program.ts";

const DIMENSIONS = 96;
const KEY = "sk-a-key-that-must-not-be-kept";

/** A small server with OpenAI's `/v1/embeddings`, and how it answers the next calls. */
type Embeddings = {
  readonly url: string;
  readonly texts: () => number;
  /** Called for each call in turn; undefined answers well. */
  misbehave: (
    call: number,
  ) => { status?: number; dimensions?: number; value?: unknown; drop?: number } | undefined;
  close(): void;
};

async function startEmbeddings(): Promise<Embeddings> {
  const words = new LexicalEmbedder();
  let [calls, texts] = [0, 0];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      const { input } = JSON.parse(body) as { input: string[] };
      calls += 1;
      texts += input.length;
      const { status = 200, dimensions = DIMENSIONS, value, drop = 0 } = embeddings.misbehave(calls) ?? {};
      const isDenied = request.headers.authorization !== `Bearer ${KEY}`;
      response.statusCode = isDenied ? 401 : status;
      const vectors = input.map((text) => [...words.embedOne(text, dimensions)]);
      const data = vectors.map((vector, index) => ({
        index,
        embedding: value === undefined ? vector : [value, ...vector.slice(1)],
      }));
      response.end(JSON.stringify({ data: data.slice(drop) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const embeddings: Embeddings = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    texts: () => texts,
    misbehave: () => undefined,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  onCleanUp(() => embeddings.close());
  return embeddings;
}

afterEach(cleanUp);

test(
  "a real server makes the embeddings: measured once, locked, moved without a rebuild, its key never stored",
  async () => {
    const dataDir = join(temporaryFolder(), "data");
    const server = await startEmbeddings();
    const run = (url: string, ...args: string[]): Promise<Synced> =>
      sync(["--data-dir", dataDir, "--speed", "60", ...args], {
        env: { EMBEDDINGS: `openai:${url}#nomic`, OPENAI_API_KEY: KEY },
      });
    const first = await run(server.url, "--meetings-count", "8");
    expect(first, first.story).toMatchObject({ outcome: { proof: { ok: true } } });
    const { chunks } = first.outcome.proof.meetings;
    expect(chunks).toBeGreaterThan(0);
    expect(readD1(dataDir, "select model, dimensions, address, state from indexes")).toEqual([
      { model: `openai:nomic#${DIMENSIONS}`, dimensions: DIMENSIONS, address: server.url, state: "live" },
    ]);
    expect(readIndexes(dataDir)).toContainEqual({
      shape: `${DIMENSIONS} dimensions, cosine`,
      vectors: chunks,
    });
    expect(server.texts()).toBe(chunks + 1);
    // The same model at another address goes on, embeds nothing, and is found there from now on.
    const moved = await startEmbeddings();
    const second = await run(moved.url);
    expect(second, second.story).toMatchObject({ outcome: { proof: { ok: true } } });
    expect(runOf(second, "vectors").embedded_chunks).toBe(0);
    expect(readD1(dataDir, "select address from indexes")).toEqual([{ address: moved.url }]);
    expect(filesHolding(dataDir, KEY)).toEqual([]);
    // The server now makes other vectors under the same name: that is another model.
    moved.misbehave = () => ({ dimensions: 64 });
    const other = await run(moved.url);
    expect(other.code).toBe(3);
    expect(other.stderr + other.story).toContain("openai:nomic#96 and EMBEDDINGS asks for openai:nomic#64");
    // What is known of it is enough to start where it does not answer; nothing new is to be embedded.
    moved.close();
    const down = await run(moved.url);
    expect(down, down.story).toMatchObject({ outcome: { proof: { ok: true } } });
  },
  2 * RUN_MS,
);

test(
  "a server that breaks off in the middle leaves nothing half indexed, and is asked again",
  async () => {
    const dataDir = join(temporaryFolder(), "data");
    const server = await startEmbeddings();
    const run = (): Promise<Synced> =>
      sync(["--data-dir", dataDir, "--speed", "100", "--meetings-count", "8"], {
        env: { EMBEDDINGS: `openai:${server.url}#nomic`, OPENAI_API_KEY: KEY },
      });
    const indexed = (): number => readIndexes(dataDir).reduce((sum, { vectors }) => sum + vectors, 0);
    for (const wrong of [{ dimensions: 64 }, { value: null }, { drop: 1 }, { status: 503 }]) {
      // The first call is the one that measures.
      let calls = 0;
      server.misbehave = () => ((calls += 1) === 1 ? undefined : wrong);
      const broken = await run();
      expect(broken.code, broken.story).toBe(3);
      expect(broken.outcome.runs.find((one) => one.sync === "vectors")).toMatchObject({
        state: "failed",
        retries: 5,
      });
      expect(indexed()).toBe(0);
    }
    // Two bad answers, and the third is good: nobody has to do anything.
    let calls = 0;
    server.misbehave = () => ([2, 3].includes((calls += 1)) ? { status: 500 } : undefined);
    const healed = await run();
    expect(healed, healed.story).toMatchObject({ outcome: { proof: { ok: true } } });
    expect(indexed()).toBe(healed.outcome.proof.meetings.chunks);
  },
  3 * RUN_MS,
);

test("a server that is not there, and one that refuses the key, are one sentence, and nothing is made", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const server = await startEmbeddings();
  const ended = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const { stdout, stderr } = await runProgram(["sync", "--data-dir", dataDir], { env });
    expect(stdout).toBe("");
    return stderr;
  };
  expect(await ended({ EMBEDDINGS: `openai:${server.url}#nomic`, OPENAI_API_KEY: "other" })).toContain(
    "the embeddings server refused the key (HTTP 401): set OPENAI_API_KEY.",
  );
  expect(await ended({ EMBEDDINGS: `openai:${server.url}#nomic#768`, OPENAI_API_KEY: KEY })).toContain(
    "says that nomic has 768 dimensions and the server",
  );
  server.close();
  expect(await ended({ EMBEDDINGS: `openai:${server.url}#nomic` })).toContain(
    `Nothing answers at ${server.url}: start the embeddings server there, or correct EMBEDDINGS.`,
  );
  expect(existsSync(dataDir)).toBe(false);
});

/** Files below a folder that hold a text. */
function filesHolding(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
