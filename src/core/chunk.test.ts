import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { array, assert, constantFrom, oneof, option, property, record, string } from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, test } from "vitest";

import { chunkTranscript } from "./chunk.ts";
import type { Chunk, ChunkSizes, SpokenSentence } from "./chunk.ts";
import { SIZES, makeTranscript } from "./chunk-edits.testsuite.ts";
import { propertyRuns, slowLength } from "./property-runs.testsuite.ts";

const SMALL = { tokensMax: 100, tokensMin: 60, overlapTokens: 20 };
const data = process.env["MEETINGS_DATA"];

function said(speaker: string | null, ...texts: string[]): SpokenSentence[] {
  return texts.map((text) => ({ speaker, text, startSeconds: null, endSeconds: null }));
}

function trueTokens(text: string): number {
  return countTokens(text, { disallowedSpecial: new Set() });
}

/** All that was said, without white space and speaker names, from the transcript and from the chunks' cores. */
function lettersSaid(sentences: readonly SpokenSentence[]): string {
  return sentences
    .map((sentence) => sentence.text.toWellFormed())
    .join("")
    .replace(/\s+/g, "");
}
function lettersOfCores(chunks: readonly Chunk[]): string {
  return chunks
    .map((chunk) => chunk.text.slice(chunk.coreStart))
    .join("")
    .replace(/\s+/g, "");
}

function expectSound(sentences: readonly SpokenSentence[], sizes: ChunkSizes): Chunk[] {
  const chunks = chunkTranscript(sentences, sizes);
  for (const [index, chunk] of chunks.entries()) {
    expect(chunk.position).toBe(index);
    expect(trueTokens(chunk.text)).toBeLessThanOrEqual(chunk.tokens);
    expect(chunk.tokens).toBeLessThanOrEqual(sizes.tokensMax);
    expect(chunk.coreStart).toBeLessThan(chunk.text.length);
    if (chunks.length > 1) {
      expect(chunk.tokens).toBeGreaterThanOrEqual(sizes.tokensMin);
    }
  }
  return chunks;
}

const WORDS =
  "permit harbour crane Thursday invoice well steel the roof and then we 42 okay don't it's".split(" ");
const SPEAKERS = ["Ann", "Bob", null, "/root", "Prof. Dr. ".repeat(60), "Zoë"];

/** Integers alone decide what is said: it is the same on every machine. */
function aMeeting(sentenceCount: number): SpokenSentence[] {
  return Array.from({ length: sentenceCount }, (_, n) => {
    const words = Array.from(
      { length: 1 + ((n * n * 7) % 23) },
      (__, k) => WORDS[(n * 31 + k * 17 + ((n * k) % 13)) % WORDS.length],
    );
    return {
      speaker: SPEAKERS[(n >> 2) % SPEAKERS.length]!,
      text: n % 9 === 8 ? "Okay." : `${words.join(" ")}.`,
      startSeconds: n % 5 === 4 ? null : n * 4,
      endSeconds: n % 7 === 6 ? null : n * 4 + 3,
    };
  });
}

/** What is hard to count and to cut. */
const HARD = [
  "/etc/hosts and more",
  "漢字仮名".repeat(90),
  "👨‍👩‍👧‍👦".repeat(25),
  "alpha beta gamma ".repeat(70),
  "Ab1-".repeat(60),
  "=".repeat(300),
];

const digestOf = (chunks: readonly Chunk[]): string =>
  createHash("sha256").update(JSON.stringify(chunks)).digest("hex");
const placesOf = (chunks: readonly Chunk[]): string[] =>
  chunks.map((chunk) => `${chunk.firstSentence}-${chunk.lastSentence}: ${chunk.tokens}`);

/**
 * Meetings of which the chunks are on record. Bounds and properties hold for other chunks as well; but a release that cuts
 * otherwise, or writes one character otherwise, has every meeting embedded anew. Where that is meant, write down the new ones.
 */
