import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openAiModel } from "../../core/embedding-models.ts";
import { failureOf } from "../../core/errors.ts";
import { OPENAI_TEXTS_PER_CALL, UNNAMED_RATE_WAIT_MS } from "../../core/policy.ts";
import { createOpenAiEmbedder, measureDimensions, type OpenAiServer } from "./embedder.ts";

const NOW_MS = Date.UTC(2026, 4, 1);
const SAID = "what was said in confidence";

type Answer = (texts: readonly string[], response: ServerResponse) => void;

/** A well-behaved answer: one vector per text, here in reverse order, for the index decides. */
const well: Answer = (texts, response) => {
  const data = texts.map((text, index) => ({ index, embedding: [text.length, index, 0.5] })).toReversed();
  response.end(JSON.stringify({ data }));
};

describe("createOpenAiEmbedder, against a server", () => {
  let answer: Answer = well;
  let hits: { url: string | undefined; authorization: string | undefined; texts: string[]; model: string }[] =
    [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      const { input, model } = JSON.parse(body) as { input: string[]; model: string };
      hits.push({ url: request.url, authorization: request.headers.authorization, texts: input, model });
      answer(input, response);
    });
  });
  let address: string;
  let aborted = new AbortController();
  const serverWith = (change: Partial<OpenAiServer> = {}): OpenAiServer => ({
    address,
    apiKey: null,
    fetch: (request) => fetch(request),
    world: { nowMs: () => NOW_MS, timeout: () => aborted.signal },
    ...change,
  });
  const embedderWith = (change: Partial<OpenAiServer> = {}) =>
    createOpenAiEmbedder(serverWith(change), openAiModel("nomic", 3, null));

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    answer = well;
    hits = [];
    aborted = new AbortController();
  });

  it("gives one vector per text, in the order of the texts", async () => {
    const vectors = await embedderWith().embedDocuments(["a", "bcd"]);
    expect(vectors.map((vector) => [...vector])).toEqual([
      [1, 0, 0.5],
      [3, 1, 0.5],
    ]);
    expect([...(await embedderWith().embedQuery("four"))]).toEqual([4, 0, 0.5]);
    expect(hits.map(({ url, model, authorization }) => [url, model, authorization])).toEqual([
      ["/v1/embeddings", "nomic", undefined],
      ["/v1/embeddings", "nomic", undefined],
    ]);
  });

  it("asks for a few texts at a time, and sends the key where there is one", async () => {
    const texts = Array.from({ length: OPENAI_TEXTS_PER_CALL + 1 }, (_, n) => "x".repeat(n + 1));
    const vectors = await embedderWith({ apiKey: "key" }).embedDocuments(texts);
    expect(vectors.map((vector) => vector[0])).toEqual(texts.map((text) => text.length));
    expect(hits.map((hit) => [hit.texts.length, hit.authorization])).toEqual([
      [OPENAI_TEXTS_PER_CALL, "Bearer key"],
      [1, "Bearer key"],
    ]);
  });

  it("measures a model by embedding one word", async () => {
    expect(await measureDimensions(serverWith(), "nomic")).toBe(3);
    expect(hits).toMatchObject([{ texts: ["length"] }]);
  });

  const replying =
    (status: number, headers: Record<string, string> = {}, body = `{"error":"${SAID}"}`): Answer =>
    (_texts, response) => {
      response.writeHead(status, headers);
      response.end(body);
    };
  const withData =
    (data: unknown): Answer =>
    (_texts, response) =>
      response.end(JSON.stringify({ data }));

  it.each<[string, Answer, object]>([
    ["HTTP 401", replying(401), { kind: "denied", detail: expect.stringContaining("OPENAI_API_KEY") }],
    ["HTTP 403", replying(403), { kind: "denied" }],
    [
      "HTTP 404",
      replying(404),
      { kind: "embeddings_refused", detail: expect.stringContaining("knows no model nomic") },
    ],
    [
      "HTTP 400",
      replying(400),
      { kind: "refused", detail: expect.stringContaining("EMBEDDINGS_TOKENS_MAX") },
    ],
    ["HTTP 413", replying(413), { kind: "refused" }],
    ["HTTP 405", replying(405), { kind: "embeddings_refused", detail: expect.stringContaining("HTTP 405") }],
    [
      "HTTP 429 with seconds",
      replying(429, { "retry-after": "7" }),
      { kind: "rate_limited", notBeforeMs: NOW_MS + 7_000 },
    ],
    [
      "HTTP 429 with a date",
      replying(429, { "retry-after": new Date(NOW_MS + 60_000).toUTCString() }),
      { kind: "rate_limited", notBeforeMs: NOW_MS + 60_000 },
    ],
    [
      "HTTP 429 without a time",
      replying(429),
      { kind: "rate_limited", notBeforeMs: NOW_MS + UNNAMED_RATE_WAIT_MS },
    ],
    [
      "HTTP 429 for an hour",
      replying(429, { "retry-after": "3600" }),
      { kind: "quota", notBeforeMs: NOW_MS + 3_600_000 },
    ],
    ["HTTP 500", replying(500), { kind: "unreachable" }],
    ["HTTP 503", replying(503), { kind: "unreachable" }],
    [
      "a redirect",
      replying(302, { location: "http://127.0.0.1:1/elsewhere" }),
      { kind: "embeddings_refused" },
    ],
    ["HTML with 200", replying(200, {}, "<html>busy</html>"), { kind: "unreachable" }],
    [
      "fewer vectors than texts",
      withData([{ index: 0, embedding: [1, 2, 3] }]),
      { kind: "unreachable", detail: "1 vectors for 2 texts" },
    ],
    [
      "more vectors than texts",
      withData([0, 1, 2].map((index) => ({ index, embedding: [1, 2, 3] }))),
      { kind: "unreachable", detail: "3 vectors for 2 texts" },
    ],
    [
      "two vectors for one text",
      withData([0, 0].map((index) => ({ index, embedding: [1, 2, 3] }))),
      { kind: "unreachable", detail: "misnumbered vectors for 2 texts" },
    ],
    [
      "another length than promised",
      withData([0, 1].map((index) => ({ index, embedding: [1, 2] }))),
      { kind: "unreachable", detail: "a vector of 2 dimensions where 3 were promised" },
    ],
    [
      "a value that is no number",
      withData([0, 1].map((index) => ({ index, embedding: [1, 2, "x"] }))),
      { kind: "unreachable", detail: "a vector with a value that is no number" },
    ],
    [
      "NaN, which JSON writes as null",
      withData([0, 1].map((index) => ({ index, embedding: [1, Number.NaN, 3] }))),
      { kind: "unreachable", detail: "a vector with a value that is no number" },
    ],
    ["no data", replying(200, {}, "{}"), { kind: "unreachable" }],
    [
      "a connection cut in the middle",
      (_texts, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"data": [');
        response.destroy();
      },
      { kind: "unreachable" },
    ],
  ])("classifies %s, and repeats nothing of what was said", async (_what, misbehaved, failure) => {
    answer = misbehaved;
    const failed = failureOf(
      await embedderWith()
        .embedDocuments([SAID, "b"])
        .catch((error: unknown) => error),
    );
    expect(failed).toMatchObject({ party: "openai", ...failure });
    expect(JSON.stringify(failed)).not.toContain(SAID);
    expect(hits.length).toBe(1);
  });

  it("gives up a server that does not answer in time", async () => {
    answer = () => aborted.abort();
    const failed = failureOf(
      await embedderWith()
        .embedQuery("a")
        .catch((error: unknown) => error),
    );
    expect(failed).toMatchObject({ kind: "timed_out", party: "openai" });
  });

  it("finds a server that is down unreachable", async () => {
    const down = embedderWith({ address: "http://127.0.0.1:9/v1" });
    const failed = failureOf(await down.embedQuery("a").catch((error: unknown) => error));
    expect(failed).toMatchObject({ kind: "unreachable", party: "openai" });
  });

  it("measures nothing by a reply that holds no numbers", async () => {
    answer = withData([{ index: 0, embedding: [null] }]);
    await expect(measureDimensions(serverWith(), "nomic")).rejects.toThrow("no number");
    answer = withData([{ index: 0, embedding: "base64" }]);
    await expect(measureDimensions(serverWith(), "nomic")).rejects.toThrow("dimensions");
  });
});
