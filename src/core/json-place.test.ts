import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeOfMistake } from "./json-place.ts";

describe("placeOfMistake", () => {
  it.each([
    ["{", 1, 2],
    ['{"a": 1', 1, 8],
    ['{"a": 1,\n "b": }', 2, 7],
    ['{"a": 1}\n\n}', 3, 1],
    ["nil", 1, 2],
    ["[1 2]", 1, 4],
    ['["a\nb"]', 1, 4],
    ['["a', 1, 4],
    ["x", 1, 1],
    ["", 1, 1],
  ])("of %j is line %i, column %i", (text, line, column) => {
    expect(placeOfMistake(text)).toEqual({ line, column });
  });

  it("is where a foreign sign was put, whatever stands before and after it", () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (json, after) => {
        const before = `[\n${json},\n`;
        expect(placeOfMistake(`${before}@${after}`)).toEqual({ line: 3, column: 1 });
      }),
    );
  });
});