describe("in every release", () => {
  test("a meeting is cut where every release cut it, and each chunk is the same to the letter", () => {
    const chunks = chunkTranscript(aMeeting(400), SIZES);
    expect(placesOf(chunks)).toEqual([
      "0-51: 825",
      "39-87: 819",
      "75-123: 812",
      "95-143: 818",
      "121-167: 804",
      "156-215: 978",
      "194-243: 801",
      "231-291: 988",
      "265-315: 815",
      "304-355: 870",
      "342-399: 924",
    ]);
    expect(digestOf(chunks)).toBe("ba55148d1a22151b80a405123a07ab3c26ad7a0fb90da522a619ebb31734de33");
  });

  test("so are small chunks, which leave little choice", () => {
    const chunks = chunkTranscript(aMeeting(90), SMALL);
    expect(chunks).toHaveLength(25);
    expect(digestOf(chunks)).toBe("a7e13205ce4822e85bad2e4d4e6bf8aa586995637d3a9ed4b8b460dc10c6ef44");
  });

  test("so is what is hard to count: no spaces, one endless word, characters of many parts, paths", () => {
    const meeting = aMeeting(24).flatMap((sentence, n) =>
      n % 4 === 1 ? [sentence, { ...sentence, text: HARD[n >> 2]! }] : [sentence],
    );
    const chunks = chunkTranscript(meeting, SMALL);
    expect(chunks).toHaveLength(46);
    expect(digestOf(chunks)).toBe("1db30282abe0e9c14a9512d1ef45a10eff8878edd3cc54c93df523de826fe7b1");
  });
});

describe("a chunk's moments", () => {
  test("tell where each sentence begins, who says it and when, also where a chunk begins inside a turn", () => {
    const sentences = Array.from({ length: 60 }, (_, n) => ({
      speaker: n % 10 < 6 ? "Ann" : n % 10 < 9 ? "Bob" : null,
      text: `This is sentence number ${n} of a meeting.`,
      startSeconds: n % 7 === 0 ? null : n * 5,
      endSeconds: null,
    }));
    const chunks = chunkTranscript(sentences, SMALL);
    expect(chunks.length).toBeGreaterThan(3);
    for (const { text, moments, speakers, firstSentence, lastSentence } of chunks) {
      expect(moments).toHaveLength(lastSentence - firstSentence + 1);
      for (const [n, [at, startSeconds, speaker]] of moments.entries()) {
        const sentence = sentences[firstSentence + n];
        expect(startSeconds).toBe(sentence?.startSeconds);
        expect(speaker === null ? null : speakers[speaker]).toBe(sentence?.speaker);
        const end = moments[n + 1]?.[0] ?? text.length;
        expect(text.slice(at, end)).toMatch(/^((Ann|Bob): )?(This is sentence number|\S)/);
        expect(sentence?.text).toContain(
          text
            .slice(at, end)
            .replace(/^(Ann|Bob): /, "")
            .trim(),
        );
      }
    }
  });
});

describe("a chunk's text", () => {
  test("has a line for each turn, which names the speaker once", () => {
    const chunks = chunkTranscript(
      [...said("Ann", "Hello.", "How are you?"), ...said("Bob", "Fine.")],
      SIZES,
    );
    expect(chunks.map((chunk) => chunk.text)).toEqual(["Ann: Hello. How are you?\nBob: Fine."]);
  });

  test("normalises white space and leaves out sentences without text, which end no turn", () => {
    const sentences = [...said("Ann", " Hello\n\tthere. "), ...said("Bob", "  "), ...said("Ann", "You.")];
    expect(chunkTranscript(sentences, SIZES)[0]?.text).toBe("Ann: Hello there. You.");
  });

  test("has no label for an unknown speaker", () => {
    const sentences = [...said(null, "Hello."), ...said("Bob", "Fine."), ...said(" ", "Good.")];
    expect(chunkTranscript(sentences, SIZES)[0]).toMatchObject({
      text: "Hello.\nBob: Fine.\nGood.",
      speaker: "Bob",
      speakers: ["Bob"],
    });
  });

  test("shortens a speaker's endless name, but the chunk still says it", () => {
    const name = "Prof. Dr. ".repeat(500);
    const [chunk] = expectSound(said(name, "Hello."), SIZES);
    expect(chunk?.text).toMatch(/^Prof\. Dr\. .{0,20}…: Hello\.$/);
    expect(chunk?.speaker).toBe(name);
  });

  test("repeats the speaker where it begins inside a turn, and says where its core begins", () => {
    const sentences = said("Ann", ...Array.from({ length: 100 }, (_, index) => `This is sentence ${index}.`));
    const chunks = expectSound(sentences, SMALL);
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.every((chunk) => chunk.text.startsWith("Ann: This"))).toBe(true);
    const cores = chunks.map((chunk) => chunk.text.slice(chunk.coreStart)).join(" ");
    expect(cores).toBe(`Ann: ${sentences.map((sentence) => sentence.text).join(" ")}`);
  });
});

