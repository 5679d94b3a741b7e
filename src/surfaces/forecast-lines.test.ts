import { expect, it } from "vitest";
import { budgetLine, forecastLine } from "./forecast-lines.ts";

const doneMs = Date.UTC(2026, 5, 1, 12);
const aForecast = { meetings: 752, calls: 17, pages: 0, callsPerDay: null, doneMs };

it("a forecast says how much there is, what it takes and when it is done", () => {
  expect(forecastLine(aForecast)).toBe("752 meetings, 17 calls, done by 2026-06-01T12:00:00.000Z");
  expect(forecastLine({ ...aForecast, calls: 9, pages: 8, callsPerDay: 24 })).toBe(
    "752 meetings, 17 calls at about 24 a day, 8 made, done by 2026-06-01T12:00:00.000Z",
  );
});

it("one call is a call", () => {
  expect(forecastLine({ ...aForecast, meetings: 1, calls: 1 })).toMatch(/^1 meeting, 1 call, done/);
});

it("a forecast owns up to what it does not know", () => {
  expect(forecastLine({ meetings: null, calls: null, pages: 3, callsPerDay: null, doneMs: null })).toBe(
    "3 pages so far; the account does not say how many meetings it has",
  );
  expect(forecastLine({ ...aForecast, doneMs: null })).toBe(
    "752 meetings, 17 calls, done in more than a year",
  );
});

it("a budget says what is used, when it begins anew, and what time the vendor named", () => {
  const budget = {
    vendor: "fireflies",
    windowMs: null,
    budget: 50,
    used: 18,
    windowEndsMs: doneMs,
    notBeforeMs: null,
  } as const;
  expect(budgetLine(budget)).toBe("fireflies: 18 of 50, anew at 2026-06-01T12:00:00.000Z");
  expect(budgetLine({ ...budget, budget: null, windowEndsMs: null, notBeforeMs: doneMs })).toBe(
    "fireflies: 18 made, no budget known, none before 2026-06-01T12:00:00.000Z",
  );
});
