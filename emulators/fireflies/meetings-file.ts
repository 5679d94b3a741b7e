import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { problemOf, sourceMeetingSchema, type SourceMeeting } from "./source-meeting.ts";

/** A line that could not be taken, with its 1-based number and one clause that says why. */
export type LineProblem = { line: number; problem: string };

/** What a file of meetings held. `contentHash` is the sha256 of the unpacked bytes. */
export type MeetingsFile = { meetings: SourceMeeting[]; problems: LineProblem[]; contentHash: string };

/**
 * Read meetings from `FILE.jsonl` or `FILE.jsonl.gz`, one JSON object a line; empty lines are skipped.
 *
 * A malformed line becomes a problem and the others still load. Gzip is recognised by its first bytes, not by name.
 *
 * @throws Error with one sentence for a person, if the file cannot be read, unpacked, or holds no meeting at all
 */
export function readMeetingsFile(path: string): MeetingsFile {
  const bytes = unpack(path, readBytes(path));
  const contentHash = createHash("sha256").update(bytes).digest("hex");
  const meetings: SourceMeeting[] = [];
  const problems: LineProblem[] = [];
  const firstLineOf = new Map<string, number>();
  for (const { line, text } of linesOf(bytes)) {
    if (text.trim() === "") continue;
    const read = readMeeting(text);
    if ("problem" in read) {
      problems.push({ line, problem: read.problem });
      continue;
    }
    const earlier = firstLineOf.get(read.meeting.id);
    if (earlier !== undefined) {
      problems.push({ line, problem: `the id is the same as on line ${earlier}` });
      continue;
    }
    firstLineOf.set(read.meeting.id, line);
    meetings.push(read.meeting);
  }
  if (meetings.length === 0) {
    const why = problems[0] ? `line ${problems[0].line}: ${problems[0].problem}` : "it has no lines";
    throw new Error(
      `${path} holds no meeting: ${why}. One meeting as a JSON object on each line is expected.`,
    );
  }
  return { meetings, problems, contentHash };
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder"
          : `it cannot be read (${code})`;
    throw new Error(`The meetings file ${path} was not loaded: ${why}.`, { cause });
  }
}

function unpack(path: string, bytes: Buffer): Buffer {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip && path.endsWith(".gz")) {
    throw new Error(`${path} ends in .gz but is not gzip; rename it or compress it.`);
  }
  if (!isGzip) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new Error(`${path} cannot be unpacked: the gzip data is damaged or cut off.`, { cause });
  }
}

/** Lines are split on bytes, so a file above the longest JavaScript string still loads. */
function* linesOf(bytes: Buffer): Generator<{ line: number; text: string }> {
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    const skipsBom = line === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    yield { line, text: bytes.toString("utf8", skipsBom ? 3 : start, end) };
    start = end + 1;
  }
}

function readMeeting(text: string): { meeting: SourceMeeting } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: "is not a JSON object" };
  if (!("id" in value) || value.id === "" || value.id === null) return { problem: "the id is missing" };
  const checked = sourceMeetingSchema.safeParse(value);
  return checked.success ? { meeting: checked.data } : { problem: problemOf(checked.error) };
}
