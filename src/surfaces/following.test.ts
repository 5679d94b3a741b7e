import { expect, it } from "vitest";
import type { Run } from "../ports/run-store.ts";
import type { RunReport } from "../queries/status.ts";
import { FOLLOWED_RUNS_MAX, followToEnd } from "./following.ts";

const DONE = {
  state: "succeeded",
  continues: false,
  rebuild: null,
  preview: null,
  priority: "normal",
  detail: null,
  notBeforeMs: null,
  endedMs: 10,
} as unknown as Run;

/** Follow runs that end like this, the last of them again and again. @returns how many were followed */
async function followed(ends: readonly Partial<Run>[], asked: Run["priority"] = "normal"): Promise<number> {
  let times = 0;
  const reports = await followToEnd({
    first: async () => "first",
    next: async () => "next",
    follow: async (id) => {
      expect(id).toBe(times === 0 ? "first" : "next");
      const run = { ...DONE, ...ends[Math.min(times, ends.length - 1)] };
      times += 1;
      return { run } as RunReport;
    },
    asked,
  });
  expect(reports).toHaveLength(times);
  return times;
}

it("ends with a run that leaves nothing", async () => {
  expect(await followed([{}])).toBe(1);
});

it("goes on while runs continue each other, and not for ever", async () => {
  expect(await followed([{ continues: true }, { continues: true }, {}])).toBe(3);
  expect(await followed([{ continues: true }])).toBe(FOLLOWED_RUNS_MAX);
});

it("leaves to the clock what waits for a time", async () => {
  expect(await followed([{ state: "parked", continues: true, notBeforeMs: 11 }])).toBe(1);
});

it("takes up the recovery of a run that was lost, and no other failure", async () => {
  expect(await followed([{ state: "failed", detail: "lost: the step engine does not know it" }, {}])).toBe(2);
  expect(await followed([{ state: "failed", detail: "the key was refused" }, {}])).toBe(1);
});

it("asks again after a rebuild, a dry run or a more urgent run that went first, even if that one waits", async () => {
  const rebuild = { id: "01R", what: "chunks" } as const;
  expect(await followed([{ rebuild }, {}])).toBe(2);
  expect(await followed([{ preview: { mode: "dry_run", planHash: null } }, {}])).toBe(2);
  expect(await followed([{ priority: "high", state: "parked", notBeforeMs: 11 }, {}])).toBe(2);
  expect(await followed([{ priority: "high" }, {}], "high")).toBe(1);
  expect(await followed([{ priority: "low" }, {}])).toBe(1);
});
