import { createRandom, type Random } from "../../emulators/world/random.ts";
import type { ControlInput } from "../../emulators/fireflies/control-ops.ts";
import type { Plan } from "../../emulators/fireflies/quota.ts";
import type { SourceMeeting } from "../../emulators/fireflies/source-meeting.ts";
import { NO_PARTS, withParts, type PartEvent, type ScenarioParts, type Span } from "./scenario-parts.ts";
import { aMeeting, aSentence, someSentences } from "./meetings.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** One hour, ms. */
export const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Something that happens to the world or to a store at its time, whatever the program does meanwhile. */
export type WorldEvent =
  | PartEvent
  | { readonly atMs: number; readonly do: "source"; readonly id: string; readonly op: ControlInput }
  | { readonly atMs: number; readonly do: "ripen"; readonly id: string }
  | { readonly atMs: number; readonly do: "faults"; readonly op: ControlInput }
  | { readonly atMs: number; readonly do: "drop vectors"; readonly count: number }
  | { readonly atMs: number; readonly do: "hold vectors"; readonly hold: boolean }
  | { readonly atMs: number; readonly do: "rot object"; readonly roll: number }
  | { readonly atMs: number; readonly do: "start by hand"; readonly sync: "fireflies" | "vectors" };

/** A change of the source right after the program got a list reply: rows move between two pages. */
export type PageEvent = { readonly afterList: number; readonly id: string; readonly op: ControlInput };

/** Share of calls that meet trouble, per binding, in [0, 1]. */
export type TroubleRates = {
  readonly d1: number;
  readonly r2: number;
  readonly vectorize: number;
  readonly ai: number;
  readonly slow: number;
};

/** The end of a life: after so many calls, or at so many calls of one kind if that comes first. */
export type Death = {
  readonly calls: number;
  readonly at: { readonly place: string; readonly times: number } | null;
  /** The step engine forgets the newest run with it; by chance if nothing is said. */
  readonly losesRun?: true;
};

/** Moments that a random count of calls rarely hits, and that decide most: between an effect and the row that names it. */
export const PLACES = [
  "before vectorize.deleteByIds",
  "after vectorize.deleteByIds",
  "before vectorize.upsert",
  "after vectorize.upsert",
  "before r2.put",
  "after r2.put",
  "before fireflies.call",
  "after fireflies.call",
  "after ai.run",
  "before workflow.createBatch",
  "after workflow.createBatch",
];

/** Everything that a seed decides before anything runs. */
export type Scenario = ScenarioParts & {
  readonly seed: number;
  readonly startMs: number;
  /** From here on nothing goes wrong and nothing changes. */
  readonly calmMs: number;
  readonly tickEveryMs: number;
  readonly meetings: readonly SourceMeeting[];
  /** What has been done to them before the program begins, in order. */
  readonly past: readonly { readonly id: string; readonly op: ControlInput }[];
  readonly plan: Plan;
  readonly quotaPerDay: number | null;
  readonly faultRate: number;
  readonly vectorDelayMs: number;
  readonly rates: TroubleRates;
  readonly events: readonly WorldEvent[];
  readonly pageEvents: readonly PageEvent[];
  /** How each life ends, at the latest after so many calls; those beyond the list die of nothing. */
  readonly deaths: readonly Death[];
};

/** How long trouble and changes go on: hours, or a month. */
export type HistoryLength = "short" | "long";

const LONG_MS = 30 * DAY_MS;
/** So many times as much happens in a month. */
const LONG_TIMES = 8;

/** Meetings of a large world; a page of the source is 50. */
const LARGE_WORLDS = [30, 52, 60, 75, 110];

/** What a seed is. Pure. */
export function scenarioOf(seed: number, length: HistoryLength = "short"): Scenario {
  const { scenario, span } = meetingsAlone(seed, length);
  return withSecondHalf(withParts(scenario, span, untouched(scenario)));
}

/** A seed without the parts that only some have: what it stands for does not move when parts are added. Pure. */
export function plainScenarioOf(seed: number, length: HistoryLength = "short"): Scenario {
  return meetingsAlone(seed, length).scenario;
}

