import { describe, expect, test } from "vitest";
import type { RunReport } from "../queries/status.ts";
import type { OneShot, Proof } from "./one-shot.ts";
import { EXIT } from "../surfaces/exit-codes.ts";
import { exitCode, outcomeJson } from "./outcome.ts";
import { finalReport } from "./terminal.ts";

const PROVEN: Proof = {
  source: 9,
  source_as_of: "2026-05-08T15:00:00.000Z",
  raw: 9,
  records: 9,
  documents: 9,
  chunks: 9,
  vectors: 9,
  pending: 0,
  quarantined: 0,
  deleted: 0,
  unexplained: [],
  unexplained_count: 0,
};

function aReport(sync: "fireflies" | "vectors", change: Partial<RunReport["run"]> = {}): RunReport {
  const run = {
    id: "01RUN",
    sync,
    trigger: "manual",
    state: "succeeded",
    detail: null,
    rebuild: null,
    notBeforeMs: null,
    durationMs: 1,
    result: null,
    ...change,
  } as RunReport["run"];
  const counts = { created: 0, updated: 0, unchanged: 0, deleted: 0, pending: 0, quarantined: 0, failed: 0 };
  return { run, counts: { seen: 0, ...counts }, progress: null, setAside: [], troubles: [], forecast: null };
}

const parked = (sync: "fireflies" | "vectors"): RunReport =>
  aReport(sync, { state: "parked", notBeforeMs: Date.UTC(2026, 4, 9) });

function outcomeOf(reports: readonly RunReport[], proof: Partial<Proof> = {}, off: OneShot["off"] = []) {
  const count = proof.unexplained?.length ?? 0;
  const oneShot: OneShot = {
    reports,
    proof: { ...PROVEN, unexplained_count: count, ...proof },
    figures: [],
    notes: [],
    findings: [],
    alerts: [],
    untold: [],
    off,
    quarantined: 0,
  };
  const json = outcomeJson(oneShot, "/data", []);
  return { json, code: exitCode(json), text: finalReport(oneShot, json) };
}

test("the time of an operation says of how many calls it was", () => {
  const operations = { list: { times: 1, ms: 1_500 }, fetch: { times: 12, ms: 20 } };
  const { text } = outcomeOf([aReport("fireflies", { result: { operations, checks: [] } as never })]);
  expect(text).toMatch(/ 1\.50 s in 1 call\n.* 0\.02 s in 12 calls\n/);
});

describe("exitCode", () => {
  test("is 0 when all succeeded and the proof holds", () => {
    const { json, code } = outcomeOf([aReport("fireflies"), aReport("vectors")]);
    expect({ ok: json.ok, code }).toEqual({ ok: true, code: EXIT.succeeded });
  });

  test("is 0 without a listing where Fireflies is off, which the report says", () => {
    const reason = "fireflies is off: no FIREFLIES_API_KEY is set";
    const nothing = { source: 0, records: 0, pending: 0, quarantined: 0, source_as_of: null };
    const { json, code, text } = outcomeOf([aReport("vectors")], nothing, [{ sync: "fireflies", reason }]);
    expect({ ok: json.ok, code, off: json.off }).toEqual({
      ok: true,
      code: EXIT.succeeded,
      off: [{ sync: "fireflies", reason }],
    });
    expect(text).toContain(`Left out\n  ${reason}`);
    expect(outcomeOf([aReport("vectors")], nothing).code).toBe(EXIT.findings);
  });

  test.each<{ what: string; reports: RunReport[]; proof: Partial<Proof> }>([
    {
      what: "meetings of an unfinished listing",
      reports: [parked("fireflies"), aReport("vectors")],
      proof: { source: 0, unexplained: ["seen, but in no complete listing: m1", "vectors owed: m1"] },
    },
    {
      what: "a first listing that was never completed",
      reports: [parked("fireflies"), aReport("vectors")],
      proof: {
        source: 0,
        source_as_of: null,
        records: 1,
        unexplained: ["seen, but in no complete listing: m1"],
      },
    },
    {
      what: "more of them than are named",
      reports: [parked("fireflies"), aReport("vectors")],
      proof: { source: 0, unexplained: ["seen, but in no complete listing: m1"], unexplained_count: 99 },
    },
    {
      what: "vectors owed to a parked vectors run",
      reports: [aReport("fireflies"), parked("vectors")],
      proof: { unexplained: ["vectors owed: m1"] },
    },
  ])("is 0 while parked for $what", ({ reports, proof }) => {
    const { json, code } = outcomeOf(reports, proof);
    expect({ ok: json.ok, code, proven: json.proof.ok }).toEqual({ ok: true, code: 0, proven: false });
  });

  test.each<{ what: string; reports: RunReport[]; proof: Partial<Proof> }>([
    {
      what: "raw objects that are gone",
      reports: [parked("fireflies"), aReport("vectors")],
      proof: { raw: 0, unexplained: ["raw revision missing or damaged: m1", "vectors owed: m1"] },
    },
    {
      what: "vectors that are gone",
      reports: [parked("fireflies"), aReport("vectors")],
      proof: { vectors: 8, unexplained: ["vector missing: v1 of m1"] },
    },
    {
      what: "what a listing leaves, when only vectors are parked",
      reports: [aReport("fireflies"), parked("vectors")],
      proof: { unexplained: ["seen, but in no complete listing: m1"] },
    },
    {
      what: "figures that do not add up without a named reason",
      reports: [parked("fireflies"), aReport("vectors")],
      proof: { records: 8 },
    },
    {
      what: "rows that were never sighted",
      reports: [parked("fireflies"), aReport("vectors")],
      proof: { unexplained: ["1 rows of meetings were never sighted"] },
    },
  ])("is 1 for $what, parked or not", ({ reports, proof }) => {
    const { json, code } = outcomeOf(reports, proof);
    expect({ ok: json.ok, code }).toEqual({ ok: false, code: EXIT.findings });
  });
});

