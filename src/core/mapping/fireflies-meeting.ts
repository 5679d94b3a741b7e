/**
 * From a Fireflies transcript, as kept in R2, to a meeting record. Source of field semantics:
 * docs/vendors/fireflies.md; of what is required: requirements, "Meeting Records".
 */
import * as z from "zod";
import { D1_VALUE_BYTES_MAX } from "../limits.ts";
import { TRANSCRIPT_CHARACTERS_MIN, TRANSCRIPT_GIVE_UP_MS } from "../policy.ts";
import type { Checked, Problem } from "../records/field.ts";
import type { MeetingRecord, Sentence } from "../records/meeting.ts";

const text = z.string().nullish().catch(null);
const texts = z.array(z.string().catch("")).nullish().catch(null);
const number = z.number().nullish().catch(null);

/** A sentence before anything is known of its fields. */
type RawSentence = Readonly<Partial<Record<"text" | "speaker_name" | "start_time" | "end_time", unknown>>>;

function areSentences(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item === "object" && item !== null && !Array.isArray(item))
  );
}

/** The parts of a revision that records and chunks are made of. Optional parts that are malformed count as absent. */
const TRANSCRIPT = z.object({
  id: z.string(),
  title: text,
  dateString: text,
  duration: number,
  is_live: z.boolean().nullish().catch(null),
  privacy: text,
  channels: z
    .array(z.object({ id: text }).catch({ id: null }))
    .nullish()
    .catch(null),
  organizer_email: text,
  participants: texts,
  transcript_url: text,
  meeting_link: text,
  speakers: z
    .array(z.object({ name: text }).catch({ name: null }))
    .nullish()
    .catch(null),
  meeting_attendees: z
    .array(
      z
        .object({ displayName: text, name: text, email: text })
        .catch({ displayName: null, name: null, email: null }),
    )
    .nullish()
    .catch(null),
  // Their fields are read by hand: there are hundreds, and a schema takes many times as long over each.
  sentences: z.custom<readonly RawSentence[]>(areSentences).nullish(),
  summary: z
    .object({
      overview: text,
      short_summary: text,
      action_items: text,
      keywords: texts,
      topics_discussed: texts,
    })
    .nullish()
    .catch(null),
  meeting_info: z
    .object({ silent_meeting: z.boolean().nullish().catch(null), summary_status: text })
    .nullish()
    .catch(null),
});
type Transcript = z.infer<typeof TRANSCRIPT>;

/** Texts that the vendor or older importers put where a transcript should be. Source: the estate in use today. */
const PLACEHOLDERS = new Set([
  "no transcript available",
  "no transcript available.",
  "transcript not available",
  "transcript is being processed",
  "processing",
]);

/** Bytes of a record as JSON, with room for the columns that are added to it: hash, keys, links, times. */
const RECORD_BYTES_MAX = D1_VALUE_BYTES_MAX - 100_000;

/** Years a meeting can be of: before, nothing recorded meetings; after tomorrow, it has not happened. */
const YEAR_MIN = 2000;
const FUTURE_TOLERANCE_MS = 48 * 60 * 60_000;

/**
 * Check one revision.
 *
 * @param revision JSON text as kept in R2
 * @param nowMs world time; only the age of the meeting depends on it
 * @returns the record; or what it waits for; or every reason why it is broken. Never throws on bad content.
 */
export function checkMeeting(revision: string, nowMs: number): Checked<MeetingRecord> {
  const parsed = parseRevision(revision);
  if (!parsed.ok) return { state: "quarantined", problems: [parsed.problem] };
  const meeting = parsed.transcript;
  const moment = momentOf(meeting.dateString ?? null, nowMs);
  const sentences = sentencesIn(meeting);
  const spoken = spokenText(sentences);

  const transcript = judgeTranscript(meeting, spoken, moment.ms, nowMs);
  if (transcript.state === "pending") return transcript;
  const problems: Problem[] = [];
  const title = (meeting.title ?? "").trim();
  if (title === "") problems.push({ field: "title", problem: "is missing" });
  if (moment.problem !== null) problems.push({ field: "date", problem: moment.problem });
  if (transcript.problem !== null) problems.push({ field: "transcript", problem: transcript.problem });
  if (problems.length > 0 || moment.ms === null) return { state: "quarantined", problems };
  const record = recordOf(meeting, title, moment.ms, { sentences, spoken });
  const oversize = oversizeIn(record);
  return oversize === null ? { state: "valid", record } : { state: "quarantined", problems: [oversize] };
}

