/**
 * The clock of an emulated world.
 *
 * An emulator IS the clock: it stores origin and speed and sends them on every response, so that a client can turn
 * "wait until this world instant" into a real wait. The world runs on while the program is down, because world time
 * is a function of real time and never a counter. Pure: real time comes in as an argument.
 */
export type WorldClock = {
  /** Real instant (epoch ms) at which the world stood at `originWorldMs`. */
  originRealMs: number;
  /** World instant (epoch ms) at `originRealMs`. */
  originWorldMs: number;
  /** World milliseconds per real millisecond; above 0. */
  speed: number;
};

/** Name of the response header that carries `encodeClock(clock)` on every emulator response. */
export const WORLD_CLOCK_HEADER = "x-world-clock";

/** World time, in whole epoch milliseconds, at the real instant `realNowMs`. */
export function worldNowMs(clock: WorldClock, realNowMs: number): number {
  return Math.floor(clock.originWorldMs + (realNowMs - clock.originRealMs) * clock.speed);
}

/** The clock as compact JSON, for the response header. */
export function encodeClock(clock: WorldClock): string {
  const { originRealMs, originWorldMs, speed } = clock;
  return JSON.stringify({ originRealMs, originWorldMs, speed });
}

/** The clock in a header value, or null if the text is no clock (absent, cut, or from a real vendor). */
export function decodeClock(text: string | null | undefined): WorldClock | null {
  if (!text) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { originRealMs, originWorldMs, speed } = value as Partial<WorldClock>;
  const isClock =
    Number.isFinite(originRealMs) && Number.isFinite(originWorldMs) && Number.isFinite(speed) && speed! > 0;
  return isClock ? { originRealMs: originRealMs!, originWorldMs: originWorldMs!, speed: speed! } : null;
}

/** The clock that shows the same world time now and runs at `speed` from here on. */
export function withSpeed(clock: WorldClock, speed: number, realNowMs: number): WorldClock {
  if (speed === clock.speed) return clock;
  return { originRealMs: realNowMs, originWorldMs: worldNowMs(clock, realNowMs), speed };
}

/** The clock moved forward once by `byMs` world milliseconds. */
export function advanced(clock: WorldClock, byMs: number): WorldClock {
  return { ...clock, originWorldMs: clock.originWorldMs + byMs };
}
