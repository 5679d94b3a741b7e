import { beforeEach, describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace, freshSteps, runSync } from "../../test/in-process/workspace.ts";
import { aNotionWorkspace } from "../../test/in-process/notion-workspace.ts";
import { FailureError } from "../core/errors.ts";
import { DISK_LOW_BYTES, STORAGE_FREE_BYTES_MIN } from "../core/policy.ts";
import { PIPELINES } from "../pipelines/index.ts";
import { readRunReport } from "../queries/report.ts";
import { readStatus } from "../queries/status.ts";
import { statusLines } from "../surfaces/cli/lines.ts";
import { executeRun } from "./run.ts";
import { reviveUnfinished, startRun, tick } from "./tick.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MANUAL = { sync: "fireflies", trigger: "manual", priority: "normal" } as const;

describe("tick", () => {
  let space: Awaited<ReturnType<typeof aWorkspace>>;
  beforeEach(async () => {
    space = await aWorkspace();
  });
  const beat = (): Promise<unknown> => tick(space.ports, space.engine);
  const runAll = async (): Promise<void> => {
    for (const run of (await space.ports.runs.unfinished()).items) {
      const fresh = (await aWorkspace()).steps;
      await executeRun(space.ports, { ...fresh, sleepUntil: space.steps.sleepUntil }, run.id, PIPELINES);
    }
  };

  it("starts fireflies at first, not again within the hour, and again after it", async () => {
    await beat();
    expect(space.engine.started).toHaveLength(1);
    await runAll();
    space.world.advance(HOUR_MS - 1);
    await beat();
    expect(space.engine.started).toHaveLength(1);
    space.world.advance(1);
    await beat();
    expect(space.engine.started).toHaveLength(2);
  });

  it("starts projects every four hours and clients every six, each at its minute, and neither without a database", async () => {
    const notion = await aNotionWorkspace();
    const { databases } = notion.ports.notion;
    const started = async (ports = notion.ports): Promise<string[]> => {
      await tick({ ...ports, source: null }, notion.engine);
      const { items } = await ports.runs.unfinished();
      for (const { sync } of items) if (sync === "projects" || sync === "clients") await notion.sync(sync);
      return items.map(({ sync }) => sync);
    };
    const nowhere = { ...notion.ports.notion, databases: { projects: null, clients: null } };
    expect(await started({ ...notion.ports, notion: nowhere })).toEqual([]);
    expect(await started()).toEqual(["clients", "projects"]);
    const began: [string, string][] = [];
    for (let minutes = 1; minutes <= 12 * 60; minutes += 1) {
      notion.world.advance(MINUTE_MS);
      const time = new Date(notion.world.nowMs()).toISOString().slice(11, 16);
      began.push(...(await started()).map((sync): [string, string] => [sync, time]));
    }
    expect(began).toEqual([
      ["clients", "12:20"],
      ["projects", "12:40"],
      ["projects", "16:40"],
      ["clients", "18:20"],
      ["projects", "20:40"],
    ]);
    expect(databases.projects).not.toBeNull();
  });

  it("starts vectors as soon as a document is owed", async () => {
    space.source.meetings = [aListedMeeting("m1")];
    await beat();
    await runAll();
    await beat();
    expect((await space.ports.runs.unfinished()).items.map((run) => run.sync)).toEqual(["vectors"]);
    await runAll();
    await beat();
    expect((await space.ports.runs.unfinished()).items).toEqual([]);
  });

  it("pauses after a vectors run that failed, instead of starting one at every beat", async () => {
    space = await aWorkspace();
    const down = async () => {
      throw new FailureError({ kind: "defect", party: "workers-ai", detail: "5006" });
    };
    space = {
      ...space,
      ports: { ...space.ports, embedder: { ...space.ports.embedder, embedDocuments: down } },
    };
    space.source.meetings = [aListedMeeting("m1")];
    await beat();
    await runAll();
    await beat();
    await runAll();
    expect((await space.ports.runs.lastEnded("vectors"))?.state).toBe("failed");
    await beat();
    expect((await space.ports.runs.unfinished()).items).toEqual([]);
    space.world.advance(15 * 60_000);
    await beat();
    expect((await space.ports.runs.unfinished()).items.map((run) => run.sync)).toEqual(["vectors"]);
  });

  it("starts one run a lane, however often it is called", async () => {
    await beat();
    await beat();
    const asked = await startRun(space.ports, space.engine, MANUAL);
    expect(asked.created).toBe(false);
    expect(space.engine.started).toEqual([asked.run.id]);
  });

  it("leaves a parked lane alone until its time, then goes on at once", async () => {
    const untilMs = space.world.nowMs() + 2 * HOUR_MS;
    space.source.failWith = () => {
      throw new FailureError({ kind: "quota", party: "fireflies", detail: "used up", notBeforeMs: untilMs });
    };
    await beat();
    await runAll();
    expect((await space.ports.runs.lastEnded("fireflies"))?.state).toBe("parked");
    const calls = space.source.calls.length;
    space.world.advance(HOUR_MS + 1);
    await beat();
    expect(space.engine.started).toHaveLength(1);
    space.world.advance(HOUR_MS);
    space.source.failWith = null;
    await beat();
    await runAll();
    expect(space.engine.started).toHaveLength(2);
    expect(space.source.calls.length).toBeGreaterThan(calls);
    expect((await space.ports.runs.lastEnded("fireflies"))?.state).toBe("succeeded");
  });

  it("drops what the engine keeps of ended runs, once", async () => {
    await beat();
    await runAll();
    await beat();
    await beat();
    expect(space.engine.forgotten).toHaveLength(1);
  });
});

