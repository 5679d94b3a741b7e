/**
 * Meetings of which the chunks are on record. Bounds and properties hold for other chunks as well; but a release that cuts
 * otherwise, or writes one character otherwise, has every meeting embedded anew. Where that is meant, write down the new ones.
 */
import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { chunkTranscript } from "./chunk.ts";
import type { Chunk, SpokenSentence } from "./chunk.ts";
import { SIZES } from "./chunk-edits.testsuite.ts";

const SMALL = { tokensMax: 100, tokensMin: 60, overlapTokens: 20 };
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
