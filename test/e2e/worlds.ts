import { writeFileSync } from "node:fs";
import { sampleMeetings } from "../../emulators/fireflies/sample/workspace.ts";
import type { SourceMeeting, SourceSentence } from "../../emulators/fireflies/source-meeting.ts";

/** A moment long past, so that nothing in a world made here ripens or ages while a test runs. */
const EPOCH_MS = Date.UTC(2026, 0, 15, 12);

const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Meetings of an invented company that are all finished, the same at every call. */
export function settledMeetings(count: number, seed = 1): SourceMeeting[] {
  return [...sampleMeetings({ seed, epochMs: EPOCH_MS, count })].map((meeting) => ({
    ...meeting,
    lifecycle: null,
  }));
}

/** The same, cut to a few sentences each: for tests of calls, where text only costs time. */
export function shortMeetings(count: number): SourceMeeting[] {
  return settledMeetings(count).map((meeting) => ({
    ...meeting,
    sentences: meeting.sentences?.slice(0, 12) ?? null,
  }));
}

/** One meeting that talks as long as many: the sentences of `count` invented meetings in a row. */
export function longMeeting(count: number): SourceMeeting {
  const parts = settledMeetings(count).filter((meeting) => (meeting.sentences ?? []).length > 10);
  const [first] = parts;
  if (first === undefined) throw new Error("no meeting has sentences");
  const sentences: SourceSentence[] = [];
  for (const part of parts) {
    const startSeconds = sentences.at(-1)?.end_time ?? 0;
    for (const sentence of part.sentences ?? []) {
      sentences.push({
        ...sentence,
        index: sentences.length,
        start_time: startSeconds + (sentence.start_time ?? 0),
        end_time: startSeconds + (sentence.end_time ?? 0),
      });
    }
  }
  return { ...first, sentences };
}

/** Write meetings as a file for `--meetings`. */
export function writeMeetings(path: string, meetings: Iterable<object>): string {
  writeFileSync(path, [...meetings].map((meeting) => `${JSON.stringify(meeting)}\n`).join(""));
  return path;
}

/**
 * Options for a world in which it is 22:00: the budget of the day does not begin anew while a test runs, and what is kept of
 * it for looks by the clock has no later hour to be let go at than its end.
 */
export function lateInTheDay(): string[] {
  const untilMs = (22 * HOUR_MS - (Date.now() % DAY_MS) + DAY_MS) % DAY_MS;
  return ["--advance", `${Math.ceil(untilMs / MINUTE_MS)}m`];
}
