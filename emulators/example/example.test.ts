import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const ROOT = new URL("../../", import.meta.url).pathname;
const README = readFileSync(path.join(ROOT, "emulators/vectorize/README.md"), "utf8");
/** Offline, and nobody is told. */
const QUIET = { WRANGLER_SEND_METRICS: "false", CI: "true" };

/** The commands of the README, by their beginning. */
function commandOf(beginning: string): string {
  const command = README.split("\n").find((line) => line.trim().startsWith(beginning));
  if (command === undefined) throw new Error(`the README has no command that begins with ${beginning}`);
  return command.trim();
}

let folder: string;
let port: number;
let dev: ChildProcess;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "example-"));
  port = await freePort();
  const command = `${commandOf("npx wrangler dev")} --port ${port} --persist-to ${folder}`;
  // A group of its own, so that workerd ends with it.
  dev = spawn("sh", ["-c", command], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET },
    detached: true,
    stdio: "ignore",
  });
  await vi.waitFor(async () => expect(await statusOf("/notes?q=ready")).toBe(200), {
    timeout: 60_000,
    interval: 200,
  });
}, 90_000);

afterAll(async () => {
  await endGroup();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

/** Ask the shell, wrangler and both of its workerds to end, and see them gone. */
async function endGroup(): Promise<void> {
  if (!signalGroup("SIGTERM")) return;
  try {
    await vi.waitFor(() => expect(signalGroup(0)).toBe(false), { timeout: 10_000, interval: 50 });
  } catch {
    signalGroup("SIGKILL");
  }
}

/** Whether there was anybody to receive the signal. */
function signalGroup(signal: NodeJS.Signals | 0): boolean {
  try {
    return dev.pid !== undefined && process.kill(-dev.pid, signal);
  } catch {
    return false;
  }
}

it("keeps a note and finds it, by the very command of the README", async () => {
  const body = JSON.stringify({ id: "a", text: "The pump on site three lost pressure." });
  const added = await fetch(`http://127.0.0.1:${port}/notes`, { method: "POST", body });
  expect(await added.json()).toEqual({ mutationId: expect.any(String) });
  const find = async (): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${port}/notes?q=pump+pressure`)).json();
  await expect
    .poll(find, { timeout: 20_000 })
    .toMatchObject([{ id: "a", text: "The pump on site three lost pressure." }]);
});

it("lets wrangler create an index in the stand-in, as the README says", async () => {
  const command = commandOf("npx wrangler vectorize create");
  const env = {
    ...process.env,
    ...QUIET,
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
    CLOUDFLARE_API_TOKEN: "any",
    CLOUDFLARE_ACCOUNT_ID: "any",
  };
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { cwd: ROOT, env });
  expect(stdout).toContain("Successfully created a new Vectorize index");
  const listed = await fetch(`http://127.0.0.1:${port}/client/v4/accounts/any/vectorize/v2/indexes`);
  expect(await listed.json()).toMatchObject({
    success: true,
    result: expect.arrayContaining([expect.objectContaining({ name: "my-index" })]),
  });
}, 60_000);

async function statusOf(url: string): Promise<number> {
  try {
    return (await fetch(`http://127.0.0.1:${port}${url}`)).status;
  } catch {
    return 0;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}