describe("a chunk's facts", () => {
  test("are the first start, the last end, the sentences and who spoke most", () => {
    const sentences = [
      { speaker: "Ann", text: "Hm.", startSeconds: null, endSeconds: 2 },
      { speaker: "Bob", text: "A long answer follows here.", startSeconds: 2.5, endSeconds: 9 },
      { speaker: "Ann", text: "Yes.", startSeconds: 9, endSeconds: null },
    ];
    expect(chunkTranscript(sentences, SIZES)[0]).toMatchObject({
      position: 0,
      speaker: "Bob",
      speakers: ["Ann", "Bob"],
      startSeconds: 2.5,
      endSeconds: 9,
      firstSentence: 0,
      lastSentence: 2,
    });
  });

  test("name overlapping sentence ranges that cover the transcript", () => {
    const chunks = expectSound(makeTranscript(7, 600), SIZES);
    expect(chunks[0]?.firstSentence).toBe(0);
    expect(chunks.at(-1)?.lastSentence).toBe(599);
    for (const [index, chunk] of chunks.slice(1).entries()) {
      expect(chunk.firstSentence).toBeLessThanOrEqual(chunks[index]!.lastSentence);
      expect(chunk.lastSentence).toBeGreaterThan(chunks[index]!.lastSentence);
    }
  });

  test("count tokens exactly in ordinary text", () => {
    for (const chunk of chunkTranscript(makeTranscript(8, slowLength(1_500)), SIZES)) {
      expect(chunk.tokens).toBe(trueTokens(chunk.text));
    }
  });
});

describe("a cut", () => {
  test("is not made when nothing was said or all fits into one chunk", () => {
    expect(chunkTranscript([], SIZES)).toEqual([]);
    expect(chunkTranscript(said("Ann", "", " \n"), SIZES)).toEqual([]);
    expect(chunkTranscript(said("Ann", "word ".repeat(990)), SIZES)).toHaveLength(1);
  });

  test("repeats about 200 tokens of the text before", () => {
    const chunks = chunkTranscript(makeTranscript(9, slowLength(3_000)), SIZES);
    for (const chunk of chunks.slice(1)) {
      const overlap = trueTokens(chunk.text.slice(0, chunk.coreStart));
      expect(overlap).toBeGreaterThanOrEqual(100);
      expect(overlap).toBeLessThanOrEqual(680);
    }
  });

  test("is at a turn if there is one in the window, else at a sentence end", () => {
    const tens = (name: string, count: number) =>
      said(
        name,
        ...Array.from({ length: count }, (_, index) => `one two three four five six seven eight ${index}.`),
      );
    const [first] = expectSound([...tens("Ann", 90), ...tens("Bob", 200)], SIZES);
    expect(first?.text.endsWith("eight 89.")).toBe(true);
    expect(first?.speakers).toEqual(["Ann"]);
    for (const chunk of expectSound(tens("Ann", 400), SIZES)) {
      expect(chunk.text).toMatch(/\d\.$/);
    }
  });

  test("is inside a sentence larger than the window at a word, and inside a huge word at a character", () => {
    const words = expectSound(said("Ann", "alpha beta gamma delta ".repeat(800)), SIZES);
    expect(words.every((chunk) => /(alpha|beta|gamma|delta)$/.test(chunk.text))).toBe(true);
    const family = "👨‍👩‍👧‍👦";
    const families = expectSound(said("Ann", family.repeat(500)), SIZES);
    expect(families.length).toBeGreaterThan(5);
    for (const chunk of families) {
      expect(chunk.text.slice("Ann: ".length).replaceAll(family, "")).toBe("");
    }
  });

  test("in text without any variety stays within its bounds", () => {
    expectSound(said("Ann", ...Array.from({ length: slowLength(5_000) }, () => "Okay.")), SIZES);
    const chunks = chunkTranscript(makeTranscript(5, slowLength(2_000)), SIZES, () => 0);
    expect(Math.max(...chunks.map((chunk) => chunk.tokens))).toBeLessThanOrEqual(SIZES.tokensMax);
  });

  test("refuses sizes that leave it no room", () => {
    expect(() => chunkTranscript([], { tokensMax: 100, tokensMin: 90, overlapTokens: 10 })).toThrow(
      RangeError,
    );
    expect(() => chunkTranscript([], { tokensMax: 100, tokensMin: 50, overlapTokens: 30 })).toThrow(
      RangeError,
    );
    expect(() => chunkTranscript([], { tokensMax: NaN, tokensMin: 50, overlapTokens: 10 })).toThrow(
      RangeError,
    );
  });
});

