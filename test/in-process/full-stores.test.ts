import { describe, expect, it } from "vitest";
import { FailureError, failureOf } from "../../src/core/errors.ts";
import { createWebhookChannel } from "../../src/adapters/notify/webhook.ts";
import { executeRun } from "../../src/engine/run.ts";
import { startRun, tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { readStatus } from "../../src/queries/status.ts";
import { slackReceiver } from "../alert-receivers.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { expectProof, expectSums, found } from "./laws.ts";
import { freshSteps, runSync } from "./workspace.ts";

const MINUTE_MS = 60_000;
const BEAT_MS = 16 * MINUTE_MS;
const BEATS_FULL = 4;
const BEATS_AFTER = 7;
/** Every call, by hand: FULL_EVERY_CALL=1. The gate takes the first few and then some. */
const EVERY_CALL = process.env["FULL_EVERY_CALL"] !== undefined;
const FIRST_CALLS = 8;
const DATABASE_BYTES = 10_000_000_000;

type Space = Awaited<ReturnType<typeof aFirefliesWorkspace>>;

const NEW = Array.from({ length: 30 }, (_, n) => `n${String(n).padStart(2, "0")}`);
const ALL = ["m1", "m2", ...NEW];
/** Small enough that what is new does not fit into it, and large enough for what is to be said. */
const BALLAST_ROW_BYTES = 16_384;

/** Meetings in step, and more at the source that nobody has seen yet. */
async function aSpace(): Promise<Space> {
  const space = await aFirefliesWorkspace([1, 2].map((n) => aSourceMeeting(`m${n}`, n)));
  await space.sync();
  await space.vectors();
  for (const id of NEW) space.fireflies.control({ op: "arrive", meeting: aSourceMeeting(id, 0) } as never);
  await space.d1.prepare(`update ballast set bytes = zeroblob(${BALLAST_ROW_BYTES})`).run();
  space.world.advance(61 * MINUTE_MS);
  return space;
}

/** A beat of the clock and the runs that it leads to, as the step engine makes them: one that throws is lost to it. */
async function beat(space: Space, ports: Ports = space.ports): Promise<void> {
  const lost = new Set<string>();
  space.engine.knows = "lost";
  for (let round = 0; round < 3; round += 1) {
    await unlessFull(() => tick(ports, space.engine));
    const { items } = await ports.runs.unfinished();
    for (const { id } of items.filter((run) => !lost.has(run.id))) {
      const steps = freshSteps(space.world);
      const isMade = await unlessFull(() => executeRun(ports, steps, id, PIPELINES));
      if (!isMade) lost.add(id);
    }
  }
  space.world.advance(BEAT_MS);
}

/** @returns false if it failed for want of room, which is the only failure there may be */
async function unlessFull(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    expect(failureOf(error).kind, String(error)).toBe("storage_full");
    return false;
  }
}

async function beats(space: Space, count: number, ports: Ports = space.ports): Promise<void> {
  for (let n = 0; n < count; n += 1) await beat(space, ports);
}

async function endOf(space: Space) {
  return {
    records: await space.records(),
    sightings: await space.rows("select source_id, state from sightings order by 1"),
    owed: await space.rows("select id from meetings where vectors_owed_since is not null"),
    live: await space.rows("select document_id, count(*) as n from chunks where state = 'live' group by 1"),
    halfway: await space.rows("select id from chunks where state in ('planned', 'sent', 'dead')"),
    vectors: (await space.ports.index.describe()).vectorCount,
    objects: space.r2.keys().filter((key) => key.startsWith("fireflies-transcripts/")),
    alerts: await space.rows("select kind, subject from alerts where closed_ms is null"),
    unfinished: (await space.ports.runs.unfinished()).items.length,
  };
}

async function peacefulEnd(): Promise<Awaited<ReturnType<typeof endOf>>> {
  const space = await aSpace();
  await beats(space, BEATS_FULL + BEATS_AFTER);
  const end = await endOf(space);
  expect(end).toMatchObject({
    records: ALL,
    owed: [],
    halfway: [],
    vectors: ALL.length,
    alerts: [],
    unfinished: 0,
  });
  return end;
}

/** What goes on while a store is full: whoever looks, and whoever searches. */
async function expectReadable(space: Space): Promise<void> {
  const status = await readStatus(space.ports);
  expect(status.headroom.map(({ store }) => store)).toContain("d1");
  expect(await found(space.ports, "crane")).toEqual(expect.arrayContaining(["m1", "m2"]));
}

type Filling = {
  readonly store: string;
  /** Makes the store full at its nth call that writes, or at any call. @returns whether it has come to that */
  readonly fillAt: (space: Space, nth: number) => () => boolean;
  readonly makeRoom: (space: Space) => void;
  /** Calls from one that is tried to the next, after the first few. */
  readonly stride: number;
};

