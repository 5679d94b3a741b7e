import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import type { SourceMeeting } from "../../emulators/fireflies/source-meeting.ts";
import { readD1, readR2, readVectorIds } from "./end-state.ts";
import {
  cleanUp,
  RUN_MS,
  startEmulator,
  sync,
  temporaryFolder,
  type Emulator,
  type Synced,
  runOf,
} from "./program.ts";
import { longMeeting, writeMeetings } from "./worlds.ts";

/** Chunks that an edit of one sentence may touch. Source: protocols 6. */
const EMBEDDED_BY_ONE_EDIT_MAX = 6;
/** Changed sentences up to which most of a meeting keeps its vectors. */
const FEW_SENTENCES = 3;

const DATA = process.env["MEETINGS_DATA"];
if (DATA === undefined) console.log("SKIPPED corrections of real calls: MEETINGS_DATA is not set");
/** How many of the real calls to take; E2E_CALLS=all takes them all. */
const CALLS =
  process.env["E2E_CALLS"] === "all" ? Number.POSITIVE_INFINITY : Number(process.env["E2E_CALLS"] ?? 12);
/** Meetings of one world: an hourly run looks at the newest page. */
const WORLD_MEETINGS = 45;

afterEach(cleanUp);

test(
  "one changed sentence in a transcript of a hundred chunks embeds at most six again",
  async () => {
    const meeting = longMeeting(45);
    const { folder, emulator, args } = await worldOf([meeting]);
    const first = await sync(args);
    expectProven(first);
    const chunks = first.outcome.proof.meetings.chunks;
    expect(chunks).toBeGreaterThanOrEqual(90);
    const before = contentOf(folder);

    const at = Math.floor((meeting.sentences ?? []).length / 2);
    await emulator.control({
      op: "edit",
      id: meeting.id,
      sentence: { at, text: "We moved the crane to the north gate on Thursday." },
    });
    const second = await sync(args);
    expectProven(second);
    expect(second.outcome.runs[0]?.counts).toMatchObject({ created: 0, updated: 1 });
    const embedded = runOf(second, "vectors").embedded_chunks;
    expect(embedded).toBeGreaterThan(0);
    expect(embedded).toBeLessThanOrEqual(EMBEDDED_BY_ONE_EDIT_MAX);
    const after = contentOf(folder);
    expect(after.revisions.length - before.revisions.length, "new revisions").toBe(1);
    expect(after.vectors).toEqual(after.liveChunks);
    expect(after.vectors.length).toBe(second.outcome.proof.meetings.vectors);
    console.log(`one sentence of ${meeting.sentences?.length}, ${chunks} chunks: ${embedded} embedded again`);
  },
  RUN_MS,
);

for (const [place, calls] of worldsOfCalls().entries()) {
  test(
    `real calls corrected after they were stored, world ${place + 1}: one new revision for each that changed, and only what changed is embedded`,
    () => correctAll(calls),
    2 * RUN_MS,
  );
}

async function correctAll(calls: readonly SourceMeeting[]): Promise<void> {
  const { folder, emulator, args } = await worldOf(calls.map(asHeard));
  const first = await sync(args);
  expectProven(first);
  const before = contentOf(folder);
  const chunksBefore = chunksOfDocuments(folder);

  for (const call of calls)
    await emulator.control({ op: "edit", id: call.id, set: { sentences: call.sentences } });
  const second = await sync(args);
  expectProven(second);

  const changed = calls.filter((call) => changedSentences(call) > 0);
  const after = contentOf(folder);
  const added = after.revisions
    .filter((key) => !before.revisions.includes(key))
    .map((key) => key.split("/")[1]);
  expect(added.toSorted(), "meetings with one new revision").toEqual(
    changed.map((call) => call.id).toSorted(),
  );
  expect(second.outcome.runs[0]?.counts).toMatchObject({
    updated: changed.length,
    unchanged: calls.length - changed.length,
  });
  expect(after.vectors, "the vectors that are there are those of the live chunks").toEqual(after.liveChunks);
  const embedded = embeddedByRun(folder, runOf(second, "vectors").run_id);
  const wasteful = changed
    .filter((call) => changedSentences(call) <= FEW_SENTENCES && (chunksBefore.get(call.id) ?? 0) > 1)
    .filter((call) => (embedded.get(call.id) ?? 0) >= (chunksBefore.get(call.id) ?? 0));
  expect(wasteful.map(({ id }) => [id, embedded.get(id), chunksBefore.get(id)])).toEqual([]);
  const total = [...embedded.values()].reduce((sum, chunks) => sum + chunks, 0);
  console.log(
    `${calls.length} calls, ${changed.length} corrected: ${total} of ${first.outcome.proof.meetings.chunks} chunks embedded again`,
  );
}

