import { describe, expect, it } from "vitest";
import { TRANSCRIPT_CHARACTERS_MIN, TRANSCRIPT_GIVE_UP_MS } from "../policy.ts";
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

  it("takes what is there of the rest: people, links, channels, topics", () => {
    const change = {
      meeting_attendees: [
        { displayName: "Maya", name: "M. Lin", email: "maya@acme.test" },
        { displayName: " ", name: "Li", email: null },
        { displayName: null, name: null, email: " " },
        7,
      ],
      organizer_email: "maya@acme.test",
      privacy: "link",
      channels: [{ id: "c1" }, { id: null }, {}, 7],
      speakers: [{ name: "Li" }, { name: "Maya" }, { name: " " }, 7],
      transcript_url: "https://app.example/1",
      meeting_link: " ",
      summary: {
        overview: " ",
        short_summary: "Short.",
        action_items: "Call Li.",
        keywords: ["crane", " ", 7],
        topics_discussed: ["pour", ""],
      },
    };
    expect(checkMeeting(aMeeting(change), NOW_MS)).toMatchObject({
      record: {
        attendees: [
          { name: "Maya", email: "maya@acme.test" },
          { name: "Li", email: null },
          { name: null, email: null },
          { name: null, email: null },
        ],
        organizerEmail: "maya@acme.test",
        privacy: "link",
        channels: ["c1"],
        speakers: ["Li", "Maya"],
        transcriptUrl: "https://app.example/1",
        meetingUrl: null,
        summary: "Short.",
        summaryState: "ready",
        actionItems: "Call Li.",
        keywords: ["crane"],
        topics: ["pour"],
        sentenceCount: 1,
        transcriptCharacters: SENTENCE.text.length,
      },
    });
  });

  it("makes a record of a meeting of which nothing is told but a title, a date and what was said", () => {
    const { title, dateString, id, sentences } = JSON.parse(aMeeting()) as Record<string, unknown>;
    expect(checkMeeting(JSON.stringify({ title, dateString, id, sentences }), NOW_MS)).toMatchObject({
      state: "valid",
      record: {
        durationMinutes: null,
        participants: [],
        attendees: [],
        speakers: ["Maya"],
        organizerEmail: null,
        channels: [],
        summary: null,
        actionItems: null,
        keywords: [],
        topics: [],
        summaryState: "pending",
      },
    });
  });

  it.each([
    [null, "date is missing"],
    [" ", "date is missing"],
    ["soon", "date is not an ISO 8601 date"],
    ["1999-12-31T23:59:59.999Z", "date lies before the year 2000"],
    ["2026-06-03T12:00:00.001Z", "date lies in the future"],
  ])("sets a meeting of %j aside: %s", (dateString, problem) => {
    expect(problemsOf(aMeeting({ dateString }))).toEqual([problem]);
  });

  it("takes the first moment of 2000, and one of the day after tomorrow, for clocks differ", () => {
    for (const dateString of ["2000-01-01T00:00:00.000Z", "2026-06-03T12:00:00.000Z"])
      expect(problemsOf(aMeeting({ dateString })), dateString).toEqual(["valid"]);
  });

  it("names a missing title, and a date and a transcript that are missing both", () => {
    const nothing = { title: null, dateString: null, sentences: [] };
    expect(problemsOf(aMeeting(nothing))).toEqual([
      "title is missing",
      "date is missing",
      "transcript is missing",
    ]);
  });

  const YOUNG = "2026-06-01T10:00:00.000Z";
  const few = [{ ...SENTENCE, text: "Hi." }];

  it.each(["processed", "skipped", "failed"])(
    "waits for no transcript whose summary is %s",
    (summary_status) => {
      const settled = { dateString: YOUNG, sentences: few, meeting_info: { summary_status } };
      expect(problemsOf(aMeeting(settled))).toEqual(["transcript has 3 characters, at least 100 are needed"]);
      const early = { ...settled, meeting_info: { summary_status: "processing" } };
      expect(problemsOf(aMeeting(early))).toEqual(["pending"]);
    },
  );

  it("says of a silent meeting that no speech was recorded", () => {
    const silent = { sentences: few, meeting_info: { silent_meeting: true, summary_status: "skipped" } };
    expect(problemsOf(aMeeting(silent))).toEqual(["transcript holds no speech"]);
    const spoken = { meeting_info: { silent_meeting: true } };
    expect(problemsOf(aMeeting(spoken)), "though much was said").toEqual(["valid"]);
  });

  it("gives up waiting for the end of a meeting that is said to run after days, and takes what was said", () => {
    expect(problemsOf(aMeeting({ is_live: true }))).toEqual(["valid"]);
    expect(problemsOf(aMeeting({ is_live: true, dateString: null })), "nobody knows since when").toEqual([
      "date is missing",
    ]);
    expect(problemsOf(aMeeting({ is_live: true, sentences: few }))).toEqual([
      "transcript has 3 characters, at least 100 are needed",
    ]);
  });

  it("waits for the transcript of a meeting until it is given up", () => {
    const at = (ageMs: number): string[] =>
      problemsOf(
        aMeeting({
          sentences: [],
          meeting_info: null,
          dateString: new Date(NOW_MS - ageMs).toISOString(),
        }),
      );
    expect(at(TRANSCRIPT_GIVE_UP_MS - 1)).toEqual(["pending"]);
    expect(at(TRANSCRIPT_GIVE_UP_MS)).toEqual(["transcript is missing"]);
    expect(at(-48 * 3_600_000)).toEqual(["transcript is missing"]);
    expect(at(-48 * 3_600_000 + 1)).toEqual(["pending"]);
  });

  it("takes exactly as many characters as are needed, blanks at the ends of sentences not counted", () => {
    const said = (...texts: string[]) =>
      problemsOf(aMeeting({ sentences: texts.map((text) => ({ ...SENTENCE, text })) }));
    const half = "x".repeat((TRANSCRIPT_CHARACTERS_MIN - 2) / 2);
    expect(said(` ${half} `, `${half}y`)).toEqual(["valid"]);
    expect(said(` ${half} `, ` ${half} `)).toEqual(said(half, half));
    expect(said(half, half)).toEqual([
      `transcript has ${TRANSCRIPT_CHARACTERS_MIN - 1} characters, at least ${TRANSCRIPT_CHARACTERS_MIN} are needed`,
    ]);
  });

  it.each([
    [-1, null],
    [0, 0],
    [46.385, 46.39],
    [null, null],
  ])("takes %j for a duration of %j minutes", (duration, durationMinutes) => {
    expect(checkMeeting(aMeeting({ duration }), NOW_MS)).toMatchObject({ record: { durationMinutes } });
  });

  it("counts words and people, not the blanks between them", () => {
    const text = `${"one  two\n\tthree ".repeat(10)}`;
    const change = {
      sentences: [{ ...SENTENCE, text }],
      participants: ["a@x.test, , b@x.test", " ", "a@x.test"],
    };
    expect(checkMeeting(aMeeting(change), NOW_MS)).toMatchObject({
      record: { wordCount: 30, participants: ["a@x.test", "b@x.test"] },
    });
  });

  it.each([
    ["skipped", "none"],
    ["failed", "none"],
    ["processed", "none"],
    ["processing", "pending"],
    [null, "pending"],
  ])("takes a summary that is not there and %s for %s", (summary_status, summaryState) => {
    const change = { summary: null, meeting_info: { summary_status } };
    expect(checkMeeting(aMeeting(change), NOW_MS)).toMatchObject({ record: { summaryState } });
  });

  it("names what has an unexpected shape, each part once", () => {
    expect(problemsOf('{"id":1,"sentences":[null]}')).toEqual(["id, sentences has an unexpected shape"]);
    expect(problemsOf("[]")).toEqual(["revision has an unexpected shape"]);
    expect(problemsOf("{")).toEqual(["revision is not JSON"]);
    for (const sentences of [[7], [null], [[]], "text"])
      expect(problemsOf(aMeeting({ sentences }))).toEqual(["sentences has an unexpected shape"]);
  });

  it("keeps what was said out of the reasons", () => {
    const secret = "our bid is four million";
    expect(
      JSON.stringify(problemsOf(aMeeting({ sentences: [{ ...SENTENCE, text: secret }] }))),
    ).not.toContain("bid");
  });
});

