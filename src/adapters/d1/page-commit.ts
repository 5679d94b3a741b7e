import type { MeetingChange, PageCommit } from "../../ports/record-store.ts";
import { announcedMeetings } from "./announced-rows.ts";
import { forRows, statement, type Statement } from "./database.ts";
import { evidenceStatements, seenStatements } from "./page-evidence.ts";

/**
 * Everything one page vouches for, as statements of one batch: verdicts first (they compare with what stood before),
 * then records, sightings, quarantine, the enumeration and the checkpoint. Every statement may run twice.
 */
export function pageStatements(lane: string, page: PageCommit): Statement[] {
  return [
    ...verdicts(page),
    ...seenStatements(page),
    ...records(page),
    ...sightings(page),
    ...quarantine(page),
    ...recordings(page),
    ...rewired(page),
    ...noted(page),
    ...proven(page),
    ...evidenceStatements(page),
    ...announcedMeetings(page),
    ...(page.discovery === null ? [] : [discovery(page.discovery), checkpoint(lane, page)]),
  ];
}

/** The enumeration of what was shown outside of any: it counts as complete. */
const ANNOUNCED = "announced";

function discoveryId(page: PageCommit): string {
  return page.discovery?.id ?? ANNOUNCED;
}

/**
 * A checkpoint of a lane.
 *
 * @param condition SQL without which nothing is written; its values are numbered from ?5 on
 */
export function checkpoint(
  lane: string,
  page: Pick<PageCommit, "runId" | "nowMs"> & { readonly checkpoint: unknown },
  condition = "true",
  ...values: (string | number)[]
): Statement {
  return statement(
    `insert into checkpoints (lane, run_id, state, at_ms) select ?1, ?2, ?3, ?4 where ${condition}
     on conflict (lane) do update set run_id = excluded.run_id, state = excluded.state, at_ms = excluded.at_ms`,
    lane,
    page.runId,
    JSON.stringify(page.checkpoint),
    page.nowMs,
    ...values,
  );
}

/** Store verdicts; the first one of an item stands, unless it was a failure. */
export const VERDICT_CONFLICT = `on conflict (run_id, item_id) do update
  set verdict = excluded.verdict, reason = excluded.reason where run_items.verdict = 'failed'`;

function verdicts(page: PageCommit): Statement[] {
  const counted = new Set(page.counted);
  const untouched = Object.entries(page.untouched)
    .filter(([, items]) => items > 0)
    .map(([verdict, items]) => ({ id: `${page.line}:${verdict}`, verdict, items }));
  const failed = page.failed
    .filter(({ id }) => !counted.has(id))
    .map(({ id, reason }) => ({ id, verdict: "failed", reason, items: 1 }));
  const changes = page.changes.filter(({ revision }) => !counted.has(revision.id));
  const settled = changes
    .filter((change) => change.state !== "live")
    .map((change) => ({ id: change.revision.id, verdict: change.state, reason: reasonOf(change), items: 1 }));
  const live = changes
    .filter((change) => change.state === "live")
    .map(({ revision }) => ({ id: revision.id, hash: revision.contentHash }));
  return [
    ...forRows(
      [...untouched, ...failed, ...settled],
      `insert into run_items (run_id, item_id, verdict, items, reason)
       select ?2, value ->> 'id', value ->> 'verdict', value ->> 'items', value ->> 'reason' from json_each(?1)
       where true ${VERDICT_CONFLICT}`,
      page.runId,
    ),
    ...forRows(
      live,
      `insert into run_items (run_id, item_id, verdict)
       select ?2, item.value ->> 'id', case
         when meetings.id is null then 'created'
         when meetings.observed_ms > ?3 then 'unchanged'
         when meetings.content_hash <> item.value ->> 'hash' or meetings.deleted_ms is not null then 'updated'
         else 'unchanged' end
       from json_each(?1) as item left join meetings on meetings.id = item.value ->> 'id'
       where true ${VERDICT_CONFLICT}`,
      page.runId,
      page.observedMs,
    ),
  ];
}

/** Why a meeting is set aside; null if it is not. Names no content. */
export function reasonOf(change: MeetingChange): string | null {
  if (change.state === "pending") return change.reason;
  if (change.state === "live") return null;
  return change.problems.map(({ field, problem }) => `${field} ${problem}`).join("; ");
}