async function worldOf(
  meetings: readonly SourceMeeting[],
): Promise<{ folder: string; emulator: Emulator; args: string[] }> {
  const folder = temporaryFolder();
  const file = writeMeetings(join(folder, "meetings.jsonl"), meetings);
  const emulator = await startEmulator(["--meetings", file]);
  return { folder, emulator, args: ["--data-dir", join(folder, "data"), "--fireflies-url", emulator.url] };
}

function expectProven({ code, outcome, story }: Synced): void {
  expect({ code, ok: outcome.ok, unexplained: outcome.proof.meetings.unexplained }, story).toEqual({
    code: 0,
    ok: true,
    unexplained: [],
  });
  expect(outcome.proof.meetings.vectors).toBe(outcome.proof.meetings.chunks);
}

/** What lies in R2, in the index, and what the ledger calls live. */
function contentOf(folder: string): { revisions: string[]; vectors: string[]; liveChunks: string[] } {
  const dataDir = join(folder, "data");
  return {
    revisions: [...readR2(dataDir).keys()].filter((key) => key.startsWith("fireflies-transcripts/")),
    vectors: readVectorIds(dataDir),
    liveChunks: readD1(dataDir, "select id from chunks where state = 'live' order by id").map((row) =>
      String(row["id"]),
    ),
  };
}

function chunksOfDocuments(folder: string): Map<string, number> {
  return countsBy(folder, "state = 'live'");
}

function embeddedByRun(folder: string, runId: string): Map<string, number> {
  return countsBy(folder, `embedded_run_id = '${runId}'`);
}

function countsBy(folder: string, where: string): Map<string, number> {
  const rows = readD1(
    join(folder, "data"),
    `select document_id, count(*) as n from chunks where ${where} group by document_id`,
  );
  return new Map(rows.map((row) => [String(row["document_id"]), Number(row["n"])]));
}

/** The call with the recogniser's own words wherever a person corrected them later. */
function asHeard(call: SourceMeeting): SourceMeeting {
  return {
    ...call,
    sentences: (call.sentences ?? []).map((sentence) => ({
      ...sentence,
      text: sentence.raw_text ?? sentence.text,
    })),
  };
}

function changedSentences(call: SourceMeeting): number {
  return (call.sentences ?? []).filter(({ text, raw_text: heard }) => (heard ?? text) !== text).length;
}

function worldsOfCalls(): SourceMeeting[][] {
  if (DATA === undefined) return [];
  const text = gunzipSync(readFileSync(join(DATA, "meetings/calls/meetings.jsonl.gz"))).toString("utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  // Spread over the whole file, so that a sample is not one month's.
  const step = Math.max(1, lines.length / CALLS);
  const taken = Array.from(
    { length: Math.min(lines.length, CALLS) },
    (_, n) => lines[Math.floor(n * step)] ?? "",
  );
  const calls = taken.map((line) => JSON.parse(line) as SourceMeeting);
  return Array.from({ length: Math.ceil(calls.length / WORLD_MEETINGS) }, (_, n) =>
    calls.slice(n * WORLD_MEETINGS, (n + 1) * WORLD_MEETINGS),
  );
}
