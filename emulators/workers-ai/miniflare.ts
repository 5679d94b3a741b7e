import type { OpenAiOptions } from "./openai-embedder.ts";

/** What `workersAiWorkerConfig` needs. */
export interface WorkersAiWorkerOptions {
  /** Name of the Worker that hosts the models. */
  name: string;
  /** `worker.ts` bundled into one ES module, `cloudflare:workers` left external. */
  script: string;
  /** Vector length for every model instead of its own. */
  dimensions?: number;
  /** How long an asynchronous batch takes, in milliseconds; 1,000 when absent. */
  batchDelayMs?: number;
  /** Take embeddings from this server instead of the lexical embedder; set `dimensions` to its vectors' length. */
  openAi?: OpenAiOptions;
}

interface WorkerBinding {
  type: "worker";
  worker: string;
  exportName: string;
}

/** Parts of a Miniflare 5 set-up. */
export interface WorkersAiWorkerConfig {
  /** An element for `workers`, as `{ config }`. */
  config: {
    name: string;
    compatibilityDate: string;
    manifest: { mainModule: string; modules: Record<string, { type: "esm"; contents: string }> };
    env: Record<string, { type: "json"; value: number | Record<string, string> }>;
  };
  /** Entry for the `env` of the product's Worker, as `AI`. */
  binding: WorkerBinding;
  /** Entry for the `env` of a test driver: `WorkersAiControl`. */
  control: WorkerBinding;
}

/** Configuration of the Workers AI stand-in for `new Miniflare({ workers: [{ config }] })` (Miniflare 5). */
export function workersAiWorkerConfig(options: WorkersAiWorkerOptions): WorkersAiWorkerConfig {
  const { name, script, dimensions, openAi, batchDelayMs } = options;
  return {
    config: {
      name,
      compatibilityDate: "2026-08-04",
      manifest: {
        mainModule: "workers-ai.mjs",
        modules: { "workers-ai.mjs": { type: "esm", contents: script } },
      },
      env: {
        ...(dimensions === undefined ? {} : { DIMENSIONS: { type: "json", value: dimensions } }),
        ...(batchDelayMs === undefined ? {} : { BATCH_DELAY_MS: { type: "json", value: batchDelayMs } }),
        ...(openAi === undefined ? {} : { OPENAI: { type: "json", value: { ...openAi } } }),
      },
    },
    binding: { type: "worker", worker: name, exportName: "WorkersAi" },
    control: { type: "worker", worker: name, exportName: "WorkersAiControl" },
  };
}

/** The stand-in in the flat options of Miniflare 4, which the Vitest plugin takes. */
export interface WorkersAiFlatConfig {
  /** An element for `workers`. */
  worker: {
    name: string;
    compatibilityDate: string;
    modules: { type: "ESModule"; path: string; contents: string }[];
    bindings: Record<string, number | Record<string, string>>;
  };
  /** Entry for `serviceBindings`, as `AI`. */
  serviceBinding: { name: string; entrypoint: string };
}

/** Configuration of the Workers AI stand-in for `cloudflareTest({ miniflare: { workers, serviceBindings } })`. */
export function workersAiFlatConfig(options: WorkersAiWorkerOptions): WorkersAiFlatConfig {
  const { config, binding } = workersAiWorkerConfig(options);
  return {
    worker: {
      name: options.name,
      compatibilityDate: config.compatibilityDate,
      modules: [{ type: "ESModule", path: "workers-ai.mjs", contents: options.script }],
      bindings: Object.fromEntries(Object.entries(config.env).map(([name, { value }]) => [name, value])),
    },
    serviceBinding: { name: binding.worker, entrypoint: binding.exportName },
  };
}
