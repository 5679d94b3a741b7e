import { describe, expect, it } from "vitest";
import { checkMeeting, transcriptSentences } from "./fireflies-meeting.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const SENTENCE = {
  text: "We agreed to move the crane to the north side before the pour on Friday morning, weather permitting, as discussed.",
  speaker_name: "Maya",
  start_time: 1.5,
  end_time: 4,
};
const aMeeting = (change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    id: "01KQX3T0M8ZB4W7N1C5D9EFGHJ",
    title: "Harbour retrofit: weekly",
    dateString: "2026-05-06T10:02:41.000Z",
    duration: 46.380001068115234,
    is_live: false,
    participants: ["maya@acme.test, li@client.test", "maya@acme.test"],
    sentences: [SENTENCE],
    speakers: [{ id: 0, name: "Maya" }],
    summary: { overview: "The crane moves.", keywords: ["crane"] },
    meeting_info: { silent_meeting: false, summary_status: "processed" },
    ...change,
  });
const problemsOf = (revision: string): string[] => {
  const checked = checkMeeting(revision, NOW_MS);
  return checked.state === "quarantined"
    ? checked.problems.map(({ field, problem }) => `${field} ${problem}`)
    : [checked.state];
};

describe("checkMeeting", () => {
  it("makes a record with minutes, ISO dates and one entry per participant", () => {
    const checked = checkMeeting(aMeeting(), NOW_MS);
    expect(checked).toMatchObject({
      state: "valid",
      record: {
        date: "2026-05-06",
        dateTime: "2026-05-06T10:02:41.000Z",
        durationMinutes: 46.38,
        participants: ["maya@acme.test", "li@client.test"],
        summaryState: "ready",
        wordCount: 20,
      },
    });
  });

  it("names every reason at once, not only the first", () => {
    const revision = aMeeting({
      title: " ",
      dateString: "0000-01-01T00:00:00.000Z",
      sentences: [{ ...SENTENCE, text: "Hi." }],
    });
    expect(problemsOf(revision)).toEqual([
      "title is missing",
      "date lies before the year 2000",
      "transcript has 3 characters, at least 100 are needed",
    ]);
  });

  it("does not take a placeholder for a transcript", () => {
    expect(problemsOf(aMeeting({ sentences: [{ ...SENTENCE, text: "No transcript available" }] }))).toEqual([
      "transcript is missing",
    ]);
  });

  it("calls a meeting without words pending while it is young, and broken when it is not", () => {
    const young = {
      sentences: null,
      summary: null,
      meeting_info: null,
      dateString: "2026-06-01T10:00:00.000Z",
    };
    expect(checkMeeting(aMeeting(young), NOW_MS)).toEqual({
      state: "pending",
      waitsFor: "the transcript is not ready yet",
    });
    expect(problemsOf(aMeeting({ ...young, dateString: "2026-05-20T10:00:00.000Z" }))).toEqual([
      "transcript is missing",
    ]);
  });

  it("waits for a meeting that is still running, even if some of it is transcribed", () => {
    const live = { is_live: true, dateString: "2026-06-01T11:00:00.000Z" };
    expect(checkMeeting(aMeeting(live), NOW_MS)).toEqual({
      state: "pending",
      waitsFor: "the meeting is still running",
    });
  });

  it("takes a ready transcript without its summary: the two ripen apart", () => {
    const early = {
      summary: null,
      meeting_info: { summary_status: "processing" },
      dateString: "2026-06-01T10:00:00.000Z",
    };
    expect(checkMeeting(aMeeting(early), NOW_MS)).toMatchObject({
      state: "valid",
      record: { summary: null, summaryState: "pending" },
    });
    const skipped = { ...early, meeting_info: { summary_status: "skipped" } };
    expect(checkMeeting(aMeeting(skipped), NOW_MS)).toMatchObject({ record: { summaryState: "none" } });
  });

  it("drops malformed optional parts without rejecting the meeting", () => {
    const revision = aMeeting({ duration: "long", participants: 7, speakers: null, summary: [] });
    expect(checkMeeting(revision, NOW_MS)).toMatchObject({
      state: "valid",
      record: { durationMinutes: null, participants: [] },
    });
  });

  it.each(["", "{", "null", "[]", '{"id":1}', '{"id":"x","sentences":7}'])(
    "sets %j aside instead of throwing",
    (revision) => {
      expect(checkMeeting(revision, NOW_MS).state).toBe("quarantined");
    },
  );

  it("sets aside what no row can hold, and names the field that is too large", () => {
    const summary = { overview: "x".repeat(1_500_000) };
    expect(problemsOf(aMeeting({ summary }))).toEqual([
      "summary has 1500002 bytes; a record has room for 1400000 in all",
    ]);
  });

  it("keeps what was said out of the reasons", () => {
    const secret = "our bid is four million";
    expect(
      JSON.stringify(problemsOf(aMeeting({ sentences: [{ ...SENTENCE, text: secret }] }))),
    ).not.toContain("bid");
  });
});

describe("transcriptSentences", () => {
  it("keeps order, speakers and seconds, and leaves out what is empty", () => {
    const blank = { text: " ", speaker_name: "Li", start_time: 5, end_time: 6 };
    expect(transcriptSentences(aMeeting({ sentences: [blank, SENTENCE] }))).toEqual({
      date: "2026-05-06",
      sentences: [{ speaker: "Maya", text: SENTENCE.text, startSeconds: 1.5, endSeconds: 4 }],
    });
  });
});
