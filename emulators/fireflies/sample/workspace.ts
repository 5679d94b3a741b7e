import { createRandom, type Random, ulidAt } from "../../world/random.ts";
import type { SourceMeeting, SourceSentence } from "../source-meeting.ts";
import { ACCOUNT_OWNER, type Person, type Project, PROJECTS } from "./company.ts";
import { inventTalk, issuesFor, type Talk } from "./dialogue.ts";
import { MEETING_KINDS, type MeetingKind } from "./issue.ts";
import { summarize } from "./summary.ts";
import { withOddities } from "./oddities.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** How far back the sample reaches from its epoch. */
const SPAN_DAYS = 150;
/** Meetings of the last seven days in a sample of any size; a growing sample reaches further back, not denser. */
const RECENT_COUNT = 9;
const WORDS_PER_SECOND = 2.4;

const TITLES: Record<MeetingKind, readonly string[]> = {
  "site walk": ["{project}: site walk", "Site walk, {project}"],
  "permit review": ["{project}: permit review", "Permits and inspections, {project}"],
  "change order": ["{project}: change orders", "Change order review, {project}"],
  "budget review": ["{project}: budget review", "Cost report, {project}"],
  safety: ["{project}: safety meeting", "Toolbox talk, {project}"],
  schedule: ["{project}: three-week look-ahead", "{project}: schedule"],
  "client call": ["{project}: client call", "Weekly call with {client}, {project}"],
};

/** What decides one invented meeting; everything else follows from its chance. */
export type MeetingPlan = { random: Random; createdMs: number; ordinal: number };

/** One invented meeting, finished: transcribed and summarised. Equal plans give equal meetings. */
export function sampleMeeting({ random, createdMs, ordinal }: MeetingPlan): SourceMeeting {
  const kind = MEETING_KINDS[ordinal % MEETING_KINDS.length]!;
  const project = PROJECTS[(ordinal * 3 + Math.floor(ordinal / PROJECTS.length)) % PROJECTS.length]!;
  const talk = inventTalk({ random, kind, project, createdMs }, issuesFor(kind, random.int(2, 8), random));
  return meetingOf({ id: ulidAt(createdMs, random), createdMs, kind, project, talk, random });
}

/** A talk and the frame it is put into. */
export type MeetingParts = {
  id: string;
  createdMs: number;
  kind: MeetingKind;
  project: Project;
  talk: Talk;
  random: Random;
};

/** The meeting as a source would hold it, with times for every sentence. */
export function meetingOf({ id, createdMs, kind, project, talk, random }: MeetingParts): SourceMeeting {
  const { sentences, starts } = timed(talk, random);
  const organizer = talk.people.find(({ email }) => email.endsWith("@alderbrook.example")) ?? ACCOUNT_OWNER;
  const emails = [...new Set([organizer, ...talk.people].map(({ email }) => email))];
  const staffEmails = emails.filter((email) => email.endsWith("@alderbrook.example"));
  const seconds = sentences.at(-1)?.end_time ?? 0;
  const title = random
    .pick(TITLES[kind])
    .replace("{project}", project.name)
    .replace("{client}", project.client.name);
  return {
    id,
    title,
    date_ms: createdMs,
    duration: Math.round((seconds / 60) * 100) / 100,
    organizer_email: organizer.email,
    host_email: null,
    privacy: "teammatesandparticipants",
    participants: emails,
    fireflies_users: staffEmails,
    workspace_users: staffEmails,
    meeting_attendees: talk.people.map(({ name, email }) => ({ displayName: name, email })),
    meeting_attendance: talk.people.map(({ name }) => attendance(name, createdMs, seconds, random)),
    speakers: talk.people.map(({ name }, i) => ({ id: i, name })),
    sentences,
    summary: summarize(talk, { kind, project }, (turn) => starts[turn] ?? 0),
    meeting_info: { silent_meeting: false, summary_status: "processed", fred_joined: true },
    meeting_link: kind === "site walk" ? null : `https://meet.example.test/${id.slice(-9).toLowerCase()}`,
    calendar_id: `${id.toLowerCase()}@calendar.example`,
    cal_id: `${id.toLowerCase()}_${new Date(createdMs).toISOString().replaceAll(/[-:]|\.\d+/g, "")}`,
    calendar_type: "google",
    channels: [{ id: channelId(project), title: project.name, is_private: false }],
  };
}

