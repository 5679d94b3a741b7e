import { describe, expect, it } from "vitest";
import { successMetrics, type Metric } from "./success-metrics.ts";

type Rows = Parameters<typeof successMetrics>[0];

const EMPTY: Rows = {
  metric_completion: [{ completed: 0, failed: 0 }],
  metric_duration: [{ runs: 0, meanMs: null }],
  metric_data_loss: [{ completeProofs: 0, losses: 0, rowsLost: 0, edits: 0 }],
  metric_duplicates: [{ completeProofs: 0, rows: 0, chunks: 0, vectors: 0 }],
};

const verdicts = (rows: Partial<Rows>): Metric["isMet"][] =>
  successMetrics({ ...EMPTY, ...rows }, false).map(({ isMet }) => isMet);

describe("successMetrics", () => {
  it("measure nothing where there is nothing, and say neither met nor missed", () => {
    expect(verdicts({})).toEqual([null, null, null, null]);
    const nothing = {
      metric_completion: [],
      metric_duration: [],
      metric_data_loss: [],
      metric_duplicates: [],
    };
    expect(verdicts(nothing)).toEqual([null, null, null, null]);
    expect(successMetrics(EMPTY, false).map(({ value }) => value)).toEqual([null, null, null, null]);
  });

  it("say what they mean, what they are held against, and what was counted", () => {
    const metrics = successMetrics(
      {
        metric_completion: [{ completed: 198, failed: 2 }],
        metric_duration: [{ runs: 198, meanMs: 90_000 }],
        metric_data_loss: [{ completeProofs: 2, losses: 5, rowsLost: 3, edits: 2 }],
        metric_duplicates: [{ completeProofs: 1, rows: 4, chunks: 3, vectors: 2 }],
      },
      false,
    );
    expect(metrics.map(({ name, target, value, unit }) => [name, target, value, unit])).toEqual([
      ["Sync completion rate", "> 99 %", 0.99, "share01"],
      ["Average sync time", "< 5 min", 90_000, "ms"],
      ["Data loss events", "0", 10, "events"],
      ["Duplicate records", "0", 9, "events"],
    ]);
    expect(metrics.map(({ detail }) => detail)).toEqual([
      "198 of 200 runs",
      "198 runs",
      "5 found by proofs, 3 runs with rows gone, 2 edits in doubt; complete proofs: 2",
      "4 pages, 3 chunks, 2 indexes; complete proofs: 1",
    ]);
    expect(metrics.map(({ query }) => query)).toEqual([
      "metric_completion",
      "metric_duration",
      "metric_data_loss",
      "metric_duplicates",
    ]);
    expect(metrics.map(({ definition }) => definition)).toEqual([
      expect.stringMatching(/^runs that came to their end, .*; a parked run is neither$/),
      expect.stringMatching(/^mean time from the start to the end of runs/),
      expect.stringMatching(
        /^things that a proof found missing or damaged, mended or not; .*; edits in Notion/,
      ),
      expect.stringMatching(/^pages with two rows; .* two live chunks; .*: its id is a key$/),
    ]);
  });

  it("say why nothing was measured", () => {
    expect(successMetrics(EMPTY, false).map(({ detail }) => detail)).toEqual([
      "no run ended",
      "no run came to its end",
      "no complete proof that saw everything ended in these days",
      "no complete proof ended in these days",
    ]);
  });

  it("are met beyond their targets and not at them", () => {
    expect(verdicts({ metric_completion: [{ completed: 99, failed: 1 }] })[0]).toBe(false);
    expect(verdicts({ metric_completion: [{ completed: 199, failed: 1 }] })[0]).toBe(true);
    expect(verdicts({ metric_duration: [{ runs: 3, meanMs: 300_000 }] })[1]).toBe(false);
    expect(verdicts({ metric_duration: [{ runs: 3, meanMs: 299_999 }] })[1]).toBe(true);
  });

  it("take a complete proof to say that nothing was lost, and none to say that something was", () => {
    const none = { losses: 0, rowsLost: 0, edits: 0 };
    expect(verdicts({ metric_data_loss: [{ completeProofs: 1, ...none }] })[2]).toBe(true);
    for (const kind of ["losses", "rowsLost", "edits"] as const)
      expect(verdicts({ metric_data_loss: [{ completeProofs: 0, ...none, [kind]: 1 }] })[2]).toBe(false);
    const single = { rows: 0, chunks: 0, vectors: 0 };
    expect(verdicts({ metric_duplicates: [{ completeProofs: 1, ...single }] })[3]).toBe(true);
    for (const kind of ["rows", "chunks", "vectors"] as const)
      expect(verdicts({ metric_duplicates: [{ completeProofs: 0, ...single, [kind]: 2 }] })[3]).toBe(false);
  });

  it("measure nothing of a week whose logs may be deleted, whatever is left of them", () => {
    const rows = { ...EMPTY, metric_completion: [{ completed: 199, failed: 1 }] };
    const cut = successMetrics(rows, true);
    expect(cut.map(({ value, isMet }) => [value, isMet])).toEqual(
      Array.from({ length: 4 }, () => [null, null]),
    );
    expect(cut[0]?.detail).toBe("cleanup may have deleted logs of these days");
  });
});
