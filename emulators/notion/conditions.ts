import { z } from "zod";
import { invalid } from "./api-errors.ts";
import { checked } from "./body-check.ts";
import { dayOf, DAY_MS, instantOf, isDay, isMoment } from "./dates.ts";
import { CONDITIONS_MAX } from "./limits.ts";
import { idSchema } from "./value-schemas.ts";

/** One condition on a value; `value` is the value in the form that the family of the condition compares. */
export type Test<Value> = (value: Value) => boolean;

/** Families of conditions. Source: vendor docs, "Filter data source entries"; reference 2.4. */
const TEXTS = [
  "equals",
  "does_not_equal",
  "contains",
  "does_not_contain",
  "starts_with",
  "ends_with",
] as const;
const NUMBERS = [
  "equals",
  "does_not_equal",
  "greater_than",
  "less_than",
  "greater_than_or_equal_to",
  "less_than_or_equal_to",
] as const;
const MOMENTS = ["equals", "before", "after", "on_or_before", "on_or_after"] as const;
const SPANS = [
  "this_week",
  "past_week",
  "past_month",
  "past_year",
  "next_week",
  "next_month",
  "next_year",
] as const;
const EMPTINESS = ["is_empty", "is_not_empty"] as const;

/** The single key of a condition and what is under it. @throws ApiFailure for no key, several or a foreign one */
function soleCondition(
  condition: unknown,
  path: string,
  names: readonly string[],
): [name: string, operand: unknown] {
  const given = checked(z.record(z.string(), z.unknown()), condition, path);
  const entries = Object.entries(given).filter(([, operand]) => operand !== undefined);
  const [entry] = entries;
  if (!entry || entries.length > 1) throw invalid(path, `one condition of ${names.join(", ")}`, condition);
  if (!names.includes(entry[0]))
    throw invalid(`${path}.${entry[0]}`, `not present: conditions here are ${names.join(", ")}`);
  if (isEmptiness(entry[0]) && entry[1] !== true) throw invalid(`${path}.${entry[0]}`, "`true`", entry[1]);
  return entry;
}

function isEmptiness(name: string): boolean {
  return (EMPTINESS as readonly string[]).includes(name);
}

/** Words, whatever their case. Empty text is null. */
export function textTest(condition: unknown, path: string): Test<string | null> {
  const [name, operand] = soleCondition(condition, path, [...TEXTS, ...EMPTINESS]);
  if (isEmptiness(name)) return (text) => (text === null) === (name === "is_empty");
  const wanted = checked(z.string(), operand, `${path}.${name}`).toLowerCase();
  const tests: Record<string, Test<string>> = {
    equals: (text) => text === wanted,
    does_not_equal: (text) => text !== wanted,
    contains: (text) => text.includes(wanted),
    does_not_contain: (text) => !text.includes(wanted),
    starts_with: (text) => text.startsWith(wanted),
    ends_with: (text) => text.endsWith(wanted),
  };
  const test = tests[name] as Test<string>;
  return (text) => test((text ?? "").toLowerCase());
}

/** @param hasEmptiness false for `unique_id`, which is never empty */
export function numberTest(condition: unknown, path: string, hasEmptiness = true): Test<number | null> {
  const [name, operand] = soleCondition(condition, path, [...NUMBERS, ...(hasEmptiness ? EMPTINESS : [])]);
  if (isEmptiness(name)) return (value) => (value === null) === (name === "is_empty");
  const wanted = checked(z.number(), operand, `${path}.${name}`);
  const tests: Record<string, Test<number>> = {
    equals: (value) => value === wanted,
    greater_than: (value) => value > wanted,
    less_than: (value) => value < wanted,
    greater_than_or_equal_to: (value) => value >= wanted,
    less_than_or_equal_to: (value) => value <= wanted,
  };
  const test = tests[name];
  return test ? (value) => value !== null && test(value) : (value) => value !== wanted;
}

export function checkboxTest(condition: unknown, path: string): Test<boolean> {
  const [name, operand] = soleCondition(condition, path, ["equals", "does_not_equal"]);
  const wanted = checked(z.boolean(), operand, `${path}.${name}`);
  return (value) => (value === wanted) === (name === "equals");
}

/** One option, or one of several. @param idOf the id of an option by name or id; throws for an unknown one */
export function optionTest(
  condition: unknown,
  path: string,
  idOf: (ref: string, path: string) => string,
): Test<string | null> {
  const [name, operand] = soleCondition(condition, path, ["equals", "does_not_equal", ...EMPTINESS]);
  if (isEmptiness(name)) return (id) => (id === null) === (name === "is_empty");
  const wanted = new Set(wantedOf(operand, `${path}.${name}`).map((ref) => idOf(ref, `${path}.${name}`)));
  return (id) => (id !== null && wanted.has(id)) === (name === "equals");
}

