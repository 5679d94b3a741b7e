import { describe, expect, it } from "vitest";
import { LexicalEmbedder, stemOf } from "./lexical-embedder.ts";

const embedder = new LexicalEmbedder();
const nearness = (one: string, other: string): number => {
  const [left, right] = [embedder.embedOne(one, 1024), embedder.embedOne(other, 1024)];
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
};

describe("LexicalEmbedder", () => {
  it("gives vectors of length 1, even for a text without words", () => {
    for (const text of ["The pump lost pressure.", "", "!?", "the and of"]) {
      const vector = embedder.embedOne(text, 256);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  });

  it("gives the same vector whatever it embedded before", () => {
    const fresh = new LexicalEmbedder().embedOne("pump pressure", 1024);
    expect(embedder.embedOne("pump pressure", 1024)).toEqual(fresh);
  });

  it("keeps its vectors from release to release", () => {
    const nonZero = [...embedder.embedOne("pump pressure", 1024).entries()].filter(
      ([, value]) => value !== 0,
    );
    expect(nonZero.map(([at, value]) => [at, Number(value.toFixed(4))])).toMatchInlineSnapshot(`
      [
        [
          65,
          -0.1741,
        ],
        [
          558,
          0.6963,
        ],
        [
          700,
          -0.6963,
        ],
      ]
    `);
  });

  it.each([
    ["inflections", "We discussed the budgets for meetings", "discussing the budget of a meeting"],
    ["capitals", "PUMP PRESSURE", "pump pressure"],
    ["Russian", "Насос потерял давление", "давление насос"],
    ["Chinese", "水泵压力下降", "水泵的压力"],
    ["Japanese", "ポンプの圧力が下がった", "ポンプの圧力"],
    ["Thai", "แรงดันปั๊มลดลง", "แรงดันปั๊ม"],
    ["Hindi", "पंप का दबाव गिर गया", "पंप दबाव"],
    ["Arabic", "انخفض ضغط المضخة", "ضغط المضخة"],
  ])("brings texts that share words together: %s", (_what, one, other) => {
    expect(nearness(one, other)).toBeGreaterThan(0.3);
    expect(nearness(one, "lease contract ends in May")).toBeLessThan(0.15);
  });

  it("prefers the words in the same order", () => {
    expect(nearness("pressure pump valve", "pressure pump")).toBeGreaterThan(
      nearness("pump valve pressure", "pressure pump"),
    );
  });

  it("does not depend on how often filler words are said", () => {
    expect(nearness("um you know the pump", "pump")).toBeCloseTo(1, 5);
  });
});

describe("stemOf", () => {
  it.each([
    [["meet", "meets", "meeting", "meetings"]],
    [["plan", "plans", "planned", "planning"]],
    [["company", "companies"]],
    [["price", "prices", "priced", "pricing"]],
    [["deploy", "deployed", "deploying", "deployment", "deployments"]],
    [["integrate", "integrated", "integrating", "integration"]],
  ])("brings %j together", (words) => {
    expect(new Set(words.map(stemOf)).size).toBe(1);
  });

  it.each(["bus", "class", "analysis", "king", "ring", "red"])("leaves %s recognisable", (word) => {
    expect(stemOf(word).length).toBeGreaterThanOrEqual(3);
  });
});
