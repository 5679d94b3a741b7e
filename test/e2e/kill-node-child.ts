import { fileURLToPath } from "node:url";
import { openDataDir } from "../../src/local/data-dir.ts";
import { startRuntime } from "../../src/local/runtime.ts";

/** The program that the test starts and kills: `node kill-node-child.ts <data dir> <port>`. */
export const CHILD_PATH: string = fileURLToPath(import.meta.url);

/** What it prints, as one line of JSON, once it is ready. */
export interface ChildReady {
  readonly url: string;
  readonly port: number;
  readonly workerdPid: number;
}

/** `POST /` adds a row, `GET /` counts them. */
const SCRIPT = `
export default {
  async fetch(request, env) {
    await env.DB.exec("CREATE TABLE IF NOT EXISTS beats (at TEXT)");
    if (request.method === "POST") await env.DB.exec("INSERT INTO beats VALUES ('now')");
    return new Response(await env.DB.prepare("SELECT count(*) AS n FROM beats").first("n"));
  },
};
`;

async function main(path: string, port: number): Promise<void> {
  const dataDir = await openDataDir(path);
  const runtime = await startRuntime({
    dataDir,
    port,
    workers: [
      {
        config: {
          name: "beats",
          compatibilityDate: "2026-10-01",
          manifest: { mainModule: "i.mjs", modules: { "i.mjs": { type: "esm", contents: SCRIPT } } },
          env: { DB: { type: "d1", id: "beats" } },
        },
      },
    ],
    onLog: (log) => console.error(log.level, log.message),
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const beginMs = performance.now();
      void runtime.stop().then(() => {
        console.log(JSON.stringify({ stopMs: performance.now() - beginMs }));
        process.exit(0);
      });
    });
  }
  const ready: ChildReady = { url: runtime.url, port: runtime.port, workerdPid: runtime.workerdPid };
  console.log(JSON.stringify(ready));
}

if (process.argv[1] === CHILD_PATH) {
  try {
    await main(process.argv[2] ?? "", Number(process.argv[3]));
  } catch (error) {
    console.error(String(error));
    process.exit(3);
  }
}
