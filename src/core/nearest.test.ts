import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearestWord } from "./nearest.ts";

describe("the distance of two words", () => {
  it.each([
    ["", "", 0],
    ["field", "fields", 1],
    ["feilds", "fields", 1],
    ["kitten", "sitting", 3],
    ["abc", "", 3],
  ])("of %j and %j is %i", (from, to, expected) => {
    expect(editDistance(from, to)).toBe(expected);
  });

  it("is the same in both directions, and nothing only between equals", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (from, to) => {
        expect(editDistance(from, to)).toBe(editDistance(to, from));
        expect(editDistance(from, to) === 0).toBe(from === to);
      }),
    );
  });
});

describe("the nearest known word", () => {
  const known = ["projects", "clients", "phone_country", "database"];

  it.each([
    ["project", "projects"],
    ["clinets", "clients"],
    ["Phone-Country", "phone_country"],
    ["phoneCountry", "phone_country"],
    ["data_base", "database"],
    ["cxixnts", "clients"],
  ])("to %j is %j", (word, expected) => {
    expect(nearestWord(word, known)).toBe(expected);
  });

  it("is none where nothing is near", () => {
    expect(nearestWord("webhooks", known)).toBeNull();
    expect(nearestWord("cxixxts", known), "three letters of seven are wrong").toBeNull();
    expect(nearestWord("x", ["in", "a"])).toBeNull();
    expect(nearestWord("x", [])).toBeNull();
  });
});
