import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { SourceMeeting, SourceSentence } from "../../emulators/fireflies/source-meeting.ts";
import { readD1, readR2, readVectorIds } from "./end-state.ts";
import { cleanUp, RUN_MS, sync, temporaryFolder } from "./program.ts";
import { writeMeetings } from "./worlds.ts";

const DATA = process.env["MEETINGS_DATA"];
if (DATA === undefined) console.log("SKIPPED troublesome strings: MEETINGS_DATA is not set");

const TALK =
  "We walked the site this morning, the concrete of the second floor is cured and the crane can be moved.";
const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2025, 0, 6, 9);

afterEach(cleanUp);

function sentencesOf(
  texts: readonly string[],
  speaker: (index: number) => string | null = () => "Ada",
): SourceSentence[] {
  return texts.map((text, index) => ({
    index,
    text,
    speaker_name: speaker(index),
    start_time: index * 3,
    end_time: index * 3 + 2,
  }));
}

/** An ordinary meeting, made strange by what is given. */
function meeting(id: string, strange: Partial<SourceMeeting> = {}): SourceMeeting {
  return {
    id,
    title: `Meeting ${id}`,
    date_ms: FIRST_MS,
    duration: 30,
    organizer_email: "ada@company.example",
    participants: ["ada@company.example"],
    speakers: [{ id: 0, name: "Ada" }],
    sentences: sentencesOf([TALK, TALK]),
    summary: { overview: "About the site." },
    meeting_info: { summary_status: "processed" },
    ...strange,
  };
}

const SPEAKERS = Array.from({ length: 300 }, (_, n) => `Speaker ${n}`);
/** 10 MB of speech with a beginning and an end of its own in each sentence. */
const TEN_MEGABYTES = Array.from({ length: 20_000 }, (_, n) => `${n}. ${`${TALK} `.repeat(5)}`);

/** Meeting and where it must end. */
const STRANGE: readonly (readonly [SourceMeeting, "stored" | "quarantined"])[] = [
  [meeting("plain"), "stored"],
  [meeting("null-title", { title: null }), "quarantined"],
  [meeting("blank-title", { title: " \t\u00a0" }), "quarantined"],
  [meeting("null-sentences", { sentences: null }), "quarantined"],
  [meeting("no-sentences", { sentences: [] }), "quarantined"],
  [meeting("null-texts", { sentences: [{ text: null, speaker_name: null }] }), "quarantined"],
  [meeting("no-speakers", { speakers: [], sentences: sentencesOf([TALK], () => null) }), "stored"],
  [
    meeting("null-everything", {
      title: null,
      date_ms: null,
      duration: null,
      organizer_email: null,
      participants: null,
      speakers: null,
      sentences: null,
      summary: null,
      meeting_info: null,
    }),
    "quarantined",
  ],
  [meeting("no-date", { date_ms: null }), "quarantined"],
  [meeting("year-0", { date_ms: null, date: "0000-01-01T00:00:00Z" }), "quarantined"],
  [meeting("year-before-0", { date_ms: Date.UTC(-44, 2, 15) }), "quarantined"],
  [meeting("year-12345", { date_ms: Date.UTC(12_345, 0, 1) }), "quarantined"],
  [meeting("date-of-no-calendar", { dateString: "the day after" }), "quarantined"],
  [
    meeting("three-hundred-speakers", {
      speakers: SPEAKERS.map((name, id) => ({ id, name })),
      sentences: sentencesOf(
        SPEAKERS.map(() => TALK),
        (index) => SPEAKERS[index] ?? null,
      ),
    }),
    "stored",
  ],
  [meeting("ten-megabytes", { sentences: sentencesOf(TEN_MEGABYTES) }), "stored"],
  [meeting("one-word-of-a-megabyte", { sentences: sentencesOf(["a".repeat(1_000_000)]) }), "stored"],
  [
    meeting("huge-summary", {
      summary: { overview: TALK.repeat(30_000), action_items: TALK.repeat(30_000) },
    }),
    "quarantined",
  ],
  [meeting("huge-title", { title: TALK.repeat(30_000) }), "quarantined"],
  [
    meeting("right-to-left", {
      title: "اجتماع المشروع \u202Eضبط\u202C",
      sentences: sentencesOf(
        ["مرحبا بالجميع، نبدأ بمراجعة الميزانية. ".repeat(8), "שלום לכולם, נתחיל בסקירת התקציב. ".repeat(8)],
        () => "أحمد",
      ),
    }),
    "stored",
  ],
  [
    meeting("emoji", { title: "👩‍👩‍👧‍👦🏗️🇩🇪", sentences: sentencesOf(["🏗️👷🏽‍♀️ ".repeat(200)], () => "🦄") }),
    "stored",
  ],
  [
    meeting("half-a-character", {
      title: "half \ud83c",
      sentences: sentencesOf([`${TALK} \udfd7 \ud83c`], () => "\ud83c"),
    }),
    "stored",
  ],
  [
    meeting("time-backwards", {
      sentences: sentencesOf([TALK, TALK]).map((one) => ({ ...one, start_time: 1e300, end_time: -5 })),
    }),
    "stored",
  ],
  [meeting("../../strange/id?x=1#y"), "stored"],
  [meeting(`long-id-${"x".repeat(2_000)}`), "stored"],
  [meeting("id with 'quotes\" and emoji 🏗️"), "stored"],
  [meeting("x' or '1'='1"), "stored"],
];

