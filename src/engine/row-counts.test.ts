import { describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace, runSync } from "../../test/in-process/workspace.ts";
import { keptCheck } from "./row-counts.ts";

describe("keptCheck", () => {
  it("holds unless more than a hundredth of the rows is gone beyond those that were deleted", () => {
    expect(keptCheck(200, 198, 0)).toMatchObject({ ok: true, expected: "at least 200", actual: 198 });
    expect(keptCheck(200, 197, 0).ok).toBe(false);
    expect(keptCheck(200, 190, 10).ok).toBe(true);
    expect(keptCheck(0, 5, 0).ok).toBe(true);
  });
});

it("a run in which rows vanish does not succeed, and opens an alert", async () => {
  const space = await aWorkspace();
  space.source.meetings = ["m1", "m2", "m3"].map((id) => aListedMeeting(id));
  await runSync(space, "fireflies");
  space.world.advance(3_600_000);
  const { records } = space.ports;
  const losing = {
    ...records,
    listingState: async (asked: Parameters<typeof records.listingState>[0]) => {
      await space.d1.prepare("delete from meetings where id = 'm2'").run();
      return records.listingState(asked);
    },
  };
  const run = await runSync(space, "fireflies", { ...space.ports, records: losing });
  expect(run.state).toBe("succeeded_with_findings");
  expect(run.result?.checks).toContainEqual({
    name: "rows before and after",
    ok: false,
    expected: "at least 3",
    actual: 2,
  });
  expect((await space.ports.runs.openAlerts()).items).toMatchObject([
    { kind: "count_mismatch", subject: "fireflies" },
  ]);
});
