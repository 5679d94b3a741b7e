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