test(
  "strange meetings are stored, or set aside with the reason; none is lost and none harms another",
  async () => {
    // A day apart, so that the listing has the order that its source gives it.
    const meetings = STRANGE.map(([one], place) =>
      "date_ms" in one && one.date_ms !== FIRST_MS ? one : { ...one, date_ms: FIRST_MS + place * DAY_MS },
    );
    const dataDir = await expectAllAccountedFor(meetings);
    const stored = new Set(readD1(dataDir, "select id from meetings").map((row) => row["id"]));
    const aside = new Map(
      readD1(dataDir, "select source_id, problems from quarantine where resolved_ms is null").map((row) => [
        row["source_id"],
        row["problems"],
      ]),
    );
    const wrong = STRANGE.filter(
      ([one, where]) =>
        stored.has(one.id) !== (where === "stored") || aside.has(one.id) !== (where === "quarantined"),
    );
    expect(
      wrong.map(([{ id }, where]) => `${id.slice(0, 40)} should be ${where}; ${String(aside.get(id) ?? "")}`),
    ).toEqual([]);
    for (const problems of aside.values()) expect(JSON.parse(String(problems))).not.toEqual([]);
  },
  2 * RUN_MS,
);

test(
  "each troublesome string in every text field",
  async () => {
    if (DATA === undefined) return;
    const strings = troublesome(join(DATA, "naughty/strings.json"));
    expect(strings.length).toBeGreaterThan(500);
    const dataDir = await expectAllAccountedFor(strings.map((text, n) => fullOf(text, n)));
    const titles = new Map(
      readD1(dataDir, "select id, title from meetings").map((row) => [row["id"], row["title"]]),
    );
    const changed = strings.filter(
      (text, n) => titles.has(idOf(n)) && titles.get(idOf(n)) !== wellFormed(text.trim()),
    );
    expect(changed, "titles that are not stored as they came").toEqual([]);
    const lost = strings.filter((text, n) => !titles.has(idOf(n)) && text.trim() !== "");
    expect(lost, "set aside though they have a title and a text").toEqual([]);
  },
  2 * RUN_MS,
);

/** Sync the meetings; every one is in R2, and in D1 or set aside, and every chunk is in the index. */
async function expectAllAccountedFor(meetings: readonly SourceMeeting[]): Promise<string> {
  const folder = temporaryFolder();
  const dataDir = join(folder, "data");
  const { code, outcome, story, stderr } = await sync([
    "--data-dir",
    dataDir,
    "--meetings",
    writeMeetings(join(folder, "meetings.jsonl"), meetings),
  ]);
  expect({ code, ok: outcome.ok, problems: outcome.problems, alerts: outcome.alerts }, story).toEqual({
    code: 0,
    ok: true,
    problems: [],
    alerts: [],
  });
  const { source, raw, records, pending, quarantined, chunks, vectors, unexplained } = outcome.proof.meetings;
  expect({ source, raw, unexplained }, story).toEqual({
    source: meetings.length,
    raw: meetings.length,
    unexplained: [],
  });
  expect(records + pending + quarantined).toBe(source);
  expect(pending, "everything here is old").toBe(0);
  expect(vectors).toBe(chunks);
  expect(readVectorIds(dataDir).length).toBe(vectors);
  expect([...readR2(dataDir).keys()].filter((key) => key.startsWith("fireflies-transcripts/")).length).toBe(
    raw,
  );
  expect(stderr).not.toMatch(/"event"/);
  console.log(`${source} meetings: ${records} stored, ${quarantined} set aside, ${chunks} chunks`);
  return dataDir;
}

function idOf(n: number): string {
  return `string-${String(n).padStart(4, "0")}`;
}

function fullOf(text: string, n: number): SourceMeeting {
  return meeting(idOf(n), {
    title: text,
    date_ms: FIRST_MS + n * 60_000,
    organizer_email: text,
    host_email: text,
    participants: [text, "ada@company.example"],
    meeting_attendees: [{ displayName: text, email: text, name: text, phoneNumber: text, location: text }],
    speakers: [{ id: 0, name: text }],
    sentences: sentencesOf([text, `${TALK} ${text}`], () => text),
    summary: {
      overview: text,
      action_items: text,
      short_summary: text,
      keywords: [text],
      topics_discussed: [text],
    },
    transcript_url: text,
    meeting_link: text,
    privacy: text,
  });
}

/** JSON on the way keeps half of a character only as an escape; UTF-8, in which SQLite stores, cannot. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** Every string of a file, whatever the shape around it. */
function troublesome(path: string): string[] {
  const found: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string") found.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(JSON.parse(readFileSync(path, "utf8")));
  return found;
}