/** Columns that a revision gives a meeting's row, and where they stand in the JSON of `recordRows`. */
const RECORD_COLUMNS: Readonly<Record<string, string>> = {
  title: "value ->> 'title'",
  date: "value ->> 'date'",
  date_time: "value ->> 'dateTime'",
  duration: "value ->> 'durationMinutes'",
  participants: "value -> 'participants'",
  attendees: "value -> 'attendees'",
  speakers: "value -> 'speakers'",
  organizer_email: "value ->> 'organizerEmail'",
  privacy: "value ->> 'privacy'",
  channels: "value -> 'channels'",
  summary: "value ->> 'summary'",
  action_items: "value ->> 'actionItems'",
  keywords: "value -> 'keywords'",
  topics: "value -> 'topics'",
  transcript_url: "value ->> 'transcriptUrl'",
  meeting_url: "value ->> 'meetingUrl'",
  word_count: "value ->> 'wordCount'",
  sentence_count: "value ->> 'sentenceCount'",
  transcript_characters: "value ->> 'transcriptCharacters'",
  summary_state: "value ->> 'summaryState'",
  r2_key: "value ->> 'key'",
  content_hash: "value ->> 'hash'",
};

/** The rows of valid meetings as JSON for `insertRecords`. */
export function recordRows(changes: readonly MeetingChange[]): Record<string, unknown>[] {
  return changes
    .filter((change) => change.state === "live")
    .map(({ revision, record }) => ({
      ...record,
      hash: revision.contentHash,
      key: revision.revisionKey,
      audioUrl: revision.audioUrl,
      audioExpires: revision.audioExpiresMs === null ? null : new Date(revision.audioExpiresMs).toISOString(),
    }));
}

/**
 * SQL that writes rows of meetings from ?1 (`recordRows`), owed since ?2 and created at ?3.
 *
 * @param observedMs where the moment of the observation stands, as SQL
 * @param conflict what becomes of a row that is there: begins with `do`
 */
export function insertRecords(observedMs: string, conflict: string): string {
  return `insert into meetings (id, fireflies_id, ${Object.keys(RECORD_COLUMNS).join(", ")}, recording_url,
       recording_url_expires_at, transcript_state, observed_ms, vectors_owed_since, created_at, updated_at)
     select value ->> 'id', value ->> 'id', ${Object.values(RECORD_COLUMNS).join(", ")}, value ->> 'audioUrl',
       value ->> 'audioExpires', 'ready', ${observedMs}, ?2, ?3, ?3
     from json_each(?1) where true
     on conflict (id) ${conflict}`;
}

/** Replace what a revision gives a row. */
export const REPLACE_RECORD = [...Object.keys(RECORD_COLUMNS), "observed_ms", "updated_at"]
  .map((column) => `${column} = excluded.${column}`)
  .join(", ");

/** Whether a row differs from what its revision gives: from the row that was to be inserted, or from JSON in `value`. */
export const DIFFERS_FROM_ROW = Object.keys(RECORD_COLUMNS)
  .map((column) => `meetings.${column} is not excluded.${column}`)
  .join(" or ");
export const DIFFERS_FROM_JSON = Object.entries(RECORD_COLUMNS)
  .map(([column, value]) => `meetings.${column} is not (${value})`)
  .join(" or ");

function records(page: PageCommit): Statement[] {
  return forRows(
    recordRows(page.changes),
    insertRecords(
      "?4",
      `do update set ${REPLACE_RECORD}, recording_url = excluded.recording_url,
         recording_url_expires_at = excluded.recording_url_expires_at,
         vectors_owed_since = case when meetings.indexed_hash is excluded.content_hash then meetings.vectors_owed_since
           else coalesce(meetings.vectors_owed_since, excluded.vectors_owed_since) end,
         deleted_ms = null
       where meetings.observed_ms <= excluded.observed_ms
         and not exists (select 1 from sightings where source_id = meetings.id and state = 'deleted')`,
    ),
    page.nowMs,
    new Date(page.nowMs).toISOString(),
    page.observedMs,
  );
}

/** Failed meetings are sighted as well: the source shows them, so they count there, and a later listing tries again. */
function sightings(page: PageCommit): Statement[] {
  const columns = `source_id, date_string, discovery_id, state, content_hash, revision_key, stored_sha256,
       stored_bytes, audio_expires_ms, wire_hash, first_seen_ms, last_seen_ms, observed_ms, arrival_ms`;
  // A place is no moment where the source gives none.
  const arrival = `case when ?5 then ?3 - unixepoch(nullif(value ->> 'dateString', ''), 'subsec') * 1000 end`;
  return [
    ...forRows(
      page.changes.map(({ state, revision }) => ({ ...revision, audioUrl: null, state })),
      `insert into sightings (${columns})
       select value ->> 'id', value ->> 'dateString', ?2, value ->> 'state', value ->> 'contentHash',
         value ->> 'revisionKey', value ->> 'storedSha256', value ->> 'storedBytes', value ->> 'audioExpiresMs',
         coalesce(value ->> 'wireHash', ''), ?3, ?3, ?4, ${arrival}
       from json_each(?1) where true
       on conflict (source_id) do update set date_string = excluded.date_string, state = excluded.state,
         content_hash = excluded.content_hash, revision_key = excluded.revision_key, stored_sha256 = excluded.stored_sha256,
         stored_bytes = excluded.stored_bytes, audio_expires_ms = excluded.audio_expires_ms, wire_hash = excluded.wire_hash,
         last_seen_ms = excluded.last_seen_ms, observed_ms = excluded.observed_ms
       where sightings.observed_ms <= excluded.observed_ms and sightings.state <> 'deleted'`,
      discoveryId(page),
      page.nowMs,
      page.observedMs,
      page.tellsArrivals ? 1 : 0,
    ),
    // What was stored of it before a failure stays known.
    ...forRows(
      page.failed.filter(({ isTried }) => isTried),
      `insert into sightings (${columns})
       select value ->> 'id', value ->> 'dateString', ?2, 'failed', '', '', null, 0, null, '', ?3, ?3, ?4, ${arrival}
       from json_each(?1) where true
       on conflict (source_id) do update set state = excluded.state, last_seen_ms = excluded.last_seen_ms,
         observed_ms = excluded.observed_ms
       where sightings.observed_ms <= excluded.observed_ms and sightings.state <> 'deleted'`,
      discoveryId(page),
      page.nowMs,
      page.observedMs,
      page.tellsArrivals ? 1 : 0,
    ),
  ];
}

