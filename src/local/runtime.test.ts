import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Response as MiniflareResponse } from "miniflare";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findRuntime, openDataDir } from "./data-dir.ts";
import { identify } from "../surfaces/cli/process-identity.ts";
import { startRuntime, type LocalWorker, type Runtime, type RuntimeLog } from "./runtime.ts";
import { isShown } from "./shown-log.ts";
import { StartRefused } from "./start-refused.ts";

const TEST_MS = 60_000;

/** A Worker with one of each thing that the product uses. */
const SCRIPT = `
import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";

export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    const first = await step.do("first", async () => "done");
    await step.do("second", async () => {
      await this.env.DB.exec("CREATE TABLE IF NOT EXISTS attempts (at TEXT)");
      await this.env.DB.exec("INSERT INTO attempts VALUES ('now')");
      if (event.payload.hang) {
        const { n } = await this.env.DB.prepare("SELECT count(*) AS n FROM attempts").first();
        if (n === 1) await scheduler.wait(3_600_000);
      }
    });
    return first;
  }
}

export class Counter extends DurableObject {
  add() {
    this.ctx.storage.kv.put("n", (this.ctx.storage.kv.get("n") ?? 0) + 1);
    return this.ctx.storage.kv.get("n");
  }
}

export class Door extends WorkerEntrypoint {
  greet(name) { return "hello " + name; }
}

export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname;
    if (path === "/log") console.warn("a warning");
    if (path === "/fill") for (const kept = []; ; ) kept.push(new Array(1_000).fill(0.5));
    if (path === "/kick") await (await env.FLOW.get("run-1")).sendEvent({ type: "kick", payload: {} });
    if (path === "/parts") return Response.json({
      rpc: await env.DOOR.greet("you"),
      object: await env.COUNTER.getByName("c").add(),
      node: await (await env.NODE.fetch("http://node/")).text(),
      settings: env.SETTINGS,
      name: env.NAME,
    });
    if (path === "/send") await env.WAKE.send({ n: 1 });
    return new Response("fine");
  },
  async queue(batch, env) {
    await env.RAW.put("woken", String(batch.messages.length));
  },
};
`;

const WORKER: LocalWorker = {
  config: {
    name: "main",
    compatibilityDate: "2026-10-01",
    manifest: { mainModule: "i.mjs", modules: { "i.mjs": { type: "esm", contents: SCRIPT } } },
    env: {
      DB: { type: "d1", id: "db" },
      RAW: { type: "r2", name: "raw" },
      WAKE: { type: "queue", name: "wake" },
      FLOW: { type: "workflow", name: "flow", worker: "main", exportName: "Flow" },
      COUNTER: { type: "durable-object", worker: "main", exportName: "Counter" },
      DOOR: { type: "worker", worker: "main", exportName: "Door" },
      NODE: { type: "fetcher", handler: async () => new MiniflareResponse("from node") },
      SETTINGS: { type: "json", value: { a: [1] } },
      NAME: { type: "text", value: "text" },
    },
    exports: { Counter: { type: "durable-object", storage: "sqlite" } },
    triggers: [{ type: "queue", name: "wake", maxBatchTimeout: 0 }],
  },
};

/** A Workflow as Node sees it through `getBindings`. */
interface NodeWorkflow {
  create(options: { readonly id: string; readonly params: object }): Promise<unknown>;
  get(id: string): Promise<NodeInstance>;
  deleteBatch(ids: readonly string[]): Promise<unknown>;
}

interface NodeInstance {
  status(): Promise<{ readonly status: string; readonly output?: unknown }>;
  sendEvent(event: { readonly type: string; readonly payload: object }): Promise<void>;
  delete(): Promise<void>;
}

let path: string;
let logs: RuntimeLog[];
const runtimes: Runtime[] = [];
const parent = mkdtempSync(join(tmpdir(), "runtime-"));

beforeEach(() => {
  path = mkdtempSync(join(parent, "data-"));
  logs = [];
});

afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

afterAll(() => rmSync(parent, { recursive: true, force: true }));

