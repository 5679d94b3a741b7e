import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { createArrivalStore } from "./arrival-table.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A ledger that has sighted meetings so many hours ago. */
async function sighted(hoursAgo: readonly number[]) {
  const { d1, world } = await aWorkspace();
  const nowMs = world.nowMs();
  for (const [n, hours] of hoursAgo.entries())
    await d1
      .prepare(
        `insert into sightings (source_id, date_string, discovery_id, state, content_hash, revision_key, stored_bytes,
           first_seen_ms, last_seen_ms, observed_ms) values (?1, ?2, 'd', 'live', '', '', 0, ?3, ?3, ?3)`,
      )
      .bind(`m${n}`, hours === -1 ? "" : new Date(nowMs - hours * HOUR_MS).toISOString(), nowMs)
      .run();
  return { nowMs, d1, arrivals: createArrivalStore(d1) };
}

describe("arrivals", () => {
  it("are counted for the last day and the same day of the weeks before, by when the meeting took place", async () => {
    const week = 7 * 24;
    const { arrivals, nowMs } = await sighted([
      8,
      10,
      week + 8,
      week + 10,
      week + 12,
      2 * week + 29,
      4 * week + 7,
    ]);
    expect(await arrivals.arrivals(nowMs)).toEqual({
      oldestMs: nowMs - (4 * week + 7) * HOUR_MS,
      newestMs: nowMs - 8 * HOUR_MS,
      days: [2, 3, 1, 0, 1],
      listed: 2,
      longestPauseMs: null,
    });
  });

  it("of the last hours are there, and not missed by a listing yet; what has no date is left out", async () => {
    const { arrivals, nowMs } = await sighted([1, 5, -1]);
    expect(await arrivals.arrivals(nowMs)).toMatchObject({ days: [2, 0, 0, 0, 0], listed: 0 });
    expect((await arrivals.arrivals(nowMs)).newestMs).toBe(nowMs - HOUR_MS);
  });

  it("tell the longest pause of the norm once the newest is older than a day", async () => {
    const few = await sighted([50, 60, 130, 140, 2_000]);
    expect((await few.arrivals.arrivals(few.nowMs)).longestPauseMs, "of too few to tell").toBe(null);
    const many = Array.from({ length: 10 }, (_, n) => 140 + n);
    const { arrivals, nowMs } = await sighted([50, 60, 130, ...many, 2_000]);
    expect((await arrivals.arrivals(nowMs)).longestPauseMs).toBe(70 * HOUR_MS);
    expect((await arrivals.arrivals(nowMs - 2 * DAY_MS)).longestPauseMs).toBe(null);
  });

  it("are none in an empty ledger", async () => {
    const { arrivals, nowMs } = await sighted([]);
    expect(await arrivals.arrivals(nowMs)).toEqual({
      oldestMs: null,
      newestMs: null,
      days: [0, 0, 0, 0, 0],
      listed: 0,
      longestPauseMs: null,
    });
  });
});
