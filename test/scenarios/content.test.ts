import { describe, expect, it } from "vitest";
import { readLineage } from "../../src/queries/lineage.ts";
import {
  aFirefliesWorkspace,
  aSourceMeeting,
  someTalk,
  type FirefliesWorkspace,
} from "./meetings-workspace.ts";
import { expectProof, expectSums, found } from "../in-process/laws.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW_MS = Date.UTC(2026, 5, 1, 12);
const HELD_MS = NOW_MS - 30 * HOUR_MS;

async function expectWhole({ ports }: FirefliesWorkspace, records: number): Promise<void> {
  await expectSums(ports);
  expect((await expectProof(ports)).records).toBe(records);
}
const chunksOf = (space: FirefliesWorkspace, id: string) =>
  space.rows<{ state: string; n: number }>(
    `select state, count(*) as n from chunks where document_id = '${id}' group by state order by state`,
  );

describe("acceptance: what a meeting holds", () => {
  it("Title renamed; two meetings of the same title on one day", async () => {
    const meetings = [
      aSourceMeeting("a", HELD_MS, { title: "Weekly", about: "alabaster" }),
      aSourceMeeting("b", HELD_MS + HOUR_MS, { title: "Weekly", about: "bergamot" }),
    ];
    const space = await aFirefliesWorkspace({ meetings });
    expect((await space.hour()).result?.counts).toMatchObject({ seen: 2, created: 2 });
    space.fireflies.control({ op: "rename", id: "a", title: "Monthly" });
    const renamed = await space.hour();
    expect(renamed.result?.counts).toMatchObject({ seen: 2, created: 0, updated: 1, unchanged: 1 });
    expect(await space.rows("select id, title from meetings order by id")).toEqual([
      { id: "a", title: "Monthly" },
      { id: "b", title: "Weekly" },
    ]);
    // One place a meeting, whatever it is called: the new title is another revision beside the old one.
    const keys = space.r2.keys().filter((key) => key.startsWith("fireflies-transcripts/"));
    expect(keys.map((key) => key.split("/")[1]).toSorted()).toEqual(["a", "a", "b"]);
    expect([await found(space.ports, "alabaster"), await found(space.ports, "bergamot")]).toEqual([
      ["a"],
      ["b"],
    ]);
    expect((await space.hour()).result?.counts).toMatchObject({ created: 0, updated: 0, unchanged: 2 });
    await expectWhole(space, 2);
  });

  it.each(["No transcript available", "Transcript is being processed"])(
    "Placeholder text instead of a transcript: %s",
    async (placeholder) => {
      const [said] = someTalk("x", 1);
      const meetings = [
        aSourceMeeting("whole", HELD_MS),
        aSourceMeeting("empty", HELD_MS, {
          sentences: [{ ...said, text: placeholder, raw_text: placeholder }],
        }),
      ];
      const space = await aFirefliesWorkspace({ meetings });
      const run = await space.hour();
      expect(run).toMatchObject({ state: "succeeded", sourceCount: 2, destinationCount: 2 });
      expect(run.result?.counts).toMatchObject({ seen: 2, created: 1, quarantined: 1 });
      expect(await found(space.ports, "processed")).toEqual([]);
      expect(await readLineage(space.ports, "meeting", "empty")).toMatchObject({
        recordId: null,
        events: expect.arrayContaining([
          expect.objectContaining({ says: expect.stringMatching(/^quarantined: transcript /) }),
        ]),
      });
      space.fireflies.control({ op: "edit", id: "empty", set: { sentences: someTalk("bergamot", 3) } });
      expect((await space.hour()).result?.counts).toMatchObject({ created: 1, unchanged: 1 });
      expect(await found(space.ports, "bergamot")).toEqual(["empty"]);
      await expectWhole(space, 2);
    },
  );

  it("Transcript re-processed with fewer chunks than before", async () => {
    const long = someTalk("alabaster", 150);
    const space = await aFirefliesWorkspace({
      meetings: [aSourceMeeting("m", HELD_MS, { sentences: long })],
    });
    await space.hour();
    const [before] = await chunksOf(space, "m");
    expect(before).toEqual({ state: "live", n: expect.any(Number) });
    expect(before?.n).toBeGreaterThan(3);
    space.fireflies.control({ op: "edit", id: "m", set: { sentences: someTalk("bergamot", 3) } });
    expect((await space.hour()).result?.counts).toMatchObject({ updated: 1 });
    expect(await chunksOf(space, "m")).toEqual([
      { state: "gone", n: before?.n },
      { state: "live", n: 1 },
    ]);
    // No orphan answers, in the index itself as little as in a search.
    expect(space.stores.VECTORS_A.listIds().items).toHaveLength(1);
    expect([await found(space.ports, "alabaster"), await found(space.ports, "bergamot")]).toEqual([
      [],
      ["m"],
    ]);
    await expectWhole(space, 1);
  });

  it("Summary arrives hours after transcript; transcript still empty at first look", async () => {
    const space = await aFirefliesWorkspace({ meetings: [aSourceMeeting("old", HELD_MS)] });
    await space.hour();
    space.fireflies.control({
      op: "arrive",
      meeting: { ...aSourceMeeting("young", space.world.nowMs(), { about: "bergamot" }), meeting_info: null },
      ripens: { liveMinutes: 30, transcribedAfterMinutes: 90, summarizedAfterMinutes: 400 },
    });
    const young = await space.hour();
    expect(young, "young is not broken").toMatchObject({ state: "succeeded" });
    expect(young.result?.counts).toMatchObject({ seen: 2, pending: 1, quarantined: 0, failed: 0 });
    expect(await found(space.ports, "bergamot")).toEqual([]);
    expect((await space.hour()).result?.counts).toMatchObject({ created: 1 });
    // Searchable with its transcript, long before the summary comes.
    expect(await found(space.ports, "bergamot")).toEqual(["young"]);
    const summary = async () => space.rows("select summary, summary_state from meetings where id = 'young'");
    expect(await summary()).toEqual([{ summary: null, summary_state: "pending" }]);
    let hours = 0;
    do {
      await space.hour();
      hours += 1;
    } while (hours < 8 && (await summary())[0]?.["summary_state"] === "pending");
    expect(await summary()).toEqual([{ summary: "about bergamot", summary_state: "ready" }]);
    expect(hours).toBeGreaterThan(2);
    const life = await readLineage(space.ports, "meeting", "young");
    const decided = "events" in life ? life.events.filter(({ what }) => what === "decision") : [];
    expect(decided.map(({ says }) => says.split(" ")[0])).toEqual(
      expect.arrayContaining(["pending", "created", "updated"]),
    );
    await expectWhole(space, 2);
  });
});
