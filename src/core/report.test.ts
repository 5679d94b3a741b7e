import { describe, expect, it } from "vitest";
import { countsOf, sumOperations } from "./report.ts";

describe("countsOf", () => {
  it("sees exactly the sum of the verdicts", () => {
    const counts = countsOf([
      { verdict: "created", items: 3 },
      { verdict: "unchanged", items: 50 },
      { verdict: "quarantined", items: 1 },
    ]);
    expect(counts).toMatchObject({ seen: 54, created: 3, unchanged: 50, quarantined: 1, failed: 0 });
  });
});

describe("sumOperations", () => {
  it("adds up times and milliseconds by operation", () => {
    expect(
      sumOperations([
        { list: { times: 1, ms: 5 } },
        { list: { times: 2, ms: 7 }, store: { times: 1, ms: 1 } },
      ]),
    ).toEqual({
      list: { times: 3, ms: 12 },
      store: { times: 1, ms: 1 },
    });
  });
});
