import type { Run } from "../../src/ports/run-store.ts";
import { describe, expect, it } from "vitest";
import { FRESH_OVERLAP_MS, SWEEP_PERIOD_MS } from "../../src/core/policy.ts";
import { COUNTED } from "../../src/core/report.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** New rows of a run with nothing new. Source: design, section 12. */
const LEDGER_ROWS_MAX = 8;
const idOf = (n: number): string => `m${String(n).padStart(4, "0")}`;
/** Meetings of the past, so many a day. */
const history = (count: number, perDay: number) =>
  Array.from({ length: count }, (_, n) => aSourceMeeting(idOf(n), (n * DAY_HOURS) / perDay + 1));

type Space = Awaited<ReturnType<typeof aFirefliesWorkspace>>;

const titleOf = async (space: Space, id: string): Promise<unknown> =>
  (await space.rows(`select title from meetings where id = '${id}'`))[0]?.["title"];
const arrive = (space: Space, id: string, hoursAgo = 0): void => {
  const agoMs = space.world.nowMs() - Date.UTC(2026, 5, 1, 12);
  space.fireflies.control({ op: "arrive", meeting: aSourceMeeting(id, hoursAgo - agoMs / HOUR_MS) });
};
const refused = (space: Space): number =>
  space.fireflies.log().filter(({ error }) => error === "too_many_requests").length;

/** Whether more waits, and not for a share of the budget. */
const goesOnAtOnce = ({ continues, notBeforeMs }: Run): boolean => continues && notBeforeMs === null;

describe("the newest meetings", () => {
  it("cost one call and at most eight rows of the ledger where there is nothing new", async () => {
    const space = await aFirefliesWorkspace(history(120, 4));
    await space.sync();
    await space.after(1);
    const tables = await space.rows<{ name: string }>(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like '%fts%'",
    );
    const rowsNow = async (): Promise<number> => {
      let rows = 0;
      for (const { name } of tables)
        rows += Number((await space.rows(`select count(*) as n from "${name}"`))[0]?.["n"]);
      return rows;
    };
    const [rows, calls] = [await rowsNow(), space.fireflies.log().length];
    await space.after(1);
    expect(space.fireflies.log().length - calls).toBe(1);
    expect((await rowsNow()) - rows).toBeLessThanOrEqual(LEDGER_ROWS_MAX);
  });

  it("come first, in one call, once an earlier run has begun the backfill", async () => {
    const space = await aFirefliesWorkspace(history(400, 4), { plan: "free", quotaPerDay: 8 });
    expect((await space.sync()).state).toBe("parked");
    space.fireflies.control({ op: "quota", perDay: 1_000 });
    await space.d1.prepare("update quota set budget = 1000").run();
    arrive(space, "newest");
    const before = space.lists();
    const { source } = space.ports;
    if (source === null) throw new Error("no source");
    let seenAfter = 0;
    const listMeetings: typeof source.listMeetings = async (request) => {
      const reply = await source.listMeetings(request);
      if (reply.items.some((row) => row.read().id === "newest") && seenAfter === 0)
        seenAfter = space.lists() - before;
      return reply;
    };
    const run = await space.after(1, { ...space.ports, source: { ...source, listMeetings } });
    expect(seenAfter).toBe(1);
    expect(run).toMatchObject({ continues: false, sourceCount: 401, destinationCount: 401 });
  });

  it(
    "go on coming every hour while a backfill takes days of a small budget, and no call is refused",
    { timeout: 60_000 },
    async () => {
      const COUNT = 1_200;
      const space = await aFirefliesWorkspace(history(COUNT, 10), { plan: "free", quotaPerDay: 30 });
      let hours = 0;
      let run = await space.sync();
      for (; run.state === "parked" || run.continues; hours += 1) {
        if (hours > 10 * DAY_HOURS) throw new Error("the backfill never ends");
        const isNew = hours % 6 === 0;
        if (isNew) arrive(space, `new-${hours}`);
        do run = await space.after(goesOnAtOnce(run) ? 0 : 1);
        while (goesOnAtOnce(run));
        if (isNew) expect(await space.records(), `hour ${hours}`).toContain(`new-${hours}`);
        expect((await space.ports.runs.openAlerts()).items).toEqual([]);
      }
      expect(run).toMatchObject({
        state: "succeeded",
        sourceCount: COUNT + Math.ceil(hours / 6),
        destinationCount: COUNT + Math.ceil(hours / 6),
      });
      expect(refused(space)).toBe(0);
      expect(hours).toBeGreaterThanOrEqual(DAY_HOURS / 2);
    },
  );

  it("say why the whole history waits, and until when", async () => {
    const space = await aFirefliesWorkspace(history(800, 4), { plan: "free", quotaPerDay: 12 });
    const run = await space.sync();
    expect(run).toMatchObject({ state: "parked", sourceCount: null });
    expect(run.detail).toMatch(
      /^the whole history is listed to page \d+; more calls are left for it from 2026-06-0[12]T/,
    );
    expect(run.notBeforeMs).toBeGreaterThan(run.queuedMs + HOUR_MS);
  });

  it("count nothing before the whole history was listed", async () => {
    const space = await aFirefliesWorkspace(history(800, 4), { plan: "free", quotaPerDay: 12 });
    await space.sync();
    expect(await space.after(1)).toMatchObject({ state: "parked", sourceCount: null });
    expect((await space.ports.records.sourceCount()).asOfMs).toBe(null);
  });
});

