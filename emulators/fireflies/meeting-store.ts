import type { DatabaseSync } from "node:sqlite";
import { createdMsOf, type Lifecycle, type SourceMeeting } from "./source-meeting.ts";

/** What a listing needs to know of a meeting without reading its text. */
export type MeetingFacts = {
  id: string;
  /** Exact creation, epoch ms; null if the source has no date. */
  createdMs: number | null;
  appearsMs: number | null;
  isHidden: boolean;
  isDeleted: boolean;
  /** Grows with every change of the meeting. */
  version: number;
  title: string | null;
  organizerEmail: string | null;
  hostEmail: string | null;
  participants: string[];
  channelIds: string[];
  lifecycle: Lifecycle | null;
};

/** Every meeting of the world. Facts live in memory, bodies in the world's file. */
export type MeetingStore = {
  /** Meetings visible at a world instant, newest first by exact creation, ties by id; those without date come last. */
  visibleAt(nowMs: number): MeetingFacts[];
  /** A meeting that exists and is visible at the instant, else undefined. */
  findVisible(id: string, nowMs: number): MeetingFacts | undefined;
  /** A meeting that was not deleted, visible or not. */
  find(id: string): MeetingFacts | undefined;
  /** True if the id was ever used, by a deleted meeting too. */
  isTaken(id: string): boolean;
  body(id: string): SourceMeeting;
  /** Store a new or changed meeting; gives back its body as stored. */
  add(meeting: SourceMeeting): string;
  replace(meeting: SourceMeeting): string;
  setHidden(id: string, isHidden: boolean): void;
  remove(id: string): void;
};

const TABLES = `create table if not exists meetings
  (id text primary key, facts text not null, body text not null)`;

/** Code unit order, so that it is the same on every machine. */
function newestFirst(a: MeetingFacts, b: MeetingFacts): number {
  const byTime = (b.createdMs ?? -Infinity) - (a.createdMs ?? -Infinity);
  if (byTime !== 0 && !Number.isNaN(byTime)) return byTime;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function factsOf(meeting: SourceMeeting, before: MeetingFacts | undefined): MeetingFacts {
  return {
    id: meeting.id,
    createdMs: createdMsOf(meeting),
    appearsMs: meeting.appears_at_ms ?? null,
    isHidden: before?.isHidden ?? false,
    isDeleted: false,
    version: (before?.version ?? 0) + 1,
    title: meeting.title ?? null,
    organizerEmail: meeting.organizer_email ?? null,
    hostEmail: meeting.host_email ?? null,
    participants: meeting.participants ?? [],
    channelIds: (meeting.channels ?? []).map((channel) => channel.id),
    lifecycle: meeting.lifecycle ?? null,
  };
}

/** Open the meetings of a world; the table is made if absent. */
export function openMeetingStore(database: DatabaseSync): MeetingStore {
  database.exec(TABLES);
  const upsert = database.prepare("insert or replace into meetings (id, facts, body) values (?, ?, ?)");
  const updateFacts = database.prepare("update meetings set facts = ? where id = ?");
  const erase = database.prepare("update meetings set facts = ?, body = '' where id = ?");
  const selectBody = database.prepare("select body from meetings where id = ?");
  const facts = new Map<string, MeetingFacts>();
  for (const row of database.prepare("select facts from meetings").iterate()) {
    const entry = JSON.parse(String(row["facts"])) as MeetingFacts;
    facts.set(entry.id, entry);
  }
  let order: MeetingFacts[] | null = null;

  const put = (meeting: SourceMeeting): string => {
    const entry = factsOf(meeting, facts.get(meeting.id));
    const body = JSON.stringify(meeting);
    upsert.run(entry.id, JSON.stringify(entry), body);
    facts.set(entry.id, entry);
    order = null;
    return body;
  };
  const find = (id: string): MeetingFacts | undefined => {
    const entry = facts.get(id);
    return entry && !entry.isDeleted ? entry : undefined;
  };
  const isVisible = (entry: MeetingFacts, nowMs: number): boolean =>
    !entry.isHidden && !entry.isDeleted && (entry.appearsMs === null || entry.appearsMs <= nowMs);

  return {
    visibleAt(nowMs) {
      order ??= [...facts.values()].sort(newestFirst);
      return order.filter((entry) => isVisible(entry, nowMs));
    },
    findVisible(id, nowMs) {
      const entry = facts.get(id);
      return entry && isVisible(entry, nowMs) ? entry : undefined;
    },
    find,
    isTaken: (id) => facts.has(id),
    body: (id) => JSON.parse(String(selectBody.get(id)?.["body"])) as SourceMeeting,
    add: put,
    replace: put,
    setHidden(id, isHidden) {
      const entry = { ...facts.get(id)!, isHidden };
      updateFacts.run(JSON.stringify(entry), id);
      facts.set(id, entry);
      order = null;
    },
    remove(id) {
      const before = facts.get(id)!;
      const entry = { ...before, isDeleted: true, version: before.version + 1 };
      erase.run(JSON.stringify(entry), id);
      facts.set(id, entry);
      order = null;
    },
  };
}
