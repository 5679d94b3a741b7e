import { describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace, runSync } from "../../test/in-process/workspace.ts";
import { IDS_SHOWN_MAX } from "../core/policy.ts";
import { isLeftBy, proveMeetings } from "./proof.ts";

describe("proveMeetings", () => {
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
