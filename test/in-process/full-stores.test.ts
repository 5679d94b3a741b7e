import { describe, expect, it } from "vitest";
import { failureOf } from "../../src/core/errors.ts";
import { executeRun } from "../../src/engine/run.ts";
import { tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { readStatus } from "../../src/queries/status.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { expectProof, expectSums, found } from "./laws.ts";
import { freshSteps } from "./workspace.ts";

const MINUTE_MS = 60_000;
const BEAT_MS = 16 * MINUTE_MS;
const BEATS_FULL = 4;
const BEATS_AFTER = 7;
const DATABASE_BYTES = 10_000_000_000;

type Space = Awaited<ReturnType<typeof aFirefliesWorkspace>>;

/** Meetings in step, and two more at the source that nobody has seen yet. */
async function aSpace(): Promise<Space> {
  const space = await aFirefliesWorkspace([1, 2].map((n) => aSourceMeeting(`m${n}`, n)));
  await space.sync();
  await space.vectors();
  for (const id of ["m3", "m4"]) {
    const { date_ms: dateMs, ...meeting } = aSourceMeeting(id, 0);
    space.fireflies.control({ op: "arrive", meeting: { ...meeting, date_ms: dateMs } } as never);
  }
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
    records: ["m1", "m2", "m3", "m4"],
    owed: [],
    halfway: [],
    vectors: 4,
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
    makeRoom: ({ r2 }) => {
      r2.setHooks({});
      r2.setSizeMax(Number.POSITIVE_INFINITY);
    },
  },
];

describe.each(FILLINGS)("$store is full", ({ store, fillAt, makeRoom }) => {
  it(
    "at any of its calls: it is said, nothing is half done, and with room it comes to the same end by itself",
    { timeout: 240_000 },
    async () => {
      const expected = await peacefulEnd();
      let halted = 0;
      for (let nth = 1; ; nth += 1) {
        const space = await aSpace();
        const hasCome = fillAt(space, nth);
        await beats(space, 1);
        if (!hasCome()) break;
        await beats(space, BEATS_FULL - 1);
        await expectReadable(space);
        const alerts = await space.rows("select 1 from alerts where kind = 'storage_full' and closed_ms is null");
        const failed = await space.rows("select 1 from runs where state = 'failed'");
        const isBehind = (await space.records()).length < 4 || (await endOf(space)).owed.length > 0;
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
