import { describe, expect, it } from "vitest";
import { createFirefliesEmulator, type FirefliesEmulator } from "../../emulators/fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import type { SourceMeeting } from "../../emulators/fireflies/source-meeting.ts";
import { createFirefliesSource } from "../../src/adapters/fireflies/source.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/durations.ts";
import { callsToList, type Forecast } from "../../src/core/quota/forecast.ts";
import { executeRun, type Pipelines } from "../../src/engine/run.ts";
import { tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { readForecast } from "../../src/queries/forecast.ts";
import { aWorkspace, freshSteps, type Workspace } from "./workspace.ts";

const MIDNIGHT_MS = Date.UTC(2026, 5, 1);
const TICK_MS = 10 * MINUTE_MS;
const QUOTA_PER_DAY = 50;
/** Days of life take seconds, and many times that beside other tests. */
const LIFE_TEST_MS = 120_000;

/** Meetings of a few words, newest just before a time, two hours apart. */
function* smallMeetings(count: number, beforeMs: number): Generator<SourceMeeting> {
  for (let n = 0; n < count; n += 1) yield aSmallMeeting(`M${n}`, beforeMs - (n + 1) * 2 * HOUR_MS);
}

function aSmallMeeting(id: string, createdMs: number): SourceMeeting {
  const text = `In ${id} we agreed to move the crane to the north side before the pour, weather permitting, as was said.`;
  const sentence = { index: 0, speaker_name: "Maya", speaker_id: 0, text, raw_text: text };
  return {
    id,
    title: `Meeting ${id}`,
    date: new Date(createdMs).toISOString(),
    duration: 30,
    sentences: [{ ...sentence, start_time: 0, end_time: 9 }],
  } as unknown as SourceMeeting;
}

type Life = {
  readonly space: Workspace;
  readonly ports: Ports;
  readonly emulator: FirefliesEmulator;
  /** What could be foretold when the first page was asked for. */
  readonly foretold: Forecast[];
  pipelines: Pipelines;
};

/**
 * A workspace whose source is an emulator of 50 calls a day, on the same still clock. One that is silent never says how many
 * it allows: the configuration does.
 */
async function aLife(count: number, startMs: number, { isSilent = false } = {}): Promise<Life> {
  const space = await aWorkspace({}, startMs);
  const { world } = space;
  const emulator = await createFirefliesEmulator({
    epochMs: startMs,
    realNowMs: world.nowMs,
    meetings: smallMeetings(count, startMs),
    meetingsHash: `${count} before ${startMs}`,
    quotaPerDay: QUOTA_PER_DAY,
    behaviour: { rateHeaders: !isSilent },
  });
  const plain = await createFirefliesSource({
    url: "https://fireflies.test",
    key: FIREFLIES_DEMO_KEY,
    fetch: (request) => emulator.fetch(request),
    world,
  });
  const foretold: Forecast[] = [];
  const source = {
    ...plain,
    listMeetings: async (request: Parameters<typeof plain.listMeetings>[0]) => {
      const [run] = (await ports.runs.unfinished()).items;
      const forecast = foretold.length > 0 ? null : await readForecast(ports, run ?? null);
      if (forecast !== null) foretold.push(forecast);
      return plain.listMeetings(request);
    },
  };
  // What the calls bring is for other tests to make vectors of.
  const records: Ports["records"] = {
    ...space.ports.records,
    owedCount: async () => ({ owed: 0, due: 0 }),
    deadDue: async () => ({ items: [], cursor: null }),
  };
  const configured = { ...space.ports.rates, fireflies: { calls: QUOTA_PER_DAY, windowMs: DAY_MS } };
  const rates = isSilent ? configured : space.ports.rates;
  const ports: Ports = { ...space.ports, source, records, rates };
  return { space, ports, emulator, foretold, pipelines: PIPELINES };
}

/** Let the clock go on, a tick every ten minutes; each run is made when it is started. */
async function live({ space, ports, pipelines }: Life, untilMs: number): Promise<void> {
  while (space.world.nowMs() < untilMs) {
    await tick(ports, space.engine);
    await makeStarted({ space, ports, pipelines });
    space.world.advance(TICK_MS);
  }
}

async function makeStarted({ space, ports, pipelines }: Pick<Life, "space" | "ports" | "pipelines">) {
  for (const id of space.engine.started.splice(0))
    await executeRun(ports, freshSteps(space.world), id, pipelines);
}

/** Two meetings a day at the source until a time, one of them in the night. */
async function liveWithArrivals(life: Life, untilMs: number): Promise<number> {
  let arrived = 0;
  while (life.space.world.nowMs() < untilMs) {
    await live(life, Math.min(untilMs, life.space.world.nowMs() + DAY_MS / 2));
    const meeting = aSmallMeeting(`N${(arrived += 1)}`, life.space.world.nowMs());
    life.emulator.control({ op: "arrive", meeting });
  }
  await live(life, life.space.world.nowMs() + HOUR_MS + 2 * TICK_MS);
  return arrived;
}

/** What the source refused, and the most calls that it counted in one of its days. */
function seenBySource(emulator: FirefliesEmulator) {
  const log = emulator.log();
  const refused = log.filter(({ status, error, early }) => status === 429 || error !== null || early);
  const days = Map.groupBy(
    log.filter(({ counted }) => counted),
    ({ atMs }) => Math.floor(atMs / DAY_MS),
  );
  return { refused, mostADay: Math.max(...[...days.values()].map((calls) => calls.length)) };
}

const backfilledMs = async ({ space }: Life): Promise<number> =>
  (await space.d1
    .prepare("select completed_ms from discoveries where kind = 'backfill'")
    .first<number>("completed_ms")) ?? Number.NaN;

const recordCount = async ({ space }: Life): Promise<number | null> =>
  space.d1.prepare("select count(*) as n from meetings").first<number>("n");

/** The longest time in which nobody asked for the newest meetings. */
function longestBlindMs(emulator: FirefliesEmulator): number {
  const looks = emulator
    .log()
    .filter(({ variables }) => variables["skip"] === 0)
    .map(({ atMs }) => atMs);
  return Math.max(...looks.slice(1).map((atMs, n) => atMs - (looks[n] ?? atMs)));
}

describe("a key of 50 calls a day", () => {
  it.each([0, 11, 23.5])(
    "brings 752 meetings and two days of life without one refused call, begun at %s h; the forecast was right",
    async (hour) => {
      const startMs = MIDNIGHT_MS + hour * HOUR_MS;
      const life = await aLife(752, startMs);
      const arrived = await liveWithArrivals(life, startMs + 2 * DAY_MS);
      const { refused, mostADay } = seenBySource(life.emulator);
      expect(refused).toEqual([]);
      expect(mostADay).toBeLessThanOrEqual(QUOTA_PER_DAY);
      expect(life.foretold[0]).toMatchObject({ meetings: 752, calls: 17, callsPerDay: null });
      expect(Math.abs((await backfilledMs(life)) - (life.foretold[0]?.doneMs ?? 0))).toBeLessThan(HOUR_MS);
      expect(longestBlindMs(life.emulator)).toBeLessThanOrEqual(HOUR_MS + TICK_MS);
      expect(await recordCount(life)).toBe(752 + arrived);
      expect((await life.ports.runs.openAlerts()).items).toEqual([]);
    },
    LIFE_TEST_MS,
  );

  it(
    "that is only configured, for no reply says so, serves a day of looks and the backfill just as well",
    async () => {
      const startMs = MIDNIGHT_MS + 21 * HOUR_MS;
      const life = await aLife(2_000, startMs, { isSilent: true });
      const arrived = await liveWithArrivals(life, startMs + DAY_MS);
      const { refused, mostADay } = seenBySource(life.emulator);
      expect(refused).toEqual([]);
      expect(mostADay).toBeLessThanOrEqual(QUOTA_PER_DAY);
      expect(life.foretold[0]).toMatchObject({ meetings: 2_000, calls: callsToList(2_000) });
      expect(Math.abs((await backfilledMs(life)) - (life.foretold[0]?.doneMs ?? 0))).toBeLessThan(HOUR_MS);
      expect(await recordCount(life)).toBe(2_000 + arrived);
    },
    LIFE_TEST_MS,
  );

  it(
    "brings 5,000 meetings in days, looks for new ones every hour all the while, and said so beforehand",
    async () => {
      const startMs = MIDNIGHT_MS + 15 * HOUR_MS;
      const life = await aLife(5_000, startMs);
      const arrived = await liveWithArrivals(life, startMs + 4 * DAY_MS);
      const { refused, mostADay } = seenBySource(life.emulator);
      expect(refused).toEqual([]);
      expect(mostADay).toBeLessThanOrEqual(QUOTA_PER_DAY);
      const [forecast] = life.foretold;
      expect(forecast).toMatchObject({ meetings: 5_000, calls: 108 });
      const tookDays = ((await backfilledMs(life)) - startMs) / DAY_MS;
      expect(tookDays).toBeGreaterThan(2);
      // One call more or less at the end of a day comes three hours later.
      expect(Math.abs((await backfilledMs(life)) - (forecast?.doneMs ?? 0))).toBeLessThan(4 * HOUR_MS);
      expect(longestBlindMs(life.emulator)).toBeLessThanOrEqual(HOUR_MS + TICK_MS);
      expect(await recordCount(life)).toBe(5_000 + arrived);
      expect((await life.ports.runs.openAlerts()).items, "waiting for its share is no alarm").toEqual([]);
    },
    LIFE_TEST_MS,
  );
});
