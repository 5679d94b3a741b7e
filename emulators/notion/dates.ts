const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?$/;
const OFFSET = /(?:Z|[+-]\d{2}:?\d{2})$/;
const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** True for a date of a day, such as `2026-06-30`, that exists. */
export function isDay(text: string): boolean {
  const ms = DAY.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

/** True for a date with a time, zone or not. */
export function isMoment(text: string): boolean {
  return MOMENT.test(text) && isDay(text.slice(0, 10)) && Number.isFinite(Date.parse(text));
}

/** True if a date with a time names its zone. */
export function hasOffset(text: string): boolean {
  return text.includes("T") && OFFSET.test(text.slice(11));
}

/** The instant of a day or moment, epoch ms. Without a zone it is UTC. Source: vendor docs, "Filter data source entries". */
export function instantOf(text: string): number {
  return Date.parse(text.includes("T") && !hasOffset(text) ? `${text}Z` : text);
}

/** The UTC day of an instant, epoch ms of its midnight. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

/** An instant as Notion shows the times of pages: floored to the minute. Source: reference 6.1. */
export function minuteOf(ms: number): string {
  return new Date(flooredMs(ms)).toISOString();
}

export function flooredMs(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/**
 * A date as replies show it: days as they are, moments with milliseconds and an offset. A moment without an offset is
 * in `timeZone`, or in UTC.
 */
export function shownDate(text: string, timeZone: string | null): string {
  if (!text.includes("T")) return text;
  const [local = "", given] = hasOffset(text) ? split(text) : [text, undefined];
  const whole = new Date(`${local}Z`).toISOString().slice(0, -1);
  if (given !== undefined) return `${whole}${given}`;
  return `${whole}${timeZone === null ? "+00:00" : offsetIn(timeZone, Date.parse(`${local}Z`))}`;
}

function split(text: string): [string, string] {
  const offset = OFFSET.exec(text)?.[0] ?? "";
  const local = text.slice(0, text.length - offset.length);
  return [local, offset === "Z" ? "+00:00" : offset.replace(/^(.\d{2}):?(\d{2})$/, "$1:$2")];
}

/** True for an IANA name of a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en-US", { timeZone: name }) !== undefined && /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

function offsetIn(timeZone: string, localMs: number): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }).formatToParts(
    localMs,
  );
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  return name === "GMT" ? "+00:00" : name.slice(3);
}