async function start(port = 0, worker: LocalWorker = WORKER): Promise<Runtime> {
  const dataDir = await openDataDir(path);
  const runtime = await startRuntime({ dataDir, port, workers: [worker], onLog: (log) => logs.push(log) });
  runtimes.push(runtime);
  return runtime;
}

async function flowOf(runtime: Runtime): Promise<NodeWorkflow> {
  return (await runtime.miniflare.getBindings<{ readonly FLOW: NodeWorkflow }>("main")).FLOW;
}

async function statusOf(flow: NodeWorkflow, id: string): Promise<string> {
  return (await (await flow.get(id)).status()).status;
}

/** SQLite files of Workflow instances on disk. */
function instanceFiles(): string[] {
  const directory = join(path, "state", "workflows");
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    /[0-9a-f]{64}\.sqlite/.test(name),
  );
}

describe("startRuntime", () => {
  test(
    "serves a Worker with every kind of binding, records itself, and leaves nothing when stopped",
    async () => {
      const runtime = await start();
      const parts = await (await fetch(`${runtime.url}/parts`)).json();
      expect(parts).toEqual({
        rpc: "hello you",
        object: 1,
        node: "from node",
        settings: { a: [1] },
        name: "text",
      });
      await fetch(`${runtime.url}/send`);
      const bucket = await runtime.miniflare.getR2Bucket("RAW");
      await expect.poll(async () => (await bucket.get("woken"))?.text(), { timeout: 20_000 }).toBe("1");

      expect(await findRuntime(path)).toMatchObject({
        node: { pid: process.pid },
        workerd: { pid: runtime.workerdPid },
        url: runtime.url,
        port: runtime.port,
      });
      await Promise.all([runtime.stop(), runtime.stop()]);
      expect(identify(runtime.workerdPid)).toBeUndefined();
      expect(readdirSync(path).sort()).toEqual(["lock", "scratch", "state", "token", "workspace.json"]);
      expect(readdirSync(join(path, "scratch"))).toEqual([]);
    },
    TEST_MS,
  );

  test(
    "hands on what a Worker prints, with its level",
    async () => {
      const runtime = await start();
      await fetch(`${runtime.url}/log`);
      await vi.waitUntil(() => logs.some((log) => log.message === "a warning"), { timeout: 20_000 });
      expect(logs.find((log) => log.message === "a warning")?.level).toBe("warn");
    },
    TEST_MS,
  );

  test(
    "leaves signals to the caller",
    async () => {
      const before = process.listenerCount("SIGINT");
      await start();
      expect(process.listenerCount("SIGINT")).toBe(before);
    },
    TEST_MS,
  );

  test(
    "refuses a port that is taken, with one sentence, and gives the data directory back",
    async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const refused = await start(port).catch((error: unknown) => error);
      server.close();
      expect(refused).toBeInstanceOf(StartRefused);
      expect(refused).toMatchObject({
        exitCode: 3,
        message: `Port ${port} is taken: stop the program that listens there, or choose another with --port.`,
      });
      expect(await findRuntime(path)).toBeUndefined();
      await start();
    },
    TEST_MS,
  );

  test(
    "refuses a Worker that does not load, and leaves no workerd",
    async () => {
      const broken: LocalWorker = {
        config: {
          ...WORKER.config,
          manifest: {
            mainModule: "i.mjs",
            modules: { "i.mjs": { type: "esm", contents: "this is no code" } },
          },
          env: {},
          exports: {},
          triggers: [],
        },
      };
      const refused = await start(0, broken).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StartRefused);
      expect(String(refused)).toContain("The Workers runtime did not start");
      await start();
    },
    TEST_MS,
  );

  test(
    "stops within 2 s even when workerd hangs",
    async () => {
      const runtime = await start();
      process.kill(runtime.workerdPid, "SIGSTOP");
      const beginMs = performance.now();
      await runtime.stop();
      expect(performance.now() - beginMs).toBeLessThan(2_000);
      expect(identify(runtime.workerdPid)).toBeUndefined();
    },
    TEST_MS,
  );

  test(
    "hands on that workerd ran out of memory, in the words that the runbook names",
    async () => {
      vi.stubEnv("MINIFLARE_WORKERD_V8_FLAGS", "--max-heap-size=48");
      try {
        const runtime = await start();
        await expect(fetch(`${runtime.url}/fill`)).rejects.toThrow("fetch failed");
        await vi.waitUntil(() => logs.some((log) => log.message.startsWith("The Workers runtime ")), {
          timeout: 20_000,
        });
      } finally {
        vi.unstubAllEnvs();
      }
      const shown = logs.filter(isShown).map((log) => log.message);
      expect(shown).toEqual([
        expect.stringContaining("JavaScript heap out of memory"),
        expect.stringContaining("crashed unexpectedly"),
      ]);
      expect(readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8")).toContain(
        "JavaScript heap out of memory",
      );
    },
    TEST_MS,
  );

  test(
    "hands MINIFLARE_WORKERD_V8_FLAGS to V8",
    async () => {
      vi.stubEnv("MINIFLARE_WORKERD_V8_FLAGS", "--no-such-flag-at-all");
      try {
        await start().catch(() => undefined);
      } finally {
        vi.unstubAllEnvs();
      }
      expect(JSON.stringify(logs)).toContain("no-such-flag-at-all");
    },
    TEST_MS,
  );
});

