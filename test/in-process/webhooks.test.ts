import { beforeEach, describe, expect, it } from "vitest";
import { FailureError } from "../../src/core/errors.ts";
import { firefliesEvent } from "../../src/core/webhooks/fireflies-event.ts";
import { receiveMeeting } from "../../src/engine/webhook-intake.ts";
import { executeRun } from "../../src/engine/run.ts";
import { tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { aListedMeeting, aWorkspace, freshSteps, runSync } from "./workspace.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let space: Awaited<ReturnType<typeof aWorkspace>>;
beforeEach(async () => {
  space = await aWorkspace();
  space.source.meetings = [aListedMeeting("old", { dateString: "2026-06-01T08:00:00.000Z" })];
  await runSync(space, "fireflies");
  await runSync(space, "vectors");
  space.source.calls = [];
  space.world.advance(MINUTE_MS);
});

const rows = async <T = Record<string, unknown>>(sql: string): Promise<T[]> =>
  (await space.d1.prepare(sql).all<T>()).results;
const inbox = (): Promise<Record<string, unknown>[]> =>
  rows("select subject, tries, done_ms is not null as done, outcome from webhook_inbox order by subject, id");

/** Events are named by their bytes; here by what they say. */
async function announce(meetingId: string, event = "meeting.transcribed"): Promise<void> {
  const timestamp = space.world.nowMs();
  const read = firefliesEvent(
    { event, timestamp, meeting_id: meetingId },
    `${meetingId} ${event} ${timestamp}`,
  );
  if ("error" in read) throw new Error(read.error);
  expect(await receiveMeeting(space.ports, read)).toEqual({ kept: true });
}

const beat = (ports: Ports = space.ports): Promise<unknown> => tick(ports, space.engine);
const unfinished = async (): Promise<Run[]> => (await space.ports.runs.unfinished()).items;

/** Carry what the tick has started to its end. */
async function runAll(ports: Ports = space.ports): Promise<Run[]> {
  const runs = await unfinished();
  for (const run of runs) await executeRun(ports, freshSteps(space.world), run.id, PIPELINES);
  return Promise.all(runs.map(async ({ id }) => (await ports.runs.run(id)) as Run));
}

/** What a meeting left behind: revisions in R2, rows, chunks. */
async function holdings(): Promise<object> {
  const [meetings, sightings, items] = await Promise.all([
    rows("select id, content_hash from meetings order by id"),
    rows("select source_id, state from sightings order by source_id"),
    space.r2.list({ prefix: "fireflies-transcripts/" }),
  ]);
  return { meetings, sightings, revisions: items.objects.map(({ key }) => key).toSorted() };
}

const arrive = (id: string, change: Record<string, unknown> = {}): void => {
  const item = aListedMeeting(id, { dateString: "2026-06-01T11:30:00.000Z", ...change });
  space.source.meetings = [...space.source.meetings.filter((one) => one.id !== id), item];
};

const young = { sentences: null, dateString: "2026-06-01T11:59:00.000Z" };

describe("an announced meeting", () => {
  it("is asked for by itself, with one call, and what announced it is closed with its record", async () => {
    arrive("new");
    await announce("new");
    await beat();
    const [run] = await runAll();
    expect(run).toMatchObject({ sync: "fireflies", trigger: "webhook", state: "succeeded" });
    expect(run?.result?.counts).toMatchObject({ seen: 1, created: 1 });
    expect(space.source.calls).toEqual(["fetch"]);
    expect(await inbox()).toEqual([{ subject: "new", tries: 0, done: 1, outcome: "read" }]);
    expect(
      await rows("select id from meetings where id = 'new' and vectors_owed_since is not null"),
    ).toHaveLength(1);
  });

  it("wakes the tick when its run is over: the vectors it owes need not wait for the minute", async () => {
    let woken = 0;
    const ports = { ...space.ports, wake: async () => void (woken += 1) };
    arrive("new");
    await announce("new");
    await beat(ports);
    await runAll(ports);
    expect(woken).toBeGreaterThan(0);
    await beat(ports);
    expect((await unfinished()).map(({ sync }) => sync)).toEqual(["vectors"]);
  });

  it("that two deliveries and the hourly listing meet on is one record, one revision, and no double verdict", async () => {
    arrive("new");
    await announce("new");
    await announce("new", "meeting.summarized");
    space.world.advance(HOUR_MS);
    await beat();
    // The listing is due and goes first; it shows the meeting, so nothing is left to be asked for.
    const [hourly] = await runAll();
    expect(hourly).toMatchObject({ trigger: "schedule", state: "succeeded" });
    expect((await inbox()).map(({ done }) => done)).toEqual([1, 1]);
    await beat();
    expect((await unfinished()).map(({ sync }) => sync)).toEqual(["vectors"]);
    const held = await holdings();
    await announce("new", "meeting.summarized");
    await beat();
    const again = (await runAll()).find(({ sync }) => sync === "fireflies");
    expect(again?.result?.counts).toMatchObject({ seen: 1, unchanged: 1, created: 0, updated: 0 });
    expect(await holdings()).toEqual(held);
    expect((await holdings()) as { revisions: string[] }).toMatchObject({
      meetings: [{ id: "new" }, { id: "old" }],
      revisions: [expect.stringContaining("/new/"), expect.stringContaining("/old/")],
    });
  });

  it("waits while another run has the lane, and is read when that is over", async () => {
    await space.ports.requests.queue(
      {
        id: "busy",
        sync: "fireflies",
        trigger: "manual",
        priority: "normal",
        queuedMs: space.world.nowMs(),
        preview: null,
      },
      null,
    );
    arrive("new");
    await announce("new");
    await beat();
    expect((await unfinished()).map(({ id }) => id)).toEqual(["busy"]);
    const lost = { id: "a", kind: "run_lost", subject: "fireflies", detail: "run busy was lost" } as const;
    expect(await space.ports.runs.closeLost("busy", lost, space.world.nowMs())).toBe(true);
    expect((await space.ports.runs.openAlerts()).items).toEqual([expect.objectContaining(lost)]);
    // A second time it has ended, and there is nothing to be said.
    expect(await space.ports.runs.closeLost("busy", { ...lost, detail: "again" }, space.world.nowMs())).toBe(
      false,
    );
    expect((await space.ports.runs.openAlerts()).items).toEqual([expect.objectContaining(lost)]);
    // A run that failed is not followed at once by another.
    await beat();
    expect(await unfinished()).toEqual([]);
    space.world.advance(15 * MINUTE_MS);
    await beat();
    expect((await runAll()).map(({ trigger }) => trigger)).toEqual(["webhook"]);
    expect((await inbox()).map(({ done }) => done)).toEqual([1]);
  });

  it("whose transcript is not there yet is pending, is asked for again a few times, then left to the listings", async () => {
    arrive("new", young);
    await announce("new");
    const waits: number[] = [];
    for (let minute = 0; minute < 40; minute += 1) {
      await beat();
      if ((await runAll()).some(({ trigger }) => trigger === "webhook")) waits.push(minute);
      space.world.advance(MINUTE_MS);
    }
    expect(waits).toEqual([0, 1, 6, 21]);
    expect(await inbox()).toEqual([{ subject: "new", tries: 4, done: 1, outcome: "not ready" }]);
    expect(await rows("select state from sightings where source_id = 'new'")).toEqual([{ state: "pending" }]);
    arrive("new");
    space.world.advance(HOUR_MS);
    await beat();
    await runAll();
    expect(await rows("select state from sightings where source_id = 'new'")).toEqual([{ state: "live" }]);
  });

  it("that ripens meanwhile is read at the next look", async () => {
    arrive("new", young);
    await announce("new");
    await beat();
    await runAll();
    arrive("new");
    space.world.advance(MINUTE_MS);
    await beat();
    expect((await runAll())[0]?.result?.counts).toMatchObject({ seen: 1, created: 1 });
    expect(await inbox()).toEqual([{ subject: "new", tries: 1, done: 1, outcome: "read" }]);
  });

  it("that the source does not show leaves no trace but a reason, and a known one stays as it is", async () => {
    const before = await holdings();
    await announce("stranger");
    space.source.meetings = [];
    await announce("old");
    await beat();
    const [run] = await runAll();
    expect(run?.result?.counts).toMatchObject({ seen: 2, pending: 2, failed: 0 });
    expect(run?.state).toBe("succeeded");
    expect(await holdings()).toEqual(before);
    expect((await inbox()).map(({ tries }) => tries)).toEqual([1, 1]);
  });

  it("counts at the source as well as in D1, however old it is: the source itself has shown it", async () => {
    arrive("ancient", { dateString: "2024-01-05T10:00:00.000Z" });
    await announce("ancient");
    await beat();
    await runAll();
    space.world.advance(HOUR_MS);
    await beat();
    const hourly = (await runAll()).find(({ sync }) => sync === "fireflies");
    expect(hourly).toMatchObject({ state: "succeeded", sourceCount: 2, destinationCount: 2 });
    expect(await space.ports.records.sourceCount()).toMatchObject({ ids: 2 });
  });
});

describe("many announced meetings", () => {
  it("come with a listing, fifty a call, and what it does not reach is asked for by itself", async () => {
    for (let n = 1; n <= 30; n += 1) {
      arrive(`new-${n}`, { dateString: `2026-06-01T10:${String(n).padStart(2, "0")}:00.000Z` });
      await announce(`new-${n}`);
    }
    // A page full of others lies between.
    for (let n = 10; n < 70; n += 1)
      arrive(`before-${n}`, { dateString: new Date(Date.UTC(2025, 0, 5, 10, n)).toISOString() });
    arrive("ancient", { dateString: "2024-01-05T10:00:00.000Z" });
    await announce("ancient");
    await beat();
    const [run] = await runAll();
    expect(run).toMatchObject({ trigger: "webhook", state: "succeeded" });
    expect(space.source.calls).toEqual(["list", "fetch"]);
    expect(run?.result?.counts).toMatchObject({ created: 50, unchanged: 1 });
    expect((await inbox()).every(({ done }) => done === 1)).toBe(true);
  });
});

describe("webhooks and the schedule", () => {
  it("do not put off the hourly listing, however often they call", async () => {
    for (let minutes = 1; minutes <= 120; minutes += 10) {
      arrive(`new-${minutes}`);
      await announce(`new-${minutes}`);
      await beat();
      await runAll();
      space.world.advance(10 * MINUTE_MS);
    }
    const runs = await rows<{ trigger: string }>("select trigger from runs where sync = 'fireflies'");
    expect(runs.filter(({ trigger }) => trigger === "schedule").length).toBeGreaterThanOrEqual(1);
    expect(runs.filter(({ trigger }) => trigger === "webhook").length).toBeGreaterThan(5);
  });

  it("that were lost cost no more than the time until the next listing", async () => {
    arrive("new");
    space.world.advance(HOUR_MS);
    await beat();
    await runAll();
    expect(await rows("select id from meetings where id = 'new'")).toHaveLength(1);
  });

  it("do not close alerts about what their run has not looked at", async () => {
    const alert = { id: "a1", kind: "count_mismatch", subject: "fireflies", detail: "1 missing" } as const;
    await space.ports.runs.updateAlerts(null, space.world.nowMs(), { open: [alert], close: [] });
    arrive("new");
    await announce("new");
    await beat();
    await runAll();
    expect((await space.ports.runs.openAlerts()).items.map(({ kind }) => kind)).toEqual(["count_mismatch"]);
  });

  it("wait for the reset of a used-up budget with their lane", async () => {
    const notBeforeMs = space.world.nowMs() + 2 * HOUR_MS;
    const { getMeeting } = space.source;
    space.source.getMeeting = async () => {
      throw new FailureError({ kind: "quota", party: "fireflies", detail: "used up", notBeforeMs });
    };
    arrive("new");
    await announce("new");
    await beat();
    expect((await runAll())[0]).toMatchObject({ state: "parked", notBeforeMs });
    await beat();
    expect(await unfinished()).toEqual([]);
    space.source.getMeeting = getMeeting;
    space.world.advance(2 * HOUR_MS);
    for (let beats = 0; beats < 3; beats += 1) {
      await beat();
      await runAll();
    }
    expect((await inbox()).map(({ done }) => done)).toEqual([1]);
  });

  it("cost the tick one read, and no write, while nothing is announced", async () => {
    await beat();
    await runAll();
    await beat();
    await runAll();
    await beat();
    const before = await space.d1.prepare("select total_changes() as n").all<{ n: number }>();
    const calls = space.calls.d1;
    await beat();
    expect(await space.d1.prepare("select total_changes() as n").all<{ n: number }>()).toMatchObject({
      results: before.results,
    });
    expect(space.calls.d1 - calls).toBeLessThan(20);
  });

  it("leave no row older than two weeks, so many at a time", async () => {
    await announce("stranger");
    space.world.advance(14 * DAY_MS + 1);
    await announce("old");
    await beat();
    expect((await inbox()).map(({ subject }) => subject)).toEqual(["old"]);
  });
});

describe("a crash while an announced meeting is taken up", () => {
  it("loses and doubles nothing, wherever it comes", async () => {
    arrive("new");
    await announce("new");
    await beat();
    const [run] = await unfinished();
    if (run === undefined) throw new Error("nothing was started");
    // Each life ends after one more call of a store than the last; the next one goes on with what its steps remember.
    let steps = freshSteps(space.world);
    for (let callsMax = 1; (await space.ports.runs.run(run.id))?.endedMs === null; callsMax += 1) {
      expect(callsMax).toBeLessThan(200);
      const mortal = endingAfter(space.ports, callsMax);
      await executeRun(mortal, steps, run.id, PIPELINES).catch(() => undefined);
      steps = steps.copy();
      await space.ports.runs.raiseEpoch(run.id);
    }
    expect(await space.ports.runs.run(run.id)).toMatchObject({ state: "succeeded" });
    expect((await space.ports.runs.counts(run.id)).created).toBe(1);
    expect(await inbox()).toEqual([{ subject: "new", tries: 0, done: 1, outcome: "read" }]);
    expect((await holdings()) as { revisions: string[] }).toMatchObject({
      revisions: [expect.stringContaining("/new/"), expect.stringContaining("/old/")],
    });
  });
});

/** Ports whose stores answer so many calls, carry out one more whose answer is lost, and then no other. */
function endingAfter(ports: Ports, callsMax: number): Ports {
  let calls = 0;
  const mortal = <T extends object>(store: T): T =>
    new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return async (...values: unknown[]): Promise<unknown> => {
          calls += 1;
          if (calls > callsMax + 1) throw new Error("the process is gone");
          const value: unknown = await member.apply(target, values);
          if (calls > callsMax) throw new Error("the process is gone");
          return value;
        };
      },
    });
  return {
    ...ports,
    runs: mortal(ports.runs),
    records: mortal(ports.records),
    raw: mortal(ports.raw),
    inbox: mortal(ports.inbox),
  };
}
