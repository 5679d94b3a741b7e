import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalDate } from "./notion-dates.ts";

describe("a date", () => {
  it.each([
    ["2024-02-29", null, "2024-02-29"],
    ["2024-02-29", "Asia/Kolkata", "2024-02-29"],
    ["2026-05-04T16:40:00.000Z", null, "2026-05-04T16:40:00.000Z"],
    ["2026-05-04T23:30:00.000-05:00", null, "2026-05-05T04:30:00.000Z"],
    ["2026-05-04T16:40:00.000+00:00", "America/New_York", "2026-05-04T16:40:00.000Z"],
    ["2026-05-04T16:40", null, "2026-05-04T16:40:00.000Z"],
    ["2026-05-04T16:40:00", "America/New_York", "2026-05-04T20:40:00.000Z"],
    ["2026-12-04T16:40:00", "America/New_York", "2026-12-04T21:40:00.000Z"],
    ["2026-05-04T01:15:00.250", "Asia/Kolkata", "2026-05-03T19:45:00.250Z"],
    ["2026-05-04T00:00:00", "Pacific/Kiritimati", "2026-05-03T10:00:00.000Z"],
  ])("%s in zone %s is %s", (text, zone, normal) => {
    expect(normalDate(text, zone)).toBe(normal);
  });

  it("moves wall time that the clock skipped past the gap, and takes the first of an hour that came twice", () => {
    expect(normalDate("2026-03-08T02:30:00", "America/New_York")).toBe("2026-03-08T07:30:00.000Z");
    expect(normalDate("2026-11-01T01:30:00", "America/New_York")).toBe("2026-11-01T05:30:00.000Z");
    expect(normalDate("2026-11-01T02:30:00", "America/New_York")).toBe("2026-11-01T07:30:00.000Z");
  });

  it.each([
    ["2026-02-29", null],
    ["2026-02-29T10:00:00Z", null],
    ["2026-13-01", null],
    ["2026-05-04 16:40", null],
    ["2026-05-04T25:00:00Z", null],
    ["0000-01-01T00:00:00+01:00", null],
    ["9999-12-31T23:59:59-01:00", null],
    ["2026-05-04T16:40:00", "Mars/Olympus"],
    ["", null],
  ])("is none: %s in zone %s", (text, zone) => {
    expect(normalDate(text, zone)).toBeNull();
  });

  it("is the same once it is in its one form, and agrees with the zone's own clock", () => {
    const zones = fc.constantFrom("America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC");
    const moments = fc.date({
      min: new Date("1950-01-01"),
      max: new Date("2100-01-01"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, zones, (moment, zone) => {
        const normal = moment.toISOString();
        expect(normalDate(normal, zone)).toBe(normal);
        const wall = new Intl.DateTimeFormat("sv-SE", {
          timeZone: zone,
          dateStyle: "short",
          timeStyle: "medium",
        });
        const shown = wall.format(moment);
        const again = normalDate(shown.replace(" ", "T"), zone)!;
        expect(wall.format(new Date(again))).toBe(shown);
      }),
    );
  });

  it("is judged without an exception, whatever the texts", () => {
    const digits = fc.stringMatching(/^\d{4}-[01]\d-[0-3]\d(T[0-2]\d:[0-5]\d)?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), digits), fc.option(fc.string()), (text, zone) => {
        const normal = normalDate(text, zone);
        if (normal !== null) expect(normalDate(normal, null)).toBe(normal);
      }),
    );
  });
});
