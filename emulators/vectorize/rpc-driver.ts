import { build } from "esbuild";
import { Miniflare, type MiniflareOptions } from "miniflare";

/**
 * Bundle a Worker's entry file into the one ES module that Miniflare 5 takes.
 *
 * @param entry file URL of `worker.ts`
 */
export async function bundleWorker(entry: URL): Promise<string> {
  const result = await build({
    entryPoints: [entry.pathname],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:workers"],
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`nothing was bundled from ${entry.pathname}`);
  return file.text;
}

type Workers = MiniflareOptions["workers"];
type Env = NonNullable<NonNullable<Workers[number]["config"]>["env"]>;

/** A running Miniflare with a Worker that calls its bindings for a test. */
export interface RpcDriver {
  /** Call `env[binding][method](...args)` inside workerd; rejects with the error's name and message as seen there. */
  call(binding: string, method: string, args: unknown[]): Promise<unknown>;
  /** Ask a Worker by HTTP. */
  fetch(worker: string, url: string, init: RequestInit): Promise<Response>;
  dispose(): Promise<void>;
}

/**
 * Boot Miniflare with a driver Worker that holds `env`, beside the Workers under test.
 *
 * Calls go through that Worker, not through `getBindings`, so that they travel the way a product's calls do.
 */
export async function startRpcDriver(
  env: Env,
  workers: Workers,
  persistencePath?: string,
): Promise<RpcDriver> {
  const driver: Workers[number] = {
    config: {
      name: "rpc-driver",
      compatibilityDate: "2026-08-04",
      manifest: {
        mainModule: "driver.mjs",
        modules: { "driver.mjs": { type: "esm", contents: DRIVER_SCRIPT } },
      },
      env,
    },
  };
  const where = persistencePath === undefined ? {} : { resourcePersistencePath: persistencePath };
  const miniflare = new Miniflare({ cf: false, ...where, workers: [driver, ...workers] });
  await miniflare.ready;
  return {
    call: async (binding, method, args) => {
      const body = JSON.stringify({ binding, method, args }, writeValue);
      const response = await miniflare.dispatchFetch("http://driver/", { method: "POST", body });
      const answer = (await response.json()) as {
        value?: unknown;
        raw?: { status: number; contentType: string; text: string };
        error?: { name: string; message: string };
      };
      const { raw } = answer;
      if (raw !== undefined)
        return new Response(raw.text, { status: raw.status, headers: { "content-type": raw.contentType } });
      if (answer.error === undefined) return answer.value;
      throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
    },
    fetch: async (name, url, init) => {
      const worker = await miniflare.getWorker(name);
      return (await worker.fetch(url, init as never)) as unknown as Response;
    },
    dispose: () => miniflare.dispose(),
  };
}

// JSON knows neither typed arrays nor NaN nor undefined; the driver script reads these marks back.
function writeValue(_key: string, value: unknown): unknown {
  if (value === undefined) return { $undefined: true };
  if (value instanceof Float32Array) return { $float32: Array.from(value, String) };
  if (value instanceof Float64Array) return { $float64: Array.from(value, String) };
  return typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value;
}

const DRIVER_SCRIPT = `
function readValue(_key, value) {
  if (value?.$float32) return new Float32Array(value.$float32.map(Number));
  if (value?.$float64) return new Float64Array(value.$float64.map(Number));
  if (value?.$undefined) return undefined;
  return value?.$number ? Number(value.$number) : value;
}
export default {
  async fetch(request, env) {
    const { binding, method, args } = JSON.parse(await request.text(), readValue);
    try {
      const value = await env[binding][method](...args);
      if (!(value instanceof Response)) return Response.json({ value });
      const contentType = value.headers.get("content-type");
      return Response.json({ raw: { status: value.status, contentType, text: await value.text() } });
    } catch (error) {
      return Response.json({ error: { name: error.name, message: error.message } });
    }
  },
};
`;
