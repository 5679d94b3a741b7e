/** How errors came to their end. Pure. */
import type { ErrorRow } from "./report-figures.ts";

/** What became of an attempt that failed, and the id of the attempt or run that shows it; null where none does. */
export type Resolution = {
  readonly how: "next_attempt" | "tried_again" | "same_run" | "went_on" | "later_run" | "under_way" | "open";
  readonly id: string | null;
};

/**
 * The end of one error. The next attempt of the same step is the answer wherever it left a row; a step that asks no vendor
 * leaves none when it succeeds, and there the end of the run is the answer; else the next run of the sync that finished.
 */
export function resolutionOf(row: ErrorRow): Resolution {
  const { nextId, nextOutcome, runId, runState, laterRunId, next, outcome } = row;
  if (nextId !== null && nextOutcome === "ok") return { how: "next_attempt", id: nextId };
  if (nextId !== null) return { how: "tried_again", id: nextId };
  if (runState === "succeeded" || runState === "succeeded_with_findings")
    return { how: next === "wait" || outcome === "started" ? "same_run" : "went_on", id: runId };
  if (laterRunId !== null) return { how: "later_run", id: laterRunId };
  if (runState === "queued" || runState === "running") return { how: "under_way", id: runId };
  return { how: "open", id: null };
}

/** A resolution in words, before the id. */
export const RESOLUTION_WORDS: Readonly<Record<Resolution["how"], string>> = {
  next_attempt: "attempt succeeded",
  tried_again: "tried again as",
  same_run: "went through when tried again, run",
  went_on: "the run went on without it",
  later_run: "later run succeeded",
  under_way: "being tried again, run",
  open: "open",
};
