import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aWorkspace, meetingsIn } from "./a-workspace.ts";
import { readMeetingsFile } from "./meetings-file.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "meetings-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

describe("a file of meetings", () => {
  it("loads plain and packed, with or without a last newline", () => {
    const content = `${line({ id: "a" })}\n${JSON.stringify({ id: "b" })}`;
    const plain = readMeetingsFile(write("m.jsonl", `\uFEFF${content}`));
    expect(plain.meetings.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(readMeetingsFile(write("m.jsonl.gz", gzipSync(content))).meetings).toHaveLength(2);
  });

  it("reports each malformed line and loads the others", () => {
    const content = [
      line({ id: "good" }),
      "{ not json\n",
      line(["list"]),
      line({ title: "no id" }),
      line({ id: "good" }),
      line({ id: "typed", sentences: [{ text: "a" }, { text: 7 }] }),
      line({ id: "dated", date: "last Tuesday" }),
      line({ id: "unheard", date: "2026-02-31" }),
      line({ id: "leap", date: "2028-02-29T10:00:00Z" }),
      line({ id: "no-leap", date: "2026-02-29T10:00:00Z" }),
      line({ id: "fine", title: null, sentences: null, date: "0000-01-01T00:00:00Z" }),
    ].join("");
    const { meetings, problems } = readMeetingsFile(write("bad.jsonl", content));
    expect(meetings.map(({ id }) => id)).toEqual(["good", "leap", "fine"]);
    expect(problems).toEqual([
      { line: 2, problem: "is not JSON" },
      { line: 3, problem: "is not a JSON object" },
      { line: 4, problem: "the id is missing" },
      { line: 5, problem: "the id is the same as on line 1" },
      { line: 6, problem: expect.stringContaining("sentences[1].text") },
      { line: 7, problem: "date: is not an ISO 8601 instant" },
      { line: 8, problem: "date: is not an ISO 8601 instant" },
      { line: 10, problem: "date: is not an ISO 8601 instant" },
    ]);
  });

  it("says in one sentence why a file cannot be used", () => {
    expect(() => readMeetingsFile(join(folder, "none.jsonl"))).toThrow(/there is no such file/);
    expect(() => readMeetingsFile(folder)).toThrow(/it is a folder/);
    expect(() => readMeetingsFile(write("x.jsonl.gz", "plain"))).toThrow(/is not gzip/);
    expect(() => readMeetingsFile(write("y.jsonl.gz", gzipSync("{}").subarray(0, 12)))).toThrow(
      /cannot be unpacked/,
    );
    expect(() => readMeetingsFile(write("z.jsonl", "hello\n"))).toThrow(
      /holds no meeting: line 1: is not JSON/,
    );
    expect(() => readMeetingsFile(write("empty.jsonl", ""))).toThrow(/it has no lines/);
  });

  it("is served whatever its texts hold", async () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    const meeting = fc.record(
      {
        title: fc.option(text),
        duration: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
        organizer_email: text,
        participants: fc.array(text, { maxLength: 3 }),
        speakers: fc.option(
          fc.array(fc.record({ id: fc.option(fc.nat()), name: fc.option(text) }), { maxLength: 300 }),
        ),
        sentences: fc.option(
          fc.array(
            fc.record({
              index: fc.option(fc.nat()),
              speaker_name: fc.option(text),
              text: fc.option(text),
              start_time: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
            }),
          ),
        ),
        summary: fc.option(fc.record({ overview: text, topics_discussed: fc.array(text) })),
        date_ms: fc.option(fc.integer({ min: -8.64e15, max: 8.64e15 })),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(meeting, async (fields) => {
        const path = write("any.jsonl", line({ id: "any", ...fields }));
        const { ask } = await aWorkspace({ meetings: readMeetingsFile(path).meetings });
        const answer = await ask(
          "{ transcripts { id title participants speakers { id name } sentences { text speaker_id start_time } summary { overview topics_discussed } date dateString duration user { name } } }",
        );
        expect(answer.errors).toEqual([]);
        expect(meetingsIn(answer)).toHaveLength(1);
        expect(meetingsIn(answer)[0]!["title"]).toEqual(
          fields.title === undefined ? null : (JSON.parse(JSON.stringify(fields.title)) as unknown),
        );
      }),
      { numRuns: 60 },
    );
  });
});
