import { describe, expect, it } from "vitest";
import { readLineage } from "../../src/queries/lineage.ts";
import { cleanUp, DAY_MS } from "./cleanup.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { expectProof } from "./laws.ts";
import { verified } from "./proof.ts";

/** A meeting with four revisions, and an object that nobody ever knew of. */
async function edited() {
  const space = await aFirefliesWorkspace([aSourceMeeting("m1", 1), aSourceMeeting("m2", 2)]);
  await space.sync();
  const keys = [keyOf(space)];
  for (const title of ["Second", "Third", "Fourth"]) {
    space.fireflies.control({ op: "edit", id: "m1", set: { title } } as never);
    await space.after(1);
    const key = keyOf(space, keys);
    keys.push(key);
  }
  await space.vectors();
  await space.r2.put("fireflies-transcripts/nobody/0.json.gz", "a put that nothing came after");
  return { space, keys };
}

function keyOf(
  { r2 }: Awaited<ReturnType<typeof aFirefliesWorkspace>>,
  known: readonly string[] = [],
): string {
  const all = r2.keys().filter((key) => key.startsWith("fireflies-transcripts/m1/") && !known.includes(key));
  expect(all).toHaveLength(1);
  return all[0] ?? "";
}

const ofMeeting = (space: Awaited<ReturnType<typeof edited>>["space"]): string[] =>
  space.r2.keys().filter((key) => key.startsWith("fireflies-transcripts/m1/"));
const ORPHAN = "fireflies-transcripts/nobody/0.json.gz";

describe("earlier revisions", { timeout: 60_000 }, () => {
  it("stay until a complete proof has named them long ago, the newest one for ever, and the proof holds as before", async () => {
    const { space, keys } = await edited();
    space.world.advance(400 * DAY_MS);
    // Nobody has named them: nothing is deleted, however old it is.
    for (let n = 0; n < 3; n += 1) {
      await cleanUp(space);
      space.world.advance(2 * DAY_MS);
    }
    expect(ofMeeting(space)).toHaveLength(4);
    const before = await verified(space);
    await cleanUp(space);
    space.world.advance(8 * DAY_MS);
    await cleanUp(space);
    // The object of no meeting is to go; it has not stood so for a day.
    expect(space.r2.keys()).toContain(ORPHAN);
    space.world.advance(2 * DAY_MS);
    await cleanUp(space);
    expect(space.r2.keys()).not.toContain(ORPHAN);
    expect(ofMeeting(space)).toHaveLength(4);
    space.world.advance(180 * DAY_MS);
    await cleanUp(space);
    space.world.advance(2 * DAY_MS);
    const [run] = await cleanUp(space);
    expect(run?.result?.checks).toContainEqual(
      expect.objectContaining({ name: "raw store", actual: "2 objects deleted" }),
    );
    // The one of now, and the one before.
    expect(ofMeeting(space).toSorted()).toEqual(keys.slice(2).toSorted());
    const after = await verified(space);
    expect([after.states, after.found]).toEqual([before.states, before.found]);
    await expectProof(space.ports);
    const life = await readLineage(space.ports, "meeting", "m1");
    expect(JSON.stringify(life)).toContain(keys[2] ?? "-");
  });

  it("that are to be deleted and come back are kept", async () => {
    const { space, keys } = await edited();
    await verified(space);
    space.world.advance(190 * DAY_MS);
    await cleanUp(space);
    const doomed = await space.rows<{ key: string }>(
      "select key from earlier_objects where doomed_ms > 0 order by key",
    );
    expect(doomed.map(({ key }) => key)).toContain(keys[0]);
    space.world.advance(2 * DAY_MS);
    space.fireflies.control({ op: "edit", id: "m1", set: { title: "Meeting m1" } } as never);
    await space.d1.prepare("update sightings set date_string = date_string").run();
    for (let n = 0; n < 30; n += 1) await space.after(24);
    const [now] = await space.rows<{ revision_key: string }>(
      "select revision_key from sightings where source_id = 'm1'",
    );
    expect(now?.revision_key).toBe(keys[0]);
    await cleanUp(space);
    expect(ofMeeting(space)).toContain(keys[0]);
    await space.vectors();
    await expectProof(space.ports);
  });

  it("of which the store is just being told are put again once it is over", async () => {
    const { space, keys } = await edited();
    const { ports } = space;
    await space.d1
      .prepare(
        `insert into earlier_objects (key, folder, size_bytes, uploaded_ms, proof_id, named_ms, doomed_ms, deleting)
         values (?1, 'f', 1, 1, 'p', 1, 1, 1)`,
      )
      .bind(keys[0] ?? "")
      .run();
    expect(await ports.cleanup.keepObject(keys[0] ?? "")).toBe(false);
    space.fireflies.control({ op: "edit", id: "m1", set: { title: "Meeting m1" } } as never);
    space.fireflies.control({ op: "arrive", meeting: aSourceMeeting("m3", 0) } as never);
    const refused = await space.after(1);
    // One meeting waits, and no other with it.
    expect([refused.state, refused.result?.counts]).toEqual([
      "succeeded_with_findings",
      expect.objectContaining({ failed: 1, created: 1 }),
    ]);
    await cleanUp(space);
    await space.after(24);
    const [now] = await space.rows<{ revision_key: string }>(
      "select revision_key from sightings where source_id = 'm1'",
    );
    expect(now?.revision_key).toBe(keys[0]);
    expect(space.r2.keys()).toContain(keys[0]);
    await space.vectors();
    await expectProof(space.ports);
  });

  it("that are gone from the store already, and not yet from the ledger, are not lost when they come back meanwhile", async () => {
    const { space, keys } = await edited();
    const key = keys[0] ?? "";
    // A run of cleanup that was killed after it had told the store.
    await space.d1
      .prepare(
        `insert into earlier_objects (key, folder, size_bytes, uploaded_ms, proof_id, named_ms, doomed_ms, deleting)
         values (?1, 'f', 1, 1, 'p', 1, 1, 1)`,
      )
      .bind(key)
      .run();
    await space.ports.raw.remove([key]);
    space.fireflies.control({ op: "edit", id: "m1", set: { title: "Meeting m1" } } as never);
    await space.after(1);
    await cleanUp(space);
    await space.after(24);
    const [now] = await space.rows<{ revision_key: string }>(
      "select revision_key from sightings where source_id = 'm1'",
    );
    expect(now?.revision_key).toBe(key);
    expect(space.r2.keys()).toContain(key);
    await space.vectors();
    await expectProof(space.ports);
  });
});
