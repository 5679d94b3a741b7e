import { MINUTE_MS, SECOND_MS } from "../../core/durations.ts";
import type { WeekRows } from "../../core/report-figures.ts";
import { VERDICTS } from "../../core/report.ts";
import { tableOf, type Chart } from "./document.ts";
import { count, counted, duration, durationOrNone } from "./words.ts";

/** Mean and longest run of each day. A day without a run has no bar, which is not the same as a short one. */
export function durationChart(rows: WeekRows["week_days"], days: readonly string[]): Chart {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const seconds = (read: (row: WeekRows["week_days"][number]) => number | null): (number | null)[] =>
    days.map((day) => {
      const row = byDay.get(day);
      const ms = row === undefined ? null : read(row);
      return ms === null ? null : ms / SECOND_MS;
    });
  const longest = Math.max(0, ...rows.map(({ maxMs }) => maxMs ?? 0));
  return {
    name: "durations",
    title: "How long runs took",
    summary: `The longest run of these days took ${duration(longest)}.`,
    form: "bars",
    unit: "seconds",
    categories: days,
    series: [
      { name: "mean", values: seconds(({ meanMs }) => meanMs) },
      { name: "longest", values: seconds(({ maxMs }) => maxMs) },
    ],
    table: tableOf(
      ["day", "#runs", "#failed", "#mean", "#longest"],
      rows.map((row) => [
        row.day,
        count(row.runs),
        count(row.failed),
        durationOrNone(row.meanMs),
        durationOrNone(row.maxMs),
      ]),
      "week_days",
    ),
  };
}

/** What changes a day's items; what only stays as it was is counted by every run that lists it, and would hide the rest. */
const CHANGES: ReadonlySet<string> = new Set(["created", "updated", "deleted", "failed"]);

/** What changed on each day; the table has every verdict. */
export function itemChart(rows: WeekRows["week_items"], days: readonly string[]): Chart {
  const drawn = VERDICTS.filter((verdict) => CHANGES.has(verdict) && rows.some((row) => row[verdict] > 0));
  const of = (day: string, verdict: (typeof VERDICTS)[number]): number =>
    rows.filter((row) => row.day === day).reduce((sum, row) => sum + row[verdict], 0);
  const total = (verdict: (typeof VERDICTS)[number]): number =>
    rows.reduce((sum, row) => sum + row[verdict], 0);
  const said = drawn.map((verdict) => `${count(total(verdict))} ${verdict}`);
  return {
    name: "items",
    title: "Items that changed",
    summary: drawn.length === 0 ? "No item changed." : `In these days: ${said.join(", ")}.`,
    form: "stacked",
    unit: "items",
    categories: days,
    series: drawn.map((verdict) => ({ name: verdict, values: days.map((day) => of(day, verdict)) })),
    table: tableOf(
      ["day", ...VERDICTS.map((verdict) => `#${verdict}`)],
      days.map((day) => [day, ...VERDICTS.map((verdict) => count(of(day, verdict)))]),
      "week_items",
    ),
  };
}

/** Failed attempts of each day by whose they were. */
export function errorChart(rows: WeekRows["week_errors_by_day"], days: readonly string[]): Chart {
  const parties = [...new Set(rows.map(({ party }) => party))];
  const of = (day: string, party: string): number =>
    rows.find((row) => row.day === day && row.party === party)?.errors ?? 0;
  const all = rows.reduce((sum, { errors }) => sum + errors, 0);
  return {
    name: "errors",
    title: "Errors",
    summary: `${counted(all, "attempt")} failed in these days.`,
    form: "stacked",
    unit: "failed attempts",
    categories: days,
    series: parties.map((party) => ({ name: party, values: days.map((day) => of(day, party)) })),
    table: tableOf(
      ["day", ...parties.map((party) => `#${party}`)],
      days.map((day) => [day, ...parties.map((party) => count(of(day, party)))]),
      "week_errors_by_day",
    ),
  };
}

/** How old data was when it could be found, over the days. */
export function ageChart(rows: WeekRows["week_data_age"], days: readonly string[]): Chart {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const minutes = (read: (row: WeekRows["week_data_age"][number]) => number): (number | null)[] =>
    days.map((day) => {
      const row = byDay.get(day);
      return row === undefined ? null : read(row) / MINUTE_MS;
    });
  return {
    name: "data-age",
    title: "From a meeting's end until it can be found",
    summary: `On the slowest day half of the meetings could be found within ${duration(Math.max(...rows.map(({ p50Ms }) => p50Ms)))}.`,
    form: "lines",
    unit: "minutes",
    categories: days,
    series: [
      { name: "half within", values: minutes(({ p50Ms }) => p50Ms) },
      { name: "95 % within", values: minutes(({ p95Ms }) => p95Ms) },
      { name: "longest", values: minutes(({ maxMs }) => maxMs) },
    ],
    table: tableOf(
      ["day", "#meetings", "#half within", "#95 % within", "#longest"],
      rows.map((row) => [
        row.day,
        count(row.meetings),
        duration(row.p50Ms),
        duration(row.p95Ms),
        duration(row.maxMs),
      ]),
      "week_data_age",
    ),
  };
}
