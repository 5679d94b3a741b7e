import { z } from "zod";

/*
 * What a meeting holds at the source, as read from a file, made by the sample generator or sent to the control door.
 * Everything but the id may be absent or null; a field that is absent is served as null. The shapes are strict enough
 * that each value can be served as its GraphQL type without a serialisation error.
 */

const text = z.string().nullish();
const float = z.number().nullish();
const flag = z.boolean().nullish();
const INT_MAX = 2_147_483_647;
const int = z.number().int().min(-INT_MAX).max(INT_MAX).nullish();
const texts = z.array(z.string()).nullish();

const aiFilters = z.object({
  text_cleanup: text,
  task: text,
  pricing: text,
  metric: text,
  question: text,
  date_and_time: text,
  sentiment: text,
});

/** One spoken sentence; times are seconds from the start of the meeting. */
export const sentenceSchema = z.object({
  index: int,
  speaker_name: text,
  speaker_id: int,
  raw_text: text,
  text: text,
  start_time: float,
  end_time: float,
  ai_filters: aiFilters.nullish(),
});

const summarySchema = z.object({
  keywords: texts,
  action_items: text,
  outline: text,
  shorthand_bullet: text,
  overview: text,
  bullet_gist: text,
  notes: text,
  gist: text,
  short_summary: text,
  short_overview: text,
  meeting_type: text,
  topics_discussed: texts,
  transcript_chapters: texts,
  extended_sections: z.array(z.object({ title: z.string(), content: z.string() })).nullish(),
});

/** Values of `meeting_info.summary_status`. Source: reference, SDL. */
const SUMMARY_STATUSES = ["processing", "processed", "failed", "skipped", "default"] as const;

const meetingInfo = z.object({
  silent_meeting: flag,
  summary_status: z.enum(SUMMARY_STATUSES).nullish(),
  fred_joined: flag,
});

const channel = z.object({
  id: z.string(),
  title: text,
  is_private: flag,
  created_at: text,
  updated_at: text,
  created_by: text,
  members: z.array(z.object({ user_id: z.string(), email: z.string(), name: z.string() })).nullish(),
});

/** When a young meeting ripens, as world instants. Absent: ripe from the start. */
const lifecycleSchema = z.object({
  live_until_ms: z.number(),
  transcribed_at_ms: z.number(),
  summarized_at_ms: z.number(),
  outcome: z.enum(["processed", "skipped", "failed"]),
});

/** Fields that may be replaced one by one by the control op `edit`. */
export const meetingFieldsSchema = z.object({
  title: text,
  duration: float,
  organizer_email: text,
  host_email: text,
  privacy: text,
  is_live: flag,
  participants: texts,
  fireflies_users: texts,
  workspace_users: texts,
  meeting_attendees: z
    .array(z.object({ displayName: text, email: text, phoneNumber: text, name: text, location: text }))
    .nullish(),
  meeting_attendance: z
    .array(z.object({ name: z.string(), join_time: z.string(), leave_time: text }))
    .nullish(),
  speakers: z.array(z.object({ id: float, name: text })).nullish(),
  summary: summarySchema.nullish(),
  sentences: z.array(sentenceSchema).nullish(),
  meeting_info: meetingInfo.nullish(),
  transcript_url: text,
  video_url: text,
  meeting_link: text,
  calendar_id: text,
  cal_id: text,
  calendar_type: text,
  channels: z.array(channel).nullish(),
  /** Replaces the computed `dateString`: data that the real service should never send. */
  dateString: text,
  lifecycle: lifecycleSchema.nullish(),
});

const DATE_MAX_MS = 8.64e15;
const ISO_INSTANT = /^([+-]?\d{4,6})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

function isInstant(text: string): boolean {
  const [, year, month, day] = ISO_INSTANT.exec(text) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  // Date.parse takes a day that the month does not have for one of the next month.
  const endOfMonth = new Date(0);
  endOfMonth.setUTCFullYear(Number(year), Number(month), 0);
  return Number(day) <= endOfMonth.getUTCDate();
}

/** A meeting at the source. `date` (ISO 8601 with zone) and `date_ms` (epoch ms) are one instant; `date_ms` wins. */
export const sourceMeetingSchema = meetingFieldsSchema.extend({
  id: z.string().min(1),
  date: z.string().refine(isInstant, "is not an ISO 8601 instant").nullish(),
  date_ms: z.number().min(-DATE_MAX_MS).max(DATE_MAX_MS).nullish(),
  /** World instant from which the meeting can be seen; absent: always. An old-dated meeting may appear late. */
  appears_at_ms: z.number().nullish(),
});

export type SourceSentence = z.infer<typeof sentenceSchema>;
export type SourceSummary = z.infer<typeof summarySchema>;
export type SourceMeeting = z.infer<typeof sourceMeetingSchema>;
export type Lifecycle = z.infer<typeof lifecycleSchema>;

/** The exact instant of creation in epoch ms, or null if the source has no date. */
export function createdMsOf(meeting: {
  date?: string | null | undefined;
  date_ms?: number | null | undefined;
}): number | null {
  if (meeting.date_ms !== null && meeting.date_ms !== undefined) return meeting.date_ms;
  return meeting.date ? Date.parse(meeting.date) : null;
}
