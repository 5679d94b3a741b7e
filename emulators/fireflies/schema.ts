import { buildSchema, GraphQLError, type GraphQLSchema, GraphQLScalarType, Kind } from "graphql";

/** The schema of the live service, as far as a sync needs it. Source: reference: Fireflies schema, live introspection. */
const FIREFLIES_SDL = `
"RFC 3339 instant, UTC"
scalar DateTime
enum SummaryStatus { processing processed failed skipped default }
enum MeetingPrivacy { link owner participants teammatesandparticipants teammates }
enum MeetingState { active paused }

type User { user_id: String  email: String  name: String  is_admin: Boolean  integrations: [String!]
  user_groups: [UserGroup!]  is_calendar_in_sync: Boolean  num_transcripts: Float
  recent_transcript: String  recent_meeting: String  minutes_consumed: Float }
type UserGroup { id: String!  name: String!  handle: String!  members: [UserGroupMember!] }
type UserGroupMember { user_id: String!  first_name: String!  last_name: String!  email: String! }

type AIFilters { text_cleanup: String  task: String  pricing: String  metric: String
  question: String  date_and_time: String  sentiment: String }
type Sentence { index: Int  speaker_name: String  speaker_id: Int  raw_text: String  text: String
  start_time: Float  end_time: Float  ai_filters: AIFilters }
type Speaker { id: Float  name: String }
type SummarySection { title: String!  content: String! }
type Summary { keywords: [String!]  action_items: String  outline: String  shorthand_bullet: String
  overview: String  bullet_gist: String  notes: String  gist: String  short_summary: String
  short_overview: String  meeting_type: String  topics_discussed: [String!]
  transcript_chapters: [String!]  extended_sections: [SummarySection!] }
type MeetingInfo { silent_meeting: Boolean  summary_status: SummaryStatus  fred_joined: Boolean }
type MeetingAttendeeModel { displayName: String  email: String  phoneNumber: String  name: String  location: String }
type MeetingAttendance { name: String!  join_time: String!  leave_time: String }
type ChannelMember { user_id: String!  email: String!  name: String! }
type Channel { id: ID!  created_at: String  updated_at: String  created_by: String
  is_private: Boolean  title: String  members: [ChannelMember!]! }
type AppOutput { transcript_id: String  user_id: String  app_id: String  created_at: Float
  title: String  prompt: String  response: String }
type Apps { outputs: [AppOutput!] }
type SharedWith { email: String  name: String  photo_url: String  expires_at: String }
type Sentiments { negative_pct: Float  neutral_pct: Float  positive_pct: Float }
type AnalyticsCategories { questions: Int  date_times: Int  metrics: Int  tasks: Int }
type AnalyticsSpeaker { speaker_id: Int  name: String  duration: Float  word_count: Int
  longest_monologue: Float  monologues_count: Int  filler_words: Int  questions: Int
  duration_pct: Float  words_per_minute: Float }
type MeetingAnalytics { sentiments: Sentiments  categories: AnalyticsCategories  speakers: [AnalyticsSpeaker!] }

type Transcript {
  id: String  title: String  date: Float  dateString: String  duration: Float  is_live: Boolean  privacy: String
  host_email: String  organizer_email: String  user: User
  participants: [String!]  fireflies_users: [String!]  workspace_users: [String!]
  sentences: [Sentence!]  speakers: [Speaker!]  summary: Summary  meeting_info: MeetingInfo
  transcript_url: String  audio_url: String  video_url: String  meeting_link: String
  calendar_id: String  cal_id: String  calendar_type: String
  meeting_attendees: [MeetingAttendeeModel!]  meeting_attendance: [MeetingAttendance!]
  analytics: MeetingAnalytics  apps_preview: Apps  channels: [Channel!]!  shared_with: [SharedWith!]
}
type ActiveMeeting { id: String  title: String  organizer_email: String  meeting_link: String
  start_time: String  end_time: String  privacy: MeetingPrivacy  state: MeetingState }
input GetActiveMeetingsInput { email: String  states: [MeetingState!] }

type Query {
  transcripts(limit: Int = 50, skip: Int = 0, fromDate: DateTime, toDate: DateTime, date: Float,
    title: String, keyword: String, scope: String, user_id: String, mine: Boolean,
    organizers: [String!], participants: [String!], channel_id: String,
    host_email: String, organizer_email: String, participant_email: String): [Transcript!]
  transcript(id: String!): Transcript
  user(id: String): User
  users: [User!]
  user_groups(mine: Boolean): [UserGroup!]
  channels: [Channel!]!
  channel(id: ID!): Channel
  active_meetings(input: GetActiveMeetingsInput): [ActiveMeeting!]
  apps(app_id: String, transcript_id: String, skip: Float, limit: Float): Apps
}

input UpdateMeetingTitleInput { id: String!  title: String! }
input UpdateMeetingPrivacyInput { id: ID!  privacy: MeetingPrivacy! }
input UpdateMeetingChannelInput { transcript_ids: [String!]!  channel_id: ID! }
input AttendeeInput { email: String  phoneNumber: String  displayName: String }
input AudioUploadInput { url: String!  webhook: String  title: String  attendees: [AttendeeInput!]
  custom_language: String  client_reference_id: String  save_video: Boolean  bypass_size_check: Boolean }
type AudioUploadStatus { success: Boolean!  title: String!  message: String! }

type Mutation {
  deleteTranscript(id: String!): Transcript!
  updateMeetingTitle(input: UpdateMeetingTitleInput!): Transcript!
  updateMeetingPrivacy(input: UpdateMeetingPrivacyInput!): Transcript!
  updateMeetingChannel(input: UpdateMeetingChannelInput!): [Transcript!]!
  uploadAudio(input: AudioUploadInput): AudioUploadStatus!
}
`;

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function instantMs(value: unknown): number {
  if (typeof value !== "string" || !RFC_3339.test(value) || Number.isNaN(Date.parse(value))) {
    throw new GraphQLError("DateTime must be an RFC 3339 instant such as 2026-03-02T08:15:00.000Z");
  }
  return Date.parse(value);
}

/** Resolvers receive a DateTime argument as epoch milliseconds. */
function withDateTime(schema: GraphQLSchema): GraphQLSchema {
  const scalar = schema.getType("DateTime");
  if (scalar instanceof GraphQLScalarType) {
    scalar.parseValue = instantMs;
    scalar.parseLiteral = (node) => instantMs(node.kind === Kind.STRING ? node.value : null);
  }
  return schema;
}

/** The schema that requests are validated against, and that the plain executor runs. */
export const FIREFLIES_SCHEMA = withDateTime(buildSchema(FIREFLIES_SDL));

/**
 * The same schema with the two meeting fields as opaque leaves.
 *
 * graphql-js spends about a microsecond on every leaf, which is seconds for a page of long transcripts. A request is
 * validated against the real schema, then run against this one, where the two resolvers hand over finished JSON.
 */
export const OPAQUE_SCHEMA = withDateTime(
  buildSchema(
    `scalar FinishedJson\n${FIREFLIES_SDL.replace(
      "participant_email: String): [Transcript!]",
      "participant_email: String): FinishedJson",
    ).replace("transcript(id: String!): Transcript\n", "transcript(id: String!): FinishedJson\n")}`,
  ),
);