function meetingsAlone(seed: number, length: HistoryLength): { scenario: Scenario; span: Span } {
  const random = createRandom(seed, "scenario");
  const startMs = Date.UTC(2026, 8, 1) + random.int(0, 7 * 24 * 60) * MINUTE_MS;
  const shortMs = random.pick(random.chance(0.95) ? [1, 1, 1, 1, 2, 3] : [4, 6, 9, 14, 30]) * HOUR_MS;
  const stormMs = length === "long" ? LONG_MS : shortMs;
  // Small worlds meet most bugs and are quick; the large ones are listed over several pages.
  const count = random.pick(random.chance(0.96) ? [2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 14] : LARGE_WORLDS);
  const meetings = workspace(random, startMs, count);
  const free = random.chance(0.2);
  const quiet = random.chance(0.15);
  const rate = (): number => (quiet ? 0 : random.pick([0, 0.002, 0.01, 0.03]));
  const { events, pageEvents } = happenings(random, { startMs, stormMs, meetings, quiet });
  const scenario: Scenario = {
    ...NO_PARTS,
    seed,
    startMs,
    // Young meetings ripen to their end.
    calmMs: Math.max(startMs + stormMs, events.at(-1)?.atMs ?? 0) + MINUTE_MS,
    tickEveryMs: tickEvery(random, stormMs),
    meetings,
    past: [],
    plan: free ? "free" : random.pick(["pro", "business", "business"]),
    quotaPerDay: random.chance(0.15) ? random.int(30, 60) : null,
    faultRate: quiet ? 0 : random.pick([0, 0.1, 0.25, 0.5]),
    vectorDelayMs: random.pick([100, 2 * SECOND_MS, 20 * SECOND_MS, 3 * MINUTE_MS]),
    rates: { d1: rate(), r2: rate(), vectorize: rate(), ai: rate(), slow: rate() / 2 },
    events,
    pageEvents,
    // Now and then nothing at all goes wrong.
    deaths: Array.from({ length: quiet && random.chance(0.5) ? 0 : random.int(1, 6) }, () => deathOf(random)),
  };
  return { scenario, span: { startMs, stormMs } };
}

function tickEvery(random: Random, stormMs: number): number {
  if (stormMs <= 4 * HOUR_MS) return random.pick([5, 10, 20, 20, 30, 30]) * MINUTE_MS;
  return random.pick([30, 60]) * MINUTE_MS;
}

/** How long the estate is given to come to rest in the middle: days, if both sides of Notion may need a week twice. */
const REST_MS = 40 * HOUR_MS;
const REST_WITH_NOTION_MS = 25 * DAY_MS;

/** Some histories come to rest in the middle, are judged there, and go on. */
function withSecondHalf(scenario: Scenario): Scenario {
  const random = createRandom(scenario.seed, "second half");
  if (!random.chance(scenario.notion === null ? 0.06 : 0.03)) return scenario;
  const troubleMs = scenario.calmMs + (scenario.notion === null ? REST_MS : REST_WITH_NOTION_MS);
  const stormMs = random.pick([1, 2, 4, 9]) * HOUR_MS;
  const given = { startMs: troubleMs, stormMs, meetings: untouched(scenario).slice(0, 6), quiet: false };
  const { events } = happenings(random, given, "b");
  const moves: WorldEvent[] = Array.from({ length: scenario.notion === null ? 0 : random.int(1, 8) }, () => ({
    atMs: troubleMs + random.int(0, stormMs),
    do: "person",
  }));
  return {
    ...scenario,
    events: [...scenario.events, ...[...events, ...moves].toSorted((a, b) => a.atMs - b.atMs)],
    pause: {
      troubleMs,
      calmMs: Math.max(troubleMs + stormMs, events.at(-1)?.atMs ?? 0) + MINUTE_MS,
      deaths: Array.from({ length: random.int(0, 3) }, () => deathOf(random)),
    },
  };
}

/** Meetings that nothing happens to. */
function untouched({ meetings, events, pageEvents }: Scenario): SourceMeeting[] {
  const touched = new Set([...events, ...pageEvents].flatMap((event) => ("id" in event ? [event.id] : [])));
  return meetings.filter(({ id }) => !touched.has(id));
}

function deathOf(random: Random): Death {
  if (random.chance(0.4))
    return { calls: 2_000, at: { place: random.pick(PLACES), times: random.int(1, 3) } };
  return { calls: random.int(1, random.pick([8, 40, 100, 200, 400])), at: null };
}

