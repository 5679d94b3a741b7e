import { describe, expect, it } from "vitest";
import { aFirefliesWorkspace, aSourceMeeting } from "./meetings-workspace.ts";
import { expectProof, expectSums, found } from "../in-process/laws.ts";

const HOUR_MS = 3_600_000;
const HELD_MS = Date.UTC(2026, 5, 1, 12) - 30 * HOUR_MS;

describe("acceptance: the vector index", () => {
  it("Vectorize accepts, yet a vector never shows up", async () => {
    const meetings = ["alabaster", "bergamot"].map((id) => aSourceMeeting(id, HELD_MS));
    const space = await aFirefliesWorkspace({ meetings });
    await space.sync("fireflies");
    space.stores.VECTORS_A.controls.dropNext(1);
    const lost = await space.sync("vectors");
    expect(lost.state, "an acceptance is no proof").toBe("succeeded_with_findings");
    expect(lost.result?.counts).toMatchObject({ seen: 2, created: 1, pending: 1 });
    const kinds = async () => (await space.ports.runs.openAlerts()).items.map(({ kind }) => kind);
    expect(await kinds()).toContain("vectors_not_visible");
    expect(await space.ports.records.owedCount(space.world.nowMs())).toMatchObject({ owed: 1 });
    // The next run sends the same vector again, pays for no second embedding, and looks again.
    space.world.advance(HOUR_MS);
    const sent = await space.sync("vectors");
    expect(sent).toMatchObject({ state: "succeeded", result: { embeddedChunks: 0 } });
    expect(await kinds()).toEqual([]);
    expect(space.stores.VECTORS_A.listIds().items).toHaveLength(2);
    for (const { id } of meetings) expect(await found(space.ports, id)).toEqual([id]);
    await expectSums(space.ports);
    expect(await expectProof(space.ports)).toMatchObject({ records: 2, vectors: 2 });
  });
});
