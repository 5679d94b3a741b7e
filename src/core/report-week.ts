/** Which week a report is about. Pure. */
import { DAY_MS } from "./durations.ts";
import { nearestWord } from "./nearest.ts";
import { LOGS_KEPT_MS, REPORT_DAYS, SYNC_NAMES } from "./policy.ts";
import type { Week } from "./report-figures.ts";

/**
 * The week that somebody asks for.
 *
 * @param asked `until`, its last day (UTC) as `2026-06-01`, without which it ends now; `sync`, one alone
 * @param nowMs world ms
 * @returns the week; or what is wrong, in one sentence
 */
export function parseWeek(
  asked: { readonly until?: string | undefined; readonly sync?: string | undefined },
  nowMs: number,
): { readonly week: Week } | { readonly error: string } {
  const { until, sync } = asked;
  if (sync !== undefined && !SYNC_NAMES.some((name) => name === sync)) {
    const near = nearestWord(sync, SYNC_NAMES);
    const hint = near === null ? `there are ${SYNC_NAMES.join(", ")}` : `did you mean ${near}?`;
    return { error: `there is no sync "${sync.slice(0, 40)}"; ${hint}` };
  }
  // What ended at this very moment belongs to it.
  const nextMs = nowMs + 1;
  if (until === undefined) return { week: weekUntil(nextMs, sync) };
  const dayMs = dayOf(until);
  if (dayMs === null) return { error: "until: a day like 2026-06-01" };
  if (dayMs > nowMs) return { error: `until: ${until} has not begun; today is ${isoDay(nowMs)}` };
  return { week: weekUntil(Math.min(dayMs + DAY_MS, nextMs), sync) };
}

function weekUntil(toMs: number, sync: string | undefined): Week {
  return { fromMs: toMs - REPORT_DAYS * DAY_MS, toMs, sync: sync ?? null };
}

/** First world ms of a day; null if there is no such day. */
function dayOf(text: string): number | null {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || isoDay(ms) !== text ? null : ms;
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Whether rows that tell of a week may be deleted already: then what is left of them is no measure of it. */
export function isCut({ fromMs }: Pick<Week, "fromMs">, nowMs: number): boolean {
  return fromMs < nowMs - LOGS_KEPT_MS;
}

/** The seven days of a week, each of 24 hours and named by the date on which it ends, in order. */
export function daysOf({ fromMs }: Pick<Week, "fromMs">): string[] {
  return Array.from({ length: REPORT_DAYS }, (_, n) => isoDay(fromMs + (n + 1) * DAY_MS - 1));
}

/** Which of these days a moment of the week is in. */
export function dayIn({ fromMs }: Pick<Week, "fromMs">, ms: number): string {
  return isoDay(fromMs + (Math.floor((ms - fromMs) / DAY_MS) + 1) * DAY_MS - 1);
}