const FILLINGS: readonly Filling[] = [
  {
    store: "the database",
    fillAt: ({ d1 }, nth) => {
      let calls = 0;
      d1.setHooks({
        beforeCall: () => {
          calls += 1;
          if (calls === nth) d1.setSizeMax(d1.sizeBytes);
        },
      });
      return () => calls >= nth;
    },
    stride: 3,
    makeRoom: ({ d1 }) => {
      d1.setHooks({});
      d1.setSizeMax(DATABASE_BYTES);
    },
  },
  {
    store: "the raw store",
    fillAt: ({ r2 }, nth) => {
      let puts = 0;
      r2.setHooks({
        beforeCall: (action) => {
          if (action === "put") puts += 1;
          if (puts === nth) r2.setSizeMax(r2.usedBytes);
        },
      });
      return () => puts >= nth;
    },
    stride: 11,
    makeRoom: ({ r2 }) => {
      r2.setHooks({});
      r2.setSizeMax(Number.POSITIVE_INFINITY);
    },
  },
];

describe.each(FILLINGS)("$store is full", ({ store, fillAt, makeRoom, stride }) => {
  it(
    "at any of its calls: it is said, nothing is half done, and with room it comes to the same end by itself",
    { timeout: 240_000 },
    async () => {
      const expected = await peacefulEnd();
      let halted = 0;
      for (let nth = 1; ; nth += EVERY_CALL || nth < FIRST_CALLS ? 1 : stride) {
        const space = await aSpace();
        const hasCome = fillAt(space, nth);
        await beats(space, 1);
        if (!hasCome()) break;
        await beats(space, BEATS_FULL - 1);
        await expectReadable(space);
        const alerts = await space.rows(
          "select 1 from alerts where kind = 'storage_full' and closed_ms is null",
        );
        const failed = await space.rows("select 1 from runs where state = 'failed'");
        const isBehind = (await space.records()).length < ALL.length || (await endOf(space)).owed.length > 0;
        if (isBehind) {
          halted += 1;
          expect(alerts.length, `${store}, call ${nth}: an alert is open`).toBeGreaterThan(0);
        }
        // A run every quarter of an hour at most, for each of the two lanes.
        expect(failed.length).toBeLessThanOrEqual(3 * BEATS_FULL);
        makeRoom(space);
        await beats(space, BEATS_AFTER);
        expect(await endOf(space), `${store}, full at call ${nth}`).toEqual(expected);
        await expectProof(space.ports);
        await expectSums(space.ports);
      }
      expect(halted).toBeGreaterThan(1);
    },
  );
});

describe("the index of vectors is full", () => {
  it(
    "halts vectors alone, and what waits for it is indexed when there is room",
    { timeout: 60_000 },
    async () => {
      const expected = await peacefulEnd();
      const space = await aSpace();
      const { controls } = space.stores.VECTORS_A;
      const text = "the index has reached its maximum number of vectors";
      controls.failNext({ operation: "VECTOR_UPSERT", code: 40_000, text, times: 1_000 });
      await beats(space, BEATS_FULL);
      expect(await space.records()).toEqual(ALL);
      const open = () => space.rows("select kind, subject from alerts where closed_ms is null");
      expect(await open()).toEqual([{ kind: "storage_full", subject: "vectors" }]);
      await expectReadable(space);
      controls.failNext({ operation: "VECTOR_UPSERT", code: 40_000, text, times: 0 });
      await beats(space, BEATS_AFTER);
      expect(await endOf(space)).toEqual(expected);
      await expectProof(space.ports);
    },
  );
});

