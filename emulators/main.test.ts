import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "emulators-"))));
afterAll(() => rmSync(folder, { recursive: true }));

type Ended = { code: number | null; stdout: string; stderr: string };

function run(...args: string[]): { child: ChildProcess; firstLine: Promise<string>; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  const firstLine = new Promise<string>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes("\n")) resolve(stdout.split("\n")[0]!);
    });
  });
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, firstLine, ended };
}

type Announced = {
  fireflies: { url: string; key: string };
  notion: { url: string; token: string; databases: Record<string, string> };
};

async function post(url: string, body: unknown, key = ""): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
  });
}

describe("the emulators' command line", () => {
  it("explains itself, and names a wrong option in one sentence", async () => {
    const help = await run("--help").ended;
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("npm run sync -- --fireflies-url http://127.0.0.1:9101");
    const wrong = await run("--fireflies-prot", "1").ended;
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/unknown option '--fireflies-prot'.*\n?.*--fireflies-port/s);
    expect((await run("--fireflies-port", "0", "--faults", "rate=9").ended).stderr).toContain(
      "from 0 to 0.75",
    );
    const missing = await run("--fireflies-port", "0", "--meetings", join(folder, "none.jsonl")).ended;
    expect(missing).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^The meetings file .* there is no such file\.\n$/),
    });
  });

  it("loses nothing acknowledged when it is killed, and closes cleanly when asked", async () => {
    const file = join(folder, "meetings.jsonl");
    writeFileSync(file, '{"id":"a","title":"A"}\nbroken\n{"id":"b","title":"B"}\n');
    const args = [
      "--fireflies-port",
      "0",
      "--notion-port",
      "0",
      "--state-dir",
      join(folder, "world"),
      "--meetings",
      file,
      "--quota-per-day",
      "40",
      "--json",
    ];
    const first = run(...args);
    const { url, key } = (JSON.parse(await first.firstLine) as Announced).fireflies;
    expect((await post(`${url}/__control`, { op: "rename", id: "a", title: "Renamed" })).status).toBe(200);
    expect((await post(`${url}/graphql`, { query: "{ user { email } }" }, key)).status).toBe(200);
    first.child.kill("SIGKILL");
    expect((await first.ended).stderr).toContain("line 2: is not JSON; left out.");

    const second = run(...args);
    const again = (JSON.parse(await second.firstLine) as Announced).fireflies;
    const reply = await post(
      `${again.url}/graphql`,
      { query: '{ transcript(id: "a") { title } }' },
      again.key,
    );
    expect(await reply.json()).toEqual({ data: { transcript: { title: "Renamed" } } });
    expect(reply.headers.get("x-ratelimit-remaining-api")).toBe("38");
    expect(await (await fetch(`${again.url}/__control/log`)).json()).toHaveLength(2);
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);

    const third = run(...args.map((arg) => (arg === "40" ? "none" : arg)));
    const lifted = (JSON.parse(await third.firstLine) as Announced).fireflies;
    const unlimited = await post(`${lifted.url}/graphql`, { query: "{ user { email } }" }, lifted.key);
    expect(unlimited.headers.get("x-ratelimit-limit-api")).toBe("60");
    third.child.kill("SIGTERM");
    expect((await third.ended).code).toBe(0);

    writeFileSync(file, '{"id":"c"}\n');
    expect(await run(...args).ended).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("filled from other meetings"),
    });
  });

  it("serves both vendors on one clock, and goes on with the rows of a world", async () => {
    const file = join(folder, "projects.jsonl");
    writeFileSync(file, '{"key":"a","Project name":"Alone"}\nbroken\n');
    const world = [
      "--fireflies-port",
      "0",
      "--notion-port",
      "0",
      "--state-dir",
      join(folder, "both"),
      "--json",
    ];
    const first = run(...world, "--projects", file, "--speed", "60");
    const { fireflies, notion } = JSON.parse(await first.firstLine) as Announced;
    await post(`${fireflies.url}/__control`, { op: "advance", by: "2d" });
    const worldOf = async (url: string) =>
      (await (await fetch(`${url}/__world`)).json()) as Record<string, unknown>;
    const [one, other] = [await worldOf(fireflies.url), await worldOf(notion.url)];
    expect(other["clock"]).toEqual(one["clock"]);
    expect(other).toMatchObject({
      workspace_id: expect.any(String),
      databases: expect.arrayContaining([
        expect.objectContaining({ key: "projects", id: notion.databases["projects"] }),
      ]),
    });
    const asked = await fetch(`${notion.url}/v1/users/me`, {
      headers: { authorization: `Bearer ${notion.token}`, "notion-version": "2026-03-11" },
    });
    expect(asked.status).toBe(200);
    expect(JSON.parse(asked.headers.get("x-world-clock") ?? "")).toEqual(one["clock"]);
    first.child.kill("SIGTERM");
    expect((await first.ended).stderr).toContain("line 2: is not JSON; left out.");

    const again = run(...world);
    expect((JSON.parse(await again.firstLine) as Announced).notion.databases).toEqual(notion.databases);
    again.child.kill("SIGTERM");
    await again.ended;
    expect(await run(...world, "--projects-count", "3").ended).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("filled from other rows"),
    });
  });
});