function workspace(random: Random, startMs: number, count: number): SourceMeeting[] {
  const spanMs = random.pick([DAY_MS, 5 * DAY_MS, 40 * DAY_MS]);
  let createdMs = startMs;
  return Array.from({ length: count }, (_, place) => {
    // Several meetings in one second are nothing rare: a listing must not lose any of them.
    if (place === 0 || !random.chance(0.1)) createdMs = startMs - random.int(MINUTE_MS, spanMs);
    return aMeeting(random, `m${String(place).padStart(3, "0")}`, createdMs);
  });
}

type Given = { startMs: number; stormMs: number; meetings: readonly SourceMeeting[]; quiet: boolean };
type Pool = { id: string; createdMs: number; sentences: SourceMeeting["sentences"] }[];

/** @param letter what the names of new meetings begin with */
function happenings(
  random: Random,
  { startMs, stormMs, meetings, quiet }: Given,
  letter = "a",
): Pick<Scenario, "events" | "pageEvents"> {
  const pool: Pool = meetings.map((one) => ({
    id: one.id,
    createdMs: one.date_ms ?? 0,
    sentences: one.sentences,
  }));
  const pageEvents = betweenPages(random, pool, startMs);
  const events: WorldEvent[] = [];
  const eventsMax = stormMs === LONG_MS ? 25 * LONG_TIMES : 25;
  const times = Array.from(
    { length: random.int(0, random.pick([eventsMax / 5, eventsMax / 5, eventsMax / 5, eventsMax])) },
    () => startMs + random.int(0, stormMs),
  ).toSorted((a, b) => a - b);
  for (const [n, atMs] of times.entries())
    events.push(...changeOf(random, { pool, atMs, endMs: startMs + stormMs, name: `${letter}${n}` }));
  if (!quiet) {
    for (let n = random.int(0, stormMs === LONG_MS ? 8 * LONG_TIMES : 8); n > 0; n -= 1)
      events.push(...troubleOf(random, startMs + random.int(0, stormMs)));
  }
  return { events: events.toSorted((a, b) => a.atMs - b.atMs), pageEvents };
}

/** Each of these meetings is touched by nothing else, so the order of changes cannot depend on when pages are asked for. */
function betweenPages(random: Random, pool: Pool, startMs: number): PageEvent[] {
  const found: PageEvent[] = [];
  for (let n = random.int(0, 6); n > 0; n -= 1) {
    const afterList = random.int(1, 8);
    if (random.chance(0.4)) {
      const id = `p${n}`;
      const createdMs = startMs - random.int(-1_000, 20 * HOUR_MS);
      found.push({
        afterList,
        id,
        op: { op: "arrive", meeting: dated(aMeeting(random, id, createdMs), createdMs) },
      });
      continue;
    }
    const [target] = pool.length > 0 ? pool.splice(random.int(0, pool.length - 1), 1) : [];
    if (target === undefined) continue;
    const op: ControlInput = random.chance(0.5)
      ? { op: "delete", id: target.id }
      : { op: "rename", id: target.id, title: `renamed between pages ${n}` };
    found.push({ afterList, id: target.id, op });
  }
  return found;
}

type Moment = { pool: Pool; atMs: number; endMs: number; name: string };

