import { describe, expect, it } from "vitest";
import { EVERYTHING } from "../../src/core/rebuild.ts";
import { askForRebuild } from "../../src/engine/rebuilding.ts";
import { executeRun } from "../../src/engine/run.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { lookedAt } from "./proof.ts";
import { freshSteps } from "./workspace.ts";

const COUNT = 20;
const many = (count: number, change: (n: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, n) => aSourceMeeting(`m${String(n).padStart(3, "0")}`, n + 1, change(n)));

type Space = Awaited<ReturnType<typeof aFirefliesWorkspace>>;

/** A workspace that was listed once, with its vectors. */
async function listed(meetings = many(COUNT)): Promise<Space> {
  const space = await aFirefliesWorkspace(meetings);
  await space.sync();
  await space.vectors();
  return space;
}

const openKinds = async (space: Space): Promise<string[]> =>
  (await space.ports.runs.openAlerts()).items.map(({ kind }) => kind);

async function unexplained(space: Space): Promise<readonly string[]> {
  const { faults, left } = await lookedAt(space.ports);
  return [...faults.map(({ kind, subject }) => `${kind}: ${subject}`), ...left];
}

describe("a meeting that was deleted at the source", () => {
  it("goes after two absences a day apart and the source's own word, out of search, and its row and raw copy stay", async () => {
    const space = await listed();
    space.fireflies.control({ op: "delete", id: "m005" });
    expect((await space.after(1)).result?.counts).toMatchObject({ deleted: 0, unchanged: COUNT - 1 });
    expect((await space.after(22)).result?.counts.deleted, "not yet a day").toBe(0);
    expect(await space.records()).toContain("m005");
    const run = await space.after(2);
    expect(run.result?.counts).toMatchObject({ seen: COUNT, unchanged: COUNT - 1, deleted: 1 });
    expect(run).toMatchObject({ state: "succeeded", sourceCount: COUNT - 1, destinationCount: COUNT - 1 });
    expect(await space.records()).not.toContain("m005");
    const [row] = await space.rows("select deleted_ms, r2_key from meetings where id = 'm005'");
    expect(row?.["deleted_ms"]).not.toBe(null);
    expect(await space.ports.raw.getText(String(row?.["r2_key"]))).toContain("m005");
    const chunks = "select state from chunks where document_id = 'm005'";
    expect(await space.rows(chunks)).toEqual([{ state: "dead" }]);
    const before = await space.ports.index.describe();
    expect((await space.vectors()).state).toBe("succeeded");
    expect(await space.rows(chunks)).toEqual([{ state: "gone" }]);
    expect((await space.ports.index.describe()).vectorCount).toBe(before.vectorCount - 1);
    expect(await unexplained(space)).toEqual([]);
    const { items } = await space.ports.deletions.deletions(10);
    expect(items).toMatchObject([
      { id: "m005", decidedBy: "evidence", runId: run.id, pages: [{ rows: COUNT - 1 }, { rows: COUNT - 1 }] },
    ]);
  });

  it("is never asked for again, nor counted, once it is known to be deleted", async () => {
    const space = await listed();
    space.fireflies.control({ op: "delete", id: "m005" });
    await space.after(1);
    await space.after(25);
    const looks = (): number =>
      space.fireflies.log().filter(({ operation }) => operation === "LookFor").length;
    const before = looks();
    expect(before).toBe(1);
    expect((await space.after(1)).result?.counts).toMatchObject({ seen: COUNT - 1, deleted: 0 });
    expect(looks()).toBe(before);
  });

  it("comes back with any later sighting: the record, its vectors, counted as updated", async () => {
    const space = await listed();
    space.fireflies.control({ op: "hide", id: "m005" });
    await space.after(1);
    await space.after(25);
    await space.vectors();
    expect(await space.records()).not.toContain("m005");
    space.fireflies.control({ op: "show", id: "m005" });
    expect((await space.after(1)).result?.counts).toMatchObject({ updated: 1, unchanged: COUNT - 1 });
    expect(await space.records()).toContain("m005");
    await space.vectors();
    expect(
      await space.rows("select state, generation from chunks where document_id = 'm005' order by generation"),
    ).toEqual([
      { state: "gone", generation: 0 },
      { state: "live", generation: 1 },
    ]);
    expect(await unexplained(space)).toEqual([]);
    expect(await space.ports.deletions.restore("m005", 1), "there is nothing to undo any more").toBe(false);
  });

  it("comes back with its record when the source shows it and cannot read it, and stays away when it is only asked for", async () => {
    const space = await listed();
    space.fireflies.control({ op: "hide", id: "m005" });
    await space.after(1);
    await space.after(25);
    const { source } = space.ports;
    if (source === null) throw new Error("no source");
    space.fireflies.control({ op: "show", id: "m005" });
    const listMeetings: typeof source.listMeetings = async (request) => {
      const reply = await source.listMeetings(request);
      const items = reply.items.map((row) => {
        const item = row.read();
        const unreadable = item.id === "m005" ? ["sentences"] : [];
        return { ...row, wireHash: null, read: () => ({ ...item, unreadable, wireHash: null }) };
      });
      return { ...reply, items };
    };
    const run = await space.after(1, { ...space.ports, source: { ...source, listMeetings } });
    expect(run.result?.counts).toMatchObject({ unchanged: COUNT - 1, failed: 1 });
    expect(run).toMatchObject({ sourceCount: COUNT, destinationCount: COUNT });
    expect(await space.records()).toContain("m005");
    expect((await space.after(1)).result?.counts).toMatchObject({ failed: 0, seen: COUNT });
    expect(await unexplained(space)).toEqual(["vectors owed: m005"]);
  });

  it("is not made anew by a rebuild of records", async () => {
    const space = await listed();
    space.fireflies.control({ op: "delete", id: "m005" });
    await space.after(1);
    await space.after(25);
    await space.d1.prepare("delete from meetings where id in ('m005', 'm006')").run();
    const wish = { what: "records", scope: EVERYTHING, priority: "normal" } as const;
    const asked = await askForRebuild(space.ports, space.engine, wish);
    if ("refused" in asked) throw new Error(asked.refused);
    await executeRun(space.ports, freshSteps(space.world), asked.run.id, PIPELINES);
    expect(await space.records()).toContain("m006");
    expect(await space.records()).not.toContain("m005");
  });

  it("is not taken for deleted if it was seen between its absences, by whatever path", async () => {
    const space = await listed();
    space.fireflies.control({ op: "hide", id: "m005" });
    await space.after(1);
    space.fireflies.control({ op: "show", id: "m005" });
    await space.after(1);
    space.fireflies.control({ op: "hide", id: "m005" });
    expect((await space.after(23)).result?.counts.deleted).toBe(0);
    expect(
      (await space.after(23)).result?.counts.deleted,
      "a day since the new first absence is not over",
    ).toBe(0);
    expect(await space.records()).toContain("m005");
  });

  it("stays if the source shows it by itself though no page does, and the evidence begins anew", async () => {
    const space = await listed();
    const { source } = space.ports;
    if (source === null) throw new Error("no source");
    const listMeetings: typeof source.listMeetings = async (request) => {
      const reply = await source.listMeetings(request);
      return { ...reply, items: reply.items.filter((row) => row.read().id !== "m005") };
    };
    const glitching = { ...space.ports, source: { ...source, listMeetings } };
    await space.after(1, glitching);
    expect((await space.after(25, glitching)).result?.counts.deleted).toBe(0);
    expect(await space.rows("select * from absences")).toEqual([]);
    expect(await space.records()).toContain("m005");
  });

  it("stays while the reply that should show a known meeting does not", async () => {
    const space = await listed();
    const { source } = space.ports;
    if (source === null) throw new Error("no source");
    space.fireflies.control({ op: "delete", id: "m005" });
    await space.after(1);
    const lookFor: typeof source.lookFor = (request) => source.lookFor({ ...request, liveId: "m005" });
    const run = await space.after(25, { ...space.ports, source: { ...source, lookFor } });
    expect(run.result?.counts.deleted).toBe(0);
    expect(await space.records()).toContain("m005");
    expect((await space.after(1)).result?.counts.deleted, "it is not asked for again within a day").toBe(0);
    expect((await space.after(24)).result?.counts.deleted).toBe(1);
  });

  it("is looked for again by a window around it where the newest days do not reach", async () => {
    const space = await listed(many(120, (n) => ({ date_ms: Date.UTC(2026, 5, 1, 11) - n * 86_400_000 })));
    space.fireflies.control({ op: "delete", id: "m090" });
    const seen: (number | undefined)[] = [];
    for (let day = 0; day < 10; day += 1) seen.push((await space.after(24)).result?.counts.deleted);
    expect(seen.reduce((sum: number, deleted) => sum + (deleted ?? 0), 0)).toBe(1);
    expect(await space.records()).not.toContain("m090");
    expect(await space.records()).toHaveLength(119);
    const kinds = await space.rows("select distinct kind from discoveries order by kind");
    expect(kinds.map(({ kind }) => kind)).toEqual(["backfill", "fresh", "sweep"]);
  });
});

