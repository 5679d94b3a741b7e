import { type LineProblem, type LineRead, readJsonlFile } from "../world/jsonl-file.ts";
import { problemOf } from "../world/zod-problem.ts";
import { sourceMeetingSchema, type SourceMeeting } from "./source-meeting.ts";

/** What a file of meetings held. `contentHash` is the sha256 of the unpacked bytes. */
export type MeetingsFile = { meetings: SourceMeeting[]; problems: LineProblem[]; contentHash: string };

/**
 * Read meetings from `FILE.jsonl` or `FILE.jsonl.gz`, one JSON object a line; empty lines are skipped.
 *
 * A malformed line becomes a problem and the others still load.
 *
 * @throws Error with one sentence for a person, if the file cannot be read, unpacked, or holds no meeting at all
 */
export function readMeetingsFile(path: string): MeetingsFile {
  const kind = { one: "meeting", many: "meetings", identity: "id" };
  const { items, problems, contentHash } = readJsonlFile(path, kind, readMeeting);
  return { meetings: items, problems, contentHash };
}

function readMeeting(object: Readonly<Record<string, unknown>>): LineRead<SourceMeeting> {
  const id = object["id"];
  if (id === undefined || id === "" || id === null) return { problem: "the id is missing" };
  const checked = sourceMeetingSchema.safeParse(object);
  return checked.success
    ? { identity: checked.data.id, item: checked.data }
    : { problem: problemOf(checked.error) };
}
