import { describe, expect, it } from "vitest";
import { parseProofVerdict } from "./proof-verdict-request.ts";

const FIGURES = { source: 1, records: 1, chunks: 2, vectors: 1 };
const ask = (body: unknown) =>
  parseProofVerdict(new Request("http://test/", { method: "POST", body: JSON.stringify(body) }));

describe("parseProofVerdict", () => {
  it("takes what a proof names, less what an unfinished listing or run of vectors leaves", async () => {
    const lost = "vector missing: aB-_9 of m1";
    const left = ["vectors owed: m2", "seen, but in no complete listing: m3"];
    expect(await ask({ unexplained: [...left, lost], ...FIGURES })).toEqual({
      unexplained: [lost],
      figures: FIGURES,
    });
  });

  it.each([
    [
      "what no proof says",
      { unexplained: ["maya@example.com said: four million"], ...FIGURES },
      "unexplained.0",
    ],
    ["a text of any length", { unexplained: ["a".repeat(201)], ...FIGURES }, "unexplained.0"],
    ["a figure that is none", { unexplained: [], ...FIGURES, vectors: -1 }, "vectors"],
    ["a missing figure", { unexplained: [] }, "source"],
  ])("refuses %s", async (_, body, part) => {
    expect(await ask(body)).toEqual({ error: expect.stringContaining(part) });
  });
});
