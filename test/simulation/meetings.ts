import type { Random } from "../../emulators/world/random.ts";
import type { SourceMeeting, SourceSentence } from "../../emulators/fireflies/source-meeting.ts";

/** Stands in every sentence: where it shows up outside R2, chunks and records, transcript text has leaked. */
export const TEXT_MARK = "qzmark";

/** The domain of every address, for the same purpose. */
export const MAIL_MARK = "@leak.example";

const WORDS =
  "budget delivery concrete client window invoice crane deadline permit drawing survey margin risk supplier weather route test roof pump agenda sample valve grid lobby".split(
    " ",
  );
const PEOPLE = ["Ada Novak", "Ben Ito", "Cleo Diaz", "Dan Osei"];

/** One sentence of a few words, with the mark. */
export function aSentence(random: Random, index: number): SourceSentence {
  const words = Array.from({ length: random.int(6, 14) }, () => random.pick(WORDS)).join(" ");
  const text = `${words} ${TEXT_MARK} ${random.int(1, 9_999)}.`;
  return {
    index,
    speaker_name: random.pick(PEOPLE),
    speaker_id: null,
    raw_text: text,
    text,
    start_time: index * 7,
    end_time: index * 7 + 6,
  };
}

/** Sentences enough for a valid transcript; some meetings are long enough for several chunks. */
export function someSentences(random: Random): SourceSentence[] {
  const count = random.chance(0.05) ? random.int(60, 160) : random.int(4, 12);
  return Array.from({ length: count }, (_, index) => aSentence(random, index));
}

/** Fields that the source would otherwise make up by the order of arrivals, which kills change. */
const ALWAYS_GIVEN: Partial<SourceMeeting> = {
  privacy: "link",
  fireflies_users: [],
  workspace_users: [],
  meeting_attendance: [],
  channels: [],
  transcript_url: null,
  video_url: null,
  meeting_link: null,
  calendar_id: null,
  cal_id: null,
  calendar_type: null,
  is_live: null,
};

/** A small meeting; one in eight is odd in some way that the requirements name. */
export function aMeeting(random: Random, id: string, createdMs: number): SourceMeeting {
  const person = random.pick(PEOPLE);
  const email = `${person.toLowerCase().replace(" ", ".")}${MAIL_MARK}`;
  const meeting: SourceMeeting = {
    id,
    title: `Meeting ${id} about ${random.pick(WORDS)}`,
    date_ms: createdMs,
    ...ALWAYS_GIVEN,
    duration: random.int(5, 90),
    organizer_email: email,
    host_email: email,
    participants: [email, `guest${random.int(1, 9)}${MAIL_MARK}`],
    meeting_attendees: [{ displayName: person, email, phoneNumber: null, name: person, location: null }],
    speakers: PEOPLE.map((name, place) => ({ id: place, name })),
    sentences: someSentences(random),
    summary: random.chance(0.5)
      ? { overview: `about ${random.pick(WORDS)}`, keywords: [random.pick(WORDS)] }
      : null,
    meeting_info: { fred_joined: true, silent_meeting: false },
  };
  return random.chance(0.125) ? madeOdd(random, meeting) : meeting;
}

function madeOdd(random: Random, meeting: SourceMeeting): SourceMeeting {
  const oddities: ((odd: SourceMeeting) => SourceMeeting)[] = [
    (odd) => ({ ...odd, title: null }),
    (odd) => ({
      ...odd,
      sentences: (odd.sentences ?? []).slice(0, 1).map((one) => ({ ...one, text: "yes", raw_text: "yes" })),
    }),
    (odd) => ({ ...odd, sentences: [], meeting_info: { fred_joined: true, silent_meeting: true } }),
    (odd) => ({ ...odd, date_ms: null }),
    // Text that repeats itself: chunks with the same text must not share an id.
    (odd) => ({ ...odd, sentences: repeated(odd.sentences ?? []) }),
  ];
  return random.pick(oddities)(meeting);
}

function repeated(sentences: readonly SourceSentence[]): SourceSentence[] {
  return Array.from({ length: 100 }, (_, index) => ({ ...(sentences[index % 2] as SourceSentence), index }));
}
