import { describe, expect, it } from "vitest";
import { asPageId, inTimeOrder, type LineageEvent } from "./lineage.ts";

describe("asPageId", () => {
  it.each([
    ["9a9e000000004000800000000000F1", "9a9e000000004000800000000000F1"],
    ["9a9e00000000400080000000000000F1", "9a9e0000-0000-4000-8000-0000000000f1"],
    ["9A9E0000-0000-4000-8000-0000000000F1", "9a9e0000-0000-4000-8000-0000000000f1"],
    ["24-101", "24-101"],
    ["x9A9e00000000400080000000000000F1", "x9A9e00000000400080000000000000F1"],
    ["9A9e00000000400080000000000000F1x", "9A9e00000000400080000000000000F1x"],
  ])("gives %s as %s", (id, page) => {
    expect(asPageId(id)).toBe(page);
  });
});

describe("inTimeOrder", () => {
  it("puts what was found before what was decided of it in the same millisecond", () => {
    const event = (atMs: number, what: LineageEvent["what"]): LineageEvent => ({
      atMs,
      what,
      says: "",
      runId: null,
    });
    const events = [event(2, "chunks"), event(1, "decision"), event(1, "discovered"), event(1, "record")];
    expect(inTimeOrder(events).map(({ what }) => what)).toEqual([
      "discovered",
      "record",
      "decision",
      "chunks",
    ]);
  });
});
