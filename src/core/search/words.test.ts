import * as fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { SEARCH_WORDS_MAX } from "../policy.ts";
import { anyOf, searchWords } from "./words.ts";
import { propertyRuns } from "../property-runs.testsuite.ts";

describe("searchWords", () => {
  it("leaves out stop words and repeats, in lower case, in the order of the question", () => {
    expect(searchWords("Who should PAY for the permit, and for which permit?").words).toEqual([
      "pay",
      "permit",
    ]);
  });

  it("looks for stop words where there is nothing else", () => {
    expect(searchWords("What is it?").words).toEqual(["what", "is", "it"]);
  });

  it("keeps marks with their letters, and finds no word in signs", () => {
    expect(searchWords("हिन्दी عربي 日本語 2024").words).toEqual(["हिन्दी", "عربي", "日本語", "2024"]);
    expect(searchWords('😀 "*^(){}:-+ \u0000')).toEqual({ words: [], cut: false });
  });

  it("takes only so many words, and says so", () => {
    const many = Array.from({ length: SEARCH_WORDS_MAX + 1 }, (_, n) => `word${n}`).join(" ");
    expect(searchWords(many).cut).toBe(true);
    expect(searchWords(many).words).toHaveLength(SEARCH_WORDS_MAX);
    expect(searchWords(searchWords(many).words.join(" ")).cut, "just as many").toBe(false);
  });
});

describe("anyOf", () => {
  it("quotes each word, quotes in it included", () => {
    expect(anyOf(["permit", 'say"so'])).toBe('"permit" OR "say""so"');
  });

  it("is an expression that FTS5 takes, whatever the question", () => {
    const database = new DatabaseSync(":memory:");
    database.exec(
      "create virtual table texts using fts5(text, tokenize = 'porter unicode61 remove_diacritics 2')",
    );
    database.exec("insert into texts values ('who pays for the permit near the column and not or')");
    const query = database.prepare("select count(*) as n from texts where texts match ?");
    const word = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("NEAR(", "AND", "OR", "NOT", "text:", "*", '"', "^", "{a b}", "-", "permit"),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const question = words.join(" ");
        const expression = anyOf(searchWords(question).words);
        if (expression === null) return;
        const row = query.get(expression) as { n: number };
        if (
          /\bpermit\b/.test(question) &&
          !/[\p{M}\p{L}\p{N}\p{Co}]permit|permit[\p{M}\p{L}\p{N}\p{Co}]/u.test(question)
        ) {
          expect(row.n).toBe(1);
        }
      }),
      { numRuns: propertyRuns(500) },
    );
    expect(anyOf([])).toBe(null);
  });
});
