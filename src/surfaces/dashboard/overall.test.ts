import { describe, expect, it } from "vitest";
import type { Run } from "../../ports/run-store.ts";
import type { Status } from "../../queries/status.ts";
import { createFormats } from "./formats.ts";
import { overallOf, waitingLanes } from "./overall.ts";

const NOW = Date.parse("2026-11-25T14:30:00Z");
const formats = createFormats("en-GB", "UTC");

const aRun = (change: Partial<Run>): Run => ({
  id: "01",
  sync: "fireflies",
  trigger: "schedule",
  priority: "normal",
  state: "succeeded",
  epoch: 1,
  ceilingMs: NOW,
  queuedMs: NOW,
  startedMs: NOW,
  endedMs: NOW,
  startedRealMs: NOW,
  durationMs: 1_000,
  notBeforeMs: null,
  detail: null,
  sourceCount: 60,
  destinationCount: 60,
  continues: false,
  result: null,
  rebuild: null,
  preview: null,
  ...change,
});

const aStatus = (change: Partial<Status> = {}): Status => ({
  nowMs: NOW,
  unfinished: [],
  last: [aRun({}), aRun({ id: "02", sync: "vectors" })],
  lanes: [{ lane: "fireflies", notBeforeMs: null, reason: null, keyName: null }],
  schedule: [],
  alerts: [],
  channels: [],
  off: [],
  owedDocuments: 0,
  sweep: { periodMs: 1, completedMs: null, window: null },
  source: { ids: 60, asOfMs: Date.parse("2026-11-25T14:05:00Z") },
  totals: { records: 52, pending: 2, quarantined: 6, accounted: 60, documents: 52, liveChunks: 139 },
  tables: [],
  indexes: [],
  budgets: [],
  forecast: null,
  headroom: [],
  rebuild: null,
  ...change,
});

const alert = {
  id: "a",
  kind: "access_lost",
  subject: "fireflies",
  detail: "the key was refused",
  openedMs: NOW,
  lastMs: NOW,
  acknowledged: null,
} as const;

const led = (change: Partial<Status>): [tone: string, lead: string] => {
  const { tone, lead } = overallOf(aStatus(change), formats);
  return [tone, lead];
};

