import { assert, integer, nat, property } from "fast-check";
import { describe, expect, test } from "vitest";

import { chunkTranscript } from "./chunk.ts";
import {
  EditedOften,
  SIZES,
  applyEdit,
  countChanged,
  joinTranscripts,
  makeEdit,
  makeTranscript,
  readTranscripts,
  rollsOf,
} from "./chunk-edits.testsuite.ts";
import { propertyRuns, slowLength } from "./property-runs.testsuite.ts";

const CHANGED_MAX = 6;
const data = process.env["MEETINGS_DATA"];
// One list of seeds, so that a run can be repeated; CHUNK_EDITS_SEED tries other ones.
const seed = Number(process.env["CHUNK_EDITS_SEED"] ?? 20_261_122);

// Seconds on an idle machine; a busy one may need more.
describe("an edit of one sentence", { timeout: 120_000 }, () => {
  test("changes at most 6 of 100 chunks, wherever it is and whatever it does", () => {
    const transcripts = [1, 2, 3, 4].slice(0, propertyRuns(4)).map((number) => {
      const transcript = makeTranscript(seed + number, slowLength(2_700));
      return { transcript, edited: new EditedOften(transcript) };
    });
    assert(
      property(nat(transcripts.length - 1), integer(), (which, editSeed) => {
        const { transcript, edited } = transcripts[which]!;
        expect(edited.changedBy(makeEdit(transcript, rollsOf(editSeed)))).toBeLessThanOrEqual(CHANGED_MAX);
      }),
      { seed, numRuns: propertyRuns(2_000) },
    );
  });

  test("counted from the texts of the whole chunker gives the same number", () => {
    const transcript = makeTranscript(seed, 500);
    const edited = new EditedOften(transcript);
    const texts = chunkTranscript(transcript, SIZES).map((chunk) => chunk.text);
    assert(
      property(integer(), (editSeed) => {
        const edit = makeEdit(transcript, rollsOf(editSeed));
        const after = chunkTranscript(applyEdit(transcript, edit), SIZES).map((chunk) => chunk.text);
        expect(edited.changedBy(edit)).toBe(countChanged(texts, after));
      }),
      { seed, numRuns: propertyRuns(80) },
    );
  });

  test("of real meetings changes at most 6 of 100 chunks", () => {
    if (data === undefined) {
      console.log("SKIPPED: edits of real meetings (MEETINGS_DATA is not set)");
      return;
    }
    const files = [`${data}/meetings/meetings.jsonl.gz`, `${data}/meetings/calls/meetings.jsonl.gz`];
    const transcripts = files
      .flatMap((file) => joinTranscripts(readTranscripts(file), 170_000).slice(0, 3))
      .map((transcript) => ({ transcript, edited: new EditedOften(transcript) }));
    assert(
      property(nat(transcripts.length - 1), integer(), (which, editSeed) => {
        const { transcript, edited } = transcripts[which]!;
        expect(edited.changedBy(makeEdit(transcript, rollsOf(editSeed)))).toBeLessThanOrEqual(CHANGED_MAX);
      }),
      { seed, numRuns: propertyRuns(1_000) },
    );
  });
});
