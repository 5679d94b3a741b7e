import { expect } from "vitest";
import type { Vector } from "../vectorize/types.ts";

/** A vector of three dimensions unless told otherwise. */
export function aVector(id: string, values: number[] = [1, 0, 0], more: Partial<Vector> = {}): Vector {
  return { id, values, ...more };
}

/** `count` ids: v0, v1, ... */
export function manyIds(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `v${n}`);
}

/** Values from -1 to 1 that look like chance and are always the same. */
export function someValues(seed: number, dimensions: number): number[] {
  let state = seed * 2_654_435_761 + 1;
  return Array.from({ length: dimensions }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((state >>> 8) / 2 ** 23) % 2 > 1 ? (state >>> 9) / -(2 ** 23) : (state >>> 9) / 2 ** 23;
  });
}

/** What a call is refused with; "no error" if it is not. */
export async function messageOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).name).toBe("Error");
    return (error as Error).message;
  }
  return "no error";
}
