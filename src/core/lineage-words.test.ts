import { describe, expect, it } from "vitest";
import { meetingLife, pageLife } from "./lineage-words.ts";
import type { AttemptFact, Cut, LineageEvent, MeetingFacts, PageFacts, VerdictFact } from "./lineage.ts";
import { LINEAGE_VALUE_CHARS_MAX } from "./policy.ts";

const T = Date.UTC(2026, 4, 6, 9);
const at = (minutes: number): number => T + minutes * 60_000;
const none = <T>(): Cut<T> => ({ items: [], total: 0 });
const all = <T>(...items: T[]): Cut<T> => ({ items, total: items.length });
/** What was said, by minute: enough to compare a life by. */
const told = (events: readonly LineageEvent[]): string[] =>
  events.map(({ atMs, what, says, runId }) => `${(atMs - T) / 60_000} ${what}: ${says} [${runId ?? "-"}]`);

type Item<List extends "pushes" | "conflicts" | "reviews"> = PageFacts[List]["items"][number];

const HASH = "0123456789abcdef";
const aMeeting = (facts: Partial<MeetingFacts> = {}): MeetingFacts => ({
  sighting: {
    state: "valid",
    dateString: "2026-05-06",
    contentHash: HASH,
    revisionKey: "k",
    firstSeenMs: at(0),
    lastSeenMs: at(1),
    vouchedBy: "L1",
    foundBy: "L0",
    foundKind: "backfill",
    runId: "R0",
    trigger: "schedule",
  },
  record: null,
  quarantine: null,
  refusal: null,
  chunks: [],
  chunkSteps: none(),
  absence: null,
  deletions: none(),
  verdicts: none(),
  attempts: none(),
  ...facts,
});
const aRow: NonNullable<MeetingFacts["record"]> = {
  title: "Pumps",
  contentHash: HASH,
  revisionKey: "k",
  summaryState: "ready",
  indexedHash: HASH,
  owedMs: null,
  deletedMs: null,
  createdAt: "2026-05-06T09:02:00.000Z",
  updatedAt: "2026-05-06T09:03:00.000Z",
};

describe("how a meeting stands", () => {
  it("is told of the source, the row and the chunks, though there be none of them", () => {
    expect(meetingLife(aMeeting()).now).toEqual([
      {
        where: "source",
        says: "valid: of 2026-05-06, revision 0123456789ab, last new 2026-05-06T09:01:00.000Z, vouched for by listing L1",
      },
      { where: "D1", says: "no row" },
      { where: "chunks", says: "none" },
    ]);
    const { sighting } = aMeeting();
    const [source] = meetingLife(aMeeting({ sighting: { ...sighting, contentHash: "" } })).now;
    expect(source?.says).toContain("of 2026-05-06, no revision, last new");
  });

  it("tells whether vectors are there or owed, and that a deleted meeting is", () => {
    const rowOf = (change: Partial<typeof aRow>) =>
      meetingLife(aMeeting({ record: { ...aRow, ...change } })).now[1]?.says;
    const row = "row of revision 0123456789ab, summary ready, last written 2026-05-06T09:03:00.000Z";
    expect(rowOf({})).toBe(`${row}, vectors of revision 0123456789ab`);
    expect(rowOf({ indexedHash: null })).toBe(`${row}, vectors of revision none`);
    expect(rowOf({ owedMs: at(4), deletedMs: at(5) })).toBe(
      `${row}, vectors owed since 2026-05-06T09:04:00.000Z; deleted 2026-05-06T09:05:00.000Z`,
    );
  });

  it("counts chunks by state, those of another index apart, and names a refusal", () => {
    const chunks = [
      { state: "live", isLive: true, count: 4 },
      { state: "sent", isLive: true, count: 1 },
      { state: "planned", isLive: false, count: 5 },
    ];
    const refusal = { reason: "too long", retryMs: at(9) };
    expect(meetingLife(aMeeting({ chunks, refusal })).now.slice(2)).toEqual([
      { where: "chunks", says: "4 live, 1 sent" },
      { where: "chunks of another index", says: "5 planned" },
      { where: "vectors", says: "refused: too long; tried again 2026-05-06T09:09:00.000Z" },
    ]);
  });
});

describe("where the chunks of a meeting are", () => {
  it("is told of another index only if there are some, though this one may have none", () => {
    const chunksOf = (isLive: boolean) =>
      meetingLife(aMeeting({ chunks: [{ state: "live", isLive, count: 4 }] })).now.slice(2);
    expect(chunksOf(true)).toEqual([{ where: "chunks", says: "4 live" }]);
    expect(chunksOf(false)).toEqual([
      { where: "chunks", says: "none" },
      { where: "chunks of another index", says: "4 live" },
    ]);
  });
});