describe("what cannot be seen", () => {
  it("is not buried when an account loses sight of half of its meetings, however long that lasts, until a person approves", async () => {
    const space = await listed(many(40));
    for (let n = 0; n < 40; n += 2)
      space.fireflies.control({ op: "hide", id: `m${String(n).padStart(3, "0")}` });
    for (let day = 0; day < 12; day += 1) expect((await space.after(24)).result?.counts.deleted).toBe(0);
    expect(await space.records()).toHaveLength(40);
    expect(await openKinds(space)).toContain("deletions_held");
    for (let n = 0; n < 40; n += 2)
      space.fireflies.control({ op: "show", id: `m${String(n).padStart(3, "0")}` });
    await space.after(1);
    expect(await openKinds(space)).not.toContain("deletions_held");
    expect(await space.rows("select * from absences")).toEqual([]);
  });

  it("is not buried a few at a time either", async () => {
    const space = await listed(many(40));
    let hidden = 0;
    for (let day = 0; day < 14; day += 1) {
      for (let n = 0; n < 2; n += 1)
        space.fireflies.control({ op: "hide", id: `m${String((hidden += 1)).padStart(3, "0")}` });
      await space.after(24);
    }
    expect((await space.records()).length).toBeGreaterThanOrEqual(40 - 2 * 5);
    expect(await openKinds(space)).toContain("deletions_held");
  });

  it(
    "is not buried when three of four meetings of 752 are hidden over four days",
    { timeout: 60_000 },
    async () => {
      const space = await aFirefliesWorkspace(
        many(752, (n) => ({ date_ms: Date.UTC(2026, 5, 1, 11) - n * 6 * 3_600_000 })),
      );
      await space.sync();
      const hidden = Array.from({ length: 752 }, (_, n) => n).filter((n) => n % 4 !== 0 || n > 700);
      const [perDay, days] = [Math.ceil(hidden.length / 4), 12];
      for (let day = 0; day < days; day += 1) {
        for (const n of hidden.slice(day * perDay, (day + 1) * perDay))
          space.fireflies.control({ op: "hide", id: `m${String(n).padStart(3, "0")}` });
        let run = await space.after(24);
        while (run.continues) run = await space.sync();
        expect(run.result?.counts.deleted, `day ${day}`).toBe(0);
      }
      expect(await space.records()).toHaveLength(752);
      expect(await openKinds(space)).toContain("deletions_held");
      expect((await space.ports.deletions.missing(1)).count).toBeGreaterThan(500);
    },
  );

  it("is not buried when the key is refused, nor when the source answers with an empty list", async () => {
    const space = await listed();
    space.fireflies.control({ op: "remove-key" });
    await space.after(1);
    expect((await space.after(25)).result?.counts.deleted ?? 0).toBe(0);
    const { source } = space.ports;
    if (source === null) throw new Error("no source");
    const emptied = {
      ...space.ports,
      source: {
        ...source,
        listMeetings: async () => ({
          items: [],
          cursor: null,
          replyBytes: 2,
          quota: { limit: null, remaining: null, windowEndsMs: null },
        }),
      },
    };
    for (let n = 0; n < 3; n += 1) await space.after(25, emptied);
    expect(await space.rows("select * from absences")).toEqual([]);
    expect(await space.records()).toHaveLength(COUNT);
  });

  it("is not buried with all meetings of one organizer, or of one channel", async () => {
    const channel = [{ id: "c1", title: "Projects", is_private: false }];
    const space = await listed(
      many(COUNT, (n) => ({
        organizer_email: n === 4 || n === 5 ? "left@acme.test" : "maya@acme.test",
        channels: n === 8 || n === 9 ? channel : [],
      })),
    );
    for (const id of ["m004", "m005"]) space.fireflies.control({ op: "hide", id });
    await space.after(1);
    expect((await space.after(25)).result?.counts.deleted).toBe(0);
    expect(await openKinds(space)).toContain("deletions_held");
    for (const id of ["m004", "m005"]) space.fireflies.control({ op: "show", id });
    await space.after(1);
    for (const id of ["m008", "m009"]) space.fireflies.control({ op: "hide", id });
    await space.after(1);
    expect((await space.after(25)).result?.counts.deleted).toBe(0);
    expect(await space.records()).toHaveLength(COUNT);
  });

  it("is not buried by pages that another account asked for", async () => {
    const space = await listed();
    space.fireflies.control({ op: "hide", id: "m005" });
    await space.after(1);
    await space.d1.prepare("update absences set account_id = 'another'").run();
    expect((await space.after(25)).result?.counts.deleted, "its evidence begins anew").toBe(0);
    expect((await space.after(25)).result?.counts.deleted).toBe(1);
  });
});
