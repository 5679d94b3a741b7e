import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { SCHEDULE_MS } from "../../src/core/policy.ts";
import { lastDueMs, nextDueMs } from "../../src/core/schedule.ts";
import type { Run, SyncName } from "../../src/ports/run-store.ts";
import type { RunReport, Status } from "../../src/queries/status.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runSyncctl,
  startEmulator,
  startProgram,
  temporaryFolder,
  untilServing,
  waitFor,
} from "./program.ts";

/**
 * Real seconds of each of the two stretches, and how fast the world runs. A hundred virtual hours by hand:
 * SCHEDULE_SECONDS=300 SCHEDULE_SPEED=600 npx vitest run test/e2e/schedule.test.ts
 */
const STRETCH_MS = Number(process.env["SCHEDULE_SECONDS"] ?? 18) * 1_000;
/** Faster than this, the ten minutes of looks at what the index took are over before the stand-in shows it. */
const SPEED = Number(process.env["SCHEDULE_SPEED"] ?? 600);
const DOWN_MS = 4_000;
const SCHEDULED = ["fireflies", "clients", "projects"] as const satisfies readonly SyncName[];

afterEach(cleanUp);

/** World times between which the clock of the program was kept. */
type Stretch = { readonly fromMs: number; readonly toMs: number };

test(
  "left alone, every sync runs at its times, none overlaps, and what came due while it was down runs once",
  async () => {
    const dataDir = `${temporaryFolder()}/data`;
    const args = [
      "start",
      "--data-dir",
      dataDir,
      "--port",
      "0",
      "--speed",
      `${SPEED}`,
      "--meetings-count",
      "20",
    ];
    const runs = new Map<string, Run>();
    const serving = async (): Promise<Stretch> => {
      const program = startProgram([...args, "--projects-count", "20"]);
      await untilServing(program);
      const fromMs = (await askApi<Status>(dataDir, "/api/status"))?.nowMs ?? Number.NaN;
      const endMs = performance.now() + STRETCH_MS;
      while (performance.now() < endMs) {
        await collect(dataDir, runs);
        await delay(500);
      }
      const toMs = (await askApi<Status>(dataDir, "/api/status"))?.nowMs ?? Number.NaN;
      program.kill("group");
      await program.exit;
      return { fromMs, toMs };
    };
    const before = await serving();
    await delay(DOWN_MS);
    const after = await serving();
    const all = [...runs.values()].toSorted((a, b) => a.queuedMs - b.queuedMs);
    for (const run of all)
      expect(["succeeded", "running", "queued"], `${run.sync}: ${run.detail}`).toContain(run.state);
    expect(overlaps(all)).toEqual([]);
    expect(missed(all, before)).toEqual([]);
    expect(missed(all, after)).toEqual([]);
    expect(doubles(all)).toEqual([]);
    // What came due meanwhile: once, by the start that makes every sync.
    for (const sync of SCHEDULED)
      expect(
        all.filter((run) => run.sync === sync && run.queuedMs > before.toMs && run.queuedMs < after.fromMs),
      ).toHaveLength(1);
    expect(all.filter(({ trigger }) => trigger === "schedule").length).toBeGreaterThan(3);
  },
  2 * STRETCH_MS + 2 * RUN_MS,
);

async function collect(dataDir: string, runs: Map<string, Run>): Promise<void> {
  const { items = [] } = (await askApi<{ items: Run[] }>(dataDir, "/api/runs?limit=50")) ?? {};
  for (const run of items) runs.set(run.id, run);
}

/** Runs of one lane of which one began before the other ended. */
function overlaps(runs: readonly Run[]): string[] {
  return runs.flatMap((run) =>
    runs
      .filter((other) => other.sync === run.sync && (other.startedMs ?? 0) > (run.startedMs ?? 0))
      .filter((other) => (other.startedMs ?? 0) < (run.endedMs ?? 0))
      .map((other) => `${run.id} and ${other.id} of ${run.sync}`),
  );
}

