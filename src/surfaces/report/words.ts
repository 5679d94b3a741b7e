/** How figures are written in reports: the same everywhere, whoever reads them. */
import { createFormats } from "../dashboard/formats.ts";

/** World times are UTC, and numbers have commas. */
const FORMATS = createFormats("en-GB", "UTC");

export const { count, counted, duration } = FORMATS;

/** What is not known is said, and is never a nought. */
export function countOrNone(value: number | null): string {
  return value === null ? "–" : count(value);
}

/** A length of time, or a dash. */
export function durationOrNone(ms: number | null): string {
  return ms === null ? "–" : duration(ms);
}

/** A moment of world time to the second. */
export function moment(ms: number | null): string {
  return ms === null ? "–" : new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** A share, in whole percent unless that would hide what is missing. */
export function percent(share01: number): string {
  const whole = share01 * 100;
  const isRound = Math.abs(whole - Math.round(whole)) < 0.005;
  return `${isRound ? Math.round(whole) : whole.toFixed(whole > 99 || whole < 1 ? 2 : 1)} %`;
}

/** A text without the characters that would end a line, move a terminal's cursor or turn the direction of what follows. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]+/gu, " ");
}
