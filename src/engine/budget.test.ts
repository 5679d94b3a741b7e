import { beforeEach, describe, expect, it } from "vitest";
import {
  aListedMeeting,
  aWorkspace,
  freshSteps,
  runSync,
  type Workspace,
} from "../../test/in-process/workspace.ts";
import { DAY_MS, HOUR_MS } from "../core/durations.ts";
import { PIPELINES } from "../pipelines/index.ts";
import type { Ports } from "../ports/ports.ts";
import type { Run } from "../ports/run-store.ts";
import { readReport, readStatus } from "../queries/status.ts";
import { budgetFor } from "./budget.ts";
import type { RunContext } from "./run-context.ts";
import { executeRun } from "./run.ts";
import { startRun, tick } from "./tick.ts";

/** Noon, so that twelve hours of looks are to come. */
const NOON_MS = Date.UTC(2026, 5, 1, 12);
const BUDGET = 10;
const MEETINGS = 300;

let space: Workspace;
let ports: Ports;
beforeEach(async () => {
  space = await aWorkspace({}, NOON_MS);
  const rates = { ...space.ports.rates, fireflies: { calls: BUDGET, windowMs: DAY_MS } };
  ports = { ...space.ports, rates };
  const { account } = space.source;
  space.source.account = async (timeoutMs) => ({ ...(await account(timeoutMs)), meetings: MEETINGS });
  space.source.meetings = Array.from({ length: MEETINGS }, (_, n) =>
    aListedMeeting(`m${n}`, { dateString: new Date(NOON_MS - (n + 1) * HOUR_MS).toISOString() }),
  );
});

/** What the tick starts, made. */
async function beat(): Promise<Run[]> {
  await tick(ports, space.engine);
  const started = space.engine.started.splice(0);
  for (const id of started) await executeRun(ports, freshSteps(space.world), id, PIPELINES);
  const runs = await Promise.all(started.map((id) => ports.runs.run(id)));
  return runs.filter((run) => run?.sync === "fireflies").flatMap((run) => run ?? []);
}

describe("a run that has used up its share of the budget", () => {
  it("parks until its next call without holding its lane, spending a retry or raising an alert", async () => {
    const run = await runSync(space, "fireflies", ports);
    expect(run).toMatchObject({ state: "parked", continues: true });
    expect(run.notBeforeMs).toBeGreaterThan(NOON_MS);
    expect(run.notBeforeMs).toBeLessThanOrEqual(NOON_MS + DAY_MS / 2);
    expect(space.source.calls).toEqual(["account", "list", "list", "list", "list"]);
    expect(await ports.runs.lane("fireflies")).toMatchObject({ notBeforeMs: null, reason: null });
    expect((await ports.runs.troubles(run.id, 50)).items).toEqual([]);
    expect(run.result).toMatchObject({ retries: 0, findings: [] });
    expect((await ports.runs.openAlerts()).items).toEqual([]);
  });

  it("leaves a person with urgency the calls that are kept for persons, from the same place on", async () => {
    const sql = `insert into quota (key_name, vendor, version, used, window_ends_ms, not_before_ms)
      values (?1, 'fireflies', 1, ?2, ?3, 0)`;
    // One more asks whose key it is. Fifteen are left then: for twelve looks, two wake-ups and a person.
    await space.d1
      .prepare(sql)
      .bind(space.source.keyName, 34, NOON_MS + DAY_MS / 2)
      .run();
    ports = { ...ports, rates: { ...ports.rates, fireflies: { calls: 50, windowMs: DAY_MS } } };
    await runSync(space, "fireflies", ports);
    expect(space.source.calls).toEqual(["account"]);
    const urgent = { sync: "fireflies", trigger: "manual", priority: "urgent", preview: null } as const;
    const { run } = await startRun(ports, space.engine, urgent);
    await executeRun(ports, freshSteps(space.world), run.id, PIPELINES);
    expect(space.source.calls).toEqual(["account", "list"]);
    expect(await ports.runs.run(run.id)).toMatchObject({ state: "parked", continues: true });
  });

  it("is gone on with by the clock once an hour, without a call while there is none, and after midnight to its end", async () => {
    await runSync(space, "fireflies", ports);
    space.engine.started.splice(0);
    const runs: Run[] = [];
    for (let minutes = 0; minutes < 14 * 60; minutes += 5) {
      space.world.advance(5 * 60_000);
      runs.push(...(await beat()));
    }
    expect(runs.length).toBeGreaterThan(10);
    expect(runs.length).toBeLessThanOrEqual(14 + 1);
    expect(space.source.calls.filter((call) => call === "list").length).toBeGreaterThan(7);
    const { lastCeilingMs } = await ports.records.discoveries();
    expect(lastCeilingMs, "the backfill has come to its end").not.toBeNull();
    expect((await ports.runs.openAlerts()).items).toEqual([]);
  });

  it("shows what is left and when it is done, in its report and in the status, and no longer once it is done", async () => {
    const run = await runSync(space, "fireflies", ports);
    const status = await readStatus(ports);
    expect(status.budgets).toEqual([
      {
        vendor: "fireflies",
        windowMs: DAY_MS,
        budget: BUDGET,
        used: 5,
        windowEndsMs: NOON_MS + DAY_MS / 2,
        notBeforeMs: null,
      },
    ]);
    expect(status.forecast).toMatchObject({
      meetings: MEETINGS,
      pages: 4,
      calls: 4,
      doneMs: expect.any(Number),
    });
    expect(await readReport(ports, run.id)).toMatchObject({ forecast: { calls: 4 } });
    await runSync(space, "fireflies", space.ports);
    expect((await readStatus(ports)).forecast).toBeNull();
    expect((await readReport(ports, run.id))?.forecast).toBeNull();
  });
});

describe("budgetFor", () => {
  const contextOf = (change: Partial<Run> = {}): RunContext =>
    ({ ports, run: { trigger: "schedule", priority: "normal", ...change } }) as RunContext;

  it("says how many calls a use may make now, and none from when on", async () => {
    expect(await budgetFor(contextOf(), "backfill")).toEqual({ calls: 5, notBeforeMs: null });
    expect(await budgetFor(contextOf(), "webhook")).toEqual({ calls: BUDGET, notBeforeMs: null });
    const run = await runSync(space, "fireflies", ports);
    expect(await budgetFor(contextOf(), "backfill")).toEqual({ calls: 0, notBeforeMs: run.notBeforeMs });
    expect(await budgetFor(contextOf(), "fresh")).toEqual({ calls: 3, notBeforeMs: null });
  });

  it("knows no bound where nobody named a budget, and gives nothing without a key", async () => {
    ports = space.ports;
    expect(await budgetFor(contextOf(), "backfill")).toEqual({ calls: null, notBeforeMs: null });
    ports = { ...space.ports, source: null };
    expect(await budgetFor(contextOf(), "backfill")).toEqual({ calls: 0, notBeforeMs: null });
  });
});
