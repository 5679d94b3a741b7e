import { getEventListeners } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { inTime, type Timer } from "./in-time.ts";

const late = (): Error => new Error("too late");

describe("inTime", () => {
  let over: AbortController;
  let stops: number;
  let timer: Timer;
  beforeEach(() => {
    over = new AbortController();
    stops = 0;
    timer = { signal: over.signal, stop: () => void (stops += 1) };
  });

  it("gives what work gives, good or bad, and stops the timer", async () => {
    expect(await inTime(Promise.resolve(7), timer, late)).toBe(7);
    await expect(inTime(Promise.reject(new Error("bad")), timer, late)).rejects.toThrow("bad");
    expect(stops).toBe(2);
  });

  it("gives up when the time is over, and drops what comes later", async () => {
    const work = Promise.withResolvers<number>();
    const waiting = inTime(work.promise, timer, late);
    over.abort();
    await expect(waiting).rejects.toThrow("too late");
    work.reject(new Error("nobody may hear of this"));
  });

  it("waits for work that takes a while", async () => {
    const work = Promise.withResolvers<number>();
    const waiting = inTime(work.promise, timer, late);
    setImmediate(() => work.resolve(7));
    expect(await waiting).toBe(7);
  });

  it("leaves nobody listening to the timer, whichever of the two is first", async () => {
    await inTime(Promise.resolve(7), timer, late);
    expect(getEventListeners(over.signal, "abort")).toEqual([]);
    const waiting = inTime(new Promise(() => undefined), timer, late);
    expect(getEventListeners(over.signal, "abort")).toHaveLength(1);
    over.abort();
    await expect(waiting).rejects.toThrow("too late");
    expect(getEventListeners(over.signal, "abort")).toEqual([]);
  });

  it("gives up at once if the time was over before", async () => {
    over.abort();
    await expect(inTime(new Promise(() => undefined), timer, late)).rejects.toThrow("too late");
  });
});