describe("transcriptSentences", () => {
  it("has none of a revision that does not parse, and no date where there is none", () => {
    expect(transcriptSentences("{")).toEqual({ date: "", sentences: [] });
    expect(transcriptSentences(aMeeting({ dateString: null, sentences: null }))).toEqual({
      date: "",
      sentences: [],
    });
  });

  it("takes a part of a sentence that is malformed for one that is not said", () => {
    const odd = { text: "Well.", speaker_name: 7, start_time: "1", end_time: null };
    const mute = { text: 7, speaker_name: "Li" };
    const blank = { text: "Then.", speaker_name: " ", end_time: 9 };
    expect(transcriptSentences(aMeeting({ sentences: [odd, mute, blank] })).sentences).toEqual([
      { speaker: null, text: "Well.", startSeconds: null, endSeconds: null },
      { speaker: null, text: "Then.", startSeconds: null, endSeconds: 9 },
    ]);
  });

  it("keeps order, speakers and seconds, and leaves out what is empty", () => {
    const blank = { text: " ", speaker_name: "Li", start_time: 5, end_time: 6 };
    expect(transcriptSentences(aMeeting({ sentences: [blank, SENTENCE] }))).toEqual({
      date: "2026-05-06",
      sentences: [{ speaker: "Maya", text: SENTENCE.text, startSeconds: 1.5, endSeconds: 4 }],
    });
  });
});