it("a run that lasts too long is noticed while it lasts, and once", async () => {
  const { ports, engine, world } = await aWorkspace();
  const { run } = await startRun(ports, engine, MANUAL);
  await ports.runs.acquireLease(run, { startedMs: 0, realNowMs: world.realNowMs(), termMs: HOUR_MS });
  world.advance(15 * MINUTE_MS);
  await tick(ports, engine);
  expect((await ports.runs.openAlerts()).items).toEqual([]);
  for (let beats = 0; beats < 2; beats += 1) {
    world.advance(MINUTE_MS);
    await tick(ports, engine);
  }
  expect((await ports.runs.openAlerts()).items).toMatchObject([
    { kind: "run_too_long", subject: "fireflies", detail: `run ${run.id} has been going on for 17 minutes` },
  ]);
});

it("the vectors of what came are owed before anybody is woken, once a batch, and never without new content", async () => {
  const space = await aWorkspace();
  space.source.meetings = Array.from({ length: 70 }, (_, n) =>
    aListedMeeting(`m${n}`, { dateString: new Date(Date.UTC(2026, 4, 30) + n * MINUTE_MS).toISOString() }),
  );
  const owed: number[] = [];
  const wake = async (): Promise<void> =>
    void owed.push((await space.ports.records.owedCount(space.world.nowMs())).owed);
  await runSync(space, "fireflies", { ...space.ports, wake });
  expect(owed).toEqual([50, 70]);
  await runSync(space, "fireflies", { ...space.ports, wake });
  expect(owed).toHaveLength(2);
});

it.each([
  ["a week without a beat", 7 * 24 * HOUR_MS],
  ["a clock that jumps a day ahead", 24 * HOUR_MS],
  ["a clock that jumps a day back", -24 * HOUR_MS],
])("after %s every sync runs once, and at its times from then on", async (_, jumpMs) => {
  const space = await aNotionWorkspace();
  const began = async (): Promise<string[]> => {
    await tick(space.ports, space.engine);
    const { items } = await space.ports.runs.unfinished();
    for (const { sync } of items) await runSync(space, sync);
    return items.map(({ sync }) => sync).filter((sync) => sync !== "vectors");
  };
  await began();
  space.world.advance(jumpMs);
  expect((await began()).toSorted()).toEqual([
    ...(jumpMs === 24 * HOUR_MS ? [] : ["cleanup"]),
    "clients",
    "fireflies",
    "projects",
    "verify",
  ]);
  const later: string[] = [];
  for (let minutes = 1; minutes <= 60; minutes += 1) {
    space.world.advance(MINUTE_MS);
    later.push(...(await began()));
  }
  // It is noon again: all three have a minute of theirs within the hour.
  expect(later).toEqual(["clients", "projects", "fireflies"]);
});

describe("a beat with nothing due", () => {
  it("reads D1 once and writes nothing", async () => {
    const space = await aWorkspace();
    space.source.meetings = [aListedMeeting("m1")];
    await runSync(space, "fireflies");
    await runSync(space, "vectors");
    await tick(space.ports, space.engine);
    const changes = async (): Promise<number> =>
      (await space.d1.prepare("select total_changes() as n").first<{ n: number }>())?.n ?? 0;
    const before = await changes();
    space.calls.d1 = 0;
    await tick(space.ports, space.engine);
    expect(space.calls.d1).toBe(1);
    expect(await changes()).toBe(before);
  });
});

