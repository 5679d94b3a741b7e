import { expect, it } from "vitest";
import { estimateTokens } from "./token-estimate.ts";

it("counts nothing in an empty text or in white space", () => {
  expect(estimateTokens(" \n\t")).toBe(0);
});

it.each([
  // Counts by the o200k vocabulary, as large and multilingual as the models' own.
  ["English", "The pump on site three lost pressure again, so we moved the review to Friday.", 17],
  ["German", "Die Pumpe hat wieder Druck verloren, daher wurde die Besprechung verschoben.", 17],
  ["Russian", "Насос потерял давление, поэтому мы перенесли встречу на пятницу.", 17],
  ["Arabic", "انخفض ضغط المضخة مرة أخرى", 7],
  ["Chinese", "水泵压力下降,所以我们把会议改到星期五。", 15],
  ["digits", "2026-11-22 14:05:59", 12],
])("is not below the count of a real vocabulary, and at most twice it: %s", (_what, text, tokens) => {
  expect(estimateTokens(text)).toBeGreaterThanOrEqual(tokens);
  expect(estimateTokens(text)).toBeLessThanOrEqual(tokens * 2);
});
