import { describe, expect, it } from "vitest";
import type { Failure } from "./errors.ts";
import { KEPT_WAIT_MAX_MS, PARK_ABOVE_MS } from "./policy.ts";
import { callTimeoutMs, failuresOnLadder, nextAfter, shrunkPageRows } from "./retry.ts";

const NOW_MS = 1_000_000;
const aFailure = (failure: Partial<Failure>): Failure => ({
  kind: "unreachable",
  party: "fireflies",
  detail: "",
  ...failure,
});
const waitsOf = (failure: Failure, tries: number): (number | string)[] =>
  Array.from({ length: tries }, (_, n) => {
    const next = nextAfter(failure, n + 1, NOW_MS);
    return next.do === "wait" ? next.untilMs - NOW_MS : next.do;
  });

describe("nextAfter", () => {
  it("waits 5, 10, 20, 40 and 80 s, then halts with an alert", () => {
    expect(waitsOf(aFailure({}), 6)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, "halt"]);
    expect(nextAfter(aFailure({}), 6, NOW_MS)).toEqual({ do: "halt", alert: true, exhausted: true });
  });

  it("says of a wait that it costs a retry, and of one too long that it is no alert", () => {
    expect(nextAfter(aFailure({}), 1, NOW_MS)).toEqual({ do: "wait", untilMs: NOW_MS + 5_000, retry: true });
    const untilMs = NOW_MS + PARK_ABOVE_MS;
    const named = (notBeforeMs: number) => nextAfter(aFailure({ notBeforeMs }), 1, NOW_MS);
    expect(named(untilMs)).toEqual({ do: "wait", untilMs, retry: true });
    expect(named(untilMs + 1)).toEqual({ do: "park", untilMs: untilMs + 1, alert: false });
  });

  it("waits 1 s up to 10 times for a locked database", () => {
    expect(waitsOf(aFailure({ kind: "locked", party: "d1" }), 11)).toEqual([
      ...Array(10).fill(1_000),
      "halt",
    ]);
  });

  it("waits a minute for a call that is kept for others, and leaves the lane to them if it takes longer", () => {
    const kept = (waitMs: number): (number | string)[] =>
      waitsOf(aFailure({ kind: "reserved", notBeforeMs: NOW_MS + waitMs }), 1);
    expect(kept(KEPT_WAIT_MAX_MS)).toEqual([KEPT_WAIT_MAX_MS]);
    expect(kept(KEPT_WAIT_MAX_MS + 1)).toEqual(["park"]);
  });

  it("halves a page that is too large without making anybody wait", () => {
    expect(waitsOf(aFailure({ kind: "too_large" }), 6)).toEqual([...Array(5).fill(1_000), "halt"]);
  });

  it("takes up a step at once after one kill, then waits ever longer, and halts at the seventh", () => {
    const waits = [0, 5_000, 10_000, 20_000, 40_000, 80_000];
    expect(waitsOf(aFailure({ kind: "interrupted", party: "engine" }), 7)).toEqual([...waits, "halt"]);
  });

  it("never goes on before the time the vendor named, however short its own ladder", () => {
    const failure = aFailure({ kind: "rate_limited", notBeforeMs: NOW_MS + 31_000 });
    expect(waitsOf(failure, 5)).toEqual([31_000, 31_000, 31_000, 40_000, 80_000]);
  });

  it("parks instead of waiting longer than a quarter of an hour", () => {
    const untilMs = NOW_MS + PARK_ABOVE_MS + 1;
    expect(nextAfter(aFailure({ kind: "rate_limited", notBeforeMs: untilMs }), 1, NOW_MS)).toMatchObject({
      do: "park",
      untilMs,
    });
  });

  it("parks a used-up quota until its reset, at the cost of no retry and without an alert", () => {
    const failure = aFailure({ kind: "quota", notBeforeMs: NOW_MS + 5 });
    expect(nextAfter(failure, 99, NOW_MS)).toEqual({ do: "park", untilMs: NOW_MS + 5, alert: false });
  });

  it("parks a denied key until somebody acts, with an alert", () => {
    expect(nextAfter(aFailure({ kind: "denied" }), 1, NOW_MS)).toEqual({
      do: "park",
      untilMs: null,
      alert: true,
    });
  });

  it("waits for its own not_before as often as it takes", () => {
    const failure = aFailure({ kind: "not_yet", notBeforeMs: NOW_MS + 7 });
    expect(nextAfter(failure, 1_000, NOW_MS)).toEqual({ do: "wait", untilMs: NOW_MS + 7, retry: false });
  });

  it.each(["storage_full", "defect", "listing_order"] as const)(
    "halts at once on %s, with an alert",
    (kind) => {
      expect(nextAfter(aFailure({ kind }), 1, NOW_MS)).toEqual({ do: "halt", alert: true, exhausted: false });
    },
  );

  it("halts without a word when another run holds the lane", () => {
    expect(nextAfter(aFailure({ kind: "superseded" }), 1, NOW_MS)).toMatchObject({
      do: "halt",
      alert: false,
    });
  });
});

describe("failuresOnLadder", () => {
  it("counts only failures that climb the same ladder", () => {
    const failures = ["locked", "locked", "unreachable", "rate_limited"] as const;
    expect(failuresOnLadder(failures, "timed_out")).toBe(2);
    expect(failuresOnLadder(failures, "locked")).toBe(2);
  });

  it("counts what climbs no ladder apart from what does", () => {
    const failures = ["not_yet", "unreachable", "quota", "reserved"] as const;
    expect(failuresOnLadder(failures, "unreachable")).toBe(1);
    expect(failuresOnLadder(failures, "not_yet")).toBe(2);
    expect(failuresOnLadder(failures, "denied")).toBe(1);
  });
});

describe("growing timeouts and shrinking pages", () => {
  it("gives a call 30, 60, then 120 s", () => {
    expect([0, 1, 2, 3, 9].map(callTimeoutMs)).toEqual([30_000, 60_000, 120_000, 120_000, 120_000]);
  });

  it("asks for 50, 25, 12, 6, 3, 1 rows and never fewer than one", () => {
    const rows = [0, 1, 2, 3, 4, 5, 6].map((times) => shrunkPageRows(50, Array(times).fill("too_large")));
    expect(rows).toEqual([50, 25, 12, 6, 3, 1, 1]);
  });

  it("asks for as many rows after one kill, and for fewer if the program ends there again", () => {
    const rows = [1, 2, 3, 4, 5].map((times) => shrunkPageRows(50, Array(times).fill("interrupted")));
    expect(rows).toEqual([50, 25, 12, 6, 3]);
    expect(shrunkPageRows(50, ["timed_out", "interrupted", "locked", "unreachable"])).toBe(25);
  });
});
