/** What the ledger says of a record, in sentences. Pure. */
import {
  inTimeOrder,
  leftOut,
  type AttemptFact,
  type ChunkStep,
  type Cut,
  type DeletionFact,
  type Lineage,
  type LineageEvent,
  type LineageFact,
  type MeetingFacts,
  type PageFacts,
  type VerdictFact,
} from "./lineage.ts";
import type { FieldValue } from "./merge.ts";
import { LINEAGE_VALUE_CHARS_MAX } from "./policy.ts";

type Life = Pick<Lineage, "now" | "events" | "more">;

/** The life of a meeting, less what only its stores can say. */
export function meetingLife(facts: MeetingFacts): Life {
  const { chunkSteps, absence, deletions, verdicts, attempts } = facts;
  return {
    now: meetingNow(facts),
    events: inTimeOrder([
      ...meetingEvents(facts),
      ...chunkSteps.items.map(({ step, atMs, count }): LineageEvent => ({
        atMs,
        what: "chunks",
        says: STEPS[step](count),
        runId: null,
      })),
      ...absences(absence),
      ...deletions.items.flatMap(deletionEvents),
      ...decisions(verdicts),
      ...tries(attempts),
    ]),
    more: leftOut([
      ["chunks", chunkSteps],
      ["deletion", deletions],
      ["decision", verdicts],
      ["attempt", attempts],
    ]),
  };
}

const STEPS: Readonly<Record<ChunkStep, (count: number) => string>> = {
  planned: (count) => `cut into ${counted(count, "new chunk")}`,
  sent: (count) => `${counted(count, "vector")} sent to the index`,
  live: (count) => `${counted(count, "vector")} read back: visible to search`,
  dead: (count) => `${counted(count, "vector")} given up for ever`,
};

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** When something was, as people write it. */
function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const short = (hash: string): string => hash.slice(0, 12);

function meetingNow({ sighting, record, refusal, chunks }: MeetingFacts): LineageFact[] {
  const { state, dateString, contentHash, lastSeenMs, vouchedBy } = sighting;
  const revision = contentHash === "" ? "no revision" : `revision ${short(contentHash)}`;
  const seen = `of ${dateString}, ${revision}, last new ${iso(lastSeenMs)}, vouched for by listing ${vouchedBy}`;
  const byState = (isLive: boolean): string =>
    chunks
      .filter((one) => one.isLive === isLive)
      .map((one) => `${one.count} ${one.state}`)
      .join(", ");
  return [
    { where: "source", says: `${state}: ${seen}` },
    { where: "D1", says: record === null ? "no row" : meetingRow(record) },
    { where: "chunks", says: byState(true) || "none" },
    ...(byState(false) === "" ? [] : [{ where: "chunks of another index", says: byState(false) }]),
    ...(refusal === null
      ? []
      : [{ where: "vectors", says: `refused: ${refusal.reason}; tried again ${iso(refusal.retryMs)}` }]),
  ];
}

function meetingRow(record: NonNullable<MeetingFacts["record"]>): string {
  const { contentHash, summaryState, indexedHash, owedMs, deletedMs, updatedAt } = record;
  const vectors =
    owedMs !== null
      ? `vectors owed since ${iso(owedMs)}`
      : `vectors of revision ${short(indexedHash ?? "none")}`;
  const hidden = deletedMs === null ? "" : `; deleted ${iso(deletedMs)}`;
  return `row of revision ${short(contentHash)}, summary ${summaryState}, last written ${updatedAt}, ${vectors}${hidden}`;
}

function meetingEvents({ sighting, record, quarantine }: MeetingFacts): LineageEvent[] {
  const { firstSeenMs, foundBy, foundKind, runId, trigger } = sighting;
  const by =
    foundBy === null ? "a listing that is not on record any more" : `the ${foundKind} listing ${foundBy}`;
  const started = trigger === null ? "" : `, started by ${trigger}`;
  const events: LineageEvent[] = [
    { atMs: firstSeenMs, what: "discovered", says: `first seen by ${by}${started}`, runId },
  ];
  if (record !== null) {
    events.push({ atMs: Date.parse(record.createdAt), what: "record", says: "row made in D1", runId: null });
    if (record.deletedMs !== null)
      events.push({
        atMs: record.deletedMs,
        what: "record",
        says: "marked deleted: out of search",
        runId: null,
      });
  }
  if (quarantine !== null) {
    const { problems, firstMs, lastMs, resolvedMs } = quarantine;
    const why = problems.map(({ field, problem }) => `${field} ${problem}`).join("; ");
    const quarantined = { what: "set aside", runId: quarantine.runId } as const;
    events.push({ ...quarantined, atMs: firstMs, says: `quarantined: ${why}` });
    if (lastMs > firstMs) events.push({ ...quarantined, atMs: lastMs, says: `still in quarantine: ${why}` });
    if (resolvedMs !== null)
      events.push({ atMs: resolvedMs, what: "set aside", says: "out of quarantine", runId: null });
  }
  return events;
}

