import { monotonicFactory } from "ulid";
import type { World } from "../../ports/world.ts";

/** A clock that an emulated vendor keeps: world = originWorldMs + (real - originRealMs) * speed. */
export type WorldClock = {
  readonly originRealMs: number;
  readonly originWorldMs: number;
  readonly speed: number;
};

/** World and real time are the same when no emulator keeps a clock. */
export const REAL_CLOCK: WorldClock = { originRealMs: 0, originWorldMs: 0, speed: 1 };

/** Header by which an emulated vendor tells its clock. */
const CLOCK_HEADER = "x-world-clock";

/** The system's clock and chance, seen through the clock of the world. `follow` reads a vendor's newer clock. */
export function createSystemWorld(start: WorldClock): World & { follow(clock: WorldClock): void } {
  let clock = start;
  const ulid = monotonicFactory(cryptoRandom);
  const nowMs = (): number =>
    Math.floor(clock.originWorldMs + (Date.now() - clock.originRealMs) * clock.speed);
  return {
    nowMs,
    realNowMs: () => Date.now(),
    realAtMs: (worldMs) => Math.ceil(clock.originRealMs + (worldMs - clock.originWorldMs) / clock.speed),
    newId: () => ulid(nowMs()),
    timer: (realMs) => {
      const controller = new AbortController();
      const timeout = setTimeout(() => controller.abort(), realMs);
      return { signal: controller.signal, stop: () => clearTimeout(timeout) };
    },
    timeout: (realMs) => AbortSignal.timeout(realMs),
    follow: (newer) => {
      clock = newer;
    },
  };
}

/** A fetch that takes over the clock an emulated vendor sends along, so that a world moved forward is noticed. */
export function followingClock(
  fetch: (request: Request) => Promise<Response>,
  world: { follow(clock: WorldClock): void },
): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await fetch(request);
    const header = response.headers.get(CLOCK_HEADER);
    const clock = header === null ? null : parseClock(header);
    if (clock !== null) world.follow(clock);
    return response;
  };
}

/** Read a clock from its JSON; null if it is none. */
export function parseClock(text: string): WorldClock | null {
  try {
    const { originRealMs, originWorldMs, speed } = JSON.parse(text) as Partial<WorldClock>;
    const valid = [originRealMs, originWorldMs, speed].every(Number.isFinite) && Number(speed) > 0;
    return valid
      ? { originRealMs: Number(originRealMs), originWorldMs: Number(originWorldMs), speed: Number(speed) }
      : null;
  } catch {
    return null;
  }
}

function cryptoRandom(): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  return value / 2 ** 32;
}