/** A record that no row can hold names its largest field; let through, it would fail the batch of its whole page. */
function oversizeIn(record: MeetingRecord): Problem | null {
  const sizes = Object.entries(record).map(([field, value]) => ({
    field,
    bytes: ENCODER.encode(JSON.stringify(value)).byteLength,
  }));
  const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
  const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0];
  if (largest === undefined || bytes <= RECORD_BYTES_MAX) return null;
  const problem = `has ${largest.bytes} bytes; a record has room for ${RECORD_BYTES_MAX} in all`;
  return { field: largest.field, problem };
}

const ENCODER = new TextEncoder();

/**
 * The sentences of a revision, in order, for chunking. Empty ones are left out: there is nothing in them to find.
 *
 * @throws never; a revision that does not parse has none
 */
export function transcriptSentences(revision: string): { date: string; sentences: Sentence[] } {
  const parsed = parseRevision(revision);
  if (!parsed.ok) return { date: "", sentences: [] };
  return {
    date: (parsed.transcript.dateString ?? "").slice(0, 10),
    sentences: sentencesIn(parsed.transcript),
  };
}

function parseRevision(
  revision: string,
): { ok: true; transcript: Transcript } | { ok: false; problem: Problem } {
  let json: unknown;
  try {
    json = JSON.parse(revision);
  } catch {
    return { ok: false, problem: { field: "revision", problem: "is not JSON" } };
  }
  const result = TRANSCRIPT.safeParse(json);
  if (result.success) return { ok: true, transcript: result.data };
  const paths = [...new Set(result.error.issues.map((issue) => String(issue.path[0] ?? "revision")))];
  return { ok: false, problem: { field: paths.join(", "), problem: "has an unexpected shape" } };
}

