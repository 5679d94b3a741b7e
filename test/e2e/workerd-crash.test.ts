import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Status } from "../../src/queries/status.ts";
import { findRuntime } from "../../src/local/data-dir.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  startEmulator,
  startProgram,
  temporaryFolder,
  untilServing,
  waitFor,
  type Emulator,
  type Started,
} from "./program.ts";

/** The page is still on its way when workerd dies. */
const SLOW_MS = 3_000;

afterEach(cleanUp);

test(
  "a sync outlasts a crash of workerd and ends as if nothing had happened",
  async () => {
    const { program, crash } = await withSlowPage("sync", "--json");
    await crash();
    expect(await program.exit, program.stderr()).toBe(0);
    expect(JSON.parse(program.stdout())).toMatchObject({
      ok: true,
      proof: { ok: true, meetings: { source: 3, raw: 3, unexplained: [] } },
    });
    expect(program.stderr()).not.toMatch(/TypeError|^\s+at /m);
  },
  RUN_MS,
);

test(
  "npm start outlasts a crash of workerd during its first sync, and serves",
  async () => {
    const { program, crash, dataDir } = await withSlowPage("start", "--port", "0");
    await crash();
    await untilServing(program);
    const status = await askApi<Status>(dataDir, "/api/status");
    expect(status?.totals).toMatchObject({ records: 3 });
    expect(status?.unfinished).toEqual([]);
  },
  RUN_MS,
);

test(
  "a workerd that does not come back ends a sync with one sentence and 3",
  async () => {
    const { program, dataDir } = await withSlowPage("sync");
    const workerd = (await findRuntime(dataDir))?.workerd?.pid;
    if (workerd === undefined) throw new Error("workerd is not on record");
    // The launcher cannot note the pid of its successor, and so starts none.
    rmSync(join(dataDir, "workerd.pid"));
    symlinkSync(join(dataDir, "absent/workerd.pid"), join(dataDir, "workerd.pid"));
    process.kill(workerd, "SIGKILL");
    expect(await program.exit, program.stderr()).toBe(3);
    expect(program.stdout()).toBe("");
    expect(program.stderr().trim().split("\n").at(-1)).toBe(
      "The run was broken off, for the Workers runtime ended and did not come back; it goes on at the next start.",
    );
    expect(program.stderr()).not.toMatch(/TypeError|^\s+at /m);
  },
  RUN_MS,
);

/** A program whose first page is on its way, and the means to crash its workerd. */
async function withSlowPage(
  ...command: string[]
): Promise<{ program: Started; dataDir: string; crash(): Promise<void> }> {
  const emulator: Emulator = await startEmulator(["--meetings-count", "3"]);
  await emulator.control({ op: "fault", next: [{ kind: "slow", slowMs: SLOW_MS, field: "transcripts" }] });
  const dataDir = join(temporaryFolder(), "data");
  const program = startProgram([...command, "--data-dir", dataDir, "--fireflies-url", emulator.url]);
  await waitFor("the first page to be asked for", async () => {
    if (program.isEnded()) throw new Error(`the program ended: ${program.stderr()}`);
    return (await emulator.log()).find((entry) => entry.fields.includes("transcripts"));
  });
  const crash = async (): Promise<void> => {
    const before = (await findRuntime(dataDir))?.workerd?.pid;
    if (before === undefined) throw new Error("workerd is not on record");
    process.kill(before, "SIGKILL");
    await waitFor("another workerd", async () => {
      if (program.isEnded()) throw new Error(`the program ended: ${program.stderr()}`);
      const now = (await findRuntime(dataDir))?.workerd?.pid;
      return now !== before ? now : undefined;
    });
  };
  return { program, dataDir, crash };
}
