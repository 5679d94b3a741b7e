import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOCK_SLACK_MS, SCHEDULE_MS } from "./policy.ts";
import { propertyRuns } from "./property-runs.testsuite.ts";
import {
  crowdedOut,
  elapsedMs,
  isDue,
  isScheduled,
  lastDueMs,
  nextDueMs,
  retryMs,
  type Schedule,
  type ScheduledName,
} from "./schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const NAMES = Object.keys(SCHEDULE_MS) as ScheduledName[];
const NOON_MS = Date.UTC(2026, 5, 1, 12);

/** Due times after a moment and up to another. */
function dueTimes(schedule: Schedule, name: ScheduledName, fromMs: number, toMs: number): number[] {
  const times: number[] = [];
  for (let ms = nextDueMs(schedule, name, fromMs); ms <= toMs; ms = nextDueMs(schedule, name, ms))
    times.push(ms);
  return times;
}

const periods = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10_080 }));
const schedules = fc
  .record(Object.fromEntries(NAMES.map((name) => [name, periods])) as Record<ScheduledName, typeof periods>)
  .map((minutes): Schedule => {
    const entries = NAMES.map((name) => [name, minutes[name] * MINUTE_MS]);
    return Object.fromEntries(entries) as Schedule;
  })
  .filter((schedule) => crowdedOut(schedule) === null);

describe("the usual schedule", () => {
  it("lets no two syncs fall on one minute in a week, and each as often as its period says", () => {
    const all = NAMES.map((name) => dueTimes(SCHEDULE_MS, name, NOON_MS, NOON_MS + WEEK_MS));
    expect(all.map((times) => times.length)).toEqual([168, 42, 28, 7, 1]);
    expect(new Set(all.flat()).size).toBe(168 + 42 + 28 + 7 + 1);
  });

  it("has fireflies on the hour and the weekly job on a Sunday", () => {
    expect(nextDueMs(SCHEDULE_MS, "fireflies", NOON_MS)).toBe(NOON_MS + HOUR_MS);
    expect(lastDueMs(SCHEDULE_MS, "fireflies", NOON_MS)).toBe(NOON_MS);
    expect(new Date(nextDueMs(SCHEDULE_MS, "cleanup", NOON_MS)).getUTCDay()).toBe(0);
  });
});

describe("any schedule", () => {
  it("lets no two syncs fall on one minute in a week, and none is forgotten", () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 0, max: 50_000 }), (schedule, days) => {
        const fromMs = days * DAY_MS;
        const taken = new Map<number, string>();
        for (const name of NAMES) {
          const times = dueTimes(schedule, name, fromMs, fromMs + WEEK_MS);
          const least = Math.floor(WEEK_MS / schedule[name] / 4);
          if (schedule[name] >= 20 * MINUTE_MS) expect(times.length).toBeGreaterThanOrEqual(least);
          for (const ms of times) {
            expect(taken.get(ms), `${name} and ${taken.get(ms)}`).toBeUndefined();
            taken.set(ms, name);
          }
        }
      }),
      { numRuns: propertyRuns(15) },
    );
  });

  it("knows the same due times looking back as looking ahead", () => {
    fc.assert(
      fc.property(
        schedules,
        fc.constantFrom(...NAMES),
        fc.integer({ min: 0, max: WEEK_MS }),
        (schedule, name, ms) => {
          const next = nextDueMs(schedule, name, NOON_MS + ms);
          expect(lastDueMs(schedule, name, next)).toBe(next);
          expect(lastDueMs(schedule, name, next - 1)).toBeLessThanOrEqual(NOON_MS + ms);
        },
      ),
      { numRuns: propertyRuns(300) },
    );
  });

  it("is the slot before, or the one after, while a rarer sync has the minute of the last one", () => {
    const crowded = { ...SCHEDULE_MS, fireflies: MINUTE_MS, clients: 2 * MINUTE_MS };
    const minutes = Array.from({ length: 10 }, (_, n) => NOON_MS + 5 * MINUTE_MS + n * MINUTE_MS);
    const taken = minutes.filter((ms) => lastDueMs(crowded, "clients", ms) === ms);
    expect(taken).toHaveLength(5);
    for (const ms of minutes)
      expect(lastDueMs(crowded, "fireflies", ms)).toBe(taken.includes(ms) ? ms - MINUTE_MS : ms);
    for (const ms of minutes)
      expect(nextDueMs(crowded, "fireflies", ms) - ms).toBe(taken.includes(ms) ? MINUTE_MS : 2 * MINUTE_MS);
  });

  it("is of the syncs that fall due by the clock, and of no other", () => {
    expect(Object.keys(SCHEDULE_MS).every(isScheduled)).toBe(true);
    expect(["vectors", "", "toString"].map(isScheduled)).toEqual([false, false, false]);
  });

  it("is refused where some leave no minute for another", () => {
    const usual = { ...SCHEDULE_MS };
    expect(crowdedOut(usual)).toBeNull();
    expect(crowdedOut({ ...usual, fireflies: MINUTE_MS })).toBeNull();
    expect(crowdedOut({ ...usual, fireflies: MINUTE_MS, clients: MINUTE_MS })).toEqual({
      name: "fireflies",
      by: ["clients"],
    });
    const thirds = {
      fireflies: MINUTE_MS,
      projects: 3 * MINUTE_MS,
      clients: 3 * MINUTE_MS,
      verify: 3 * MINUTE_MS,
    };
    expect(crowdedOut({ ...usual, ...thirds })?.name).toBe("fireflies");
  });
});

