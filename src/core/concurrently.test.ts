import { describe, expect, it } from "vitest";
import { concurrently } from "./concurrently.ts";
import { CONNECTIONS_MAX } from "./policy.ts";

describe("concurrently", () => {
  it("keeps the order of the items and never has more than six under way", async () => {
    let underWay = 0;
    let most = 0;
    const results = await concurrently([...Array(40).keys()], async (item) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
      return item * 2;
    });
    expect(results).toEqual([...Array(40).keys()].map((item) => item * 2));
    expect(most).toBe(CONNECTIONS_MAX);
  });

  it("throws the first failure after what was under way has settled, and starts nothing more", async () => {
    let settled = 0;
    let started = 0;
    const work = async (item: number): Promise<void> => {
      started += 1;
      await Promise.resolve();
      if (item === 0) throw new Error("first");
      await Promise.resolve();
      settled += 1;
    };
    await expect(concurrently([...Array(40).keys()], work)).rejects.toThrow("first");
    expect(settled).toBe(started - 1);
    expect(started).toBe(CONNECTIONS_MAX);
  });
});
