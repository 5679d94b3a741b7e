import { decodeTime } from "ulid";
import { expect, it } from "vitest";
import { createRandom, rollOf, ulidAt } from "./random.ts";

it("gives equal sequences for equal seeds and different ones for other seeds or labels", () => {
  const take = (seed: number, label?: string) => {
    const random = createRandom(seed, label);
    return Array.from({ length: 20 }, () => random.next());
  };
  expect(take(7)).toEqual(take(7));
  expect(take(7)).not.toEqual(take(8));
  expect(take(7, "a")).not.toEqual(take(7, "b"));
});

it("spreads rolls over the unit interval", () => {
  const rolls = Array.from({ length: 10_000 }, (_, i) => rollOf(1, `r${i}`));
  const below = rolls.filter((roll) => roll < 0.2).length;
  expect(below).toBeGreaterThan(1_850);
  expect(below).toBeLessThan(2_150);
});

it("makes ULIDs that carry their instant", () => {
  const atMs = Date.UTC(2026, 4, 6, 10, 2, 41);
  const id = ulidAt(atMs, createRandom(1));
  expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(decodeTime(id)).toBe(atMs);
});
