import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vectorizeWorkerConfig } from "../emulators/vectorize/miniflare.ts";
import { bundleWorker } from "../src/local/bundle.ts";
import { openDataDir } from "../src/local/data-dir.ts";
import { type LocalWorker, startRuntime } from "../src/local/runtime.ts";
import { DIMENSIONS } from "./vectors.ts";

/** The stand-in in a workerd of its own, on a directory of its own. */
export type VectorStore = {
  readonly workerdPid: () => number;
  /** Make the driver do something. */
  ask<T>(path: string): Promise<T>;
  stop(): Promise<void>;
};

const DRIVER = "vector-driver";

/** Boot workerd with the stand-in and the driver. Takes 1 s. */
export async function openVectorStore(): Promise<VectorStore> {
  const directory = await mkdtemp(join(tmpdir(), "meeting-sync-bench-"));
  const [driver, standIn] = await Promise.all([
    bundleWorker(fileURLToPath(new URL("./workers/vector-driver.ts", import.meta.url))),
    bundleWorker(fileURLToPath(new URL("../emulators/vectorize/worker.ts", import.meta.url))),
  ]);
  const index = { name: "bench", dimensions: DIMENSIONS, metric: "cosine", delayMs: 0 } as const;
  const vectors = vectorizeWorkerConfig({
    name: "vectorize",
    script: standIn.script,
    indexes: [
      { ...index, binding: "EXACT", scoring: "exact" },
      { ...index, binding: "APPROXIMATE" },
    ],
  });
  const main = {
    name: DRIVER,
    compatibilityDate: "2026-10-01",
    manifest: {
      mainModule: "worker.mjs",
      modules: { "worker.mjs": { type: "esm", contents: driver.script } },
    },
    env: vectors.bindings,
    exports: {},
  };
  const runtime = await startRuntime({
    dataDir: await openDataDir(directory),
    port: 0,
    workers: [{ config: main } as unknown as LocalWorker, { config: vectors.config } as LocalWorker],
    onLog: () => undefined,
  });
  return {
    workerdPid: () => runtime.workerdPid,
    ask: async <T>(path: string): Promise<T> => {
      const worker = await runtime.miniflare.getWorker(DRIVER);
      const response = await worker.fetch(`http://driver${path}`);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    stop: async () => {
      await runtime.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
