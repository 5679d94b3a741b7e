/** Sentences about runs and about calls. Pure. */
import type { Lane, Run } from "../../ports/run-store.ts";
import type { RunReport } from "../../queries/status.ts";
import { ApiError } from "../client.ts";
import { reasonWords, wordsOf, type Formats } from "./formats.ts";

/** How far a run has come, or how it ended. */
export function runSentence({ run, counts, progress }: RunReport, formats: Formats, nowMs: number): string {
  const why = run.detail === null ? "" : `: ${reasonWords(run.detail)}`;
  if (run.state === "queued") return "Queued; it begins in a moment.";
  if (run.state === "running") return `Running, ${progressWords(progress, formats)}.`;
  if (run.state === "parked") return `Parked${why}; goes on ${untilWords(run, formats, nowMs)}.`;
  const took = run.durationMs === null ? "" : ` in ${formats.duration(run.durationMs)}`;
  const ended = wordsOf(run.state);
  return `${ended.charAt(0).toUpperCase()}${ended.slice(1)}${took}, ${formats.items(run, counts)}${why}.`;
}

/** Work done and to do of an unfinished run. */
export function progressWords(progress: RunReport["progress"], { count }: Formats): string {
  if (progress === null) return "just begun";
  const { done, total, unit } = progress;
  return total === null
    ? `${count(done)} ${unit} so far`
    : `${count(done)} of about ${count(Math.max(total, done))} ${unit}`;
}

/** When something that waits goes on. */
export function untilWords(
  { notBeforeMs }: Pick<Run | Lane, "notBeforeMs">,
  formats: Formats,
  nowMs: number,
): string {
  return notBeforeMs === null ? "when somebody acts" : `at ${formats.moment(notBeforeMs, nowMs).text}`;
}

/** Why a call has no answer: the API's own words, or that nobody answered. Without a full stop, as the API writes. */
export function failureWords(error: unknown): string {
  return error instanceof ApiError ? error.message : "the server does not answer";
}
