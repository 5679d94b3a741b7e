import { expect, it } from "vitest";
import type { ErrorRow } from "./report-figures.ts";
import { RESOLUTION_WORDS, resolutionOf } from "./resolutions.ts";

const anError = (change: Partial<ErrorRow> = {}): ErrorRow => ({
  id: "a1",
  runId: "r1",
  sync: "fireflies",
  runState: "failed",
  atMs: 0,
  step: "page:1",
  party: "fireflies",
  outcome: "unreachable",
  detail: null,
  next: "wait",
  nextMs: 5_000,
  nextId: null,
  nextOutcome: null,
  laterRunId: null,
  ...change,
});

it.each([
  ["the attempt that succeeded", { nextId: "a2", nextOutcome: "ok", laterRunId: "r2" }, "next_attempt", "a2"],
  [
    "the attempt that failed as well, whose own line goes on",
    { nextId: "a2", nextOutcome: "timed_out" },
    "tried_again",
    "a2",
  ],
  ["the run that ended well, where a success leaves no row", { runState: "succeeded" }, "same_run", "r1"],
  [
    "the run that ended well but for its findings",
    { runState: "succeeded_with_findings", laterRunId: "r2" },
    "same_run",
    "r1",
  ],
  ["the run that went on without it", { runState: "succeeded", next: "halt" }, "went_on", "r1"],
  [
    "a call that was cut off, in a run that ended well",
    { runState: "succeeded", outcome: "started", next: null },
    "same_run",
    "r1",
  ],
  ["the next run that finished", { laterRunId: "r2" }, "later_run", "r2"],
  ["nothing yet, while its run goes on", { runState: "running" }, "under_way", "r1"],
  ["nothing yet, while its run waits in the queue", { runState: "queued" }, "under_way", "r1"],
  ["nothing, and it says so", {}, "open", null],
] as const)("an error is resolved by %s", (_, change, how, id) => {
  expect(resolutionOf(anError(change))).toEqual({ how, id });
  expect(RESOLUTION_WORDS[how]).not.toBe("");
});
