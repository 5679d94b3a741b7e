import { createHash } from "node:crypto";
import type { GraphQLError } from "graphql";
import { apiError } from "./api-errors.ts";
import { type Phase, phaseAt } from "./lifecycle.ts";
import type { Plan } from "./quota.ts";
import { createdMsOf, type SourceMeeting, type SourceSentence } from "./source-meeting.ts";

const DATE_MARK_MS = 300_000;
const MEDIA_WINDOW_MS = 86_400_000;

/** What a meeting looks like depends on the instant, the plan and the switches of the world. */
export type ViewContext = {
  nowMs: number;
  plan: Plan;
  /** How plan-gated fields fail: the request as a whole (checked before any meeting is read) or each field. */
  gatedFields: "request" | "field";
  /** What `sentences` of a running meeting are: null, or an error at their path. */
  liveSentences: "null" | "error";
};

/** `date`: creation floored to a 5-minute mark, epoch ms. Source: reference 2.3, live recordings. */
export function dateOf(createdMs: number): number {
  return Math.floor(createdMs / DATE_MARK_MS) * DATE_MARK_MS;
}

/** `dateString`: creation floored to the second, as epoch ms. Source: reference 2.3, live recordings. */
export function dateStringMsOf(createdMs: number): number {
  return Math.floor(createdMs / 1_000) * 1_000;
}

/** Meetings look different when any of these differs; the key of cached replies. */
export function viewKey(
  meeting: { id: string; version: number },
  phase: Phase,
  context: ViewContext,
): string {
  const mediaWindow = Math.floor((context.nowMs - mediaShiftMs(meeting.id)) / MEDIA_WINDOW_MS);
  const switches = `${context.plan}/${context.gatedFields}/${context.liveSentences}`;
  return `${meeting.id}/${meeting.version}/${phase}/${mediaWindow}/${switches}`;
}

/**
 * The meeting as the schema's Transcript, every field set; a field may hold a GraphQLError instead of a value.
 */
export function viewOf(meeting: SourceMeeting, context: ViewContext): Record<string, unknown> {
  const phase = phaseAt(meeting.lifecycle, context.nowMs);
  const { lifecycle: _lifecycle, date: _date, date_ms: _dateMs, appears_at_ms: _appears, ...plain } = meeting;
  const createdMs = createdMsOf(meeting);
  return {
    ...plain,
    date: createdMs === null ? null : dateOf(createdMs),
    dateString:
      meeting.dateString ?? (createdMs === null ? null : new Date(dateStringMsOf(createdMs)).toISOString()),
    duration: phase === "live" ? null : float32(meeting.duration),
    is_live: meeting.is_live ?? phase === "live",
    user: meeting.organizer_email ? userOf(meeting.organizer_email) : null,
    sentences: sentencesOf(meeting, phase, context),
    summary: phase === "done" && statusOf(meeting, phase) === "processed" ? (meeting.summary ?? null) : null,
    meeting_info: {
      silent_meeting:
        phase === "live" ? null : (meeting.meeting_info?.silent_meeting ?? meeting.sentences?.length === 0),
      summary_status: statusOf(meeting, phase),
      fred_joined: meeting.meeting_info?.fred_joined ?? null,
    },
    channels: (meeting.channels ?? []).map((channel) => ({ ...channel, members: channel.members ?? [] })),
    transcript_url: meeting.transcript_url ?? `https://app.fireflies.ai/view/${meeting.id}`,
    audio_url: audioUrlOf(meeting.id, phase, context),
    video_url:
      context.plan === "business" || context.gatedFields === "request"
        ? (meeting.video_url ?? null)
        : paidError("business_or_higher"),
    analytics: null,
    apps_preview: { outputs: [] },
    shared_with: [],
  };
}

/** The user that stands behind an e-mail address; the id follows from the address. */
export function userOf(email: string): Record<string, unknown> {
  const digest = createHash("sha256").update(`user ${email}`).digest("hex").slice(0, 20).toUpperCase();
  const name = email
    .split("@")[0]!
    .split(/[._-]+/)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join(" ");
  return { user_id: `01USER${digest}`, email, name, is_admin: false, integrations: null, user_groups: [] };
}

/** The error of a field that the plan does not include. */
export function paidError(tier: "pro_or_higher" | "business_or_higher"): GraphQLError {
  return apiError("paid_required", `You need a ${tier.replaceAll("_", " ")} plan to read this field.`, {
    tier,
  });
}

/** Durations carry the noise of a 32-bit float. Source: reference 2.3, live recordings. */
function float32(minutes: number | null | undefined): number | null {
  if (minutes === null || minutes === undefined) return null;
  const rounded = Math.fround(minutes);
  return Number.isFinite(rounded) ? rounded : minutes;
}

function statusOf(meeting: SourceMeeting, phase: Phase): string | null {
  if (phase === "live") return "default";
  if (phase !== "done") return "processing";
  if (meeting.meeting_info?.summary_status) return meeting.meeting_info.summary_status;
  return meeting.lifecycle?.outcome ?? (meeting.summary ? "processed" : "skipped");
}

function sentencesOf(meeting: SourceMeeting, phase: Phase, context: ViewContext): unknown {
  if (phase === "live" && context.liveSentences === "error") {
    return apiError("invariant_violation", "The sentences of a running meeting cannot be read yet");
  }
  if (phase === "live" || phase === "ended") return null;
  const { sentences, speakers } = meeting;
  if (!sentences || !speakers?.length || !sentences.some(lacksSpeakerId)) return sentences ?? null;
  const idOfName = new Map(speakers.map((speaker) => [speaker.name, speaker.id]));
  return sentences.map((sentence) => {
    const id = lacksSpeakerId(sentence) ? idOfName.get(sentence.speaker_name) : undefined;
    return Number.isInteger(id) ? { ...sentence, speaker_id: id } : sentence;
  });
}

function lacksSpeakerId(sentence: SourceSentence): boolean {
  return sentence.speaker_id === undefined || sentence.speaker_id === null;
}

/** Links are renewed once a day, at another time of day for each meeting. Source: reference 2.3. */
function mediaShiftMs(id: string): number {
  let sum = 0;
  for (let i = 0; i < id.length; i += 1) sum = (sum * 31 + id.charCodeAt(i)) % 86_400;
  return sum * 1_000;
}

function audioUrlOf(id: string, phase: Phase, context: ViewContext): unknown {
  if (context.plan === "free" && context.gatedFields === "field") return paidError("pro_or_higher");
  if (phase === "live" || phase === "ended" || context.plan === "free") return null;
  const shiftMs = mediaShiftMs(id);
  const windowEnd = Math.floor((context.nowMs - shiftMs) / MEDIA_WINDOW_MS) + 1;
  const expires = Math.floor((windowEnd * MEDIA_WINDOW_MS + shiftMs) / 1_000) + 86_400;
  const signature = createHash("sha256").update(`audio ${id} ${expires}`).digest("base64url").slice(0, 40);
  return `https://cdn.fireflies.ai/${encodeURIComponent(id)}/audio.mp3?Expires=${expires}&Signature=${signature}`;
}
