import { type Random, ulidAt } from "../../world/random.ts";
import type { SourceMeeting, SourceSentence } from "../source-meeting.ts";

const MINUTE_MS = 60_000;

/** Where a meeting stands in the sample. */
type Place = { ordinal: number; count: number; epochMs: number; random: Random };

type Oddity = (meeting: SourceMeeting, place: Place) => SourceMeeting;

/** No usable speech: nothing transcribed, nothing summarised. Source: reference 2.2, recorded live. */
const silent: Oddity = (meeting) => ({
  ...meeting,
  sentences: [],
  speakers: [],
  summary: null,
  duration: 0.05,
  meeting_info: { silent_meeting: true, summary_status: "skipped", fred_joined: null },
});

function withSentences(meeting: SourceMeeting, texts: readonly string[]): SourceMeeting {
  const speaker = meeting.speakers?.[0];
  const sentences: SourceSentence[] = texts.map((text, index) => ({
    index,
    speaker_name: speaker?.name ?? "Speaker 1",
    speaker_id: 0,
    text,
    raw_text: text.toLowerCase(),
    start_time: 1.2 + index * 4,
    end_time: 3.4 + index * 4,
  }));
  const meeting_info = { silent_meeting: false, summary_status: "skipped" as const, fred_joined: true };
  return { ...meeting, sentences, summary: null, duration: 0.4, meeting_info };
}

/** Less than a hundred characters in all: not worth a summary. */
const tooShort: Oddity = (meeting, { ordinal }) =>
  withSentences(
    meeting,
    ordinal % 2
      ? ["Hello?", "I think nobody else is coming."]
      : ["Wrong room, sorry.", "Let us try again tomorrow."],
  );

/** Text that stands for no text. */
const placeholder: Oddity = (meeting) => withSentences(meeting, ["No transcript available"]);

/** Titles that a person typed over the calendar's. Renaming leaves no trace but the title. */
const renamed: Oddity = (meeting) => ({ ...meeting, title: `RENAMED - ${meeting.title} (see notes)` });

const untitled: Oddity = (meeting) => ({ ...meeting, title: null });

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Ids from before the service used ULIDs. Source: reference 2.3. */
const legacyId: Oddity = (meeting, { random }) => ({
  ...meeting,
  id: Array.from({ length: 10 }, () => random.pick([...LETTERS])).join(""),
});

/** A meeting that ripens after the epoch, no sooner than half an hour. */
const young =
  (minutes: { live: number; transcribed: number; summarized: number; ago: number }): Oddity =>
  (meeting, { epochMs, random }) => ({
    ...meeting,
    id: ulidAt(epochMs - minutes.ago * MINUTE_MS - 17_311, random),
    date_ms: epochMs - minutes.ago * MINUTE_MS - 17_311,
    meeting_info: { silent_meeting: false, fred_joined: true },
    lifecycle: {
      live_until_ms: epochMs + minutes.live * MINUTE_MS,
      transcribed_at_ms: epochMs + minutes.transcribed * MINUTE_MS,
      summarized_at_ms: epochMs + minutes.summarized * MINUTE_MS,
      outcome: "processed",
    },
  });

/** Counted back from the newest meeting. */
const FROM_NEWEST: Readonly<Record<number, Oddity>> = {
  1: young({ ago: 12, live: 31, transcribed: 37, summarized: 41 }),
  2: young({ ago: 95, live: -40, transcribed: -30, summarized: 45 }),
  3: young({ ago: 150, live: -80, transcribed: 34, summarized: 52 }),
  6: silent,
  8: renamed,
  13: tooShort,
  17: legacyId,
  21: untitled,
  26: silent,
  31: placeholder,
  36: tooShort,
  40: renamed,
  45: legacyId,
  52: legacyId,
};

/** Below this a sample is too small to give a quarter of itself to oddities. */
const ODD_FROM_COUNT = 20;

/** A meeting of the sample, made odd if its place asks for it. */
export function withOddities(meeting: SourceMeeting, place: Place): SourceMeeting {
  if (place.count < ODD_FROM_COUNT) return meeting;
  const oddity = FROM_NEWEST[place.count - place.ordinal];
  return oddity ? oddity(meeting, place) : meeting;
}