describe("the life of a meeting", () => {
  it("begins with the listing that found it, if that is still on record, and what started it", () => {
    expect(told(meetingLife(aMeeting()).events)).toEqual([
      "0 discovered: first seen by the backfill listing L0, started by schedule [R0]",
    ]);
    const { sighting } = aMeeting();
    const forgotten = { ...sighting, foundBy: null, foundKind: null, runId: null, trigger: null };
    expect(told(meetingLife(aMeeting({ sighting: forgotten })).events)).toEqual([
      "0 discovered: first seen by a listing that is not on record any more [-]",
    ]);
  });

  it("tells of its row, and of its end", () => {
    const { events } = meetingLife(aMeeting({ record: { ...aRow, deletedMs: at(7) } }));
    expect(told(events).slice(1)).toEqual([
      "2 record: row made in D1 [-]",
      "7 record: marked deleted: out of search [-]",
    ]);
    expect(meetingLife(aMeeting({ record: aRow })).events).toHaveLength(2);
  });

  it("tells of quarantine with every reason, that it lasts, and that it is over", () => {
    const quarantine = {
      problems: [
        { field: "title", problem: "is missing" },
        { field: "date", problem: "lies in the future" },
      ],
      firstMs: at(3),
      lastMs: at(3),
      resolvedMs: null,
      runId: "R1",
    };
    const why = "title is missing; date lies in the future";
    expect(told(meetingLife(aMeeting({ quarantine })).events).slice(1)).toEqual([
      `3 set aside: quarantined: ${why} [R1]`,
    ]);
    const over = { ...quarantine, lastMs: at(4), resolvedMs: at(5) };
    expect(told(meetingLife(aMeeting({ quarantine: over })).events).slice(1)).toEqual([
      `3 set aside: quarantined: ${why} [R1]`,
      `4 set aside: still in quarantine: ${why} [R1]`,
      "5 set aside: out of quarantine [-]",
    ]);
  });

  it("tells of its chunks from the cut to their end, one or many", () => {
    const chunkSteps = {
      items: (["planned", "sent", "live", "dead"] as const).flatMap((step, n) => [
        { step, atMs: at(2 * n + 1), count: 1 },
        { step, atMs: at(2 * n + 2), count: 3 },
      ]),
      total: 10,
    };
    const { events, more } = meetingLife(aMeeting({ chunkSteps }));
    expect(told(events).slice(1)).toEqual([
      "1 chunks: cut into 1 new chunk [-]",
      "2 chunks: cut into 3 new chunks [-]",
      "3 chunks: 1 vector sent to the index [-]",
      "4 chunks: 3 vectors sent to the index [-]",
      "5 chunks: 1 vector read back: visible to search [-]",
      "6 chunks: 3 vectors read back: visible to search [-]",
      "7 chunks: 1 vector given up for ever [-]",
      "8 chunks: 3 vectors given up for ever [-]",
    ]);
    expect(more).toEqual([{ what: "chunks", count: 2 }]);
  });

  it("tells of absences as far as there are any, and that nothing follows from one alone", () => {
    const absence = { firstMs: at(1), secondMs: null, approvedMs: null };
    const first =
      "1 deletion: absent from a page that should have shown it; nothing follows from that alone [-]";
    expect(told(meetingLife(aMeeting({ absence })).events).slice(1)).toEqual([first]);
    const twice = { ...absence, secondMs: at(2), approvedMs: at(3) };
    expect(told(meetingLife(aMeeting({ absence: twice })).events).slice(1)).toEqual([
      first,
      "2 deletion: absent again, a day or more later [-]",
      "3 deletion: a person said that it is deleted [-]",
    ]);
  });

  it("tells of deletions with their evidence, who said so, and what undid them", () => {
    const deletion = {
      firstMs: at(1),
      secondMs: at(2),
      lookedMs: at(3),
      decidedBy: "evidence",
      atMs: at(4),
      runId: "R2",
      restoredMs: null,
      seenMs: null,
    };
    const person = { ...deletion, decidedBy: "person", atMs: at(5), restoredMs: at(6), seenMs: at(7) };
    const evidence =
      "absent 2026-05-06T09:01:00.000Z and 2026-05-06T09:02:00.000Z, unknown to the source 2026-05-06T09:03:00.000Z";
    const { events, more } = meetingLife(aMeeting({ deletions: { items: [deletion, person], total: 3 } }));
    expect(told(events).slice(1)).toEqual([
      `4 deletion: taken for deleted by evidence: ${evidence} [R2]`,
      `5 deletion: taken for deleted with a person's word: ${evidence} [R2]`,
      "6 deletion: restored by a person [-]",
      "7 deletion: seen at the source again: not deleted any more [-]",
    ]);
    expect(more).toEqual([{ what: "deletion", count: 1 }]);
  });
});

