import { describe, expect, it } from "vitest";
import { keepAsking } from "./refresh.ts";

/** A clock on which nothing passes until it is told. */
function stillClock() {
  const waiting: { ms: number; end: () => void }[] = [];
  return {
    wait: (ms: number) => new Promise<void>((end) => void waiting.push({ ms, end })),
    pauses: () => waiting.map(({ ms }) => ms),
    endPause: () => waiting.at(-1)?.end(),
  };
}

/** Let everything that is due happen. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe("keepAsking", () => {
  it("asks at once and again after each pause", async () => {
    const clock = stillClock();
    let asked = 0;
    keepAsking(async () => ++asked * 10, { clock, isSeen: () => true });
    await settle();
    expect([asked, clock.pauses()]).toEqual([1, [10]]);
    clock.endPause();
    await settle();
    expect([asked, clock.pauses()]).toEqual([2, [10, 20]]);
  });

  it("asks nothing while nobody looks, and at once when somebody does again", async () => {
    const clock = stillClock();
    let asked = 0;
    let isSeen = false;
    const refresher = keepAsking(async () => ++asked, { clock, isSeen: () => isSeen });
    await settle();
    expect([asked, clock.pauses()]).toEqual([0, []]);
    isSeen = true;
    refresher.wake();
    await settle();
    expect(asked).toBe(1);
  });

  it("hears whoever wakes it while a call is under way, and makes one call after the other", async () => {
    const clock = stillClock();
    const calls: (() => void)[] = [];
    const ask = (): Promise<number> => new Promise((resolve) => calls.push(() => resolve(10)));
    const refresher = keepAsking(ask, { clock, isSeen: () => true });
    await settle();
    refresher.wake();
    refresher.wake();
    await settle();
    expect(calls).toHaveLength(1);
    calls[0]?.();
    await settle();
    expect(calls).toHaveLength(2);
    calls[1]?.();
    await settle();
    expect(calls).toHaveLength(2);
  });

  it("waits to be woken where no pause is named", async () => {
    const clock = stillClock();
    let asked = 0;
    const refresher = keepAsking(
      async () => {
        asked += 1;
        return null;
      },
      { clock, isSeen: () => true },
    );
    await settle();
    expect([asked, clock.pauses()]).toEqual([1, []]);
    refresher.wake();
    await settle();
    expect(asked).toBe(2);
  });
});
