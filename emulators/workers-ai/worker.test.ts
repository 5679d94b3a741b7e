import {
  BATCH_DELAY_MS,
  describeEmbeddingModel,
  type ModelUnderTest,
} from "../contracts/embedding-model.testsuite.ts";
import { expect, it } from "vitest";
import { bundleWorker, startRpcDriver } from "../vectorize/rpc-driver.ts";
import type { AiCounts, AiOutput } from "./ai-core.ts";
import { workersAiWorkerConfig } from "./miniflare.ts";

describeEmbeddingModel("the Worker in workerd, by RPC", () => hostInMiniflare());

async function hostInMiniflare(dimensions?: number): Promise<ModelUnderTest> {
  const script = await bundleWorker(new URL("worker.ts", import.meta.url));
  const size = dimensions === undefined ? {} : { dimensions };
  const parts = workersAiWorkerConfig({
    name: "workers-ai",
    script,
    batchDelayMs: BATCH_DELAY_MS,
    ...size,
  });
  const driver = await startRpcDriver({ AI: parts.binding, CONTROL: parts.control }, [
    { config: parts.config },
  ]);
  return {
    ai: { run: async (...args) => (await driver.call("AI", "run", args)) as AiOutput },
    failNext: async (failure) => void (await driver.call("CONTROL", "failNext", [failure])),
    counts: async () => (await driver.call("CONTROL", "counts", [])) as AiCounts,
    advance: async (ms) => void (await driver.call("CONTROL", "advance", [ms])),
    close: () => driver.dispose(),
  };
}

it("gives every model the vector length of its configuration", async () => {
  const { ai, close } = await hostInMiniflare(512);
  expect(await ai.run("@cf/qwen/qwen3-embedding-0.6b", { documents: "x" })).toMatchObject({
    shape: [1, 512],
  });
  await close();
});