describe("verdicts and tries", () => {
  const aVerdict = (change: Partial<VerdictFact> = {}): VerdictFact => ({
    runId: "R3",
    sync: "fireflies",
    trigger: "manual",
    verdict: "updated",
    reason: null,
    atMs: at(1),
    ...change,
  });
  const aTry = (change: Partial<AttemptFact> = {}): AttemptFact => ({
    runId: "R3",
    party: "r2",
    operation: "store",
    outcome: "unreachable",
    detail: null,
    next: null,
    nextMs: null,
    atMs: at(2),
    ...change,
  });

  it("are told with their reason and what came next, as far as these are known", () => {
    const verdicts = { items: [aVerdict(), aVerdict({ reason: "new revision" })], total: 7 };
    const attempts = {
      items: [
        aTry(),
        aTry({ detail: "unreachable", next: "wait" }),
        aTry({ detail: "status 503", next: "wait", nextMs: at(3) }),
      ],
      total: 4,
    };
    const life = meetingLife(aMeeting({ verdicts, attempts }));
    expect(told(life.events).slice(1)).toEqual([
      "1 decision: updated by a run of fireflies (manual) [R3]",
      "1 decision: updated by a run of fireflies (manual): new revision [R3]",
      "2 attempt: r2 store: unreachable [R3]",
      "2 attempt: r2 store: unreachable; then wait [R3]",
      "2 attempt: r2 store: unreachable (status 503); then wait until 2026-05-06T09:03:00.000Z [R3]",
    ]);
    expect(life.more).toEqual([
      { what: "decision", count: 5 },
      { what: "attempt", count: 1 },
    ]);
    expect(told(pageLife(aPage({ verdicts, attempts })).events)).toEqual(told(life.events).slice(1));
  });
});

const aPage = (facts: Partial<PageFacts> = {}): PageFacts => ({
  page: null,
  record: null,
  fields: none(),
  history: none(),
  pushes: none(),
  conflicts: none(),
  reviews: none(),
  verdicts: none(),
  attempts: none(),
  ...facts,
});

describe("how a page and its row stand", () => {
  const record = { name: "Quay", deletedMs: null, createdAt: null, version: 4, changedRealMs: null };
  const page = {
    state: "bound",
    observedMs: at(1),
    editedMs: at(0),
    isOwed: false,
    againMs: null,
    agreed: 1,
    listedBy: null,
  };
  const saysOf = (facts: Partial<PageFacts>) =>
    pageLife(aPage(facts)).now.map(({ where, says }) => `${where}: ${says}`);

  it("is told though there be neither", () => {
    expect(saysOf({})).toEqual(["Notion: no page", "D1: no row"]);
  });

  it("tells of the page: when it was read and edited, what is agreed on, owed, and who vouches for it", () => {
    const read = "page bound, last read as of 2026-05-06T09:01:00.000Z, last edited 2026-05-06T09:00:00.000Z";
    const [plain] = saysOf({ page });
    expect(plain).toBe(`Notion: ${read}, 1 column agreed on, in no complete listing yet`);
    const [owed] = saysOf({ page: { ...page, agreed: 3, listedBy: "L1", isOwed: true } });
    expect(owed).toBe(
      `Notion: ${read}, 3 columns agreed on, vouched for by listing L1; something is owed to it`,
    );
    const [waits] = saysOf({ page: { ...page, isOwed: true, againMs: at(9) } });
    expect(waits).toContain("; something is owed to it, not before 2026-05-06T09:09:00.000Z");
  });

  it("tells of the row: its version, when it was written, that it is deleted, and what is kept aside", () => {
    expect(saysOf({ record })[1]).toBe("D1: row, version 4");
    const old = { ...record, version: null, changedRealMs: at(2), deletedMs: at(3) };
    expect(saysOf({ record: old, fields: { items: [], total: 2 } }).slice(1)).toEqual([
      "D1: row, version not known, last written 2026-05-06T09:02:00.000Z by the database's clock, deleted 2026-05-06T09:03:00.000Z",
      "kept aside: 2 values",
    ]);
  });

  it("tells when the row was made and deleted, if that is known and can be read", () => {
    const lived = { ...record, createdAt: "2026-05-06T09:02:00.000Z", deletedMs: at(5) };
    expect(told(pageLife(aPage({ record: lived })).events)).toEqual([
      "2 record: row made in D1 [-]",
      "5 record: row marked deleted in D1 [-]",
    ]);
    for (const createdAt of [null, "yesterday"])
      expect(pageLife(aPage({ record: { ...record, createdAt } })).events).toEqual([]);
  });
});

