import { expect, it } from "vitest";
import { BATCH_DELAY_MS, describeEmbeddingModel } from "../contracts/embedding-model.testsuite.ts";
import { createWorkersAiInProcess } from "./ai-core.ts";

describeEmbeddingModel("the core, in this process", async () => {
  const ai = createWorkersAiInProcess({ batchDelayMs: BATCH_DELAY_MS });
  return {
    ai,
    failNext: async (failure) => ai.failNext(failure),
    counts: async () => ai.counts(),
    advance: async (ms) => ai.advance(ms),
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

it("gives lexical#<dimensions> its own length and lexical vectors, whatever the rest stands on", async () => {
  const embedder = { embed: async () => Promise.reject(new Error("not asked")) };
  const ai = createWorkersAiInProcess({ embedder, dimensions: 2 });
  const lexical = await createWorkersAiInProcess().run("lexical#64", { documents: "pump" });
  expect(await ai.run("lexical#64", { documents: "pump" })).toEqual(lexical);
});

it("answers a batch in the end, though its embedder failed at first", async () => {
  let failures = 1;
  const embedder = {
    embed: async (texts: readonly string[], dimensions: number) => {
      if ((failures -= 1) >= 0) throw new Error("the server is down");
      return texts.map(() => new Float32Array(dimensions));
    },
  };
  const ai = createWorkersAiInProcess({ embedder, batchDelayMs: 0 });
  const model = "@cf/baai/bge-base-en-v1.5";
  const queued = await ai.run(model, { requests: [{ text: "a" }] }, { queueRequest: true });
  const poll = { request_id: (queued as { request_id: string }).request_id };
  await expect(ai.run(model, poll)).rejects.toThrow("the server is down");
  expect(await ai.run(model, poll)).toMatchObject({ responses: [{ id: 0, success: true }] });
});