describe("a disk of ours is full", () => {
  /** A workspace whose disk has so many bytes left. */
  async function onDisk(freeBytes: number) {
    const space = await aSpace();
    const disk = { freeBytes };
    const ports: Ports = { ...space.ports, freeBytes: async () => disk.freeBytes };
    return { space: { ...space, ports }, disk, ports };
  }

  it("halts what brings anything new, with one run and one alert each, and goes on as soon as there is room", async () => {
    const { space, disk, ports } = await onDisk(1_000);
    const runs = () =>
      space.rows<{ sync: string; state: string }>("select sync, state from runs where rowid > 2");
    const log = space.fireflies.log().length;
    await beats(space, 6, ports);
    expect(await runs()).toEqual([{ sync: "fireflies", state: "failed" }]);
    // Its health was asked for, and no page.
    expect(space.fireflies.log().length - log).toBeLessThanOrEqual(1);
    const status = await readStatus(ports);
    expect(status.alerts.map(({ kind, subject }) => `${kind} ${subject}`).toSorted()).toEqual([
      "storage_filling disk",
      "storage_full fireflies",
    ]);
    expect(status.headroom.find(({ store }) => store === "disk")).toMatchObject({ level: "full", room: 0 });
    expect(status.schedule.find(({ sync }) => sync === "fireflies")?.held).toMatch(
      /^it waits for room \(storage: 1000 bytes free/,
    );
    disk.freeBytes = 50_000_000_000;
    await beats(space, 1, ports);
    expect(await space.records()).toEqual(ALL);
    await beats(space, 4, ports);
    expect((await readStatus(ports)).alerts).toEqual([]);
  });

  it("is no reason to begin nothing because another store cannot even be asked", async () => {
    const space = await aFirefliesWorkspace([aSourceMeeting("m1", 1)]);
    const { ports, engine, world } = space;
    const broken = async (): Promise<never> => {
      throw new FailureError({ kind: "defect", party: "vectorize", detail: "there is no such index" });
    };
    const blind = { ...ports, index: { ...ports.index, describe: broken } };
    const full = { kind: "storage_full", subject: "vectors", detail: "full" } as const;
    await ports.runs.updateAlerts(null, world.nowMs(), { open: [{ ...full, id: world.newId() }], close: [] });
    await tick(blind, engine);
    expect((await ports.runs.unfinished()).items.map(({ sync }) => sync)).toContain("fireflies");
    // What could be measured is kept.
    expect(await space.rows("select store from storage_samples order by store")).toEqual([{ store: "d1" }]);
  });

  it("halts neither proof nor cleanup, and of vectors only what would add any", async () => {
    const { space, disk, ports } = await onDisk(50_000_000_000);
    await beats(space, 2, ports);
    // Two days on, one of them is gone.
    for (const hours of [1, 25, 1]) {
      space.fireflies.control({ op: "delete", id: "m1" });
      await space.after(hours, ports);
    }
    expect(await space.rows("select state from chunks where document_id = 'm1'")).toEqual([
      { state: "dead" },
    ]);
    await space.d1.prepare("update meetings set vectors_owed_since = 1 where id = 'm2'").run();
    disk.freeBytes = 0;
    const made = async (sync: "verify" | "cleanup" | "vectors") => (await runSync(space, sync, ports)).state;
    expect(await made("vectors")).toBe("failed");
    expect(await space.rows("select state from chunks where document_id = 'm1'")).toEqual([
      { state: "gone" },
    ]);
    expect(await space.rows("select id from meetings where vectors_owed_since is not null")).toEqual([
      { id: "m2" },
    ]);
    expect(await made("cleanup")).toBe("succeeded");
    expect((await runSync(space, "verify", ports)).endedMs).not.toBeNull();
    expect((await ports.runs.lastEnded("verify"))?.state).not.toBe("failed");
  });
});

describe("the ballast", () => {
  it("is given up to say that the database is full, row by row, and laid again by cleanup", async () => {
    const space = await aSpace();
    const left = async () => (await space.rows("select id from ballast")).length;
    space.d1.setSizeMax(space.d1.sizeBytes);
    await beats(space, 1);
    expect(await left()).toBeLessThan(4);
    space.d1.setSizeMax(DATABASE_BYTES);
    await runSync(space, "cleanup");
    expect(await left()).toBe(4);
  });

  it.each([1, 5, 20, 40, 60])(
    "leaves room for people to be told, wherever it was that the database became full (call %i)",
    async (nth) => {
      const space = await aSpace();
      const slack = slackReceiver();
      const url = "https://hooks.slack.test/x";
      const webhook = await createWebhookChannel({ url, fetch: slack.fetch, world: space.world });
      const ports: Ports = { ...space.ports, channels: { usable: [webhook], unusable: [] } };
      const [database] = FILLINGS;
      const hasCome = database?.fillAt(space, nth);
      await beats(space, BEATS_FULL, ports);
      expect(hasCome?.()).toBe(true);
      const told = slack.taken.filter((text) => /alert: storage full/i.test(text));
      expect(told.length).toBeGreaterThan(0);
      database?.makeRoom(space);
      await beats(space, BEATS_AFTER, ports);
      expect(slack.taken.at(-1)).toContain("Closed: storage full");
      expect(await space.rows("select 1 from alerts where settled = 0")).toEqual([]);
    },
  );
});

it("a run that was lost is closed, and its alert opened, although the database is full: the beats go on", async () => {
  const space = await aFirefliesWorkspace([aSourceMeeting("m1", 1)]);
  const { d1, engine, ports, world } = space;
  const closedAlert = (id: string, detail: string) =>
    d1
      .prepare(
        `insert into alerts (id, kind, subject, detail, opened_ms, last_ms, closed_ms) values (?1, 'defect', ?1, ?2, 0, 0, 0)`,
      )
      .bind(id, detail)
      .run();
  // The page of alerts is full to its end: the next one needs a page of its own.
  for (let n = 0; n < 8; n += 1) await closedAlert(`a${n}`, "x".repeat(480));
  const request = { sync: "fireflies", trigger: "schedule", priority: "normal" } as const;
  const { run } = await startRun(ports, engine, request);
  const term = { startedMs: world.nowMs(), realNowMs: world.realNowMs(), termMs: 1_000 };
  await ports.runs.acquireLease(run, term);
  world.advance(5 * MINUTE_MS);
  d1.setSizeMax(d1.sizeBytes);
  const fill = async (n: number): Promise<void> => {
    if (n === 1_000) throw new Error("it does not fill up");
    await closedAlert(`b${n}`, "");
    await fill(n + 1);
  };
  await expect(fill(0)).rejects.toThrow("Exceeded maximum DB size");
  engine.knows = "lost";
  for (let beat = 0; beat < 3; beat += 1) {
    await tick(ports, engine);
    world.advance(MINUTE_MS);
  }
  expect(await ports.runs.run(run.id)).toMatchObject({ state: "failed" });
  const { items } = await ports.runs.openAlerts();
  expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["storage_full", "run_lost"]));
});
