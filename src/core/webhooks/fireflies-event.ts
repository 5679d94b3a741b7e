/** Events of Fireflies, old form and new. Pure. Source: Fireflies docs, "Webhooks" and "Webhooks V2"; docs/vendors/fireflies.md. */
import * as z from "zod";
import type { Announcement, Unreadable } from "./announcement.ts";

/** An id as it may stand in an address, a key and a log. */
const MEETING_ID = z.string().regex(/^[\w-]{1,200}$/, "is no id of a meeting");
const EVENT_NAME = z.string().min(1).max(100);

const V2 = z.object({ event: EVENT_NAME, timestamp: z.number().int().min(0), meeting_id: MEETING_ID });
const V1 = z.object({ meetingId: MEETING_ID, eventType: EVENT_NAME });

/** Names of the old form, as the new one has them. */
const V1_NAMES: ReadonlyMap<string, string> = new Map([["transcription completed", "meeting.transcribed"]]);

/** After these there is something new to read; the transcript of a meeting that a bot has joined comes later. */
const READABLE: ReadonlySet<string> = new Set(["meeting.transcribed", "meeting.summarized"]);

/**
 * Read an event.
 *
 * @param bodyHash sha256 of its bytes: the vendor gives an event no id that its signature covers
 */
export function firefliesEvent(body: unknown, bodyHash: string): Announcement | Unreadable {
  const isNew = typeof body === "object" && body !== null && "event" in body;
  const read = isNew ? V2.safeParse(body) : V1.safeParse(body);
  if (!read.success) {
    const [issue] = read.error.issues;
    return { error: `the event of Fireflies: ${issue?.path.join(".") || "the body"}: ${issue?.message}` };
  }
  const event =
    "event" in read.data
      ? { name: read.data.event, subject: read.data.meeting_id, eventMs: read.data.timestamp }
      : { name: read.data.eventType, subject: read.data.meetingId, eventMs: null };
  const kind = V1_NAMES.get(event.name.toLowerCase()) ?? event.name;
  const { subject, eventMs } = event;
  const isReadable = READABLE.has(kind);
  return { vendor: "fireflies", id: `fireflies:${bodyHash}`, kind, subject, eventMs, isReadable };
}
