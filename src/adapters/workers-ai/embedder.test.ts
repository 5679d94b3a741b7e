import { describe, expect, it } from "vitest";
import { workersAiModel, type EmbeddingModel } from "../../core/embedding-models.ts";
import { failureOf } from "../../core/errors.ts";
import { createEmbedder } from "./embedder.ts";

const world = {
  nowMs: () => 0,
  timer: () => ({ signal: new AbortController().signal, stop: () => undefined }),
} as never;
const modelOf = (served: string): EmbeddingModel => workersAiModel(served) as EmbeddingModel;

describe("createEmbedder", () => {
  it.each([
    ["@cf/qwen/qwen3-embedding-0.6b", { documents: ["a"] }, { queries: ["a"] }],
    ["@cf/baai/bge-m3", { text: ["a"] }, { text: ["a"] }],
    ["@cf/baai/bge-base-en-v1.5", { text: ["a"], pooling: "cls" }, { text: ["a"], pooling: "cls" }],
  ])("gives %s its texts as it takes them, with the pooling always said", async (served, document, query) => {
    const asked: unknown[] = [];
    const model = modelOf(served);
    const ai = {
      run: async (name: string, inputs: unknown) => {
        asked.push([name, inputs]);
        return { data: [Array.from({ length: model.dimensions }, () => 0.5)] };
      },
    };
    const embedder = createEmbedder(ai, model, world);
    await embedder.embedDocuments(["a"]);
    await embedder.embedQuery("a");
    expect(asked).toEqual([
      [served, document],
      [served, query],
    ]);
    expect(embedder.model).toBe(model.pooling === null ? served : `${served}#${model.pooling}`);
  });

  it.each([
    [{ data: [] }, "0 vectors for 1 texts"],
    [{}, "no vectors for 1 texts"],
    [null, "no vectors for 1 texts"],
    [{ data: [[1, 2]] }, "a vector of 2 dimensions where 1024 were promised"],
    [{ data: [Array.from({ length: 1_024 }, () => Number.NaN)] }, "a vector with a value that is no number"],
  ])("refuses %j before anything relies on it", async (reply, detail) => {
    const ai = { run: async () => reply };
    const embedder = createEmbedder(ai, modelOf("@cf/qwen/qwen3-embedding-0.6b"), world);
    const failure = await embedder.embedDocuments(["a"]).catch(failureOf);
    expect(failure).toEqual({ kind: "unreachable", party: "workers-ai", detail });
  });
});
