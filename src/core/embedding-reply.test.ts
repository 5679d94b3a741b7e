import { describe, expect, it } from "vitest";
import { checkedVectors } from "./embedding-reply.ts";
import { FailureError } from "./errors.ts";

const PROMISED = { party: "openai", count: 2, dimensions: 3 } as const;

describe("checkedVectors", () => {
  it("takes a reply that is what was asked for, of lists or of typed arrays", () => {
    const vectors = checkedVectors([[0, 1, -2.5], Float32Array.of(1, 2, 3)], PROMISED);
    expect(vectors).toEqual([Float32Array.of(0, 1, -2.5), Float32Array.of(1, 2, 3)]);
  });

  it.each<[string, unknown]>([
    ["no vectors for 2 texts", null],
    ["no vectors for 2 texts", { length: 2 }],
    ["1 vectors for 2 texts", [[1, 2, 3]]],
    ["3 vectors for 2 texts", [1, 2, 3].map(() => [1, 2, 3])],
    [
      "a vector of 2 dimensions where 3 were promised",
      [
        [1, 2, 3],
        [1, 2],
      ],
    ],
    ["a vector of 4 dimensions where 3 were promised", [Float32Array.of(1, 2, 3, 4), [1, 2, 3]]],
    ["a vector of no dimensions where 3 were promised", [[1, 2, 3], "abc"]],
    [
      "a vector with a value that is no number",
      [
        [1, 2, 3],
        [1, null, 3],
      ],
    ],
    [
      "a vector with a value that is no number",
      [
        [1, 2, 3],
        [1, "2", 3],
      ],
    ],
    [
      "a vector with a value that is no number",
      [
        [1, 2, 3],
        [1, 1e300, 3],
      ],
    ],
    ["a vector with a value that is no number", [Float32Array.of(1, Number.NaN, 3), [1, 2, 3]]],
  ])("refuses it with %j, to be asked again", (detail, data) => {
    expect(() => checkedVectors(data, PROMISED)).toThrow(
      new FailureError({ kind: "unreachable", party: "openai", detail }),
    );
  });
});