/** Due times for which no run was queued before the next one. */
function missed(runs: readonly Run[], { fromMs, toMs }: Stretch): string[] {
  return SCHEDULED.flatMap((sync) => {
    const times: string[] = [];
    for (
      let ms = nextDueMs(SCHEDULE_MS, sync, fromMs);
      ms + SCHEDULE_MS[sync] < toMs;
      ms += SCHEDULE_MS[sync]
    ) {
      const isMade = runs.some(
        (run) => run.sync === sync && run.queuedMs >= ms && run.queuedMs < ms + SCHEDULE_MS[sync],
      );
      if (!isMade) times.push(`${sync} at ${new Date(ms).toISOString()}`);
    }
    return times;
  });
}

/** Due times for which the schedule queued more than one run. Tables run between them as well, for what is owed. */
function doubles(runs: readonly Run[]): string[] {
  const slots = runs
    .filter(({ sync, trigger }) => sync === "fireflies" && trigger === "schedule")
    .map((run) => `${run.sync} ${lastDueMs(SCHEDULE_MS, "fireflies", run.queuedMs)}`);
  return slots.filter((slot, place) => slots.indexOf(slot) !== place);
}

test(
  "an urgent run begins in the middle of the first backfill, which goes on after it",
  async () => {
    const dataDir = `${temporaryFolder()}/data`;
    const meetings = 250;
    const emulator = await startEmulator(["--meetings-count", `${meetings}`]);
    // The pages after the first are slow, so that a person's command comes in the middle on any machine.
    const slow = { kind: "slow", slowMs: 2_500, field: "transcripts" };
    await emulator.control({ op: "fault", next: [{ ...slow, slowMs: 0 }, slow, slow, slow] });
    const args = ["start", "--data-dir", dataDir, "--port", "0", "--fireflies-url", emulator.url];
    const program = startProgram(args);
    const runs = new Map<string, Run>();
    await waitFor("the backfill", async () => {
      const { items = [] } = (await askApi<{ items: Run[] }>(dataDir, "/api/runs")) ?? {};
      const report = await askApi<RunReport>(dataDir, `/api/runs/${items.at(-1)?.id}`);
      return (report?.counts.seen ?? 0) > 0 ? report : undefined;
    });
    const urgent = await runSyncctl([
      "run",
      "fireflies",
      "--priority",
      "urgent",
      "--data-dir",
      dataDir,
      "--watch",
    ]);
    expect(urgent.code, urgent.stderr).toBe(0);
    await untilServing(program);
    await collect(dataDir, runs);
    const lane = [...runs.values()]
      .filter(({ sync }) => sync === "fireflies")
      .toSorted((a, b) => (a.startedMs ?? 0) - (b.startedMs ?? 0));
    expect(lane.map(({ priority }) => priority).slice(0, 2)).toEqual(["normal", "urgent"]);
    expect(lane[0]).toMatchObject({ state: "parked", continues: true });
    expect(lane[0]?.detail).toBe(`made way for the urgent run ${lane[1]?.id}`);
    expect(overlaps(lane)).toEqual([]);
    const status = await askApi<Status>(dataDir, "/api/status");
    expect(status?.source.ids).toBe(meetings);
    // Each was created by one run, and by none again.
    const created = lane.reduce((sum, run) => sum + (run.result?.counts.created ?? 0), 0);
    expect(created).toBe(status?.totals.records);
    expect(status?.schedule.flatMap(({ requests }) => requests)).toEqual([]);
  },
  2 * RUN_MS,
);

test(
  "new content wakes vectors at once, long before the next beat of the clock",
  async () => {
    const emulator = await startEmulator(["--meetings-count", "3"]);
    const dataDir = `${temporaryFolder()}/data`;
    const program = startProgram([
      "start",
      "--data-dir",
      dataDir,
      "--port",
      "0",
      "--fireflies-url",
      emulator.url,
    ]);
    await untilServing(program);
    const beganMs = performance.now();
    await emulator.control({ op: "arrive" });
    await askApi(dataDir, "/api/syncs/fireflies/runs", { priority: "high" });
    const runs = new Map<string, Run>();
    const woken = await waitFor("vectors", async () => {
      await collect(dataDir, runs);
      return [...runs.values()].find(
        ({ sync, trigger, state }) => sync === "vectors" && trigger === "schedule" && state === "succeeded",
      );
    });
    expect(woken.result?.counts.created).toBe(1);
    // The clock beats a minute after the program began to serve.
    expect(performance.now() - beganMs).toBeLessThan(45_000);
  },
  2 * RUN_MS,
);