function channelId(project: Project): string {
  return `6a0f${String(PROJECTS.indexOf(project)).padStart(20, "0")}`;
}

function attendance(name: string, createdMs: number, seconds: number, random: Random) {
  const joinedMs = createdMs + random.int(0, 90) * 1_000;
  return {
    name,
    join_time: new Date(joinedMs).toISOString(),
    leave_time: new Date(createdMs + Math.round(seconds) * 1_000).toISOString(),
  };
}

/** Split turns into sentences and give them times; pauses stretch the talk to a length of 20 to 90 minutes. */
function timed(talk: Talk, random: Random): { sentences: SourceSentence[]; starts: number[] } {
  const spoken = talk.turns.flatMap(({ speaker, text }, turn) =>
    text
      .split(/(?<=[.!?]) (?=[A-Z$"0-9])/)
      .map((part) => ({ speaker, text: part, turn, words: wordsOf(part) })),
  );
  const minutes = Math.min(88, Math.max(22, spoken.length * (0.28 + random.next() * 0.12)));
  const spokenSeconds = spoken.reduce((sum, { words }) => sum + words / WORDS_PER_SECOND, 0);
  const pauseSeconds = Math.max(0.2, (minutes * 60 - spokenSeconds) / Math.max(1, spoken.length));
  const idOf = new Map<Person, number>(talk.people.map((person, i) => [person, i]));
  const starts: number[] = [];
  let at = 1 + random.next() * 3;
  const sentences = spoken.map(({ speaker, text, turn, words }, index) => {
    const start = at;
    const end = start + words / WORDS_PER_SECOND;
    starts[turn] ??= start;
    at = end + pauseSeconds * (0.5 + random.next());
    return {
      index,
      speaker_name: speaker.name,
      speaker_id: idOf.get(speaker) ?? null,
      text,
      raw_text: text.toLowerCase().replaceAll(/[.,;:!?]/g, ""),
      start_time: hundredths(start),
      end_time: hundredths(end),
    };
  });
  return { sentences, starts };
}

function wordsOf(text: string): number {
  let words = 1;
  for (let at = text.indexOf(" "); at !== -1; at = text.indexOf(" ", at + 1)) words += 1;
  return words;
}

function hundredths(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

/** The moments of creation, oldest first: working hours, a few of them in the last week. */
function momentsOf(epochMs: number, count: number, random: Random): number[] {
  const recent = Math.min(RECENT_COUNT, Math.ceil(count / 5));
  const older = count - recent;
  const perDay = Math.max(1, older / (SPAN_DAYS - 8));
  const moments: number[] = [];
  for (let i = 0; i < older; i += 1) {
    const daysBack = perDay > 1 && count > 500 ? 8 + i / 4 : 8 + (i * (SPAN_DAYS - 8)) / Math.max(1, older);
    moments.push(atWork(epochMs - daysBack * DAY_MS, random));
  }
  for (let i = 0; i < recent; i += 1)
    moments.push(atWork(epochMs - (1.2 + (i * 5.2) / recent) * DAY_MS, random));
  return moments.sort((a, b) => a - b);
}

/** Somewhere between 12:00 and 21:00 UTC of that day, which is a working day on the east coast. */
function atWork(aroundMs: number, random: Random): number {
  const dayMs = Math.floor(aroundMs / DAY_MS) * DAY_MS;
  return dayMs + 12 * HOUR_MS + random.int(0, 9 * 60 - 1) * MINUTE_MS + random.int(0, 59_999);
}

/** What the sample is made from. `epochMs` is the world instant at which it begins. */
export type SampleOptions = { seed: number; epochMs: number; count: number };

/**
 * The meetings of the sample workspace, oldest first; made one at a time, so that thousands need little memory.
 *
 * Among the newest are three that ripen after the epoch; silent, short, renamed and untitled ones are spread over the
 * rest. Equal options give equal meetings.
 */
export function* sampleMeetings({ seed, epochMs, count }: SampleOptions): Generator<SourceMeeting> {
  const moments = momentsOf(epochMs, count, createRandom(seed, "moments"));
  for (const [ordinal, createdMs] of moments.entries()) {
    const random = createRandom(seed, `meeting ${ordinal}`);
    yield withOddities(sampleMeeting({ random, createdMs, ordinal }), { ordinal, count, epochMs, random });
  }
}
