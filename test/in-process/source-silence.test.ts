import { describe, expect, it } from "vitest";
import { readStatus } from "../../src/queries/status.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "../scenarios/meetings-workspace.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 5, 1, 12);

/** A workspace with a meeting every so often for five weeks. */
async function withMeetings(everyMs: number) {
  const count = Math.floor((35 * DAY_MS) / everyMs);
  const meetings = Array.from({ length: count }, (_, n) =>
    aSourceMeeting(`m${n}`, NOW_MS - 7 * HOUR_MS - n * everyMs),
  );
  const space = await aFirefliesWorkspace({ meetings });
  await space.sync("fireflies");
  const alerts = async () =>
    (await readStatus(space.ports)).alerts.map(({ kind, subject }) => `${kind} of ${subject}`);
  return { ...space, alerts };
}

describe("a source that answers and says nothing", () => {
  it("is silent when its newest meeting is older than expected, and no longer with the next one", async () => {
    const { hour, world, alerts, fireflies } = await withMeetings(2 * DAY_MS);
    for (let hours = 7; hours < 71; hours += 1) await hour();
    expect(await alerts()).toEqual([]);
    await hour();
    await hour();
    expect(await alerts()).toEqual(["source_silent of fireflies"]);
    fireflies.control({ op: "arrive", meeting: aSourceMeeting("new", world.nowMs()) });
    await hour();
    expect(await alerts()).toEqual([]);
  });

  it("is no matter of a run that did not get to list it", async () => {
    const { sync, world, alerts, fireflies } = await withMeetings(DAY_MS);
    world.advance(5 * DAY_MS);
    fireflies.control({ op: "remove-key" });
    expect((await sync("fireflies")).state).toBe("parked");
    expect(await alerts()).toEqual(["access_lost of fireflies"]);
  });
});