describe("overallOf", () => {
  it("says what of the tables stands aside, and what waits for a person", () => {
    const none = { bound: 9, rows: 9, setAside: 0, fieldsQuarantined: 0, reviewsOpen: 0, conflictsOpen: 0 };
    const tables = [
      { ...none, sync: "clients", setAside: 5, fieldsQuarantined: 1, reviewsOpen: 4 },
      { ...none, sync: "projects", conflictsOpen: 2 },
    ] as const;
    expect(overallOf(aStatus({ tables }), formats).notes.slice(1)).toEqual([
      "Clients from Notion: 5 pages set aside, 1 field kept aside.",
      "For you: clients: 4 may be somebody known already: npm run -s syncctl -- reviews.",
      "For you: projects: 2 edited differently on both sides: npm run -s syncctl -- conflicts.",
    ]);
    expect(overallOf(aStatus({ tables: [{ ...none, sync: "clients" }] }), formats).notes).toHaveLength(1);
  });

  it("says when what failed is tried again before its time", () => {
    const next = { sync: "cleanup", dueMs: NOW + 3_600_000, held: null, requests: [] } as const;
    const notes = (isRetry: boolean) =>
      overallOf(aStatus({ schedule: [{ ...next, isRetry }] }), formats).notes;
    expect(notes(true)).toContain("Cleaning up is tried again at 15:30.");
    expect(notes(false).join(" ")).not.toContain("tried again");
  });

  it("says that everything is in step, with figures and the last listing", () => {
    expect(overallOf(aStatus(), formats)).toEqual({
      tone: "well",
      lead: "In step",
      figures: "60 meetings, 52 records, 139 chunks",
      lastListing: { text: "14:05", iso: "2026-11-25T14:05:00.000Z" },
      notes: [
        "8 meetings set aside: 2 pending, which come by themselves; 6 quarantined, broken at the source.",
      ],
    });
  });

  it("says so of an empty workspace that was listed", () => {
    const totals = { records: 0, pending: 0, quarantined: 0, accounted: 0, documents: 0, liveChunks: 0 };
    const source = { ids: 0, asOfMs: NOW };
    expect(overallOf(aStatus({ totals, source }), formats)).toMatchObject({ tone: "well", notes: [] });
  });

  it("puts open alerts before everything else", () => {
    const totals = { ...aStatus().totals, accounted: 59 };
    expect(led({ alerts: [alert], totals })).toEqual(["bad", "1 alert is open"]);
    expect(led({ alerts: [alert, { ...alert, id: "b" }] })).toEqual(["bad", "2 alerts are open"]);
  });

  it.each(["failed", "succeeded_with_findings"] as const)("does not call it well when a run %s", (state) => {
    expect(led({ last: [aRun({}), aRun({ sync: "vectors", state })] })).toEqual([
      "bad",
      `Documents to vectors: ${state.replaceAll("_", " ")}`,
    ]);
  });

  it("does not call it well before a listing was complete", () => {
    const source = { ids: 0, asOfMs: null };
    expect(led({ source })).toEqual(["busy", "Nothing has been listed yet"]);
    expect(led({ source, unfinished: [aRun({ state: "running", endedMs: null })] })).toEqual([
      "busy",
      "The first listing is under way",
    ]);
    expect(overallOf(aStatus({ source }), formats).lastListing).toBeNull();
  });

  it.each([59, 61])("does not call it well when %d of 60 are accounted for", (accounted) => {
    expect(led({ totals: { ...aStatus().totals, accounted } })).toEqual([
      "busy",
      `Not in step yet, ${accounted} of 60 meetings accounted for`,
    ]);
  });

  it("does not call it well while vectors are owed", () => {
    expect(led({ owedDocuments: 1 })).toEqual(["busy", "Catching up, 1 document without vectors yet"]);
  });

  it("says how far a rebuild has come", () => {
    const rebuild = {
      id: "r",
      what: "vectors",
      scope: { meetings: [], from: null, to: null },
      model: "m",
      liveModel: "m",
      cursor: "",
      askedMs: NOW,
      endedMs: null,
      outcome: null,
      notBeforeMs: NOW + 3_600_000,
    } as const;
    const status = {
      rebuild,
      words: "rebuild vectors",
      phase: "going on",
      done: 12,
      total: 52,
      runs: [],
    } as const;
    const overall = overallOf(aStatus({ rebuild: status }), formats);
    expect([overall.tone, overall.lead, overall.notes[0]]).toEqual([
      "busy",
      "Rebuilding",
      "rebuild vectors: 12 of 52 meetings, waits until 15:30.",
    ]);
  });

  it("does not call it well while a lane waits", () => {
    const lanes = [{ lane: "fireflies", notBeforeMs: NOW + 1, reason: "quota", keyName: null }] as const;
    expect(led({ lanes })).toEqual(["busy", "Waiting"]);
  });
});

describe("a backfill that takes days", () => {
  const forecast = { meetings: 5_000, calls: 86, pages: 22, callsPerDay: 26, doneMs: NOW + 3 * 86_400_000 };

  it("is under way also while it waits for its share of the calls, and says when it is done", () => {
    const status = aStatus({ source: { ids: 0, asOfMs: null }, forecast });
    const { tone, lead, notes } = overallOf(status, formats);
    expect([tone, lead]).toEqual(["busy", "The first listing is under way"]);
    expect(notes[0]).toMatch(/^Backfill: 5,000 meetings, 108 calls at about 26 a day, done by .+\.$/);
  });

  it("says so where it takes more than a year, and nothing while the account does not say how much there is", () => {
    const notesOf = (change: object): readonly string[] =>
      overallOf(aStatus({ forecast: { ...forecast, ...change } }), formats).notes;
    expect(notesOf({ doneMs: null })[0]).toMatch(/done in more than a year\.$/);
    expect(notesOf({ meetings: null, calls: null }).filter((note) => note.includes("Backfill"))).toEqual([]);
  });
});

describe("waitingLanes", () => {
  const lane = { lane: "fireflies", notBeforeMs: null, reason: null, keyName: null } as const;

  it("names what waits for a time or for a person", () => {
    const timed = { ...lane, notBeforeMs: NOW + 1 };
    const held = { ...lane, lane: "vectors", reason: "the disk is full" } as const;
    expect(waitingLanes({ nowMs: NOW, lanes: [lane, timed, held] })).toEqual([timed, held]);
  });

  it("leaves out a time that is over", () => {
    expect(waitingLanes({ nowMs: NOW, lanes: [{ ...lane, notBeforeMs: NOW }] })).toEqual([]);
  });
});
