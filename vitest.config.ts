import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { vectorizeFlatConfig } from "./emulators/vectorize/miniflare.ts";
import { bundleWorker } from "./emulators/vectorize/rpc-driver.ts";
import { workersAiFlatConfig } from "./emulators/workers-ai/miniflare.ts";
import { core, shared } from "./vitest.core.config.ts";

/** The stand-ins as a foreign project would have them in its tests. */
const vectors = vectorizeFlatConfig({
  name: "vectorize",
  script: await bundleWorker(new URL("emulators/vectorize/worker.ts", import.meta.url)),
  indexes: [{ binding: "VECTORIZE", name: "notes", dimensions: 1024, metric: "cosine", delayMs: 0 }],
});
const ai = workersAiFlatConfig({
  name: "workers-ai",
  script: await bundleWorker(new URL("emulators/workers-ai/worker.ts", import.meta.url)),
});

export default defineConfig({
  test: {
    projects: [
      { test: core },
      {
        test: {
          ...shared,
          name: "node",
          include: ["src/**/*.test.ts", "emulators/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: ["src/core/**", "test/worker/**", "**/node_modules/**"],
        },
      },
      {
        plugins: [
          // Flat options instead of wrangler.jsonc: its ai and vectorize bindings are of no use to these tests, and an
          // API token must never be asked for.
          cloudflareTest({
            main: "./test/worker/workflow-fixture.ts",
            remoteBindings: false,
            // Steps that fail on purpose would fill the screen with workerd's "uncaught exception" lines.
            verbose: false,
            miniflare: {
              compatibilityDate: "2026-08-04",
              d1Databases: ["CONTRACT_DB", "MIGRATED_DB"],
              r2Buckets: ["CONTRACT_BUCKET"],
              workflows: { CONTRACT_FLOW: { name: "contract-flow", className: "ScenarioFlow" } },
              serviceBindings: { ...vectors.serviceBindings, AI: ai.serviceBinding },
              workers: [vectors.worker, ai.worker],
              bindings: { MIGRATIONS: await readD1Migrations("./migrations") },
            },
          }),
        ],
        test: {
          ...shared,
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          // Each file starts its own workerd; one after the other keeps a small machine calm.
          fileParallelism: false,
        },
      },
    ],
  },
});
