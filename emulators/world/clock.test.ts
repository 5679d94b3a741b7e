import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advanced, decodeClock, encodeClock, withSpeed, worldNowMs, type WorldClock } from "./clock.ts";

const clock: WorldClock = { originRealMs: 1_000, originWorldMs: 50_000, speed: 60 };

describe("the world clock", () => {
  it("runs at its speed from its origin, also before the origin", () => {
    expect(worldNowMs(clock, 1_000)).toBe(50_000);
    expect(worldNowMs(clock, 2_000)).toBe(110_000);
    expect(worldNowMs(clock, 0)).toBe(-10_000);
  });

  it("keeps the current world time when the speed changes", () => {
    const faster = withSpeed(clock, 3_600, 5_000);
    expect(worldNowMs(faster, 5_000)).toBe(worldNowMs(clock, 5_000));
    expect(worldNowMs(faster, 6_000)).toBe(worldNowMs(clock, 5_000) + 3_600_000);
  });

  it("moves once when advanced", () => {
    expect(worldNowMs(advanced(clock, 86_400_000), 1_000)).toBe(50_000 + 86_400_000);
  });

  it("survives the journey through a header", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer(),
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        (a, b, speed) => {
          const sent = { originRealMs: a, originWorldMs: b, speed };
          expect(decodeClock(encodeClock(sent))).toEqual(sent);
        },
      ),
    );
  });

  it("is null for anything that is no clock", () => {
    for (const text of [
      null,
      undefined,
      "",
      "{",
      "7",
      "{}",
      '{"originRealMs":1,"originWorldMs":2,"speed":0}',
    ]) {
      expect(decodeClock(text)).toBeNull();
    }
  });
});
