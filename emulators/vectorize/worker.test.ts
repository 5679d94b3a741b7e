import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  CONTRACT_CONFIGS,
  describeVectorIndex,
  type IndexHost,
  type IndexUnderTest,
} from "../contracts/vector-index.testsuite.ts";
import {
  answerOf,
  apiThrough,
  type ApiAnswer,
  type NameUnderTest,
} from "../contracts/vectorize-commands.testsuite.ts";
import type { VectorizeControlApi } from "./control-api.ts";
import type { Plan } from "./limits.ts";
import { vectorizeWorkerConfig, type VectorizeWorkerConfig } from "./miniflare.ts";
import { bundleWorker, startRpcDriver, type RpcDriver } from "./rpc-driver.ts";
import type { IndexConfig, VectorIndex } from "./types.ts";

const script = bundleWorker(new URL("worker.ts", import.meta.url));

describeVectorIndex("the Worker in workerd, by RPC", (plan) => hostInMiniflare(plan));

/** Fresh indexes prepared per configuration; bindings cost nothing until they are used. */
const INDEXES_PER_CONFIG = 80;

async function hostInMiniflare(plan: Plan): Promise<IndexHost> {
  const folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  const free = new Map<string, string[]>();
  const shaped = Object.values(CONTRACT_CONFIGS).flatMap((config: IndexConfig, group) =>
    Array.from({ length: INDEXES_PER_CONFIG }, (_, n) => {
      const name = `index-${group}-${n}`;
      free.set(JSON.stringify(config), [...(free.get(JSON.stringify(config)) ?? []), name]);
      return { ...config, binding: name, name };
    }),
  );
  const freeNames = Array.from({ length: INDEXES_PER_CONFIG }, (_, n) => `name-${n}`);
  const named = freeNames.flatMap((name) => [
    { binding: name, name },
    { ...CONTRACT_CONFIGS.cosine, binding: `${name}-shaped`, name },
  ]);
  const indexes = [...shaped, ...named];
  const parts = vectorizeWorkerConfig({ name: "vectorize", script: await script, indexes, plan });
  let driver = await boot(parts, folder);
  const bound = (binding: string): VectorIndex => remote(() => driver, binding);
  const control: VectorizeControlApi = remote(() => driver, "CONTROL");
  const restart = async (): Promise<void> => {
    await driver.dispose();
    driver = await boot(parts, folder);
  };
  const fetch = async (url: string, init: RequestInit): Promise<ApiAnswer> =>
    answerOf(await driver.fetch("vectorize", `http://vectorize${url}`, init));
  const makeIndex = async (config: IndexConfig): Promise<IndexUnderTest> => {
    const name = taken(free.get(JSON.stringify(config)));
    return {
      index: bound(name),
      advance: (ms) => control.advance(name, ms),
      pause: () => control.pause(name),
      resume: () => control.resume(name),
      dropNext: (count) => control.dropNext(name, count),
      failNext: (failure) => control.failNext(name, failure),
      loseVectors: (ids) => control.loseVectors(name, ids),
      inspect: () => control.inspect(name),
      listIds: (cursor) => control.listIds(name, cursor ?? null),
      restart,
    };
  };
  const makeName = async (): Promise<NameUnderTest> => {
    const name = taken(freeNames);
    return {
      name,
      plain: bound(name),
      shaped: bound(`${name}-shaped`),
      control,
      api: apiThrough(fetch),
      fetch,
      bytesOnDisk: async () => sizeOf(folder),
      restart,
    };
  };
  const close = async (): Promise<void> => {
    await driver.dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  return { makeIndex, makeName, close };
}

/** An object whose methods are called on a binding of the driver that runs at the time. */
function remote<T extends object>(driver: () => RpcDriver, binding: string): T {
  const call =
    (method: string) =>
    (...args: unknown[]) =>
      driver().call(binding, method, args);
  return new Proxy({} as T, { get: (_target, method) => call(String(method)) });
}

function taken(names: string[] | undefined): string {
  const name = names?.pop();
  if (name === undefined) throw new Error("no index of this kind is left: raise INDEXES_PER_CONFIG");
  return name;
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
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

it("takes commands from Node through the stand-in's own CONTROL, and their refusals carry a code", async () => {
  const config = vectorizeWorkerConfig({ name: "vectorize", script: await script, indexes: [] }).config;
  const miniflare = new Miniflare({ cf: false, workers: [{ config }] });
  const { CONTROL: control } = await miniflare.getBindings<{ CONTROL: VectorizeControlApi }>("vectorize");
  await control.createIndex("from-node", { dimensions: 2, metric: "cosine" });
  expect(await control.listIndexes()).toMatchObject([{ name: "from-node" }]);
  let refusal: unknown;
  try {
    await control.createIndex("from-node", { dimensions: 2, metric: "cosine" });
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ code: 3002 });
  await control.deleteIndex("from-node");
  expect(await control.getIndex("from-node")).toBeNull();
  await miniflare.dispose();
});
