import { UNNAMED_RATE_WAIT_MS } from "../../core/policy.ts";

/**
 * World time in ms before which a vendor must not be called again: the latest that it names.
 *
 * @param named what its header, and its body, say, each seconds or an HTTP date; anything else names nothing
 */
export function retryAtMs(named: readonly unknown[], nowMs: number): number {
  const moments = named.map((one) => momentOf(one, nowMs)).filter((ms) => ms !== null);
  return moments.length === 0 ? nowMs + UNNAMED_RATE_WAIT_MS : Math.max(nowMs, ...moments);
}

function momentOf(named: unknown, nowMs: number): number | null {
  const text = String(named ?? "").trim();
  // Date.parse takes a plain number for a year, so each form is asked for by its look.
  if (SECONDS.test(text)) return withinDates(nowMs + Number(text) * 1_000);
  return HTTP_DATE.test(text) ? withinDates(Date.parse(text)) : null;
}

const SECONDS = /^\d+(?:\.\d+)?$/;

const HTTP_DATE = /^[A-Z][a-z]+, .* GMT$/;

/** Null if there is no such date: a time that nothing can wait for names none. */
function withinDates(ms: number): number | null {
  return Number.isNaN(new Date(ms).getTime()) ? null : Math.ceil(ms);
}