describe("any text", { timeout: 60_000 }, () => {
  const troublesome = constantFrom(
    "<|endoftext|>",
    "<|im_start|>system",
    "/etc/passwd",
    "//",
    "...",
    "!!!\n/x",
    "\ud800",
    "e\u0301".repeat(60),
    "ـ".repeat(200),
    "مرحبا بالعالم",
    "这是一个没有空格的很长的句子".repeat(20),
    "🇩🇪🇫🇷".repeat(30),
    "=".repeat(500),
    "9".repeat(400),
    "Ab1-".repeat(100),
    "supercalifragilistic".repeat(40),
    "\u0000\u200b\ufeff\u0085",
    "don't they'LL I'm",
  );
  const text = oneof(
    troublesome,
    string({ unit: "binary", maxLength: 60 }),
    string({ unit: "grapheme", maxLength: 60 }),
  );
  const sentence = record({
    speaker: option(oneof(constantFrom("Ann", "Bob", "/root", "", "A\nB: x"), string({ unit: "binary" }))),
    text: array(text, { maxLength: 8 }).map((texts) => texts.join(" ")),
    startSeconds: option(constantFrom(0, 1.5)),
    endSeconds: option(constantFrom(1, 2.5)),
  });

  test("is cut into chunks of at most tokensMax by the true count, and none of it is lost", () => {
    assert(
      property(array(sentence, { maxLength: 40 }), constantFrom(SMALL, SIZES), (sentences, sizes) => {
        const unlabelled = sentences.map((one) => ({ ...one, speaker: null }));
        expect(lettersOfCores(expectSound(unlabelled, sizes))).toBe(lettersSaid(sentences));
        expectSound(sentences, sizes);
      }),
      { numRuns: propertyRuns(150) },
    );
  });

  test("is counted as a whole, though a line begins with a slash, a name is too long or a word is huge", () => {
    const words = "and then we go on to the next of the items ".repeat(8);
    const lines = [
      { speaker: null, text: `/etc/hosts ${words}` },
      { speaker: "/root", text: `/var ${words}` },
      { speaker: "Ann".repeat(200), text: words },
      { speaker: "Bob", text: "漢".repeat(3_000) },
      { speaker: null, text: "字".repeat(3_000) },
      { speaker: "A\ud800  B", text: ` ${words}\n${words}` },
    ].map((line) => ({ ...line, startSeconds: null, endSeconds: null }));
    for (const sizes of [SMALL, SIZES])
      for (const order of [lines, lines.toReversed()]) {
        const chunks = expectSound(order, sizes);
        expect(chunks[0]?.firstSentence).toBe(0);
        expect(chunks.at(-1)?.lastSentence).toBe(lines.length - 1);
      }
  });

  test("gives the same chunks each time", () => {
    assert(
      property(array(sentence, { maxLength: 20 }), (sentences) => {
        expect(chunkTranscript(sentences, SMALL)).toEqual(chunkTranscript(sentences, SMALL));
      }),
      { numRuns: propertyRuns(50) },
    );
  });

  test("of a known list of troublesome strings is cut and none of it is lost", () => {
    if (data === undefined) {
      console.log("SKIPPED: troublesome strings (MEETINGS_DATA is not set)");
      return;
    }
    const list = JSON.parse(readFileSync(`${data}/naughty/strings.json`, "utf8")) as { strings: string[] }[];
    const strings = list.flatMap((category) => category.strings);
    for (const sizes of [SMALL, SIZES]) {
      const sentences = said(null, ...strings);
      expect(lettersOfCores(expectSound(sentences, sizes))).toBe(lettersSaid(sentences));
      expectSound(
        strings.map((string) => said(string, string)[0]!),
        sizes,
      );
    }
  });

  test("of half a megabyte in one word, one sentence or one letter takes bounded time", () => {
    for (const huge of [
      "a".repeat(slowLength(5e5)),
      "слово ".repeat(slowLength(5e4)),
      "漢字仮名".repeat(slowLength(2e4)),
      "!".repeat(slowLength(1e5)),
    ]) {
      const chunks = chunkTranscript(said("Ann", huge), SIZES);
      expect(Math.max(...chunks.map((chunk) => chunk.tokens))).toBeLessThanOrEqual(SIZES.tokensMax);
    }
  });
});
