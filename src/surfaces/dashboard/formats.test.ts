import { describe, expect, it } from "vitest";
import { createFormats, reasonWords } from "./formats.ts";

const english = createFormats("en-GB", "UTC");
const at = (iso: string): number => Date.parse(iso);
const COUNTS = {
  seen: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  pending: 0,
  quarantined: 0,
  failed: 0,
};

describe("moment", () => {
  const now = at("2026-11-25T14:30:00Z");

  it.each([
    ["2026-11-25T09:05:00Z", "09:05"],
    ["2026-11-24T23:59:00Z", "24 Nov, 23:59"],
    ["2025-11-25T09:05:00Z", "25 Nov 2025, 09:05"],
  ])("shows of %s what differs from the present", (iso, text) => {
    expect(english.moment(at(iso), now)).toEqual({ text, iso: new Date(iso).toISOString() });
  });

  it("takes the reader's zone for what a day is, and keeps the exact time in UTC", () => {
    const tokyo = createFormats("en-GB", "Asia/Tokyo");
    expect(tokyo.moment(at("2026-11-25T15:30:00Z"), now)).toEqual({
      text: "26 Nov, 00:30",
      iso: "2026-11-25T15:30:00.000Z",
    });
  });

  it("speaks the reader's language", () => {
    expect(createFormats("de-DE", "UTC").moment(at("2026-05-24T09:05:00Z"), now).text).toBe("24. Mai, 09:05");
  });
});

describe("day", () => {
  it("keeps the moment of the meeting exactly", () => {
    expect(english.day("2026-08-12T10:02:41.000Z")).toEqual({
      text: "12 Aug 2026",
      iso: "2026-08-12T10:02:41.000Z",
    });
  });

  it("shows as it is what is no date", () => {
    expect(english.day("some day")).toEqual({ text: "some day", iso: "some day" });
  });
});

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [94.4, "94 ms"],
    [95, "0.1 s"],
    [1_240, "1.2 s"],
    [9_949, "9.9 s"],
    [9_950, "10 s"],
    [59_499, "59 s"],
    [59_500, "1 min 0 s"],
    [184_000, "3 min 4 s"],
    [3_599_600, "1 h 0 min"],
    [7_500_000, "2 h 5 min"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(english.duration(ms)).toBe(text);
  });
});

describe("counted and items", () => {
  it.each([
    [0, "0 meetings"],
    [1, "1 meeting"],
    [12_345, "12,345 meetings"],
  ])("counts %d", (value, text) => {
    expect(english.counted(value, "meeting")).toBe(text);
  });

  it("names every verdict that was given", () => {
    const counts = { ...COUNTS, seen: 60, created: 52, pending: 2, quarantined: 6 };
    expect(english.items({ sync: "fireflies", state: "succeeded" }, counts)).toBe(
      "60 seen: 52 created, 2 pending, 6 quarantined",
    );
  });

  it("does not say the same number twice", () => {
    expect(
      english.items({ sync: "fireflies", state: "succeeded" }, { ...COUNTS, seen: 50, unchanged: 50 }),
    ).toBe("50 unchanged");
  });

  it("does not call it nothing to do when a run did not get there", () => {
    expect(english.items({ sync: "fireflies", state: "succeeded" }, COUNTS)).toBe("nothing to do");
    expect(english.items({ sync: "fireflies", state: "parked" }, COUNTS)).toBe("nothing seen");
    expect(english.items({ sync: "fireflies", state: "failed" }, COUNTS)).toBe("nothing seen");
    expect(english.items({ sync: "verify", state: "succeeded" }, COUNTS)).toBe("nothing amiss");
    const cleanup = { sync: "cleanup", state: "succeeded" } as const;
    expect(english.items(cleanup, { ...COUNTS, deleted: 0 })).toBe("nothing old");
    expect(english.items(cleanup, { ...COUNTS, deleted: 1_200 })).toBe("1,200 old rows and objects deleted");
  });
});

describe("words", () => {
  it("makes a vendor's code readable and leaves a sentence alone", () => {
    expect(reasonWords("too_many_requests")).toBe("too many requests");
    expect(reasonWords("the key was refused (auth_failed)")).toBe("the key was refused (auth_failed)");
  });
});
