import type { PageClock } from "./browser.ts";

/** Asks again and again. */
export type Refresher = {
  /** Ask now instead of at the end of the pause. */
  wake(): void;
};

/**
 * Ask at once, and again after each pause, one call after the other, for as long as somebody looks; while nobody does, wait
 * to be woken.
 *
 * @param ask asks and shows what came, without failing
 * @returns from `ask`: the pause before the next, real ms; null waits to be woken
 */
export function keepAsking(
  ask: () => Promise<number | null>,
  { clock, isSeen }: { clock: Pick<PageClock, "wait">; isSeen: () => boolean },
): Refresher {
  let wake = (): void => {};
  const loop = async (): Promise<never> => {
    for (;;) {
      // Made before the call, so that whoever wakes us while it is under way is heard after it.
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const pauseMs = isSeen() ? await ask() : null;
      await Promise.race([woken, ...(pauseMs === null ? [] : [clock.wait(pauseMs)])]);
    }
  };
  void loop();
  return { wake: () => wake() };
}