function changeOf(random: Random, { pool, atMs, endMs, name }: Moment): WorldEvent[] {
  const event = (id: string, op: ControlInput, at = atMs): WorldEvent => ({
    atMs: Math.min(at, endMs),
    do: "source",
    id,
    op,
  });
  if (random.chance(0.4)) return arrival(random, { pool, atMs, endMs, name });
  const recent = pool.filter((one) => one.createdMs > atMs - 50 * HOUR_MS);
  const target = random.pick(
    recent.length > 0 && random.chance(0.8)
      ? recent
      : pool.length > 0
        ? pool
        : [{ id: "", createdMs: 0, sentences: [] }],
  );
  if (target.id === "") return [];
  switch (random.int(0, 5)) {
    case 0:
      return [event(target.id, { op: "rename", id: target.id, title: `renamed ${name}` })];
    case 1:
      pool.splice(pool.indexOf(target), 1);
      return [event(target.id, { op: "delete", id: target.id })];
    case 2: {
      pool.splice(pool.indexOf(target), 1);
      const hide = event(target.id, { op: "hide", id: target.id });
      return random.chance(0.5)
        ? [hide, event(target.id, { op: "show", id: target.id }, atMs + random.int(1, 5) * HOUR_MS)]
        : [hide];
    }
    case 3: {
      // Text that goes and comes back must not come back under an id that was given up.
      pool.splice(pool.indexOf(target), 1);
      const other = someSentences(random);
      return [
        event(target.id, { op: "edit", id: target.id, set: { sentences: other } }),
        event(
          target.id,
          { op: "edit", id: target.id, set: { sentences: target.sentences ?? [] } },
          atMs + random.pick([2, 10, 40, 70]) * MINUTE_MS,
        ),
      ];
    }
    default: {
      const at = random.int(0, Math.max(0, (target.sentences?.length ?? 1) - 1));
      if ((target.sentences?.length ?? 0) === 0) return [];
      const sentences = (target.sentences ?? []).with(at, aSentence(random, at));
      target.sentences = sentences;
      return [event(target.id, { op: "edit", id: target.id, set: { sentences } })];
    }
  }
}

/** A meeting that arrives without a date would be given that of its arrival, which kills change. */
function dated(meeting: SourceMeeting, createdMs: number): SourceMeeting {
  return { ...meeting, date_ms: createdMs };
}

function arrival(random: Random, { pool, atMs, endMs, name }: Moment): WorldEvent[] {
  const lateMs = random.chance(0.4) ? random.int(1, random.pick([20, 60, 200])) * HOUR_MS : 0;
  const meeting = dated(aMeeting(random, name, atMs - lateMs), atMs - lateMs);
  const ripens = lateMs === 0 && random.chance(0.4);
  if (!ripens) {
    pool.push({ id: name, createdMs: atMs - lateMs, sentences: meeting.sentences });
    return [{ atMs, do: "source", id: name, op: { op: "arrive", meeting } }];
  }
  const liveMs = random.int(1, 40) * MINUTE_MS;
  const transcribedMs = liveMs + random.int(1, 60) * MINUTE_MS;
  const summarizedMs = transcribedMs + random.int(1, 60) * MINUTE_MS;
  const lifecycle = {
    live_until_ms: atMs + liveMs,
    transcribed_at_ms: atMs + transcribedMs,
    summarized_at_ms: atMs + summarizedMs,
    outcome: random.pick(["processed", "skipped"] as const),
  };
  const stages = [liveMs, transcribedMs, summarizedMs].map((ms): WorldEvent => ({
    atMs: atMs + ms,
    do: "ripen",
    id: name,
  }));
  const young = { ...meeting, date_ms: atMs, lifecycle, meeting_info: { fred_joined: true } };
  return [
    { atMs: Math.min(atMs, endMs), do: "source", id: name, op: { op: "arrive", meeting: young } },
    ...stages,
  ];
}

function troubleOf(random: Random, atMs: number): WorldEvent[] {
  switch (random.int(0, 6)) {
    case 0:
      return [
        {
          atMs,
          do: "faults",
          op: {
            op: "fault",
            next: [{ kind: "rate_limited", retryAfterSeconds: random.pick([30, 200, 2_000]) }],
          },
        },
      ];
    case 1:
      return [
        {
          atMs,
          do: "faults",
          op: { op: "fault", next: [{ kind: "slow", slowMs: random.pick([20, 40, 70, 130]) * SECOND_MS }] },
        },
      ];
    case 2:
      return [{ atMs, do: "drop vectors", count: random.int(1, 20) }];
    case 3:
      return [
        { atMs, do: "hold vectors", hold: true },
        { atMs: atMs + random.int(1, 40) * MINUTE_MS, do: "hold vectors", hold: false },
      ];
    case 4:
      return [{ atMs, do: "rot object", roll: random.next() }];
    case 5:
      return [
        {
          atMs,
          do: "faults",
          op: {
            op: "fault",
            next: [
              {
                kind: "api_error",
                code: random.pick(["request_timeout", "invariant_violation", "too_many_requests"]),
              },
            ],
          },
        },
      ];
    default:
      return [{ atMs, do: "start by hand", sync: random.pick(["fireflies", "vectors"]) }];
  }
}
