import { describe, expect, it } from "vitest";
import { readRunReport, readWeekReport } from "../../src/queries/report.ts";
import { parseWeek } from "../../src/core/report-week.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";

describe("smoke", () => {
  it("prints", async () => {
    const space = await aFirefliesWorkspace([
      aSourceMeeting("m1", 3),
      aSourceMeeting("m2", 5, { sentences: [], title: "" }),
    ]);
    const run = await space.sync();
    const vec = await space.vectors();
    const week = parseWeek({}, space.world.nowMs() + 1);
    if ("error" in week) throw new Error(week.error);
    const r = await readRunReport(space.ports, run.id);
    console.log(JSON.stringify({ ...r, queries: 0 }, null, 1));
    console.log(
      JSON.stringify({ ...(await readRunReport(space.ports, vec.id)), queries: 0 }.figures, null, 1),
    );
    const w = await readWeekReport(space.ports, week.week, false);
    console.log(JSON.stringify({ ...w, queries: 0 }, null, 1));
    expect(1).toBe(1);
  });
});
