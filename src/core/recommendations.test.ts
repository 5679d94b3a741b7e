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
