import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  CONTRACT_CONFIGS,
  describeVectorIndex,
  type IndexHost,
  type IndexUnderTest,
} from "../contracts/vector-index.testsuite.ts";
import { vectorizeWorkerConfig, type VectorizeWorkerConfig } from "./miniflare.ts";
import { bundleWorker, startRpcDriver, type RpcDriver } from "./rpc-driver.ts";
import type { IndexConfig, VectorIndex } from "./types.ts";

const script = bundleWorker(new URL("worker.ts", import.meta.url));

describeVectorIndex("the Worker in workerd, by RPC", () => hostInMiniflare());

/** Fresh indexes prepared per configuration; bindings cost nothing until they are used. */
const INDEXES_PER_CONFIG = 60;

async function hostInMiniflare(): Promise<IndexHost> {
  const folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  const free = new Map<string, string[]>();
  const indexes = Object.values(CONTRACT_CONFIGS).flatMap((config: IndexConfig, group) =>
    Array.from({ length: INDEXES_PER_CONFIG }, (_, n) => ({
      ...config,
      binding: `I${group}_${n}`,
      name: `I${group}_${n}`,
    })),
  );
  for (const { binding, name: _name, ...config } of indexes) {
    const key = JSON.stringify(config);
    free.set(key, [...(free.get(key) ?? []), binding]);
  }
  const parts = vectorizeWorkerConfig({ name: "vectorize", script: await script, indexes });
  let driver = await boot(parts, folder);
  const makeIndex = async (config: IndexConfig): Promise<IndexUnderTest> => {
    const name = free.get(JSON.stringify(config))?.pop();
    if (name === undefined)
      throw new Error("no index of this configuration is left: raise INDEXES_PER_CONFIG");
    const control = (method: string, ...args: unknown[]): Promise<never> =>
      driver.call("CONTROL", method, [name, ...args]) as Promise<never>;
    const index = new Proxy({} as VectorIndex, {
      get:
        (_target, method) =>
        (...args: unknown[]) =>
          driver.call(name, String(method), args),
    });
    return {
      index,
      advance: (ms) => control("advance", ms),
      pause: () => control("pause"),
      resume: () => control("resume"),
      dropNext: (count) => control("dropNext", count),
      failNext: (failure) => control("failNext", failure),
      loseVectors: (ids) => control("loseVectors", ids),
      inspect: () => control("inspect"),
      listIds: (cursor) => control("listIds", cursor ?? null),
      restart: async () => {
        await driver.dispose();
        driver = await boot(parts, folder);
      },
    };
  };
  const close = async (): Promise<void> => {
    await driver.dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  return { makeIndex, close };
}

function boot(parts: VectorizeWorkerConfig, folder: string): Promise<RpcDriver> {
  return startRpcDriver({ ...parts.bindings, CONTROL: parts.control }, [{ config: parts.config }], folder);
}

let folder: string;
let driver: RpcDriver;
const common = { metric: "cosine", delayMs: 0 } as const;

async function bootPair(dimensionsB: number): Promise<void> {
  const indexes = [
    { ...common, binding: "VECTORS_A", name: "meetings-a", dimensions: 2 },
    { ...common, binding: "VECTORS_B", name: "meetings-b", dimensions: dimensionsB },
    {
      ...common,
      binding: "FAST",
      name: "fast",
      dimensions: 2,
      delayMs: 3_600_000,
      clock: { originMs: Date.now() - 1000, speed: 7200 },
    },
  ];
  driver = await boot(vectorizeWorkerConfig({ name: "vectorize", script: await script, indexes }), folder);
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  await bootPair(4);
});

afterAll(async () => {
  await driver.dispose();
  rmSync(folder, { recursive: true, force: true });
});

it("hosts two indexes of different sizes that know nothing of each other", async () => {
  await driver.call("VECTORS_A", "upsert", [[{ id: "x", values: [1, 0] }]]);
  await driver.call("VECTORS_B", "upsert", [[{ id: "y", values: [1, 0, 0, 0] }]]);
  expect(await driver.call("VECTORS_A", "describe", [])).toMatchObject({ vectorCount: 1, dimensions: 2 });
  expect(await driver.call("VECTORS_B", "getByIds", [["x", "y"]])).toEqual([
    { id: "y", values: [1, 0, 0, 0] },
  ]);
});

it("runs on the scaled clock of its binding", async () => {
  await driver.call("FAST", "upsert", [[{ id: "x", values: [1, 0] }]]);
  expect(await driver.call("FAST", "getByIds", [["x"]])).toEqual([]);
  // One hour at 7,200 times the real pace is half a second.
  await expect.poll(() => driver.call("FAST", "getByIds", [["x"]]), { timeout: 10_000 }).toHaveLength(1);
});

it("refuses another dimension under a known name and says what to do", async () => {
  await driver.dispose();
  await bootPair(8);
  await expect(driver.call("VECTORS_B", "describe", [])).rejects.toThrow(
    "this index was created with 4 dimensions, cosine and cannot become 8 dimensions, cosine: give the new one another name",
  );
  expect(await driver.call("VECTORS_A", "describe", [])).toMatchObject({ vectorCount: 1 });
});
