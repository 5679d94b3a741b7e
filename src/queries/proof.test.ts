import { describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace, runSync } from "../../test/in-process/workspace.ts";
import { IDS_SHOWN_MAX } from "../core/policy.ts";
import { isLeftBy, proveMeetings } from "./proof.ts";

describe("proveMeetings", () => {
  it("names vectors that stand for no chunk, and takes none for such that is on its way", async () => {
    const space = await aWorkspace();
    const spoken = (word: string) => [
      {
        speaker_name: "Maya",
        text: `${word}: the crane moves to the north side before the pour. `.repeat(4),
      },
    ];
    const bring = async (word: string): Promise<void> => {
      space.source.meetings = [aListedMeeting("m1", { sentences: spoken(word) })];
      await runSync(space, "fireflies");
    };
    const prove = async (): Promise<readonly string[]> =>
      (await proveMeetings(space.ports, null)).part.unexplained;
    await bring("Monday");
    await runSync(space, "vectors");
    expect(await prove()).toEqual([]);
    await bring("Tuesday");
    // The old vector is given up and still there, the new one is live.
    const deaf = { ...space.ports, index: { ...space.ports.index, deleteByIds: async () => {} } };
    await runSync(space, "vectors", deaf);
    expect(await prove()).toEqual([]);
    const stray = { id: "stray", values: new Float32Array(1_024).fill(0.5), metadata: {} };
    await space.ports.index.upsert([stray]);
    expect(await prove()).toEqual(["vectors that stand for no chunk: 1"]);
    await space.d1.prepare("delete from chunks where state = 'dead'").run();
    expect(await prove()).toEqual(["vectors that stand for no chunk: 2"]);
  });

  it("names what no unfinished run explains first, so that a cut list never hides a loss", async () => {
    const space = await aWorkspace();
    space.source.meetings = Array.from({ length: IDS_SHOWN_MAX + 20 }, (_, n) =>
      aListedMeeting(`m${100 + n}`, {
        dateString: new Date(Date.UTC(2026, 4, 6) - n * 3_600_000).toISOString(),
      }),
    );
    await runSync(space, "fireflies");
    const lost = `m${100 + IDS_SHOWN_MAX + 15}`;
    const gone = async (key: string): Promise<string | null> =>
      key.includes(lost) ? null : space.ports.raw.getText(key);
    const { part } = await proveMeetings(
      { ...space.ports, raw: { ...space.ports.raw, getText: gone } },
      null,
    );
    expect(part.unexplainedCount).toBe(IDS_SHOWN_MAX + 20 + 1);
    expect(part.unexplained).toHaveLength(IDS_SHOWN_MAX);
    expect(part.unexplained[0]).toBe(`raw revision missing or damaged: ${lost}`);
    expect(part.unexplained.slice(1).every((difference) => isLeftBy("vectors", difference))).toBe(true);
  });
});