/** Lists of options, users, pages. @param idOf the id that is looked for; throws for what cannot be one */
export function listTest(
  condition: unknown,
  path: string,
  idOf: (ref: string, path: string) => string,
): Test<readonly string[]> {
  const [name, operand] = soleCondition(condition, path, ["contains", "does_not_contain", ...EMPTINESS]);
  if (isEmptiness(name)) return (ids) => (ids.length === 0) === (name === "is_empty");
  const wanted = wantedOf(operand, `${path}.${name}`).map((ref) => idOf(ref, `${path}.${name}`));
  return (ids) => wanted.some((id) => ids.includes(id)) === (name === "contains");
}

/** Files can only be there or not. */
export function emptinessTest(condition: unknown, path: string): Test<readonly unknown[]> {
  const [name] = soleCondition(condition, path, EMPTINESS);
  return (list) => (list.length === 0) === (name === "is_empty");
}

function wantedOf(operand: unknown, path: string): readonly string[] {
  const text = z.string().min(1);
  const wanted = checked(z.union([text, z.array(text).min(1).max(CONDITIONS_MAX)]), operand, path);
  return typeof wanted === "string" ? [wanted] : wanted;
}

/** A page id as a filter names it. */
export function pageIdIn(ref: string, path: string): string {
  return checked(idSchema, ref, path);
}

/** Days, in milliseconds from today. Months and years are those of the calendar. */
const NAMED_DAYS: Readonly<Record<string, (today: Date) => number>> = {
  today: (day) => day.getTime(),
  tomorrow: (day) => day.getTime() + DAY_MS,
  yesterday: (day) => day.getTime() - DAY_MS,
  one_week_ago: (day) => day.getTime() - 7 * DAY_MS,
  one_week_from_now: (day) => day.getTime() + 7 * DAY_MS,
  one_month_ago: (day) => monthsFrom(day, -1),
  one_month_from_now: (day) => monthsFrom(day, 1),
};

/** An instant, epoch ms; a date that is a day begins at midnight UTC. */
export function dateTest(condition: unknown, path: string, nowMs: number): Test<number | null> {
  const [name, operand] = soleCondition(condition, path, [...MOMENTS, ...SPANS, ...EMPTINESS]);
  if (isEmptiness(name)) return (ms) => (ms === null) === (name === "is_empty");
  if ((SPANS as readonly string[]).includes(name)) {
    checked(z.strictObject({}), operand, `${path}.${name}`);
    const [fromMs, toMs] = spanOf(name, nowMs);
    return (ms) => ms !== null && ms >= fromMs && ms < toMs;
  }
  const text = checked(z.string(), operand, `${path}.${name}`);
  const named = NAMED_DAYS[text]?.(new Date(dayOf(nowMs)));
  if (named === undefined && !isDay(text) && !isMoment(text)) {
    throw invalid(`${path}.${name}`, "a valid ISO 8601 date string", text);
  }
  const isWholeDay = named !== undefined || isDay(text);
  const wantedMs = named ?? instantOf(text);
  const tests: Record<string, Test<number>> = {
    equals: (ms) => ms === wantedMs,
    before: (ms) => ms < wantedMs,
    after: (ms) => ms > wantedMs,
    on_or_before: (ms) => ms <= wantedMs,
    on_or_after: (ms) => ms >= wantedMs,
  };
  const test = tests[name] as Test<number>;
  return (ms) => ms !== null && test(isWholeDay ? dayOf(ms) : ms);
}

function spanOf(name: string, nowMs: number): [fromMs: number, toMs: number] {
  const today = new Date(dayOf(nowMs));
  const tomorrowMs = today.getTime() + DAY_MS;
  switch (name) {
    case "this_week": {
      const sundayMs = today.getTime() - today.getUTCDay() * DAY_MS;
      return [sundayMs, sundayMs + 7 * DAY_MS];
    }
    case "past_week":
      return [today.getTime() - 7 * DAY_MS, tomorrowMs];
    case "past_month":
      return [monthsFrom(today, -1), tomorrowMs];
    case "past_year":
      return [monthsFrom(today, -12), tomorrowMs];
    case "next_week":
      return [today.getTime(), tomorrowMs + 7 * DAY_MS];
    case "next_month":
      return [today.getTime(), monthsFrom(today, 1) + DAY_MS];
    default:
      return [today.getTime(), monthsFrom(today, 12) + DAY_MS];
  }
}

function monthsFrom(day: Date, months: number): number {
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months, day.getUTCDate());
}
