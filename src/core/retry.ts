import { REACTIONS, type Failure, type FailureKind } from "./errors.ts";
import {
  BACKOFF_WAITS_MS,
  CALL_TIMEOUTS_MS,
  LOCK_WAITS_MS,
  PARK_ABOVE_MS,
  RESTART_WAITS_MS,
  SHRINK_WAITS_MS,
} from "./policy.ts";

/** What the engine does after a failed attempt. Times are world time in ms. */
export type Next =
  | { readonly do: "wait"; readonly untilMs: number; readonly retry: boolean }
  | { readonly do: "park"; readonly untilMs: number | null; readonly alert: boolean }
  | { readonly do: "halt"; readonly alert: boolean; readonly exhausted: boolean };

const LADDERS = {
  backoff: BACKOFF_WAITS_MS,
  lock: LOCK_WAITS_MS,
  shrink: SHRINK_WAITS_MS,
  restart: RESTART_WAITS_MS,
} as const;

/**
 * How many of a step's failures climbed the same ladder as this kind: a busy database must not use up the retries of a
 * vendor. Pure.
 */
export function failuresOnLadder(failures: readonly FailureKind[], kind: FailureKind): number {
  const ladder = (of: FailureKind): string => {
    const reaction = REACTIONS[of];
    return reaction.do === "retry" ? reaction.ladder : reaction.do;
  };
  return failures.filter((other) => ladder(other) === ladder(kind)).length;
}

/**
 * Decide what happens after a failed attempt.
 *
 * @param failure what went wrong, already classified by the adapter
 * @param failedCount failures of this step so far that cost a retry, this one included, 1-based
 * @param nowMs world time
 * @returns a wait (at least the vendor's own), parking, or the end; used-up retries become a halt
 *
 * Pure. Source: requirements, "Retry Strategy", "Common Issues"; longer waits than a kind of failure is worth park.
 */
export function nextAfter(failure: Failure, failedCount: number, nowMs: number): Next {
  const reaction = REACTIONS[failure.kind];
  const namedMs = failure.notBeforeMs ?? 0;
  switch (reaction.do) {
    case "halt":
      return { do: "halt", alert: reaction.alert, exhausted: false };
    case "park":
      return { do: "park", untilMs: failure.notBeforeMs ?? null, alert: reaction.alert };
    case "wait":
      return waitOrPark(
        { do: "wait", untilMs: Math.max(namedMs, nowMs), retry: false },
        nowMs,
        reaction.maxMs,
      );
    case "retry": {
      const waitMs = LADDERS[reaction.ladder][failedCount - 1];
      if (waitMs === undefined) return { do: "halt", alert: true, exhausted: true };
      return waitOrPark(
        { do: "wait", untilMs: Math.max(namedMs, nowMs + waitMs), retry: true },
        nowMs,
        PARK_ABOVE_MS,
      );
    }
  }
}

function waitOrPark(wait: Extract<Next, { do: "wait" }>, nowMs: number, maxMs: number): Next {
  const { untilMs } = wait;
  return untilMs - nowMs > maxMs ? { do: "park", untilMs, alert: false } : wait;
}

/** Timeout in real ms of the next call after so many timeouts in a row. Source: requirements, "Network Timeout". */
export function callTimeoutMs(timedOutCount: number): number {
  return CALL_TIMEOUTS_MS[Math.min(timedOutCount, CALL_TIMEOUTS_MS.length - 1)]!;
}

/**
 * Rows to ask for after failures of which a smaller page may cure some: 50, 25, 12, ... 1. That the program ended once in
 * the middle of a page is a kill like any other; if it does so again, the page may be more than its memory holds.
 */
export function shrunkPageRows(rows: number, failures: readonly FailureKind[]): number {
  const large = failures.filter((kind) => kind === "timed_out" || kind === "too_large").length;
  const shrinkCount = large + Math.max(0, interruptionsIn(failures) - 1);
  return Math.max(1, Math.floor(rows / 2 ** shrinkCount));
}

/** How often the program ended in the middle of a step. */
export function interruptionsIn(failures: readonly FailureKind[]): number {
  return failures.filter((kind) => kind === "interrupted").length;
}
