import type { Plan } from "./limits.ts";
import type { IndexProps } from "./types.ts";

/** What `vectorizeWorkerConfig` needs. */
export interface VectorizeWorkerOptions {
  /** Name of the Worker that hosts the indexes. */
  name: string;
  /** `worker.ts` bundled into one ES module, `cloudflare:workers` left external. */
  script: string;
  /** The indexes, each with the name of the binding under which a product's Worker knows it. */
  indexes: (IndexProps & { binding: string })[];
  /** Whose limits on indexes and namespaces hold: "paid" when absent. */
  plan?: Plan;
}

interface WorkerBinding {
  type: "worker";
  worker: string;
  exportName: string;
  props?: Record<string, unknown>;
}

/** Parts of a Miniflare 5 set-up. */
export interface VectorizeWorkerConfig {
  /** An element for `workers`, as `{ config }`. */
  config: {
    name: string;
    compatibilityDate: string;
    manifest: { mainModule: string; modules: Record<string, { type: "esm"; contents: string }> };
    env: Record<"STORE" | "CATALOG", { type: "durable-object"; worker: string; exportName: string }> & {
      /** For Node: `(await miniflare.getBindings(name)).CONTROL`. */
      CONTROL: WorkerBinding;
      PLAN: { type: "json"; value: Plan };
    };
    exports: Record<"VectorizeStore" | "VectorizeCatalog", { type: "durable-object"; storage: "sqlite" }>;
  };
  /** Entries for the `env` of the product's Worker, by binding name. */
  bindings: Record<string, WorkerBinding>;
  /** Entry for the `env` of a test driver: `VectorizeControl`. */
  control: WorkerBinding;
}

/**
 * Configuration of the Vectorize stand-in for `new Miniflare({ workers: [{ config }] })` (Miniflare 5).
 *
 * Vectors live in the instance's `resourcePersistencePath`, one Durable Object per index name.
 */
export function vectorizeWorkerConfig(options: VectorizeWorkerOptions): VectorizeWorkerConfig {
  const { name, script, indexes, plan = "paid" } = options;
  const control: WorkerBinding = { type: "worker", worker: name, exportName: "VectorizeControl" };
  return {
    config: {
      name,
      compatibilityDate: "2026-08-04",
      manifest: {
        mainModule: "vectorize.mjs",
        modules: { "vectorize.mjs": { type: "esm", contents: script } },
      },
      env: {
        STORE: { type: "durable-object", worker: name, exportName: "VectorizeStore" },
        CATALOG: { type: "durable-object", worker: name, exportName: "VectorizeCatalog" },
        CONTROL: control,
        PLAN: { type: "json", value: plan },
      },
      exports: {
        VectorizeStore: { type: "durable-object", storage: "sqlite" },
        VectorizeCatalog: { type: "durable-object", storage: "sqlite" },
      },
    },
    bindings: Object.fromEntries(
      indexes.map(({ binding, ...props }) => [
        binding,
        { type: "worker", worker: name, exportName: "VectorizeIndex", props },
      ]),
    ),
    control,
  };
}

/** The stand-in in the flat options of Miniflare 4, which the Vitest plugin takes. */
export interface VectorizeFlatConfig {
  /** An element for `workers`. */
  worker: {
    name: string;
    compatibilityDate: string;
    modules: { type: "ESModule"; path: string; contents: string }[];
    durableObjects: Record<string, { className: string; useSQLite: true }>;
    bindings: { PLAN: Plan };
  };
  /** Entries for `serviceBindings`, by binding name. */
  serviceBindings: Record<string, { name: string; entrypoint: string; props: Record<string, unknown> }>;
}

/** Configuration of the Vectorize stand-in for `cloudflareTest({ miniflare: { workers, serviceBindings } })`. */
export function vectorizeFlatConfig(options: VectorizeWorkerOptions): VectorizeFlatConfig {
  const { config, bindings } = vectorizeWorkerConfig(options);
  return {
    worker: {
      name: options.name,
      compatibilityDate: config.compatibilityDate,
      modules: [{ type: "ESModule", path: "vectorize.mjs", contents: options.script }],
      durableObjects: {
        STORE: { className: config.env.STORE.exportName, useSQLite: true },
        CATALOG: { className: config.env.CATALOG.exportName, useSQLite: true },
      },
      bindings: { PLAN: config.env.PLAN.value },
    },
    serviceBindings: Object.fromEntries(
      Object.entries(bindings).map(([binding, { worker, exportName, props = {} }]) => [
        binding,
        { name: worker, entrypoint: exportName, props },
      ]),
    ),
  };
}
