import type { SourceMeeting } from "./source-meeting.ts";
import type { World } from "./world.ts";

/** Replace fields of a meeting that exists; a value of undefined leaves the field alone. */
export function setFields(world: World, id: string, fields: Partial<SourceMeeting>): void {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const patched = { ...world.store.body(id), ...Object.fromEntries(given) };
  world.store.replace(ripened(patched, fields));
}

/** A summary or text given to a silent, skipped or young meeting is served: what would hide it goes. */
function ripened(meeting: SourceMeeting, fields: Partial<SourceMeeting>): SourceMeeting {
  if (fields.meeting_info !== undefined) return meeting;
  const info = { ...meeting.meeting_info };
  if (fields.sentences !== undefined) delete info.silent_meeting;
  if (fields.summary) info.summary_status = "processed";
  else if (fields.summary === null) info.summary_status = "skipped";
  return { ...meeting, meeting_info: info };
}

/** Delete a meeting for good; its id stays taken. */
export function removeMeeting(world: World, id: string): void {
  world.store.remove(id);
}