describe("the sweep", () => {
  const PERIOD_HOURS = SWEEP_PERIOD_MS / HOUR_MS;
  const OUTSIDE_HOURS = FRESH_OVERLAP_MS / HOUR_MS + 110 * DAY_HOURS;

  async function listed(count = 150, perDay = 1): Promise<Space> {
    const space = await aFirefliesWorkspace(history(count, perDay));
    await space.sync();
    return space;
  }

  it("finds what was renamed, what was edited and what came late, far outside of the newest days", async () => {
    const space = await listed();
    space.fireflies.control({ op: "rename", id: idOf(100), title: "Renamed" });
    space.fireflies.control({
      op: "edit",
      id: idOf(101),
      sentence: { at: 0, text: "Another word was said. ".repeat(9) },
    });
    arrive(space, "late", OUTSIDE_HOURS);
    await space.after(1);
    expect(await titleOf(space, idOf(100))).not.toBe("Renamed");
    const run = await space.after(PERIOD_HOURS);
    expect(run.result?.counts).toMatchObject({ created: 1, updated: 2 });
    expect(await titleOf(space, idOf(100))).toBe("Renamed");
    expect(await space.records()).toContain("late");
    expect(run).toMatchObject({ sourceCount: 151, destinationCount: 151 });
    const check = run.result?.checks.find(({ name }) => name === COUNTED.sweep);
    expect(check?.actual).toMatch(/^every 7 days: from the first meeting to 2026-/);
    const [late] = await space.rows("select arrival_ms from sightings where source_id = 'late'");
    expect(Number(late?.["arrival_ms"])).toBeGreaterThan(OUTSIDE_HOURS * HOUR_MS);
  });

  it("is made once in a period, in windows that are remembered", async () => {
    const space = await listed(900, 4);
    const kinds = async (): Promise<number> =>
      (await space.rows("select id from discoveries where kind = 'sweep' and completed_ms is not null"))
        .length;
    await space.after(PERIOD_HOURS - 1);
    expect(await kinds()).toBe(0);
    await space.after(2);
    expect(await kinds()).toBe(3);
    const windows = await space.rows(
      "select floor_ms, ceiling_ms from discoveries where kind = 'sweep' order by ceiling_ms desc",
    );
    expect(windows.map(({ floor_ms }) => floor_ms)).toEqual([
      ...windows.slice(1).map(({ ceiling_ms }) => ceiling_ms),
      null,
    ]);
    await space.after(24);
    expect(await kinds()).toBe(3);
    await space.after(PERIOD_HOURS);
    expect(await kinds()).toBe(6);
    expect(await space.ports.deletions.sweeps()).toMatchObject({ completedMs: expect.any(Number) });
  });

  it(
    "takes only calls that the checks do not need, and goes on where it stood",
    { timeout: 60_000 },
    async () => {
      const space = await listed(900, 4);
      space.fireflies.control({ op: "quota", perDay: 40, used: 0 });
      space.fireflies.control({ op: "rename", id: idOf(890), title: "Renamed" });
      space.world.advance((PERIOD_HOURS - DAY_HOURS) * HOUR_MS);
      for (let hour = 0; hour < 4 * DAY_HOURS; hour += 1) {
        const isNew = hour % 6 === 0;
        if (isNew) arrive(space, `new-${hour}`);
        await space.after(1);
        if (isNew) expect(await space.records(), `hour ${hour}`).toContain(`new-${hour}`);
      }
      expect(refused(space)).toBe(0);
      expect(await titleOf(space, idOf(890))).toBe("Renamed");
    },
  );

  it(
    "never counts a meeting in the margin of its window as missing, whatever the source does with dates",
    { timeout: 60_000 },
    async () => {
      for (const bounds of ["inclusive", "exclusive"] as const)
        for (const compares of ["date", "dateString"] as const) {
          const space = await aFirefliesWorkspace(history(450, 4), {
            behaviour: { dateFilter: { bounds, compares } },
          });
          await space.sync();
          await space.after(PERIOD_HOURS);
          await space.after(1);
          expect(
            (await space.rows("select id from discoveries where kind = 'sweep' and completed_ms is not null"))
              .length,
          ).toBe(2);
          expect(await space.rows("select * from absences")).toEqual([]);
        }
    },
  );
});

describe("pages of listings", () => {
  it("are kept as evidence, one row each, and go when they are old", async () => {
    const space = await aFirefliesWorkspace(history(120, 4));
    await space.sync();
    const pages = await space.rows(
      "select page, skip, joined, json_array_length(ids) as rows, end_reason from listing_pages order by page",
    );
    expect(pages).toEqual([
      { page: 1, skip: 0, joined: 1, rows: 50, end_reason: null },
      { page: 2, skip: 47, joined: 1, rows: 50, end_reason: null },
      { page: 3, skip: 94, joined: 1, rows: 26, end_reason: null },
      { page: 4, skip: 120, joined: 1, rows: 0, end_reason: "empty_page" },
    ]);
    for (let day = 0; day < 20; day += 1) await space.after(DAY_HOURS);
    const [old] = await space.rows(
      "select count(*) as n from listing_pages where asked_ms < (select max(asked_ms) from listing_pages) - 15 * 86400000",
    );
    expect(old).toEqual({ n: 0 });
  });
});