function sentencesIn(meeting: Transcript): Sentence[] {
  return (meeting.sentences ?? [])
    .map((sentence) => ({
      speaker: blankToNull(textOrNull(sentence.speaker_name)),
      text: textOrNull(sentence.text) ?? "",
      startSeconds: numberOrNull(sentence.start_time),
      endSeconds: numberOrNull(sentence.end_time),
    }))
    .filter((sentence) => sentence.text.trim() !== "");
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** All that was said, placeholders out. */
function spokenText(sentences: readonly Sentence[]): string {
  const spoken = sentences.map((sentence) => sentence.text.trim()).join(" ");
  return PLACEHOLDERS.has(spoken.toLowerCase()) ? "" : spoken;
}

function judgeTranscript(
  meeting: Transcript,
  spoken: string,
  meetingMs: number | null,
  nowMs: number,
): { state: "pending"; waitsFor: string } | { state: "settled"; problem: string | null } {
  if (spoken.length >= TRANSCRIPT_CHARACTERS_MIN && meeting.is_live !== true)
    return { state: "settled", problem: null };
  const ageMs = meetingMs === null ? Number.POSITIVE_INFINITY : nowMs - meetingMs;
  const young = ageMs < TRANSCRIPT_GIVE_UP_MS && ageMs > -FUTURE_TOLERANCE_MS;
  if (young && meeting.is_live === true)
    return { state: "pending", waitsFor: "the meeting is still running" };
  const status = meeting.meeting_info?.summary_status;
  const settled = status === "processed" || status === "skipped" || status === "failed";
  if (young && !settled) return { state: "pending", waitsFor: "the transcript is not ready yet" };
  if (spoken.length >= TRANSCRIPT_CHARACTERS_MIN) return { state: "settled", problem: null };
  if (meeting.meeting_info?.silent_meeting === true) return { state: "settled", problem: "holds no speech" };
  if (spoken === "") return { state: "settled", problem: "is missing" };
  return {
    state: "settled",
    problem: `has ${spoken.length} characters, at least ${TRANSCRIPT_CHARACTERS_MIN} are needed`,
  };
}

function momentOf(dateString: string | null, nowMs: number): { ms: number | null; problem: string | null } {
  if (dateString === null || dateString.trim() === "") return { ms: null, problem: "is missing" };
  const ms = Date.parse(dateString);
  if (Number.isNaN(ms)) return { ms: null, problem: "is not an ISO 8601 date" };
  if (new Date(ms).getUTCFullYear() < YEAR_MIN) return { ms, problem: `lies before the year ${YEAR_MIN}` };
  if (ms > nowMs + FUTURE_TOLERANCE_MS) return { ms, problem: "lies in the future" };
  return { ms, problem: null };
}

function recordOf(
  meeting: Transcript,
  title: string,
  ms: number,
  transcript: { sentences: readonly Sentence[]; spoken: string },
): MeetingRecord {
  const dateTime = new Date(ms).toISOString();
  const summary = blankToNull(meeting.summary?.overview) ?? blankToNull(meeting.summary?.short_summary);
  return {
    id: meeting.id,
    title,
    date: dateTime.slice(0, 10),
    dateTime,
    durationMinutes: plausibleMinutes(meeting.duration ?? null),
    participants: peopleOf(meeting.participants ?? []),
    attendees: (meeting.meeting_attendees ?? []).map((attendee) => ({
      name: blankToNull(attendee.displayName) ?? blankToNull(attendee.name),
      email: blankToNull(attendee.email),
    })),
    speakers: speakersOf(meeting, transcript.sentences),
    organizerEmail: blankToNull(meeting.organizer_email),
    privacy: blankToNull(meeting.privacy),
    channels: (meeting.channels ?? []).flatMap(({ id }) => (id === null || id === undefined ? [] : [id])),
    summary,
    actionItems: blankToNull(meeting.summary?.action_items),
    keywords: (meeting.summary?.keywords ?? []).filter((word) => word.trim() !== ""),
    topics: (meeting.summary?.topics_discussed ?? []).filter((topic) => topic.trim() !== ""),
    transcriptUrl: blankToNull(meeting.transcript_url),
    meetingUrl: blankToNull(meeting.meeting_link),
    wordCount: countWords(transcript.spoken),
    sentenceCount: transcript.sentences.length,
    transcriptCharacters: transcript.spoken.length,
    summaryState: summaryState(meeting, summary),
  };
}

/** Words parted by white space; counted without making them, since a transcript has tens of thousands. */
function countWords(spoken: string): number {
  const spaces = /\s+/gu;
  let words = 1;
  while (spaces.test(spoken)) words += 1;
  return words;
}

/** One e-mail per entry: an element may hold several joined by commas (seen in today's estate). */
function peopleOf(participants: readonly string[]): string[] {
  const people = participants.flatMap((entry) => entry.split(",")).map((person) => person.trim());
  return [...new Set(people.filter((person) => person !== ""))];
}

function speakersOf(meeting: Transcript, sentences: readonly Sentence[]): string[] {
  const named = (meeting.speakers ?? []).map((speaker) => blankToNull(speaker.name));
  const spoke = sentences.map((sentence) => sentence.speaker);
  return [...new Set([...named, ...spoke])].filter((name) => name !== null);
}

function summaryState(meeting: Transcript, summary: string | null): MeetingRecord["summaryState"] {
  if (summary !== null) return "ready";
  const status = meeting.meeting_info?.summary_status;
  return status === "skipped" || status === "failed" || status === "processed" ? "none" : "pending";
}

/** Minutes, as the source gives them; anything but a non-negative finite number is no duration. */
function plausibleMinutes(minutes: number | null): number | null {
  return minutes !== null && Number.isFinite(minutes) && minutes >= 0
    ? Math.round(minutes * 100) / 100
    : null;
}

function blankToNull(value: string | null | undefined): string | null {
  const trimmed = value?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}
