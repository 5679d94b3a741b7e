import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS } from "./durations.ts";
import { recommendationsFrom, type Evidence } from "./recommendations.ts";

const NOTHING: Evidence = {
  span: "week",
  elapsedMs: null,
  waits: [],
  calls: [],
  operations: [],
  busiest: [],
  quarantine: [],
  dataAge: null,
  withoutWebhooks: [],
  syncs: [],
  storage: null,
  proof: null,
};

const rulesOf = (change: Partial<Evidence>): string[] =>
  recommendationsFrom({ ...NOTHING, ...change }).map(({ rule }) => rule);

const aWait = { party: "notion", reason: "rate_limited", waits: 6, retries: 6, waitedMs: 37 * MINUTE_MS };
const GIGABYTE = 1024 ** 3;
const DAY = 24 * HOUR_MS;

describe("recommendationsFrom", () => {
  it("says nothing without data", () => {
    expect(recommendationsFrom(NOTHING)).toEqual([]);
    expect(recommendationsFrom({ ...NOTHING, span: "run", elapsedMs: 0 })).toEqual([]);
    // That a webhook is not set up is no figure, and neither is a table without rows.
    expect(rulesOf({ withoutWebhooks: ["fireflies"], dataAge: { meetings: 0, p95Ms: null } })).toEqual([]);
    expect(rulesOf({ syncs: [{ sync: "projects", runs: 0, withChanges: 0 }] })).toEqual([]);
  });

  it("begins with the figure that speaks for it, and names the query of that figure", () => {
    const [advice] = recommendationsFrom({
      ...NOTHING,
      span: "run",
      elapsedMs: 100 * MINUTE_MS,
      waits: [aWait],
    });
    expect(advice).toMatchObject({ rule: "waits_for_one", value: 0.37, query: "run_waits" });
    expect(advice?.text).toMatch(/^37 % of the run waited for Notion \(37 min\); /);
  });

  const cases: readonly [string, Partial<Evidence>, Partial<Evidence>][] = [
    [
      "waits_for_one",
      { elapsedMs: 100 * MINUTE_MS, waits: [aWait] },
      { elapsedMs: 1_000 * MINUTE_MS, waits: [aWait] },
    ],
    [
      "near_budget",
      { busiest: [{ party: "fireflies", calls: 41, budget: 50 }] },
      { busiest: [{ party: "fireflies", calls: 40, budget: 50 }] },
    ],
    [
      "retried_often",
      { waits: [aWait], calls: [{ party: "notion", calls: 50 }] },
      { waits: [aWait], calls: [{ party: "notion", calls: 60 }] },
    ],
    [
      "one_reason",
      {
        quarantine: [
          { reason: "title: is missing", items: 6 },
          { reason: "date: is missing", items: 5 },
        ],
      },
      {
        quarantine: [
          { reason: "title: is missing", items: 6 },
          { reason: "date: is missing", items: 6 },
        ],
      },
    ],
    [
      "without_webhooks",
      { withoutWebhooks: ["fireflies"], dataAge: { meetings: 5, p95Ms: 31 * MINUTE_MS } },
      { withoutWebhooks: [], dataAge: { meetings: 5, p95Ms: 31 * MINUTE_MS } },
    ],
    [
      "embedding_dominates",
      {
        operations: [
          { operation: "embed", times: 9, ms: 61_000 },
          { operation: "list", times: 9, ms: 60_000 },
        ],
      },
      {
        operations: [
          { operation: "embed", times: 9, ms: 60_000 },
          { operation: "list", times: 9, ms: 60_000 },
        ],
      },
    ],
    [
      "finds_nothing",
      { syncs: [{ sync: "projects", runs: 42, withChanges: 2 }] },
      { syncs: [{ sync: "projects", runs: 19, withChanges: 0 }] },
    ],
    [
      "finds_much",
      { syncs: [{ sync: "projects", runs: 42, withChanges: 38 }] },
      { syncs: [{ sync: "vectors", runs: 42, withChanges: 42 }] },
    ],
    [
      "storage_fills",
      { storage: { usedBytes: 7.1 * GIGABYTE, maxBytes: 10 * GIGABYTE } },
      { storage: { usedBytes: 7 * GIGABYTE, maxBytes: 10 * GIGABYTE } },
    ],
    [
      "proof_overdue",
      { proof: { ageMs: 9 * DAY, isFirst: false } },
      { proof: { ageMs: 8 * DAY, isFirst: true } },
    ],
  ];

  it.each(cases)("%s holds beyond its threshold and not at it", (rule, beyond, at) => {
    expect(rulesOf(beyond)).toEqual([rule]);
    expect(rulesOf(at)).toEqual([]);
  });

  const adviceOf = (change: Partial<Evidence>) => recommendationsFrom({ ...NOTHING, ...change });
  const textOf = (change: Partial<Evidence>): string | undefined => adviceOf(change)[0]?.text;

  it("says of the vendor that was waited for what to do: of one with a plan another than of the others", () => {
    const waited = (party: string, waitedMs: number, span: "run" | "week" = "week") =>
      textOf({ span, elapsedMs: 2 * waitedMs, waits: [{ ...aWait, party, waitedMs }] });
    const plan =
      "its limits decide how long a run takes: a larger plan, or fewer other programs on this key, would shorten it.";
    expect(waited("notion", MINUTE_MS, "run")).toBe(`50 % of the run waited for Notion (60 s); ${plan}`);
    expect(waited("fireflies", 90_000)).toBe(
      `50 % of the time of runs waited for Fireflies (2 min); ${plan}`,
    );
    expect(waited("workers-ai", 2 * HOUR_MS)).toBe(
      "50 % of the time of runs waited for Workers AI (2.0 h); look at what it answered under Errors.",
    );
    expect(waited("d1", 2 * HOUR_MS - MINUTE_MS)).toMatch(/ waited for d1 \(119 min\); look at/);
    expect(waited("notion", MINUTE_MS - 1), "less than a minute is no matter").toBeUndefined();
  });

  it("adds up the waits for one vendor, and holds none against another", () => {
    const half = { ...aWait, reason: "timed_out", waitedMs: 11 * MINUTE_MS };
    const waits = [
      { ...half, reason: "rate_limited" },
      half,
      { ...half, party: "d1", waitedMs: 15 * MINUTE_MS },
    ];
    expect(adviceOf({ elapsedMs: 100 * MINUTE_MS, waits })).toMatchObject([{ value: 0.22 }]);
    expect(rulesOf({ elapsedMs: 55 * MINUTE_MS, waits: [half] }), "a fifth is not more than a fifth").toEqual(
      [],
    );
    expect(adviceOf({ elapsedMs: HOUR_MS, waits: [{ ...half, waitedMs: 2 * HOUR_MS }] })).toMatchObject([
      { value: 1 },
    ]);
    expect(rulesOf({ elapsedMs: 0, waits })).toEqual([]);
    expect(rulesOf({ elapsedMs: -1, waits })).toEqual([]);
    expect(rulesOf({ elapsedMs: null, waits })).toEqual([]);
  });

  it("says how near a budget came, and nothing of one that is none", () => {
    expect(adviceOf({ busiest: [{ party: "fireflies", calls: 45, budget: 50 }] })).toEqual([
      {
        rule: "near_budget",
        text: "90 % of Fireflies's 50 calls a day were used on the busiest day (45); set up its webhooks and widen its schedule, or take a larger plan.",
        value: 0.9,
        threshold: 0.8,
        unit: "share01",
        query: "week_calls_by_day",
      },
    ]);
    expect(rulesOf({ busiest: [{ party: "fireflies", calls: 45, budget: 0 }] })).toEqual([]);
  });

  it("holds what was tried again against the calls to the same vendor, from a handful on", () => {
    const calls = [
      { party: "notion", calls: 30 },
      { party: "notion", calls: 10 },
      { party: "fireflies", calls: 1_000 },
    ];
    const retried = (retries: number) => adviceOf({ calls, waits: [{ ...aWait, retries }] });
    expect(retried(5)).toEqual([
      {
        rule: "retried_often",
        text: '13 % of the calls to Notion (5 of 40) were tried again because of "rate_limited"; see that alert\'s section in docs/runbook.md before the retries are used up.',
        value: 0.125,
        threshold: 0.1,
        unit: "share01",
        query: "week_waits",
      },
    ]);
    const few = [{ party: "notion", calls: 10 }];
    expect(rulesOf({ calls: few, waits: [{ ...aWait, retries: 4 }] })).toEqual([]);
    expect(rulesOf({ calls: few, waits: [{ ...aWait, retries: 5 }] })).toEqual(["retried_often"]);
    expect(rulesOf({ waits: [aWait] }), "no call is known").toEqual([]);
  });

  it("names the one reason of most of the quarantine, whichever it is in the list, from a handful on", () => {
    const quarantine = [
      { reason: "date: is missing", items: 2 },
      { reason: "title: is missing", items: 8 },
    ];
    expect(adviceOf({ quarantine })).toEqual([
      {
        rule: "one_reason",
        text: '80 % of what is in quarantine (8 of 10) has one reason, "title: is missing"; mend it once where these records are made.',
        value: 0.8,
        threshold: 0.5,
        unit: "share01",
        query: "quarantine_standing",
      },
    ]);
    expect(adviceOf({ span: "run", quarantine })).toMatchObject([{ query: "run_quarantine_reasons" }]);
    expect(rulesOf({ quarantine: [{ reason: "title: is missing", items: 4 }] })).toEqual([]);
    expect(rulesOf({ quarantine: [{ reason: "title: is missing", items: 5 }] })).toEqual(["one_reason"]);
  });

  it("speaks of webhooks where meetings are found late, by as many as make a figure", () => {
    const late = (meetings: number, p95Ms: number) =>
      adviceOf({ withoutWebhooks: ["fireflies"], dataAge: { meetings, p95Ms } });
    expect(late(5, 40 * MINUTE_MS)).toEqual([
      {
        rule: "without_webhooks",
        text: "40 min pass from a meeting's end until it can be found, for 1 in 20 or more (of 5), and Fireflies' webhooks are not set up; with them it is minutes: npm run -s syncctl -- webhooks.",
        value: 40 * MINUTE_MS,
        threshold: 30 * MINUTE_MS,
        unit: "ms",
        query: "week_data_age_all",
      },
    ]);
    expect(late(4, 40 * MINUTE_MS)).toEqual([]);
    expect(late(5, 30 * MINUTE_MS)).toEqual([]);
    expect(rulesOf({ withoutWebhooks: ["notion"], dataAge: { meetings: 5, p95Ms: HOUR_MS } })).toEqual([]);
  });

  it("holds the making of embeddings against the work alone: a wait is none", () => {
    const operations = [
      { operation: "embed", times: 9, ms: 45_000 },
      { operation: "list", times: 9, ms: 15_000 },
      { operation: "wait for the index", times: 1, ms: 900_000 },
    ];
    expect(adviceOf({ span: "run", operations })).toEqual([
      {
        rule: "embedding_dominates",
        text: "75 % of the measured work (45 s) was making embeddings; a nearer or faster model is what would shorten it.",
        value: 0.75,
        threshold: 0.5,
        unit: "share01",
        query: "run_operations",
      },
    ]);
    expect(rulesOf({ operations: [{ operation: "embed", times: 1, ms: 59_999 }] })).toEqual([]);
  });

  it("says of a schedule whether it could be wider or closer, and nothing at the bounds", () => {
    const of = (runs: number, withChanges: number) =>
      adviceOf({ syncs: [{ sync: "clients", runs, withChanges }] });
    expect(of(40, 1)).toEqual([
      {
        rule: "finds_nothing",
        text: "3 % of the runs of clients (1 of 40) found something to change; its schedule could be wider (schedule.clients_minutes).",
        value: 0.025,
        threshold: 0.05,
        unit: "share01",
        query: "week_runs",
      },
    ]);
    expect(of(20, 19)).toEqual([
      {
        rule: "finds_much",
        text: "95 % of the runs of clients (19 of 20) found something to change; a closer schedule (schedule.clients_minutes) or webhooks would bring it sooner.",
        value: 0.95,
        threshold: 0.9,
        unit: "share01",
        query: "week_runs",
      },
    ]);
    expect([of(20, 1), of(20, 18), of(19, 19)]).toEqual([[], [], []]);
  });

  it("says how much of the database is used, and how long there was no complete proof", () => {
    expect(textOf({ storage: { usedBytes: 7.5 * GIGABYTE, maxBytes: 10 * GIGABYTE } })).toBe(
      "75 % of the room of the database is used (7.5 GB of 10.0 GB); plan for a second database, or shorten what is kept, before runs are refused.",
    );
    const make = "make one: npm run -s syncctl -- verify --complete.";
    expect(adviceOf({ proof: { ageMs: 9.5 * DAY, isFirst: false } })).toEqual([
      {
        rule: "proof_overdue",
        text: `9 days have passed since the last complete proof; ${make}`,
        value: 9.5 * DAY,
        threshold: 8 * DAY,
        unit: "ms",
        query: "last_complete_proof",
      },
    ]);
    expect(textOf({ proof: { ageMs: 20 * DAY, isFirst: true } })).toBe(
      `20 days have passed since the first run, and there was no complete proof; ${make}`,
    );
  });

  it("whatever the evidence, each piece is beyond its threshold and its sentence holds a figure", () => {
    const count = fc.nat(60);
    const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
      span: fc.constantFrom("run", "week"),
      elapsedMs: fc.option(fc.nat(10 * HOUR_MS)),
      waits: fc.array(
        fc.record({
          party: fc.constantFrom("notion", "fireflies", "d1"),
          reason: fc.constantFrom("rate_limited", "timed_out"),
          waits: count,
          retries: count,
          waitedMs: fc.nat(HOUR_MS),
        }),
        { maxLength: 4 },
      ),
      calls: fc.array(fc.record({ party: fc.constantFrom("notion", "fireflies"), calls: count }), {
        maxLength: 4,
      }),
      operations: fc.array(
        fc.record({
          operation: fc.constantFrom("embed", "list", "other"),
          times: count,
          ms: fc.nat(HOUR_MS),
        }),
        { maxLength: 4 },
      ),
      busiest: fc.array(fc.record({ party: fc.constant("fireflies"), calls: count, budget: count }), {
        maxLength: 2,
      }),
      quarantine: fc.array(fc.record({ reason: fc.string(), items: count }), { maxLength: 4 }),
      dataAge: fc.option(fc.record({ meetings: count, p95Ms: fc.option(fc.nat(DAY)) })),
      withoutWebhooks: fc.subarray(["fireflies", "notion"]),
      syncs: fc.array(
        fc.record({ sync: fc.constantFrom("projects", "vectors"), runs: count, withChanges: fc.nat(20) }),
        { maxLength: 3 },
      ),
      storage: fc.option(fc.record({ usedBytes: fc.nat(100), maxBytes: fc.nat(100) })),
      proof: fc.option(fc.record({ ageMs: fc.nat(40 * DAY), isFirst: fc.boolean() })),
    });
    fc.assert(
      fc.property(anyEvidence, (evidence) => {
        for (const { rule, value, threshold, text, query } of recommendationsFrom(evidence)) {
          expect(Number.isFinite(value)).toBe(true);
          expect(rule === "finds_nothing" ? value < threshold : value > threshold).toBe(true);
          expect(text).toMatch(/^\d/);
          expect(query).not.toBe("");
        }
      }),
    );
  });
});
