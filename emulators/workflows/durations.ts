const UNITS_MS: Record<string, number> = {
  ms: 1,
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
};

/** A number of ms, or words like "5 seconds". */
export type Duration = number | string;

/**
 * Read a duration as Workflows does.
 *
 * @returns milliseconds
 * @throws Error for words that are no duration, and for a negative or infinite number
 */
export function durationMs(duration: Duration): number {
  const ms = typeof duration === "number" ? duration : wordsMs(duration);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new Error(`invalid duration: ${duration} (expected a number of ms or words like "30 seconds")`);
}

/**
 * The wait before the next attempt: exponential is base x 2^(attempt - 1), linear base x attempt, constant base.
 *
 * @param attempt the attempt that just failed, 1-based
 * @returns milliseconds, without jitter or cap, as the engine's own formula
 */
export function retryDelayMs(backoff: Backoff, baseMs: number, attempt: number): number {
  if (backoff === "exponential") return baseMs * 2 ** (attempt - 1);
  return backoff === "linear" ? baseMs * attempt : baseMs;
}

/** How waits between attempts grow. */
export type Backoff = "constant" | "linear" | "exponential";

function wordsMs(words: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*$/i.exec(words);
  const unitMs = UNITS_MS[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN;
  return Number(match?.[1]) * unitMs;
}
