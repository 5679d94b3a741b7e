import { beforeEach, describe, expect, it } from "vitest";
import {
  aListedMeeting,
  aRow,
  aWorkspace,
  runSync,
  type Workspace,
} from "../../test/in-process/workspace.ts";
import { FailureError, type FailureKind } from "../core/errors.ts";
import { FAILED_RETRY_AFTER_MS, LISTING_PAUSE_MAX_MS } from "../core/policy.ts";
import type { ListedMeeting, ListRequest } from "../ports/sources.ts";

const NO_READING = { limit: null, remaining: null, windowEndsMs: null };
const at = (minute: number): { dateString: string } => ({
  dateString: new Date(Date.UTC(2026, 4, 30, 0, minute)).toISOString(),
});

function failing(kind: FailureKind, more: object = {}): never {
  throw new FailureError({ kind, party: "fireflies", detail: kind, ...more });
}

describe("syncMeetings", () => {
  let space: Workspace;
  beforeEach(async () => {
    space = await aWorkspace();
    space.source.meetings = [
      aListedMeeting("a", at(3)),
      aListedMeeting("bad", at(2)),
      aListedMeeting("c", at(1)),
    ];
  });
  const list = (): Workspace["source"]["listMeetings"] => space.source.listMeetings;

  /** The source cannot read the sentences of one meeting, now or ever. */
  function makeUnreadable(id: string): void {
    const plain = list();
    space.source.listMeetings = async (request) => {
      const reply = await plain(request);
      const items = reply.items.map((row) => row.read());
      if (!items.some((item) => item.id === id)) return reply;
      if (!request.acceptUnreadable) failing("partial");
      const broken = items.map((item) =>
        item.id === id ? { ...item, unreadable: ["sentences"], wireHash: null } : item,
      );
      return { ...reply, items: broken.map(aRow) };
    };
    space.source.getMeeting = async () => {
      space.source.calls.push("fetch");
      return failing("partial");
    };
  }

  it("lets one meeting that the source can never read cost itself alone, and says so every time", async () => {
    makeUnreadable("bad");
    const first = await runSync(space, "fireflies");
    expect(first).toMatchObject({ state: "succeeded_with_findings", sourceCount: 3, destinationCount: 2 });
    expect(first.result?.counts).toMatchObject({ seen: 3, created: 2, failed: 1 });
    expect((await space.ports.runs.openAlerts()).items.map((alert) => alert.kind)).not.toContain(
      "retries_exhausted",
    );
  });

  it("asks for a failed meeting once a day, after the listing, so that new ones always come", async () => {
    makeUnreadable("bad");
    await runSync(space, "fireflies");
    for (const day of [1, 2]) {
      space.world.advance(FAILED_RETRY_AFTER_MS + 3_600_000);
      space.source.calls = [];
      space.source.listMeetings = async ({ skip, rows }) => {
        space.source.calls.push("list");
        const meetings = [
          aListedMeeting(`new-${day}`, {
            dateString: new Date(space.world.nowMs() - 86_400_000).toISOString(),
          }),
        ];
        const items = meetings.slice(skip, skip + rows).map(aRow);
        return { items, cursor: null, replyBytes: 100, quota: NO_READING };
      };
      const run = await runSync(space, "fireflies");
      expect(run.result?.counts).toMatchObject({ created: 1, failed: 1 });
      expect(space.source.calls.filter((call) => call === "fetch")).toHaveLength(1);
    }
    expect((await space.ports.records.totals()).records).toBe(4);
  });

  it("takes a failed meeting in as soon as it can be read", async () => {
    const [plain, fetchPlain] = [list(), space.source.getMeeting];
    makeUnreadable("bad");
    await runSync(space, "fireflies");
    [space.source.listMeetings, space.source.getMeeting] = [plain, fetchPlain];
    space.world.advance(3_600_000);
    expect((await runSync(space, "fireflies")).result?.counts).toMatchObject({
      created: 1,
      unchanged: 2,
      failed: 0,
    });
  });

  it("keeps the record of a meeting whose newer revision cannot be read, and counts it once", async () => {
    await runSync(space, "fireflies");
    makeUnreadable("bad");
    const run = await runSync(space, "fireflies");
    expect(run.result?.counts).toMatchObject({ seen: 3, unchanged: 2, failed: 1 });
    expect(run).toMatchObject({ sourceCount: 3, destinationCount: 3 });
    expect((await space.ports.runs.openAlerts()).items.map((alert) => alert.kind)).not.toContain(
      "count_mismatch",
    );
  });

  it("counts each meeting once when a page is committed and every reply that says so is lost", async () => {
    await runSync(space, "fireflies");
    space.source.meetings = space.source.meetings.with(
      0,
      aListedMeeting("a", { ...at(3), title: "Renamed" }),
    );
    const { records } = space.ports;
    const commitPage: typeof records.commitPage = async (...values) => {
      await records.commitPage(...values);
      throw new FailureError({ kind: "unreachable", party: "d1", detail: "unreachable" });
    };
    const run = await runSync(space, "fireflies", { ...space.ports, records: { ...records, commitPage } });
    expect(run).toMatchObject({ state: "failed" });
    expect(run.result?.counts).toMatchObject({ seen: 3, unchanged: 2, updated: 1, failed: 0 });
  });

  it("parses a meeting only if its bytes are new, and takes other bytes that say the same for the same", async () => {
    let parsed: string[] = [];
    const plain = list();
    space.source.listMeetings = async (request) => {
      const { items, ...reply } = await plain(request);
      const watched = items.map((row) => ({
        ...row,
        read: () => {
          const item = row.read();
          parsed.push(item.id);
          return item;
        },
      }));
      return { ...reply, items: watched };
    };
    const parsedBy = async (wireHashes: Record<string, string>): Promise<string[]> => {
      parsed = [];
      space.source.meetings = space.source.meetings.map((item) => ({
        ...item,
        wireHash: wireHashes[item.id] ?? null,
      }));
      expect((await runSync(space, "fireflies")).result?.counts).toMatchObject({ seen: 3, failed: 0 });
      // The whole history ends in an empty page after the short one.
      return [...new Set(parsed)];
    };
    expect(await parsedBy({ a: "1", bad: "2", c: "3" })).toEqual(["a", "bad", "c"]);
    expect(await parsedBy({ a: "1", bad: "2", c: "3" })).toEqual([]);
    expect(await parsedBy({ a: "1", bad: "other", c: "3" })).toEqual(["bad"]);
    expect(await parsedBy({ a: "1", bad: "other", c: "3" })).toEqual([]);
    makeUnreadable("bad");
    expect((await runSync(space, "fireflies")).result?.counts).toMatchObject({ unchanged: 2, failed: 1 });
    space.source.listMeetings = async (request) => {
      const { items, ...reply } = await plain(request);
      return { ...reply, items };
    };
    const cured = await runSync(space, "fireflies");
    expect(cured.result?.counts, "bytes that are known do not hide a failure").toMatchObject({
      unchanged: 3,
      failed: 0,
    });
  });

  it("brings neighbours too large for any page one by one, and one that is too large by itself not at all", async () => {
    const plain = list();
    space.source.meetings = Array.from({ length: 9 }, (_, n) => aListedMeeting(`m${n}`, at(n)));
    space.source.listMeetings = async (request: ListRequest) =>
      request.light ? plain(request) : failing("too_large");
    const fetchPlain = space.source.getMeeting;
    space.source.getMeeting = async (request) =>
      request.id === "m4" ? failing("too_large") : fetchPlain(request);
    const run = await runSync(space, "fireflies");
    expect(run).toMatchObject({ state: "succeeded_with_findings", sourceCount: 9, destinationCount: 8 });
    expect(run.result?.counts).toMatchObject({ created: 8, failed: 1 });
  });

  describe("with one meeting in the window that no reply can hold", () => {
    const HOUR_MS = 3_600_000;
    const COUNT = 40;
    const HUGE = "m20";
    let edits: Record<string, Record<string, unknown>>;
    let arrived: ListedMeeting[];
    let isHuge: boolean;

    beforeEach(() => {
      edits = {};
      arrived = [];
      isHuge = true;
      const beganMs = space.world.nowMs();
      const meetings = (): ListedMeeting[] =>
        Array.from({ length: COUNT }, (_, n) => {
          const dateString = new Date(beganMs - n * HOUR_MS).toISOString();
          return aListedMeeting(`m${n}`, { dateString, ...edits[`m${n}`] });
        }).concat(arrived);
      const plain = list();
      space.source.listMeetings = async (request) => {
        space.source.meetings = meetings();
        const reply = await plain(request);
        const items = reply.items.map((row) => row.read());
        if (!request.light && isHuge && items.some(({ id }) => id === HUGE)) failing("too_large");
        if (!request.light) return reply;
        const light = items.map((item) => {
          const { sentences: _, ...row } = JSON.parse(item.revision) as Record<string, unknown>;
          return aRow({ ...item, revision: JSON.stringify(row) });
        });
        return { ...reply, items: light };
      };
      const fetchPlain = space.source.getMeeting;
      space.source.getMeeting = async (request) => {
        space.source.meetings = meetings();
        const reply = await fetchPlain(request);
        return request.id === HUGE && isHuge ? failing("too_large") : reply;
      };
    });

    /** A run, and how many calls it took. */
    async function hour(): Promise<{ run: Awaited<ReturnType<typeof runSync>>; calls: number }> {
      space.world.advance(HOUR_MS);
      space.source.calls = [];
      return { run: await runSync(space, "fireflies"), calls: space.source.calls.length };
    }
    const titleOf = async (id: string): Promise<string | null> =>
      space.d1.prepare("select title from meetings where id = ?1").bind(id).first<string>("title");
    const wordsOf = async (id: string): Promise<number | null> =>
      space.d1.prepare("select word_count as n from meetings where id = ?1").bind(id).first<number>("n");

    it("pays for it once, then an hourly run takes a few calls and counts everything", async () => {
      await runSync(space, "fireflies");
      for (let n = 0; n < 24; n += 1) {
        const { run, calls } = await hour();
        expect(calls, `hour ${n}`).toBeLessThanOrEqual(6);
        expect(run).toMatchObject({ state: "succeeded_with_findings", sourceCount: COUNT });
        expect(run.result?.counts).toMatchObject({ seen: COUNT, unchanged: COUNT - 1, failed: 1 });
      }
    });

    it("asks for it once a day, and takes it in when it can be read", async () => {
      await runSync(space, "fireflies");
      await hour();
      isHuge = false;
      const beganMs = space.world.nowMs();
      let run: Awaited<ReturnType<typeof runSync>>;
      do run = (await hour()).run;
      while (run.state !== "succeeded" && space.world.nowMs() - beganMs < 2 * FAILED_RETRY_AFTER_MS);
      expect(run.result?.counts).toMatchObject({ seen: COUNT, created: 1, failed: 0 });
      expect(space.world.nowMs() - beganMs).toBeLessThanOrEqual(FAILED_RETRY_AFTER_MS);
      const { calls } = await hour();
      expect(calls, "the window, and the empty page after it").toBe(2);
    });

    it("sees a neighbour's new title within the hour, and new words within two days", async () => {
      await runSync(space, "fireflies");
      await hour();
      edits = { m19: { title: "Renamed" } };
      await hour();
      expect(await titleOf("m19")).toBe("Renamed");
      const before = await wordsOf("m3");
      const text = "Nothing of this was said before. ".repeat(9);
      edits = { ...edits, m3: { sentences: [{ speaker_name: "Maya", text }] } };
      for (let n = 0; n < 48; n += 1) await hour();
      expect(await wordsOf("m3")).not.toBe(before);
    });

    it("brings new meetings above it at once, whole if they are many", async () => {
      await runSync(space, "fireflies");
      await hour();
      arrived = Array.from({ length: 60 }, (_, n) =>
        aListedMeeting(`new-${n}`, {
          dateString: new Date(space.world.nowMs() - n * 1_000).toISOString(),
        }),
      );
      expect((await hour()).run.result?.counts).toMatchObject({ created: 60, failed: 1 });
      expect((await hour()).run.result?.counts).toMatchObject({ seen: 100, unchanged: 99, failed: 1 });
      expect(space.source.calls.length).toBeLessThanOrEqual(9);
    });
  });

  it("never calls before the named time, even if that time could not be written down", async () => {
    const untilMs = space.world.nowMs() + 10 * 60_000;
    const calls: number[] = [];
    const plain = list();
    space.source.listMeetings = async (request) => {
      calls.push(space.world.nowMs());
      return space.world.nowMs() < untilMs
        ? failing("rate_limited", { notBeforeMs: untilMs })
        : plain(request);
    };
    let settles = 0;
    const settleCall: typeof space.ports.runs.settleCall = async (...values) => {
      settles += 1;
      // The account's call is settled first; then the refusal of the list is lost on its way to the ledger.
      if (settles === 2) throw new FailureError({ kind: "locked", party: "d1", detail: "busy" });
      return space.ports.runs.settleCall(...values);
    };
    const ports = { ...space.ports, runs: { ...space.ports.runs, settleCall } };
    expect((await runSync(space, "fireflies", ports)).state).toBe("succeeded");
    expect(calls.slice(1).every((ms) => ms >= untilMs)).toBe(true);
  });

  it("waits out a budget per minute and parks for a budget per day", async () => {
    const budget = (windowMs: number) => ({
      limit: 1,
      remaining: 0,
      windowEndsMs: space.world.nowMs() + windowMs,
    });
    const plain = list();
    let windowMs = 60_000;
    space.source.listMeetings = async (request) => ({ ...(await plain(request)), quota: budget(windowMs) });
    expect((await runSync(space, "fireflies")).state).toBe("succeeded");
    windowMs = 20 * 3_600_000;
    space.world.advance(60_000);
    await runSync(space, "fireflies");
    expect(await runSync(space, "fireflies")).toMatchObject({
      state: "parked",
      notBeforeMs: expect.any(Number),
    });
  });

  describe("with one call a day", () => {
    const DAY_MS = 86_400_000;
    const KNOWN = 60;
    const ARRIVED = 120;
    /** Where the pages of the window begin; the last one is empty. */
    const PAGES = [0, 47, 94, 141, 180];
    let callsLeft = Number.POSITIVE_INFINITY;
    let skips: number[] = [];
    let plain: Workspace["source"]["listMeetings"];

    beforeEach(async () => {
      const byAge = (id: string, n: number) =>
        aListedMeeting(id, { dateString: new Date(space.world.nowMs() - n * 60_000).toISOString() });
      space.source.meetings = Array.from({ length: KNOWN }, (_, n) => byAge(`old-${n}`, n));
      plain = list();
      callsLeft = Number.POSITIVE_INFINITY;
      await runSync(space, "fireflies");
      space.world.advance(DAY_MS);
      const arrived = Array.from({ length: ARRIVED }, (_, n) => byAge(`new-${n}`, n));
      space.source.meetings = [...space.source.meetings, ...arrived];
      skips = [];
      callsLeft = 1;
      space.source.listMeetings = async (request) => {
        const budgetEndsMs = (Math.floor(space.world.nowMs() / DAY_MS) + 1) * DAY_MS;
        if (callsLeft === 0) failing("quota", { notBeforeMs: budgetEndsMs });
        callsLeft -= 1;
        skips.push(request.skip);
        return plain(request);
      };
    });

    /** What the clock does until nothing more is due today. */
    async function day(): Promise<Awaited<ReturnType<typeof runSync>>> {
      space.world.advance(DAY_MS);
      callsLeft = 1;
      let run = await runSync(space, "fireflies");
      while (run.continues) run = await runSync(space, "fireflies");
      return run;
    }
    const openKinds = async (): Promise<string[]> =>
      (await space.ports.runs.openAlerts()).items.map((alert) => alert.kind);

    it("goes on with the window where it parked, until every meeting has come; then sees the newest at once", async () => {
      for (const _ of PAGES) await day();
      expect(skips).toEqual(PAGES);
      expect((await space.ports.records.totals()).records).toBe(KNOWN + ARRIVED);
      const newest = aListedMeeting("newest", { dateString: new Date(space.world.nowMs()).toISOString() });
      space.source.meetings = [...space.source.meetings, newest];
      await day();
      expect((await space.ports.records.totals()).records).toBe(KNOWN + ARRIVED + 1);
    });

    it("alerts when it has parked three times without an end, however often somebody starts it, until it ends", async () => {
      for (const _ of [1, 2]) await day();
      for (const _ of [1, 2, 3]) await runSync(space, "fireflies");
      expect(await openKinds()).toEqual([]);
      await day();
      expect(await openKinds()).toEqual(["parked_repeatedly"]);
      await day();
      space.world.advance(DAY_MS);
      callsLeft = 1;
      expect(await runSync(space, "fireflies")).toMatchObject({ state: "succeeded", continues: true });
      expect(await openKinds()).toEqual([]);
    });

    it("goes on with the window after a run that was given up", async () => {
      callsLeft = 2;
      await runSync(space, "fireflies", {
        ...space.ports,
        source: {
          ...space.source,
          listMeetings: async (request) =>
            request.skip < 90 ? space.source.listMeetings(request) : failing("defect"),
        },
      });
      space.world.advance(60_000);
      callsLeft = Number.POSITIVE_INFINITY;
      await runSync(space, "fireflies");
      expect(skips).toEqual(PAGES);
    });

    it("begins a window anew that nobody went on with for days", async () => {
      await day();
      space.world.advance(LISTING_PAUSE_MAX_MS);
      await day();
      expect(skips).toEqual([0, 0]);
    });
  });

  it("lets another key go on where one has to wait", async () => {
    space.source.listMeetings = async () =>
      failing("quota", { notBeforeMs: space.world.nowMs() + 86_400_000 });
    expect((await runSync(space, "fireflies")).state).toBe("parked");
    const other = { ...(await aWorkspace()).source, keyName: "fireflies:second" };
    other.meetings = space.source.meetings;
    expect((await runSync(space, "fireflies", { ...space.ports, source: other })).state).toBe("succeeded");
  });

  it("does not take one empty reply for an empty workspace", async () => {
    const plain = list();
    let replies = 0;
    space.source.listMeetings = async (request) => {
      replies += 1;
      return replies === 1 ? { items: [], cursor: null, replyBytes: 2, quota: NO_READING } : plain(request);
    };
    expect((await runSync(space, "fireflies")).sourceCount).toBe(3);
  });
});