describe("what is due", () => {
  /** Beats of a clock; what is due is handled at once, as a run is queued for it. */
  function runsOf(beats: Iterable<number>, schedule: Schedule = SCHEDULE_MS): number[] {
    const runs: number[] = [];
    let handledMs: number | null = null;
    for (const nowMs of beats) {
      if (!isDue(schedule, "fireflies", { handledMs, nowMs })) continue;
      handledMs = nowMs;
      runs.push(nowMs);
    }
    return runs;
  }

  function* everyMinute(fromMs: number, toMs: number): Generator<number> {
    for (let ms = fromMs; ms <= toMs; ms += MINUTE_MS) yield ms;
  }

  it("comes once an hour, at the hour, however the beats fall", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 * MINUTE_MS }), { minLength: 50, maxLength: 200 }),
        (gaps) => {
          let ms = NOON_MS;
          const beats = gaps.map((gap) => (ms += gap));
          const hours = new Set(beats.map((beat) => Math.floor(beat / HOUR_MS)));
          const runs = runsOf(beats);
          expect(runs).toHaveLength(hours.size);
          expect(new Set(runs.map((run) => Math.floor(run / HOUR_MS))).size).toBe(runs.length);
        },
      ),
    );
  });

  it("is caught up once after a week without a beat", () => {
    const backMs = NOON_MS + WEEK_MS + 5 * MINUTE_MS;
    expect(runsOf([NOON_MS, ...everyMinute(backMs, backMs + 30 * MINUTE_MS)])).toEqual([NOON_MS, backMs]);
  });

  it("is caught up once after the clock jumped a day ahead or back, and comes every hour from then on", () => {
    for (const jumpMs of [DAY_MS, -DAY_MS]) {
      const fromMs = NOON_MS + 90 * MINUTE_MS;
      const toMs = fromMs + jumpMs;
      const runs = runsOf([...everyMinute(NOON_MS, fromMs), ...everyMinute(toMs, toMs + 2 * HOUR_MS)]);
      const hour = Math.floor(toMs / HOUR_MS) * HOUR_MS;
      expect(runs).toEqual([NOON_MS, NOON_MS + HOUR_MS, toMs, hour + HOUR_MS, hour + 2 * HOUR_MS]);
    }
  });

  it("does not come again because two clocks disagree by a moment", () => {
    expect(runsOf([NOON_MS, NOON_MS - 20, NOON_MS + 20, NOON_MS - CLOCK_SLACK_MS])).toEqual([NOON_MS]);
    expect(elapsedMs(NOON_MS + 5, NOON_MS)).toBe(-5);
    expect(elapsedMs(NOON_MS + DAY_MS, NOON_MS)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("retryMs", () => {
  // Sunday, ten past four.
  const dueMs = lastDueMs(SCHEDULE_MS, "cleanup", NOON_MS);
  const failed = (queuedMs: number, endedMs: number | null = queuedMs + MINUTE_MS) =>
    ({ state: "failed", queuedMs, endedMs }) as const;

  it("is a day after a cleanup that failed, four times, and then the next Sunday is waited for", () => {
    const tries: number[] = [];
    let againMs = retryMs(SCHEDULE_MS, "cleanup", failed(dueMs));
    for (; againMs !== null && tries.length < 10; againMs = retryMs(SCHEDULE_MS, "cleanup", failed(againMs)))
      tries.push(Math.floor((againMs - dueMs) / DAY_MS));
    expect(tries).toEqual([1, 2, 3, 4]);
    expect(retryMs(SCHEDULE_MS, "cleanup", failed(dueMs))).toBe(dueMs + MINUTE_MS + DAY_MS);
    // To the millisecond: the last try comes five days after the due time at the latest.
    const lastMs = dueMs + 4 * DAY_MS;
    expect(retryMs(SCHEDULE_MS, "cleanup", failed(dueMs, lastMs))).toBe(dueMs + 5 * DAY_MS);
    expect(retryMs(SCHEDULE_MS, "cleanup", failed(dueMs, lastMs + 1))).toBeNull();
  });

  it("is never for one that did not fail, that has not ended, or that comes within the day anyway", () => {
    expect(retryMs(SCHEDULE_MS, "cleanup", { ...failed(dueMs), state: "succeeded" })).toBeNull();
    expect(retryMs(SCHEDULE_MS, "cleanup", failed(dueMs, null))).toBeNull();
    expect(retryMs(SCHEDULE_MS, "verify", failed(dueMs))).toBeNull();
    expect(retryMs({ ...SCHEDULE_MS, verify: DAY_MS + MINUTE_MS }, "verify", failed(dueMs))).not.toBeNull();
  });
});
