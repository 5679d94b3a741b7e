import { describe, expect, it } from "vitest";
import type { RunReport } from "../../queries/status.ts";
import { ApiError } from "../client.ts";
import { createFormats } from "./formats.ts";
import { failureWords, runSentence } from "./sentences.ts";

const NOW = Date.parse("2026-11-25T14:30:00Z");
const formats = createFormats("en-GB", "UTC");

const said = (run: Partial<RunReport["run"]>, change: Partial<RunReport> = {}): string => {
  const report: RunReport = {
    run: {
      id: "01",
      sync: "fireflies",
      trigger: "manual",
      priority: "normal",
      state: "succeeded",
      epoch: 1,
      ceilingMs: NOW,
      queuedMs: NOW,
      startedMs: NOW,
      endedMs: NOW,
      startedRealMs: NOW,
      durationMs: 1_240,
      notBeforeMs: null,
      detail: null,
      sourceCount: null,
      destinationCount: null,
      continues: false,
      result: null,
      rebuild: null,
      preview: null,
      ...run,
    },
    counts: {
      seen: 50,
      created: 0,
      updated: 1,
      unchanged: 49,
      deleted: 0,
      pending: 0,
      quarantined: 0,
      failed: 0,
    },
    progress: null,
    setAside: [],
    troubles: [],
    forecast: null,
    ...change,
  };
  return runSentence(report, formats, NOW);
};

describe("runSentence", () => {
  it.each([
    [{}, "Succeeded in 1.2 s, 50 seen: 1 updated, 49 unchanged."],
    [{ state: "queued" }, "Queued; it begins in a moment."],
    [
      { state: "parked", detail: "too_many_requests", notBeforeMs: NOW + 3_600_000 },
      "Parked: too many requests; goes on at 15:30.",
    ],
    [
      { state: "parked", detail: "the key was refused" },
      "Parked: the key was refused; goes on when somebody acts.",
    ],
    [
      { state: "failed", durationMs: null, detail: "lost" },
      "Failed, 50 seen: 1 updated, 49 unchanged: lost.",
    ],
  ] as const)("says of %j: %s", (run, sentence) => {
    expect(said(run)).toBe(sentence);
  });

  it("says how far a run has come", () => {
    const running = { state: "running", endedMs: null } as const;
    expect(said(running)).toBe("Running, just begun.");
    expect(said(running, { progress: { unit: "meetings", done: 50, total: null } })).toBe(
      "Running, 50 meetings so far.",
    );
    expect(said(running, { progress: { unit: "chunks", done: 50, total: 40 } })).toBe(
      "Running, 50 of about 50 chunks.",
    );
  });
});

describe("failureWords", () => {
  it("repeats the API, and says of silence what it is", () => {
    expect(failureWords(new ApiError(400, "q is empty: write what to look for"))).toBe(
      "q is empty: write what to look for",
    );
    expect(failureWords(new TypeError("Failed to fetch"))).toBe("the server does not answer");
  });
});
