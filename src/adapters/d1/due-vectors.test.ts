import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { deadDueAt } from "./due-vectors.ts";

describe("ids of vectors that were given up", () => {
  it("cost a beat of the clock nothing once they have been looked for the last time", async () => {
    const { d1 } = await aWorkspace();
    const { results } = await d1
      .prepare(`explain query plan select ${deadDueAt("?1")}`)
      .bind(0)
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail)).toContainEqual(
      expect.stringMatching(/chunks USING INDEX chunks_dead/),
    );
  });
});
