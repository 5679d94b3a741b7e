import { expect, it } from "vitest";
import { describeEmbeddingModel } from "../contracts/embedding-model.testsuite.ts";
import { createWorkersAiInProcess } from "./ai-core.ts";

describeEmbeddingModel("the core, in this process", async () => {
  const ai = createWorkersAiInProcess();
  return {
    ai,
    failNext: async (failure) => ai.failNext(failure),
    counts: async () => ai.counts(),
    close: async () => {},
  };
});

it("gives every model the vector length it was configured with", async () => {
  const ai = createWorkersAiInProcess({ dimensions: 512 });
  expect(await ai.run("@cf/baai/bge-m3", { text: "x" })).toMatchObject({ shape: [1, 512] });
});

it("stands on another embedder when it is given one, and tells it queries from documents", async () => {
  const roles: string[] = [];
  const embedder = {
    embed: async (texts: readonly string[], dimensions: number, role: string) => {
      roles.push(role);
      return texts.map(() => new Float32Array(dimensions).fill(0.5));
    },
  };
  const ai = createWorkersAiInProcess({ embedder, dimensions: 2 });
  expect(await ai.run("@cf/qwen/qwen3-embedding-0.6b", { queries: "x" })).toEqual({
    shape: [1, 2],
    data: [[0.5, 0.5]],
  });
  await ai.run("@cf/qwen/qwen3-embedding-0.6b", { documents: "x" });
  expect(roles).toEqual(["query", "document"]);
});