describe("cleanup and the gauges", () => {
  it("comes on the first Sunday after the first run, and once a week from then on", async () => {
    const space = await aWorkspace();
    const began: string[] = [];
    // From Monday noon, for three weeks.
    for (let hours = 0; hours < 21 * 24; hours += 6) {
      await tick(space.ports, space.engine);
      for (const { id, sync } of (await space.ports.runs.unfinished()).items) {
        if (sync === "cleanup") began.push(new Date(space.world.nowMs()).toISOString().slice(0, 13));
        const fresh = freshSteps(space.world);
        await executeRun(space.ports, fresh, id, PIPELINES);
      }
      space.world.advance(6 * HOUR_MS);
    }
    expect(began).toEqual(["2026-06-07T06", "2026-06-14T06", "2026-06-21T06"]);
    expect((await space.ports.runs.lastEnded("cleanup"))?.state).toBe("succeeded");
  });

  it("comes again the next day if it failed, until Thursday at most, and says so; then the next Sunday", async () => {
    const space = await aWorkspace();
    const days: string[] = [];
    const said: string[] = [];
    const again: (number | null)[] = [];
    let isBroken = true;
    const tallies = async () => {
      if (isBroken) throw new TypeError("x is not a function");
      return { items: [], cursor: null } as const;
    };
    const ports = {
      ...space.ports,
      cleanup: { ...space.ports.cleanup, tallies: tallies as never },
    };
    // From Monday noon on; on the second Sunday it is mended.
    for (let hours = 0; hours < 21 * 24; hours += 6) {
      await tick(ports, space.engine);
      for (const { id, sync } of (await ports.runs.unfinished()).items) {
        if (sync === "cleanup") days.push(new Date(space.world.nowMs()).toISOString().slice(0, 10));
        await executeRun(ports, freshSteps(space.world), id, PIPELINES);
        const line = statusLines(await readStatus(ports)).find((one) => one.startsWith("  cleanup    due"));
        if (sync === "cleanup") said.push(line?.replace(/; last.*/, "") ?? "");
        if (sync === "cleanup") again.push((await readRunReport(ports, id))?.againMs ?? null);
      }
      if (days.at(-1) === "2026-06-14") isBroken = false;
      space.world.advance(6 * HOUR_MS);
    }
    expect(days).toEqual([
      "2026-06-07",
      "2026-06-08",
      "2026-06-09",
      "2026-06-10",
      "2026-06-11",
      "2026-06-14",
      "2026-06-15",
      "2026-06-21",
    ]);
    expect(said[0]).toBe("  cleanup    due 2026-06-08T06:00:00.000Z (another try, for the last one failed)");
    expect(again.map((ms) => (ms === null ? null : new Date(ms).toISOString().slice(8, 10)))).toEqual([
      "08",
      "09",
      "10",
      "11",
      null,
      "15",
      null,
      null,
    ]);
    expect(said[4]).toBe("  cleanup    due 2026-06-14T04:10:00.000Z");
    expect(said[6]).toBe("  cleanup    due 2026-06-21T04:10:00.000Z");
  });

  it("measure once an hour, keep one sample a day, warn of what is filling, and end the warning", async () => {
    const space = await aWorkspace();
    const disk = { freeBytes: 500_000_000 };
    const ports = { ...space.ports, freeBytes: async () => disk.freeBytes };
    const samples = async () =>
      (await ports.storage.samples(0)).items.filter(({ store }) => store === "disk");
    const alerts = async () =>
      (await ports.runs.openAlerts()).items.filter(({ kind }) => kind === "storage_filling");
    for (let minutes = 0; minutes < 120; minutes += 10) {
      await tick(ports, space.engine);
      space.world.advance(10 * MINUTE_MS);
    }
    expect(await samples()).toHaveLength(1);
    expect(await alerts()).toEqual([
      expect.objectContaining({
        subject: "disk",
        detail: "disk: 433 MB left, when it will be full is not known yet",
      }),
    ]);
    disk.freeBytes = 50_000_000_000;
    space.world.advance(24 * HOUR_MS);
    await tick(ports, space.engine);
    expect(await alerts()).toEqual([]);
    expect(await samples()).toHaveLength(2);
  });

  it("warn of a row that nears what D1 takes in one, as cleanup measured it last", async () => {
    const space = await aWorkspace();
    const { ports, engine, world, d1 } = space;
    space.source.meetings = [aListedMeeting("m1")];
    await runSync(space, "fireflies");
    const measured = async (bytes: number) => {
      await d1.prepare("update meetings set summary = ?1").bind("x".repeat(bytes)).run();
      await runSync(space, "cleanup");
      world.advance(HOUR_MS);
      await tick(ports, engine);
      const { items } = await ports.runs.openAlerts();
      return items.map(({ kind, subject, detail }) => ({ kind, subject, detail }));
    };
    expect(await measured(1_500_000)).toEqual([]);
    expect(await measured(1_700_000)).toEqual([
      {
        kind: "storage_filling",
        subject: "row",
        detail: "largest row: 1.7 MB of 2.0 MB (85 %), when it will be full is not known yet",
      },
    ]);
    expect(await measured(200_000)).toEqual([]);
  });

  it("do not open and close a warning by turns while a store goes to and fro about its threshold", async () => {
    const space = await aWorkspace();
    const lowBytes = DISK_LOW_BYTES + STORAGE_FREE_BYTES_MIN;
    const alertsWith = async (freeBytes: number) => {
      await tick({ ...space.ports, freeBytes: async () => freeBytes }, space.engine);
      space.world.advance(HOUR_MS);
      const { results } = await space.d1
        .prepare("select closed_ms is null as open from alerts where kind = 'storage_filling'")
        .all<{ open: number }>();
      return results.map(({ open }) => open === 1);
    };
    expect(await alertsWith(lowBytes + 1)).toEqual([]);
    for (const change of [-1, 1, -1, 100_000_000, -1, 1])
      expect(await alertsWith(lowBytes + change)).toEqual([true]);
    expect(await alertsWith(lowBytes + 300_000_000)).toEqual([false]);
    expect(await alertsWith(lowBytes + 1)).toEqual([false]);
  });

  it("take back that they found no room for what they measured, as soon as it was kept", async () => {
    const { ports, engine } = await aWorkspace();
    const alert = { kind: "storage_full", subject: "storage" } as const;
    await ports.storage.sayFull({ ...alert, id: "a", detail: "storage_full" }, ports.world.nowMs());
    expect((await ports.runs.openAlerts()).items).toEqual([expect.objectContaining(alert)]);
    await tick(ports, engine);
    expect((await ports.runs.openAlerts()).items).toEqual([]);
  });

  it("leave out a store that does not answer, and measure it again", async () => {
    const space = await aWorkspace();
    const down = async () => {
      throw new FailureError({ kind: "unreachable", party: "vectorize", detail: "no code" });
    };
    await tick({ ...space.ports, index: { ...space.ports.index, describe: down } }, space.engine);
    expect((await space.ports.storage.samples(0)).items.map(({ store }) => store)).toEqual(["d1"]);
    space.world.advance(HOUR_MS);
    await tick(space.ports, space.engine);
    expect((await space.ports.storage.samples(0)).items.map(({ store }) => store)).toEqual(["d1", "vectors"]);
  });
});

