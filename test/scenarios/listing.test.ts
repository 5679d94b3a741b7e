import { describe, expect, it } from "vitest";
import { expectProof, expectSums, found } from "../in-process/laws.ts";
import { aFirefliesWorkspace, aSourceMeeting, type FirefliesWorkspace } from "./meetings-workspace.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 5, 1, 12);

/** Meetings an hour apart, the newest first. */
const history = (count: number, apartMs = HOUR_MS) =>
  Array.from({ length: count }, (_, n) => aSourceMeeting(`m${n}`, NOW_MS - DAY_MS - n * apartMs));

/** Every law that a finished estate must keep, and how many meetings it holds. */
async function expectWhole({ ports }: FirefliesWorkspace, records: number): Promise<void> {
  await expectSums(ports);
  expect((await expectProof(ports)).records).toBe(records);
}
const lists = (space: FirefliesWorkspace) =>
  space.fireflies.log().filter(({ fields }) => fields.includes("transcripts"));
const openAlerts = async ({ ports }: FirefliesWorkspace): Promise<string[]> =>
  (await ports.runs.openAlerts()).items.map(({ kind }) => kind);

describe("acceptance: the listing of Fireflies", () => {
  it("Transcript appears 20 h after its meeting, and newer ones were already synced", async () => {
    const space = await aFirefliesWorkspace({ meetings: history(5) });
    await space.hour();
    for (let hour = 0; hour < 20; hour += 1) {
      const newer = aSourceMeeting(`newer-${hour}`, space.world.nowMs());
      space.fireflies.control({ op: "arrive", meeting: newer });
      await space.hour();
    }
    const heldMs = space.world.nowMs() - 20 * HOUR_MS;
    space.fireflies.control({ op: "arrive", meeting: aSourceMeeting("late", heldMs, { about: "bergamot" }) });
    const run = await space.hour();
    expect(run.result?.counts).toMatchObject({ created: 1, failed: 0 });
    expect(await found(space.ports, "bergamot")).toEqual(["late"]);
    await expectWhole(space, 26);
  });

  it("Page 7 of 16 of the Fireflies listing errors out", async () => {
    const space = await aFirefliesWorkspace({ meetings: history(752, 20 * MINUTE_MS) });
    const answer = space.fireflies.fetch;
    const asked: number[] = [];
    let isBroken = true;
    space.fireflies.fetch = async (request) => {
      const { variables } = (await request
        .clone()
        .json()
        .catch(() => ({}))) as {
        variables?: { skip?: number };
      };
      if (variables?.skip === undefined) return answer(request);
      asked.push(variables.skip);
      if (isBroken && new Set(asked).size === 7) return new Response("<html>", { status: 500 });
      return answer(request);
    };
    const failed = await space.sync("fireflies");
    expect(failed.state).toBe("failed");
    expect(await openAlerts(space)).toContain("retries_exhausted");
    // A listing that broke off counts nothing and deletes nothing: what it did show stays.
    expect(await space.ports.records.sourceCount()).toEqual({ ids: 0, asOfMs: null });
    const before = (await space.ports.records.totals()).records;
    expect(before).toBeGreaterThan(6 * 45);
    isBroken = false;
    const brokenAt = asked.at(-1) ?? 0;
    asked.length = 0;
    space.world.advance(HOUR_MS);
    let run = await space.sync("fireflies");
    expect(asked, "looks at the newest days, then goes on where it broke off").toContain(brokenAt);
    expect(asked.length, "and lists nothing of the rest again").toBeLessThan(17);
    while (run.continues) run = await space.sync("fireflies");
    expect(run).toMatchObject({ state: "succeeded", sourceCount: 752, destinationCount: 752 });
    expect(await openAlerts(space)).toEqual([]);
    expect(await space.rows("select id from meetings where deleted_ms is not null")).toEqual([]);
    let vectors = await space.sync("vectors");
    while (vectors.continues) vectors = await space.sync("vectors");
    await expectWhole(space, 752);
  });

  it("Listing shifts by one record between pages", async () => {
    const space = await aFirefliesWorkspace({ meetings: history(140) });
    space.fireflies.control({
      op: "later",
      afterLists: 1,
      do: [{ op: "arrive", meeting: aSourceMeeting("above", NOW_MS) }],
    });
    space.fireflies.control({ op: "later", afterLists: 2, do: [{ op: "delete", id: "m3" }] });
    const run = await space.sync("fireflies");
    expect(run.state).toBe("succeeded");
    const ids = new Set((await space.rows<{ id: string }>("select id from meetings")).map(({ id }) => id));
    // Everything that was there throughout is on record, whatever came in above it and went away.
    expect(
      history(140)
        .map(({ id }) => id)
        .filter((id) => id !== "m3" && !ids.has(id)),
    ).toEqual([]);
    await space.hour();
    expect(await found(space.ports, "above")).toEqual(["above"]);
    // What was shown once and went away since is kept: one listing without it proves nothing.
    await expectWhole(space, 141);
  });

  it("51st request of the day", async () => {
    const space = await aFirefliesWorkspace({ meetings: history(3), quotaPerDay: 50 });
    await space.hour();
    let parked = await space.hour();
    // Nobody waits for the hour: somebody asks and asks.
    for (let n = 0; n < 80 && parked.state !== "parked"; n += 1) {
      space.fireflies.control({ op: "arrive", meeting: aSourceMeeting(`a${n}`, space.world.nowMs()) });
      space.world.advance(MINUTE_MS);
      parked = await space.sync("fireflies");
    }
    expect(parked).toMatchObject({ state: "parked", notBeforeMs: expect.any(Number) });
    expect(space.fireflies.log().length).toBeLessThanOrEqual(50);
    await space.sync("fireflies");
    expect(space.fireflies.log().filter(({ status, early }) => status === 429 || early)).toEqual([]);
    expect(space.fireflies.log().length, "nobody asks while it waits").toBeLessThanOrEqual(50);
    space.world.advance((parked.notBeforeMs ?? 0) - space.world.nowMs() + MINUTE_MS);
    const next = await space.hour();
    expect(next.state).toBe("succeeded");
    const atSource = (await space.rows<{ n: number }>("select count(*) as n from sightings"))[0]?.n ?? 0;
    expect(atSource).toBeGreaterThan(3);
    expect(space.fireflies.log().filter(({ status, early }) => status === 429 || early)).toEqual([]);
    await expectWhole(space, atSource);
  });

  it("429 inside an HTTP-200 body", async () => {
    const space = await aFirefliesWorkspace({ meetings: history(8) });
    space.fireflies.control({ op: "behave", errorStatus: "always200" });
    space.fireflies.control({
      op: "fault",
      next: [{ kind: "rate_limited", retryAfterSeconds: 240, field: "transcripts" }],
    });
    const beganMs = space.world.nowMs();
    const run = await space.hour();
    expect(run).toMatchObject({ state: "succeeded", sourceCount: 8, destinationCount: 8 });
    const [refused, ...later] = lists(space);
    expect(refused).toMatchObject({ status: 200, fault: "rate_limited" });
    expect(later.filter(({ early }) => early)).toEqual([]);
    expect((later[0]?.atMs ?? 0) - (refused?.atMs ?? beganMs)).toBeGreaterThanOrEqual(240_000);
    await expectWhole(space, 8);
  });

  it("Zero meetings returned on a working day", async () => {
    const daily = Array.from({ length: 120 }, (_, n) => NOW_MS - n * 8 * HOUR_MS - 8 * HOUR_MS)
      .filter((ms) => new Date(ms).getUTCDay() % 6 !== 0)
      .map((ms, n) => aSourceMeeting(`d${n}`, ms));
    const space = await aFirefliesWorkspace({ meetings: daily });
    await space.sync("fireflies");
    await space.sync("vectors");
    space.world.advance(HOUR_MS);
    expect((await space.hour()).state).toBe("succeeded");
    expect(await openAlerts(space)).toEqual([]);
    for (const { id } of daily) space.fireflies.control({ op: "hide", id });
    const empty = await space.hour();
    expect(empty.result?.counts.seen).toBe(0);
    expect(await openAlerts(space)).toContain("zero_seen");
    expect((await space.ports.runs.openAlerts()).items.at(-1)?.detail).toMatch(
      /^the source showed no meeting at all; \d+ of the last days are on record$/,
    );
    // What cannot be seen is not gone.
    expect((await space.ports.records.totals()).records).toBe(daily.length);
    for (const { id } of daily) space.fireflies.control({ op: "show", id });
    await space.hour();
    expect(await openAlerts(space)).toEqual([]);
    // A working day goes by on which the source answers and nothing is new.
    space.world.advance(32 * HOUR_MS);
    await space.hour();
    expect(await openAlerts(space)).toContain("zero_seen");
    space.fireflies.control({
      op: "arrive",
      meeting: aSourceMeeting("again", space.world.nowMs()),
    });
    await space.hour();
    expect(await openAlerts(space)).toEqual([]);
    await expectWhole(space, daily.length + 1);
  });
});