function absences(absence: MeetingFacts["absence"]): LineageEvent[] {
  if (absence === null) return [];
  const said = (atMs: number | null, says: string): LineageEvent[] =>
    atMs === null ? [] : [{ atMs, what: "deletion", says, runId: null }];
  return [
    ...said(absence.firstMs, "absent from a page that should have shown it; nothing follows from that alone"),
    ...said(absence.secondMs, "absent again, a day or more later"),
    ...said(absence.approvedMs, "a person said that it is deleted"),
  ];
}

function deletionEvents(deletion: DeletionFact): LineageEvent[] {
  const { firstMs, secondMs, lookedMs, decidedBy, atMs, runId, restoredMs, seenMs } = deletion;
  const word = decidedBy === "person" ? "with a person's word" : "by evidence";
  const evidence = `absent ${iso(firstMs)} and ${iso(secondMs)}, unknown to the source ${iso(lookedMs)}`;
  const said = (at: number | null, says: string): LineageEvent[] =>
    at === null ? [] : [{ atMs: at, what: "deletion", says, runId: null }];
  return [
    { atMs, what: "deletion", says: `taken for deleted ${word}: ${evidence}`, runId },
    ...said(restoredMs, "restored by a person"),
    ...said(seenMs, "seen at the source again: not deleted any more"),
  ];
}

function decisions({ items }: Cut<VerdictFact>): LineageEvent[] {
  return items.map(({ atMs, runId, sync, trigger, verdict, reason }) => ({
    atMs,
    what: "decision",
    says: `${verdict} by a run of ${sync} (${trigger})${reason === null ? "" : `: ${reason}`}`,
    runId,
  }));
}

function tries({ items }: Cut<AttemptFact>): LineageEvent[] {
  return items.map(({ atMs, runId, party, operation, outcome, detail, next, nextMs }) => {
    const then = next === null ? "" : `; then ${next}${nextMs === null ? "" : ` until ${iso(nextMs)}`}`;
    const why = detail === null || detail === outcome ? "" : ` (${detail})`;
    return { atMs, what: "attempt", says: `${party} ${operation}: ${outcome}${why}${then}`, runId };
  });
}

/** The life of a project or client. Values are the owner's own: they are shown to whoever holds the token. */
export function pageLife(facts: PageFacts): Life {
  const { fields, history, pushes, conflicts, reviews, verdicts, attempts } = facts;
  const { record } = facts;
  const made = record?.createdAt == null ? Number.NaN : Date.parse(record.createdAt);
  return {
    now: pageNow(facts),
    events: inTimeOrder([
      ...(Number.isNaN(made) ? [] : [rowEvent(made, "row made in D1")]),
      ...(record?.deletedMs == null ? [] : [rowEvent(record.deletedMs, "row marked deleted in D1")]),
      ...fields.items.map(({ column, problem, runId, atMs }): LineageEvent => ({
        atMs,
        what: "set aside",
        says: `${column} kept aside: ${problem}`,
        runId,
      })),
      ...history.items.map(({ column, side, value, replacedBy, runId, atMs }): LineageEvent => ({
        atMs,
        what: "history",
        says: `${column} in ${side === "d1" ? "D1" : "Notion"}: ${shown(value)} replaced by ${shown(replacedBy)}`,
        runId,
      })),
      ...pushes.items.flatMap(pushEvents),
      ...conflicts.items.flatMap(conflictEvents),
      ...reviews.items.flatMap(reviewEvents),
      ...decisions(verdicts),
      ...tries(attempts),
    ]),
    more: leftOut([
      ["set aside", fields],
      ["history", history],
      ["push", pushes],
      ["conflict", conflicts],
      ["review", reviews],
      ["decision", verdicts],
      ["attempt", attempts],
    ]),
  };
}

