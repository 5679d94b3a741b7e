/** How figures and moments are written for the reader. Pure; locale and time zone come in. */
import { VERDICTS, type RunCounts } from "../../core/report.ts";
import type { Run } from "../../ports/run-store.ts";

/** A moment as people read it, and exactly. */
export type Moment = { readonly text: string; readonly iso: string };

export type Formats = ReturnType<typeof createFormats>;

/**
 * Make the formats of one reader.
 *
 * @param locale BCP 47; undefined is the browser's own
 * @param timeZone IANA name; undefined is the browser's own
 */
export function createFormats(locale?: string, timeZone?: string) {
  const zone = timeZone === undefined ? {} : { timeZone };
  const form = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, ...zone });
  const time = form({ hour: "2-digit", minute: "2-digit" });
  const dayAndTime = form({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const withYear = form({ dateStyle: "medium", timeStyle: "short" });
  const day = form({ day: "numeric", month: "short", year: "numeric" });
  const date = form({ dateStyle: "short" });
  const year = form({ year: "numeric" });
  const number = new Intl.NumberFormat(locale);
  const count = (value: number): string => number.format(value);
  return {
    count,
    /** A moment of world time, as short as it can be beside the present of that world. */
    moment: (ms: number, nowMs: number): Moment => {
      const sameDay = date.format(ms) === date.format(nowMs);
      const sameYear = year.format(ms) === year.format(nowMs);
      const text = (sameDay ? time : sameYear ? dayAndTime : withYear).format(ms);
      return { text, iso: new Date(ms).toISOString() };
    },
    /** A moment in full. */
    whole: (ms: number): Moment => ({ text: withYear.format(ms), iso: new Date(ms).toISOString() }),
    /** The day of a meeting; text that is no date is shown as it is. */
    day: (iso: string): Moment => {
      const ms = Date.parse(iso);
      return { text: Number.isNaN(ms) ? iso : day.format(ms), iso };
    },
    /** `counted(1, "meeting")` is "1 meeting", `counted(52, "meeting")` is "52 meetings". */
    counted: (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`,
    /** What a run did with what it saw; a run that stopped early saw nothing, which is not the same as nothing to do. */
    items: ({ sync, state }: Pick<Run, "sync" | "state">, counts: RunCounts): string => {
      // A proof takes nothing on.
      if (sync === "verify" && state === "succeeded") return "nothing amiss";
      if (sync === "cleanup" && state === "succeeded")
        return counts.deleted === 0 ? "nothing old" : `${count(counts.deleted)} old rows and objects deleted`;
      const parts = VERDICTS.filter((verdict) => counts[verdict] > 0);
      if (counts.seen === 0) return state === "succeeded" ? "nothing to do" : "nothing seen";
      const verdicts = parts.map((verdict) => `${count(counts[verdict])} ${verdict}`).join(", ");
      return parts.length === 1 ? verdicts : `${count(counts.seen)} seen: ${verdicts}`;
    },
    /** A length of real time. */
    duration: (ms: number): string => {
      if (ms < 95) return `${Math.round(ms)} ms`;
      const seconds = ms / 1_000;
      if (seconds < 9.95) return `${new Intl.NumberFormat(locale, ONE_DECIMAL).format(seconds)} s`;
      const whole = Math.round(seconds);
      if (whole < 60) return `${whole} s`;
      const minutes = Math.floor(whole / 60);
      if (minutes < 60) return `${minutes} min ${whole % 60} s`;
      return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
    },
  };
}

const ONE_DECIMAL = { minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;

/** An identifier as words: `succeeded_with_findings` is "succeeded with findings". */
export function wordsOf(identifier: string): string {
  return identifier.replaceAll("_", " ");
}

/** A reason as it was recorded: a sentence, or now and then a vendor's code, which is made readable. */
export function reasonWords(reason: string): string {
  return /^[a-z]+(?:_[a-z]+)+$/.test(reason) ? wordsOf(reason) : reason;
}
