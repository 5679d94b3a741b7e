import { expect, it } from "vitest";
import type { Embedder } from "../../ports/vectors.ts";
import { rememberingQueries, type QueryVectors } from "./query-vectors.ts";

function countingEmbedder(model = "m"): Embedder & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    model,
    dimensions: 2,
    pooling: null,
    address: null,
    tokensMax: 1,
    embedDocuments: async () => [],
    embedQuery: async (text) => {
      if (text === "down") throw new Error("down");
      asked.push(text);
      return new Float32Array([asked.length, text.length]);
    },
  };
}

it("asks once for a question, and again once the question was the longest unused of too many", async () => {
  const remembered: QueryVectors = new Map();
  const plain = countingEmbedder();
  const embedder = rememberingQueries(plain, remembered, 2);
  const first = await embedder.embedQuery("who pays");
  expect(await embedder.embedQuery("who pays")).toBe(first);
  await embedder.embedQuery("permit");
  await embedder.embedQuery("who pays");
  await embedder.embedQuery("crane");
  await embedder.embedQuery("who pays");
  expect(plain.asked).toEqual(["who pays", "permit", "crane"]);
  await embedder.embedQuery("permit");
  expect(plain.asked).toHaveLength(4);
  expect(remembered.size).toBe(2);
  expect([...remembered.keys()].join()).not.toContain("permit");
});

it("keeps models apart, and remembers no failure", async () => {
  const remembered: QueryVectors = new Map();
  const [one, other] = [countingEmbedder("one"), countingEmbedder("other")];
  await rememberingQueries(one, remembered, 9).embedQuery("permit");
  await rememberingQueries(other, remembered, 9).embedQuery("permit");
  expect([one.asked, other.asked]).toEqual([["permit"], ["permit"]]);
  await expect(rememberingQueries(one, remembered, 9).embedQuery("down")).rejects.toThrow("down");
  expect(remembered.size).toBe(2);
});