/** Reasons of what is broken, and the end of those of what is broken no longer. */
export function quarantine(page: Pick<PageCommit, "changes" | "nowMs" | "runId">): Statement[] {
  const broken = page.changes
    .filter((change) => change.state === "quarantined")
    .map(({ revision, problems }) => ({ id: revision.id, key: revision.revisionKey, problems }));
  const cured = page.changes
    .filter((change) => change.state !== "quarantined")
    .map(({ revision }) => revision.id);
  return [
    ...forRows(
      broken,
      `insert into quarantine (kind, source_id, revision_key, problems, first_ms, last_ms, run_id)
       select 'meeting', value ->> 'id', value ->> 'key', value -> 'problems', ?2, ?2, ?3 from json_each(?1) where true
       on conflict (kind, source_id) do update set revision_key = excluded.revision_key, problems = excluded.problems,
         last_ms = excluded.last_ms, run_id = excluded.run_id, resolved_ms = null`,
      page.nowMs,
      page.runId,
    ),
    ...forRows(
      cured,
      `update quarantine set resolved_ms = ?2
       where kind = 'meeting' and resolved_ms is null and source_id in (select value from json_each(?1))`,
      page.nowMs,
    ),
  ];
}

function recordings(page: PageCommit): Statement[] {
  const rows = page.recordings.map(({ id, url, expiresMs }) => ({
    id,
    url,
    ms: expiresMs,
    iso: new Date(expiresMs).toISOString(),
  }));
  return [
    ...forRows(
      rows,
      `update meetings set recording_url = fresh.value ->> 'url', recording_url_expires_at = fresh.value ->> 'iso'
       from json_each(?1) as fresh where meetings.id = fresh.value ->> 'id'`,
    ),
    ...forRows(
      rows,
      `update sightings set audio_expires_ms = fresh.value ->> 'ms'
       from json_each(?1) as fresh where sightings.source_id = fresh.value ->> 'id'`,
    ),
  ];
}

/** The next time these bytes are recognised. */
function rewired(page: PageCommit): Statement[] {
  return forRows(
    page.rewired,
    `update sightings set wire_hash = fresh.value ->> 'wireHash' from json_each(?1) as fresh
     where sightings.source_id = fresh.value ->> 'id' and content_hash = fresh.value ->> 'contentHash'`,
  );
}

/** What of a page decides how the next one is asked for. */
function noted(page: PageCommit): Statement[] {
  return forRows(
    page.notes,
    `update sightings set alone_ms = coalesce(note.value ->> 'aloneMs', alone_ms),
       large_bytes = coalesce(note.value ->> 'largeBytes', large_bytes),
       row_hash = coalesce(note.value ->> 'rowHash', row_hash)
     from json_each(?1) as note where sightings.source_id = note.value ->> 'id'`,
  );
}

/** Ids that only an unfinished enumeration vouched for are vouched for by this one from now on. */
function proven(page: PageCommit): Statement[] {
  return forRows(
    page.unproven,
    "update sightings set discovery_id = ?2 where source_id in (select value from json_each(?1))",
    discoveryId(page),
  );
}

function discovery(d: NonNullable<PageCommit["discovery"]>): Statement {
  return statement(
    `insert into discoveries (id, sync, kind, floor_ms, ceiling_ms, started_ms, completed_ms, pages, steps_back, rows_seen, end_reason)
     values (?1, 'fireflies', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
     on conflict (id) do update set completed_ms = excluded.completed_ms, pages = excluded.pages,
       steps_back = excluded.steps_back, rows_seen = excluded.rows_seen, end_reason = excluded.end_reason`,
    d.id,
    d.kind,
    d.floorMs,
    d.ceilingMs,
    d.startedMs,
    d.completedMs,
    d.pages,
    d.stepsBack,
    d.rowsSeen,
    d.endReason,
  );
}
