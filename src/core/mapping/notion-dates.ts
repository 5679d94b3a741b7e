import { DAY_MS } from "../durations.ts";
/** A date or a span of dates: days `YYYY-MM-DD`, or moments in ISO 8601 UTC. A single date has no end. */
export type DateSpan = { readonly start: string; readonly end: string | null };

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?$/;

/** A moment that can be told to Notion and read back: years of four digits. */
const UTC_MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/**
 * The one form of a date that Notion or an application gives.
 *
 * A day stays a day, whatever the zone: it has none. A moment becomes an instant in UTC; if it carries no offset it is
 * wall time of the zone, or of UTC without one (reference 2.4). Wall time that a change of the clock skips is moved
 * past the gap, and of one that occurs twice the first is meant.
 *
 * @param timeZone IANA name, or null
 * @returns null if it is no date or the zone is not known. Never throws.
 */
export function normalDate(text: string, timeZone: string | null): string | null {
  if (DAY.test(text)) return isCalendarDay(text) ? text : null;
  const [, day = "", time = "", offset] = MOMENT.exec(text) ?? [];
  if (!isCalendarDay(day)) return null;
  const wallMs = Date.parse(`${day}T${time}${offset ?? "Z"}`);
  if (Number.isNaN(wallMs)) return null;
  const instantMs = offset === undefined && timeZone !== null ? instantOf(wallMs, timeZone) : wallMs;
  if (instantMs === null) return null;
  const instant = new Date(instantMs).toISOString();
  return UTC_MOMENT.test(instant) ? instant : null;
}

/** Whether a normal date is a day and not a moment. */
export function isDay(date: string): boolean {
  return DAY.test(date);
}

/** Date.parse takes a day that the month does not have for one of the next month. */
function isCalendarDay(text: string): boolean {
  const [, , , day] = DAY.exec(text) ?? [];
  return new Date(Date.parse(`${text}T00:00Z`)).getUTCDate() === Number(day);
}

/** @param wallMs wall time as if it were UTC, epoch ms */
function instantOf(wallMs: number, timeZone: string): number | null {
  const format = wallFormat(timeZone);
  if (format === null) return null;
  const offsetAt = (ms: number): number => wallAt(format, ms) - ms;
  // Zones change their clock days apart, so the offset is one of these two.
  const beforeMs = wallMs - offsetAt(wallMs - DAY_MS);
  const afterMs = wallMs - offsetAt(wallMs + DAY_MS);
  const fitting = [beforeMs, afterMs].filter((ms) => wallAt(format, ms) === wallMs);
  return fitting.length > 0 ? Math.min(...fitting) : beforeMs;
}

function wallFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
    });
  } catch {
    return null;
  }
}

/** What a clock of the zone shows at an instant, as if that were UTC, epoch ms. */
function wallAt(format: Intl.DateTimeFormat, ms: number): number {
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const day = `${parts.get("year")!.padStart(4, "0")}-${parts.get("month")}-${parts.get("day")}`;
  const time = `${parts.get("hour")}:${parts.get("minute")}:${parts.get("second")}`;
  return Date.parse(`${day}T${time}.${parts.get("fractionalSecond")}Z`);
}