describe("the life of a page", () => {
  it("tells of every value that was replaced, on which side, cut if it is long", () => {
    const long = "x".repeat(LINEAGE_VALUE_CHARS_MAX);
    const value = { column: "title", runId: "R4", atMs: at(1) };
    const history = all(
      { ...value, side: "d1", value: null, replacedBy: 'a "b"' },
      { ...value, side: "notion", value: 7, replacedBy: long },
      { ...value, side: "notion", value: long.slice(2), replacedBy: null },
    );
    expect(told(pageLife(aPage({ history })).events)).toEqual([
      String.raw`1 history: title in D1: nothing replaced by "a \"b\"" [R4]`,
      `1 history: title in Notion: 7 replaced by "${long.slice(1)}… [R4]`,
      `1 history: title in Notion: "${long.slice(2)}" replaced by nothing [R4]`,
    ]);
  });

  it("tells of values kept aside", () => {
    const fields = all({ column: "phone", problem: "is too short", runId: "R4", atMs: at(1) });
    expect(told(pageLife(aPage({ fields })).events)).toEqual([
      "1 set aside: phone kept aside: is too short [R4]",
    ]);
  });

  it("tells of what was sent to Notion and what became of it", () => {
    const push: Item<"pushes"> = {
      kind: "update",
      columns: ["title", "status"],
      runId: "R5",
      atMs: at(1),
      settledMs: null,
      outcome: null,
      isForced: false,
    };
    const ends = ["landed", "not_landed", "refused", "lost"];
    const pushes = all(
      push,
      { ...push, kind: "create", isForced: true },
      { ...push, kind: "trash" },
      { ...push, kind: "archive" },
      ...ends.map((outcome, n) => ({ ...push, atMs: at(10 + n), settledMs: at(20 + n), outcome })),
    );
    const unknown = "; outcome not known yet [R5]";
    expect(told(pageLife(aPage({ pushes })).events)).toEqual([
      `1 push: title, status sent to Notion${unknown}`,
      `1 push: page made from title, status, although a person was editing it${unknown}`,
      `1 push: page sent to the trash${unknown}`,
      `1 push: archive${unknown}`,
      ...ends.map((_, n) => `${10 + n} push: title, status sent to Notion [R5]`),
      "20 push: what was sent arrived in Notion [-]",
      "21 push: what was sent never arrived in Notion [-]",
      "22 push: what was sent was refused by Notion [-]",
      "23 push: what was sent is settled [-]",
    ]);
  });

  it("tells of conflicts, and who took which side when", () => {
    const conflict: Item<"conflicts"> = {
      column: "title",
      notion: "a",
      d1: "b",
      base: null,
      taken: null,
      isByPerson: false,
      runId: "R6",
      atMs: at(1),
      resolvedMs: null,
    };
    const byPerson = { ...conflict, isByPerson: true };
    const conflicts = all(
      conflict,
      { ...conflict, taken: "notion", atMs: at(2) },
      { ...byPerson, taken: "d1", atMs: at(3), resolvedMs: at(4) },
      { ...byPerson, taken: "notion", atMs: at(5) },
    );
    const met = 'conflict: title edited on both sides: "a" in Notion, "b" in D1';
    expect(told(pageLife(aPage({ conflicts })).events)).toEqual([
      `1 ${met}; waits for a person [R6]`,
      `2 ${met}; Notion taken by policy [R6]`,
      `3 ${met} [R6]`,
      "4 conflict: a person took the title of D1 [-]",
      `5 ${met} [R6]`,
      "5 conflict: a person took the title of Notion [-]",
    ]);
  });

  it("tells of reviews and what a person said", () => {
    const review: Item<"reviews"> = { reason: "may be known", atMs: at(1), decision: null, decidedMs: null };
    const reviews = all(
      review,
      { ...review, atMs: at(2), decision: "new", decidedMs: at(3) },
      { ...review, atMs: at(4), decision: "p7" },
    );
    expect(told(pageLife(aPage({ reviews })).events)).toEqual([
      "1 review: put to a person: may be known [-]",
      "2 review: put to a person: may be known [-]",
      "3 review: a person said: it is a record of its own [-]",
      "4 review: put to a person: may be known [-]",
      "4 review: a person said: it is the record p7 [-]",
    ]);
  });

  it("says what was left out of every list that is too long", () => {
    const cut = { items: [], total: 3 };
    const facts = aPage({
      fields: cut,
      history: cut,
      pushes: cut,
      conflicts: cut,
      reviews: cut,
      verdicts: cut,
      attempts: cut,
    });
    expect(pageLife(facts).more).toEqual(
      ["set aside", "history", "push", "conflict", "review", "decision", "attempt"].map((what) => ({
        what,
        count: 3,
      })),
    );
  });
});