describe("a Workflow instance after a restart", () => {
  async function startUnfinished(): Promise<Runtime> {
    const first = await start();
    await (await flowOf(first)).create({ id: "run-1", params: { hang: true } });
    await expect.poll(() => attempts(first), { timeout: 20_000 }).toBe(1);
    await first.stop();
    return start();
  }

  async function attempts(runtime: Runtime): Promise<number> {
    const database = await runtime.miniflare.getD1Database("DB");
    const row = await database
      .prepare("SELECT count(*) AS n FROM attempts")
      .first<{ readonly n: number }>()
      .catch(() => null);
    return row?.n ?? 0;
  }

  test(
    "does not go on by itself; an event of an unused type sent from Node revives it",
    async () => {
      const runtime = await startUnfinished();
      const flow = await flowOf(runtime);
      // A fact about the platform, so it is given a moment to be false.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(await statusOf(flow, "run-1")).toBe("running");
      expect(await attempts(runtime)).toBe(1);

      await (await flow.get("run-1")).sendEvent({ type: "kick", payload: {} });
      await expect.poll(() => statusOf(flow, "run-1"), { timeout: 20_000 }).toBe("complete");
      expect(await attempts(runtime)).toBe(2);
      // Harmless on a finished one.
      await (await flow.get("run-1")).sendEvent({ type: "kick", payload: {} }).catch(() => undefined);
      expect(await statusOf(flow, "run-1")).toBe("complete");
    },
    TEST_MS,
  );

  test(
    "is revived by an event sent from the Worker, too",
    async () => {
      const runtime = await startUnfinished();
      await fetch(`${runtime.url}/kick`);
      const flow = await flowOf(runtime);
      await expect.poll(() => statusOf(flow, "run-1"), { timeout: 20_000 }).toBe("complete");
    },
    TEST_MS,
  );

  test(
    "that finished can be deleted, one or many at once, and its file goes",
    async () => {
      const runtime = await start();
      const flow = await flowOf(runtime);
      for (const id of ["one", "two", "three"]) {
        await flow.create({ id, params: {} });
        await expect.poll(() => statusOf(flow, id), { timeout: 20_000 }).toBe("complete");
      }
      expect(new Set(instanceFiles().map((name) => name.replace(/-(wal|shm)$/, ""))).size).toBe(3);

      await (await flow.get("one")).delete();
      await flow.deleteBatch(["two", "three"]);
      await expect.poll(instanceFiles, { timeout: 20_000 }).toEqual([]);
      await expect(flow.get("one")).rejects.toThrow("not_found");
      await flow.create({ id: "one", params: {} });
      await expect.poll(() => statusOf(flow, "one"), { timeout: 20_000 }).toBe("complete");
    },
    TEST_MS,
  );
});

test("the launcher is what Miniflare starts", () => {
  expect(readFileSync(process.env["MINIFLARE_WORKERD_PATH"] ?? "", "utf8")).toContain("pdeathsig");
});
