import { createRandom, ulidAt } from "../../emulators/world/random.ts";
import type { Timer } from "../../src/core/in-time.ts";
import type { World } from "../../src/ports/world.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 8;

/**
 * The world of one life: virtual time, and ids that follow from the seed and sort by it.
 *
 * @param aheadMs what the machine's clock shows more than the vendors' clock; what is left of a timer does not change with it
 */
export function createSimulatedWorld(clock: VirtualClock, label: string, aheadMs: () => number): World {
  const random = createRandom(label, "ids");
  let made = 0;
  const timer = (realMs: number): Timer => {
    const controller = new AbortController();
    const abort = (): void => controller.abort(new DOMException("timed out", "TimeoutError"));
    return { signal: controller.signal, stop: clock.at(clock.nowMs() + realMs, abort) };
  };
  return {
    nowMs: () => clock.nowMs() + aheadMs(),
    realNowMs: () => clock.nowMs() + aheadMs(),
    realAtMs: (worldMs) => worldMs,
    newId: () => {
      made += 1;
      const own = ulidAt(clock.nowMs(), random);
      // A counter before the chance keeps the order of ids made within one millisecond.
      return own.slice(0, TIME_CHARACTERS) + base32(made, RANDOM_CHARACTERS) + own.slice(-RANDOM_CHARACTERS);
    },
    timer,
    timeout: (realMs) => timer(realMs).signal,
  };
}

function base32(value: number, characters: number): string {
  let text = "";
  for (let left = value, n = 0; n < characters; n += 1, left = Math.floor(left / 32))
    text = CROCKFORD[left % 32] + text;
  return text;
}
