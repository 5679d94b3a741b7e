import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expiryOf, revisionOf } from "./fireflies-revision.ts";

describe("revisionOf", () => {
  it("is the same text whatever order the fields come in", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (content) => {
        const reversed = Object.fromEntries(Object.entries(content).toReversed());
        expect(revisionOf(reversed)).toBe(revisionOf(content));
      }),
    );
  });

  it("does not change when only a signed link changes", () => {
    const meeting = { id: "a", title: "b" };
    expect(revisionOf({ ...meeting, audio_url: "x" })).toBe(revisionOf({ audio_url: "y", ...meeting }));
  });

  it("changes with every other value, at any depth", () => {
    expect(revisionOf({ a: [{ b: 1 }] })).not.toBe(revisionOf({ a: [{ b: 2 }] }));
  });

  it("keeps the order of lists", () => {
    expect(revisionOf({ keywords: ["b", "a"], parts: [[2, 1], null] })).toBe(
      '{"keywords":["b","a"],"parts":[[2,1],null]}',
    );
    expect(revisionOf({ sentences: [{ z: 1, a: 2 }, { a: 3 }] })).toBe(
      '{"sentences":[{"a":2,"z":1},{"a":3}]}',
    );
  });
});

describe("expiryOf", () => {
  it("reads seconds and milliseconds, and says null where a link does not tell", () => {
    expect(expiryOf("https://cdn.test/a.mp3?Expires=1778277761&Signature=x")).toBe(1_778_277_761_000);
    expect(expiryOf("https://cdn.test/a.mp3?Expires=1778277761000")).toBe(1_778_277_761_000);
    expect(expiryOf("https://cdn.test/a.mp3")).toBe(null);
  });
});