function rowEvent(atMs: number, says: string): LineageEvent {
  return { atMs, what: "record", says, runId: null };
}

function pageNow({ page, record, fields }: PageFacts): LineageFact[] {
  const hidden = record?.deletedMs == null ? "" : `, deleted ${iso(record.deletedMs)}`;
  const row = record === null ? "no row" : `${rowState(record)}${hidden}`;
  return [
    { where: "Notion", says: page === null ? "no page" : pageState(page) },
    { where: "D1", says: row },
    ...(fields.total === 0 ? [] : [{ where: "kept aside", says: counted(fields.total, "value") }]),
  ];
}

function rowState({ version, changedRealMs }: NonNullable<PageFacts["record"]>): string {
  const written =
    changedRealMs === null ? "" : `, last written ${iso(changedRealMs)} by the database's clock`;
  return `row, version ${version ?? "not known"}${written}`;
}

function pageState(page: NonNullable<PageFacts["page"]>): string {
  const { state, observedMs, editedMs, isOwed, againMs, agreed, listedBy } = page;
  const listed = listedBy === null ? "in no complete listing yet" : `vouched for by listing ${listedBy}`;
  const wait = againMs === null ? "" : `, not before ${iso(againMs)}`;
  const owed = isOwed ? `; something is owed to it${wait}` : "";
  return `page ${state}, last read as of ${iso(observedMs)}, last edited ${iso(editedMs)}, ${counted(agreed, "column")} agreed on, ${listed}${owed}`;
}

function pushEvents(push: PageFacts["pushes"]["items"][number]): LineageEvent[] {
  const { kind, columns, runId, atMs, settledMs, outcome, isForced } = push;
  const names = columns.join(", ");
  const what = {
    create: `page made from ${names}`,
    update: `${names} sent to Notion`,
    trash: "page sent to the trash",
  };
  const says = what[kind as keyof typeof what] ?? kind;
  const sent: LineageEvent = {
    atMs,
    what: "push",
    says: `${says}${isForced ? ", although a person was editing it" : ""}${settledMs === null ? "; outcome not known yet" : ""}`,
    runId,
  };
  if (settledMs === null) return [sent];
  const end = {
    landed: "arrived in Notion",
    not_landed: "never arrived in Notion",
    refused: "was refused by Notion",
  };
  const ended = end[outcome as keyof typeof end] ?? "is settled";
  return [sent, { atMs: settledMs, what: "push", says: `what was sent ${ended}`, runId: null }];
}

function conflictEvents(conflict: PageFacts["conflicts"]["items"][number]): LineageEvent[] {
  const { column, notion, d1, taken, isByPerson, runId, atMs, resolvedMs } = conflict;
  const met = `${column} edited on both sides: ${shown(notion)} in Notion, ${shown(d1)} in D1`;
  const side = taken === "d1" ? "D1" : "Notion";
  if (taken === null) return [{ atMs, what: "conflict", says: `${met}; waits for a person`, runId }];
  if (!isByPerson) return [{ atMs, what: "conflict", says: `${met}; ${side} taken by policy`, runId }];
  return [
    { atMs, what: "conflict", says: met, runId },
    {
      atMs: resolvedMs ?? atMs,
      what: "conflict",
      says: `a person took the ${column} of ${side}`,
      runId: null,
    },
  ];
}

function reviewEvents(review: PageFacts["reviews"]["items"][number]): LineageEvent[] {
  const { reason, atMs, decision, decidedMs } = review;
  const opened: LineageEvent = { atMs, what: "review", says: `put to a person: ${reason}`, runId: null };
  if (decision === null) return [opened];
  const said = decision === "new" ? "a record of its own" : `the record ${decision}`;
  return [
    opened,
    { atMs: decidedMs ?? atMs, what: "review", says: `a person said: it is ${said}`, runId: null },
  ];
}

/** A value as a sentence holds it: short, and told apart from text of our own. */
function shown(value: FieldValue): string {
  if (value === null) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= LINEAGE_VALUE_CHARS_MAX ? text : `${text.slice(0, LINEAGE_VALUE_CHARS_MAX)}…`;
}