describe("lists that are cut", () => {
  const setAside = Array.from({ length: 50 }, (_, n) => ({
    itemId: `m${n}`,
    verdict: "quarantined",
    reason: "title is missing",
  }));

  test("say how many more there are, and the whole number stands in the JSON", () => {
    const report = { ...aReport("fireflies"), setAside };
    const cut = { ...report, counts: { ...report.counts, seen: 200, quarantined: 200 } };
    const { json, text } = outcomeOf([cut], { unexplained: ["no chunks: m1"], unexplained_count: 73 });
    expect(json.runs[0]).toMatchObject({ set_aside_count: 200 });
    expect(json.runs[0]?.set_aside).toHaveLength(50);
    expect(json.runs[0]?.set_aside[0]).toEqual({
      item_id: "m0",
      verdict: "quarantined",
      reason: "title is missing",
    });
    expect(text).toContain("quarantined m49  title is missing\n  and 150 more\n");
    expect(json.proof.meetings).toMatchObject({ unexplained: ["no chunks: m1"], unexplained_count: 73 });
    expect(text).toContain("unexplained 73\n  no chunks: m1\n  and 72 more");
    expect(json.proof.ok).toBe(false);
  });

  test("of attempts say that only the first are named", () => {
    const attempt = { step: "page:1", outcome: "timed_out", detail: null, party: "fireflies", next: "wait" };
    const trouble = { ...attempt, nextMs: null, atMs: 0 } as RunReport["troubles"][number];
    const withTroubles = (count: number) =>
      outcomeOf([{ ...aReport("fireflies"), troubles: Array.from({ length: count }, () => trouble) }]).text;
    expect(withTroubles(50)).toContain("\n  only the first 50 are named");
    expect(withTroubles(49)).not.toContain("only the first");
  });

  test("say nothing of more when they are whole", () => {
    const report = { ...aReport("fireflies"), setAside };
    const whole = { ...report, counts: { ...report.counts, seen: 50, quarantined: 50 } };
    expect(outcomeOf([whole]).text).not.toContain(" more");
  });
});

describe("the proof on a terminal", () => {
  test("counts what a parked sync has not come to, and names everything else", () => {
    const unexplained = ["raw revision missing or damaged: m1", "seen, but in no complete listing: m2"];
    const proof = { source_as_of: null, source: 0, unexplained, unexplained_count: 41 };
    const { text } = outcomeOf([parked("fireflies")], proof);
    expect(text).toContain("source not listed to its end yet; so far records 9");
    expect(text).toContain("unexplained 1\n");
    expect(text).toContain("40 wait for the sync that parked");
    expect(text).toContain("raw revision missing or damaged: m1");
    expect(text).not.toContain("m2");
    const whole = outcomeOf([aReport("fireflies")], { ...proof, unexplained_count: 2 });
    expect(whole.text).toContain("seen, but in no complete listing: m2");
  });
});
