/** What is said of a meeting besides what was said in it. */
const HEAD_FIELDS = `
  cal_id calendar_id calendar_type
  channels { id is_private title }
  date dateString duration fireflies_users host_email id is_live
  meeting_attendance { join_time leave_time name }
  meeting_attendees { displayName email location name phoneNumber }
  meeting_info { fred_joined silent_meeting summary_status }
  meeting_link organizer_email participants privacy`;
const SENTENCES = `
  sentences { end_time index raw_text speaker_id speaker_name start_time text }`;
const SPEAKERS = `
  speakers { id name }`;
const SUMMARY = `
  summary {
    action_items bullet_gist extended_sections { content title } gist keywords meeting_type notes outline overview
    short_overview short_summary shorthand_bullet topics_discussed transcript_chapters
  }`;
const TAIL_FIELDS = `
  title transcript_url user { email name user_id } workspace_users`;

/** The fields asked for, in alphabetical order at every level. Source and reasons: docs/vendors/fireflies.md. */
const TRANSCRIPT_FIELDS = `
  audio_url${HEAD_FIELDS}${SENTENCES}${SPEAKERS}${SUMMARY}${TAIL_FIELDS}`;

/** The field that every transcript of a reply begins with. */
export function firstFieldOf(withoutFields: readonly string[]): string {
  return /[a-z_]+/.exec(fieldsWithout(withoutFields))?.[0] ?? "";
}

function fieldsWithout(fields: readonly string[]): string {
  return fields.reduce((text, name) => text.replace(new RegExp(`\\b${name}\\b`, "g"), ""), TRANSCRIPT_FIELDS);
}

/** One page of whole transcripts, newest first; `until` leaves out what is newer than a moment. */
export function listQuery(withoutFields: readonly string[], until = false): string {
  return until
    ? `query ListMeetings($limit: Int, $skip: Int, $toDate: DateTime) {
  transcripts(limit: $limit, skip: $skip, toDate: $toDate) {${fieldsWithout(withoutFields)}
  }
}`
    : `query ListMeetings($limit: Int, $skip: Int) {
  transcripts(limit: $limit, skip: $skip) {${fieldsWithout(withoutFields)}
  }
}`;
}

/**
 * One page without what was said: proof of what is there, where whole transcripts are too large to come together. A row
 * that looks otherwise than before is of a meeting that changed.
 */
export function lightListQuery(until: boolean): string {
  return until
    ? `query ListIds($limit: Int, $skip: Int, $toDate: DateTime) {
  transcripts(limit: $limit, skip: $skip, toDate: $toDate) {${HEAD_FIELDS}${SPEAKERS}${TAIL_FIELDS}
  }
}`
    : `query ListIds($limit: Int, $skip: Int) {
  transcripts(limit: $limit, skip: $skip) {${HEAD_FIELDS}${SPEAKERS}${TAIL_FIELDS}
  }
}`;
}

/** Name of the field that asks for the meeting which is known to be there, and of those that ask for the others. */
export const LIVE_ALIAS = "live";
export const LOOKED_ALIAS = /^asked([0-9]+)$/;

/** Whether meetings are shown: each by itself, in one request, with one that is known to be there. */
export function lookQuery(count: number): string {
  const places = Array.from({ length: count }, (_, n) => n);
  const variables = places.map((n) => `, $id${n}: String!`).join("");
  const asked = places.map((n) => `\n  asked${n}: transcript(id: $id${n}) { id }`).join("");
  return `query LookFor($live: String!${variables}) {
  ${LIVE_ALIAS}: transcript(id: $live) { id }${asked}
}`;
}

/** One whole transcript. */
export function meetingQuery(withoutFields: readonly string[]): string {
  return `query GetMeeting($id: String!) {
  transcript(id: $id) {${fieldsWithout(withoutFields)}
  }
}`;
}

/** Who the key belongs to. */
export const ACCOUNT_QUERY = "query Account { user { num_transcripts user_id } }";
