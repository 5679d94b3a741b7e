import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wireRowsOf } from "./wire-rows.ts";

const troublesome = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(',{"audio_url":', '{"audio_url":"', "]}}", "\\", '"', "\u2028", "},{"),
);
const row = fc.record({
  audio_url: fc.option(troublesome),
  id: troublesome,
  sentences: fc.array(fc.record({ index: fc.nat(), text: fc.option(troublesome) }), { maxLength: 3 }),
  summary: fc.option(fc.record({ keywords: fc.array(troublesome, { maxLength: 2 }) })),
});
const replies = fc.array(row, { maxLength: 5 });
const TWO_ROWS = ["a", "b"].map((id) => ({ audio_url: null, id, sentences: [], summary: null }));
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const replyOf = (transcripts: readonly unknown[]): string => JSON.stringify({ data: { transcripts } });

const BETWEEN = '"summary":null},{';
const JOINED = { at: replyOf(TWO_ROWS).indexOf(BETWEEN), cut: BETWEEN.length, put: "" };

describe("wireRowsOf", () => {
  it("gives each transcript without its media link, whatever stands in it", () => {
    fc.assert(
      fc.property(replies, (transcripts) => {
        const rows = wireRowsOf(bytesOf(replyOf(transcripts)), "audio_url");
        expect(rows?.map(({ json, audioUrl }) => ({ ...JSON.parse(json()), audio_url: audioUrl }))).toEqual(
          transcripts.map((transcript) => ({ ...transcript, audio_url: transcript.audio_url || null })),
        );
      }),
    );
  });

  it("takes no damaged reply for a whole one: where all its rows are JSON, so is the reply, and it says the same", () => {
    const damage = fc.record({ at: fc.nat(), cut: fc.nat({ max: 40 }), put: troublesome });
    fc.assert(
      fc.property(replies, damage, (transcripts, { at, cut, put }) => {
        const whole = replyOf(transcripts);
        const place = at % (whole.length + 1);
        const text = whole.slice(0, place) + put + whole.slice(place + cut);
        const rows = wireRowsOf(bytesOf(text), "audio_url")?.map(({ json }) => parsed(json()));
        if (rows === undefined || rows.includes(undefined)) return;
        // A cut may leave half a character, which bytes cannot hold.
        const { data } = JSON.parse(new TextDecoder().decode(bytesOf(text))) as {
          data: { transcripts: unknown[] };
        };
        expect(rows.map(withoutLink)).toEqual(data.transcripts.map(withoutLink));
      }),
      { numRuns: 500, examples: [[TWO_ROWS, JOINED]] },
    );
  });

  it.each([
    ["errors beside data", '{"data":{"transcripts":[{"audio_url":null,"id":"a"}]},"errors":[{"code":"x"}]}'],
    [
      "something else at the end",
      '{"data":{"transcripts":[{"audio_url":null,"id":"a"}]},"extensions":{"x":[1]}}',
    ],
    ["white space", '{ "data": { "transcripts": [ { "audio_url": null, "id": "a" } ] } }'],
    ["another order of fields", '{"data":{"transcripts":[{"id":"a","audio_url":null}]}}'],
    ["a list that is null", '{"data":{"transcripts":null}}'],
    ["HTML", "<html>"],
  ])("leaves to a parser: %s", (_name, text) => {
    expect(wireRowsOf(bytesOf(text), "audio_url")).toBe(null);
  });

  it("knows an empty page, and rows that begin with another field where no media link was asked for", () => {
    expect(wireRowsOf(bytesOf('{"data":{"transcripts":[]}}'), "audio_url")).toEqual([]);
    const rows = wireRowsOf(bytesOf('{"data":{"transcripts":[{"cal_id":"1"},{"cal_id":"2"}]}}'), "cal_id");
    expect(rows?.map(({ json, audioUrl }) => [json(), audioUrl])).toEqual([
      ['{"cal_id":"1"}', null],
      ['{"cal_id":"2"}', null],
    ]);
  });
});

/** Two rows that damage joined have each field twice, the link too: it is no part of the revision, wherever it stands. */
function withoutLink(transcript: unknown): unknown {
  const { audio_url: _link, ...content } = transcript as Record<string, unknown>;
  return content;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
