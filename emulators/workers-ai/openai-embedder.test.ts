import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkersAiInProcess } from "./ai-core.ts";
import { OpenAiEmbedder } from "./openai-embedder.ts";

const asked: { path: string | undefined; authorization: string | undefined; body: unknown }[] = [];

const server = createServer((request, response) => {
  let text = "";
  request.on("data", (part: Buffer) => (text += part.toString()));
  request.on("end", () => {
    const body = JSON.parse(text) as { model: string; input: string[] };
    asked.push({ path: request.url, authorization: request.headers.authorization, body });
    if (body.model === "none") response.statusCode = 404;
    // Out of order on purpose: the index decides.
    const data = body.input
      .map((input, index) => ({ index, embedding: [input.length, 0.5, index] }))
      .toReversed();
    response.end(JSON.stringify({ data }));
  });
});
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});

afterAll(() => void server.close());

it("asks the server and answers in the shape of Workers AI", async () => {
  const embedder = new OpenAiEmbedder({ url, model: "nomic", apiKey: "k" });
  const ai = createWorkersAiInProcess({ embedder, dimensions: 3 });
  expect(await ai.run("@cf/qwen/qwen3-embedding-0.6b", { documents: ["a", "bcd"] })).toEqual({
    shape: [2, 3],
    data: [
      [1, 0.5, 0],
      [3, 0.5, 1],
    ],
  });
  const body = { model: "nomic", input: ["a", "bcd"], encoding_format: "float" };
  expect(asked.at(-1)).toEqual({ path: "/v1/embeddings", authorization: "Bearer k", body });
});

it("says what to do when the server's vectors have another length", async () => {
  const embedder = new OpenAiEmbedder({ url, model: "nomic" });
  await expect(embedder.embed(["a"], 1024)).rejects.toThrow("set the stand-in's dimensions to 3");
});

it("names the server that answered an error", async () => {
  const embedder = new OpenAiEmbedder({ url, model: "none" });
  await expect(embedder.embed(["a"], 3)).rejects.toThrow(`The embeddings server at ${url} answered 404.`);
});