describe("reviveUnfinished", () => {
  it("raises the epoch of every run it takes up, so that a former life cannot write", async () => {
    const { ports, engine } = await aWorkspace();
    const { run } = await startRun(ports, engine, MANUAL);
    await reviveUnfinished(ports, engine, { afterRestart: true });
    expect((await ports.runs.run(run.id))?.epoch).toBe(run.epoch + 1);
    expect(engine.revived).toEqual([run.id]);
  });

  it("leaves a run alone while it holds its lease, unless a restart is known", async () => {
    const { ports, engine, world } = await aWorkspace();
    const { run } = await startRun(ports, engine, MANUAL);
    await ports.runs.acquireLease(run, { startedMs: 0, realNowMs: world.realNowMs(), termMs: HOUR_MS });
    await reviveUnfinished(ports, engine, { afterRestart: false });
    expect(engine.revived).toEqual([]);
    await reviveUnfinished(ports, engine, { afterRestart: true });
    expect(engine.revived).toEqual([run.id]);
  });

  it("starts a queued run whose start was lost in a crash", async () => {
    const { ports, engine } = await aWorkspace();
    const { run } = await startRun(ports, engine, MANUAL);
    engine.knows = "lost";
    await reviveUnfinished(ports, engine, { afterRestart: true });
    // It began while another run held the lane, and came to nothing.
    engine.knows = "ended";
    await reviveUnfinished(ports, engine, { afterRestart: true });
    expect(engine.started).toEqual([run.id, run.id, run.id]);
  });

  it("closes a run that the engine lost and lets one recovery go on, but never recovers a recovery", async () => {
    const { ports, engine, world } = await aWorkspace();
    const { run } = await startRun(ports, engine, MANUAL);
    await ports.runs.acquireLease(run, { startedMs: 0, realNowMs: world.realNowMs(), termMs: HOUR_MS });
    engine.knows = "ended";
    await reviveUnfinished(ports, engine, { afterRestart: true });
    expect(await ports.runs.run(run.id)).toMatchObject({
      state: "failed",
      detail: expect.stringContaining("lost"),
    });
    const [recovery] = (await ports.runs.unfinished()).items;
    expect(recovery).toMatchObject({ sync: "fireflies", trigger: "recovery" });
    world.advance(1);
    if (recovery !== undefined)
      await ports.runs.acquireLease(recovery, {
        startedMs: 0,
        realNowMs: world.realNowMs(),
        termMs: HOUR_MS,
      });
    await reviveUnfinished(ports, engine, { afterRestart: true });
    expect((await ports.runs.unfinished()).items).toEqual([]);
    expect((await ports.requests.open()).items).toEqual([]);
  });
});
