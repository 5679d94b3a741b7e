import { describe, expect, it } from "vitest";
import { DAY_MS } from "./durations.ts";
import { dayIn, daysOf, parseWeek, isCut } from "./report-week.ts";
import { LOGS_KEPT_MS } from "./policy.ts";

const NOW_MS = Date.UTC(2026, 5, 9, 10, 30);

describe("parseWeek", () => {
  it("is the seven days until now, what ends now included", () => {
    const toMs = NOW_MS + 1;
    expect(parseWeek({}, NOW_MS)).toEqual({ week: { fromMs: toMs - 7 * DAY_MS, toMs, sync: null } });
  });

  it("ends with the day that is asked for, and never in the future", () => {
    const toMs = Date.UTC(2026, 5, 2);
    expect(parseWeek({ until: "2026-06-01", sync: "clients" }, NOW_MS)).toEqual({
      week: { fromMs: toMs - 7 * DAY_MS, toMs, sync: "clients" },
    });
    expect(parseWeek({ until: "2026-06-09" }, NOW_MS)).toMatchObject({ week: { toMs: NOW_MS + 1 } });
    const midnightMs = Date.UTC(2026, 5, 9);
    expect(parseWeek({ until: "2026-06-09" }, midnightMs), "it begins now").toMatchObject({
      week: { toMs: midnightMs + 1 },
    });
  });

  it.each([
    [{ until: "yesterday" }, "until: a day like 2026-06-01"],
    [{ until: "2026-02-30" }, "until: a day like 2026-06-01"],
    [{ until: "x2026-06-01" }, "until: a day like 2026-06-01"],
    [{ until: "2026-06-01T10:00" }, "until: a day like 2026-06-01"],
    [{ until: "2026-6-1" }, "until: a day like 2026-06-01"],
    [
      { sync: "x".repeat(90) },
      `there is no sync "${"x".repeat(40)}"; there are fireflies, clients, projects, vectors, verify, cleanup`,
    ],
    [{ until: "2026-06-10" }, "until: 2026-06-10 has not begun; today is 2026-06-09"],
    [{ sync: "project" }, 'there is no sync "project"; did you mean projects?'],
    [
      { sync: "xyz" },
      'there is no sync "xyz"; there are fireflies, clients, projects, vectors, verify, cleanup',
    ],
  ])("says what is wrong with %o", (asked, error) => {
    expect(parseWeek(asked, NOW_MS)).toEqual({ error });
  });
});

it("the days of a week are seven of 24 hours, each named by the date on which it ends", () => {
  const names = (fromMs: number) => daysOf({ fromMs }).map((day) => day.slice(8));
  expect(names(Date.UTC(2026, 5, 2, 10))).toEqual(["03", "04", "05", "06", "07", "08", "09"]);
  // Of a week that ends with a day, they are the days of the calendar.
  expect(names(Date.UTC(2026, 5, 2))).toEqual(["02", "03", "04", "05", "06", "07", "08"]);
});

it("a moment is in the day that ends next", () => {
  const week = { fromMs: Date.UTC(2026, 5, 2, 10) };
  expect(dayIn(week, week.fromMs)).toBe("2026-06-03");
  expect(dayIn(week, week.fromMs + DAY_MS - 1)).toBe("2026-06-03");
  expect(dayIn(week, week.fromMs + DAY_MS)).toBe("2026-06-04");
});

it("calls a week cut from the moment its first hour is older than logs are kept", () => {
  expect(isCut({ fromMs: NOW_MS - LOGS_KEPT_MS }, NOW_MS)).toBe(false);
  expect(isCut({ fromMs: NOW_MS - LOGS_KEPT_MS - 1 }, NOW_MS)).toBe(true);
});
