import type { MeetingChange, PageCommit } from "../../ports/record-store.ts";
import { forRows, statement, type Statement } from "./database.ts";

/**
 * Everything one page vouches for, as statements of one batch: verdicts first (they compare with what stood before),
 * then records, sightings, quarantine, the enumeration and the checkpoint. Every statement may run twice.
 */
export function pageStatements(lane: string, page: PageCommit): Statement[] {
  return [
    ...verdicts(page),
    ...records(page),
    ...sightings(page),
    ...quarantine(page),
    ...recordings(page),
    ...rewired(page),
    ...noted(page),
    ...proven(page),
    discovery(page),
    checkpoint(lane, page),
  ];
}

/** A checkpoint of a lane. */
export function checkpoint(
  lane: string,
  page: Pick<PageCommit, "runId" | "nowMs" | "checkpoint">,
): Statement {
  return statement(
    `insert into checkpoints (lane, run_id, state, at_ms) values (?1, ?2, ?3, ?4)
     on conflict (lane) do update set run_id = excluded.run_id, state = excluded.state, at_ms = excluded.at_ms`,
    lane,
    page.runId,
    JSON.stringify(page.checkpoint),
    page.nowMs,
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

function reasonOf(change: MeetingChange): string | null {
  if (change.state === "pending") return change.reason;
  if (change.state === "live") return null;
  return change.problems.map(({ field, problem }) => `${field} ${problem}`).join("; ");
}

const MEETING_COLUMNS = `id, fireflies_id, title, date, date_time, duration, participants, attendees, speakers,
  organizer_email, privacy, summary, action_items, keywords, topics, transcript_url, meeting_url, recording_url,
  recording_url_expires_at, word_count, sentence_count, transcript_characters, transcript_state, summary_state, r2_key,
  content_hash, observed_ms, vectors_owed_since, created_at, updated_at`;

/** Columns that a newer revision replaces. */
const REPLACED =
  `title date date_time duration participants attendees speakers organizer_email privacy summary
  action_items keywords topics transcript_url meeting_url recording_url recording_url_expires_at word_count
  sentence_count transcript_characters summary_state r2_key content_hash observed_ms updated_at`
    .split(/\s+/)
    .map((column) => `${column} = excluded.${column}`)
    .join(", ");

function records(page: PageCommit): Statement[] {
  const rows = page.changes
    .filter((change) => change.state === "live")
    .map(({ revision, record }) => ({
      ...record,
      hash: revision.contentHash,
      key: revision.revisionKey,
      audioUrl: revision.audioUrl,
      audioExpires: revision.audioExpiresMs === null ? null : new Date(revision.audioExpiresMs).toISOString(),
    }));
  const at = (path: string): string => `value ->> '${path}'`;
  const list = (path: string): string => `value -> '${path}'`;
  return forRows(
    rows,
    `insert into meetings (${MEETING_COLUMNS})
     select ${at("id")}, ${at("id")}, ${at("title")}, ${at("date")}, ${at("dateTime")}, ${at("durationMinutes")},
       ${list("participants")}, ${list("attendees")}, ${list("speakers")}, ${at("organizerEmail")}, ${at("privacy")},
       ${at("summary")}, ${at("actionItems")}, ${list("keywords")}, ${list("topics")}, ${at("transcriptUrl")},
       ${at("meetingUrl")}, ${at("audioUrl")}, ${at("audioExpires")}, ${at("wordCount")}, ${at("sentenceCount")},
       ${at("transcriptCharacters")}, 'ready', ${at("summaryState")}, ${at("key")}, ${at("hash")}, ?2, ?3, ?4, ?4
     from json_each(?1) where true
     on conflict (id) do update set ${REPLACED},
       vectors_owed_since = case when meetings.indexed_hash is excluded.content_hash then meetings.vectors_owed_since
         else coalesce(meetings.vectors_owed_since, excluded.vectors_owed_since) end,
       deleted_ms = null
     where meetings.observed_ms <= excluded.observed_ms`,
    page.observedMs,
    page.nowMs,
    new Date(page.nowMs).toISOString(),
  );
}

/** Failed meetings are sighted as well: the source shows them, so they count there, and a later listing tries again. */
function sightings(page: PageCommit): Statement[] {
  const columns = `source_id, date_string, discovery_id, state, content_hash, revision_key, stored_sha256,
       stored_bytes, audio_expires_ms, wire_hash, first_seen_ms, last_seen_ms, observed_ms`;
  return [
    ...forRows(
      page.changes.map(({ state, revision }) => ({ ...revision, audioUrl: null, state })),
      `insert into sightings (${columns})
       select value ->> 'id', value ->> 'dateString', ?2, value ->> 'state', value ->> 'contentHash',
         value ->> 'revisionKey', value ->> 'storedSha256', value ->> 'storedBytes', value ->> 'audioExpiresMs',
         coalesce(value ->> 'wireHash', ''), ?3, ?3, ?4
       from json_each(?1) where true
       on conflict (source_id) do update set date_string = excluded.date_string, state = excluded.state,
         content_hash = excluded.content_hash, revision_key = excluded.revision_key, stored_sha256 = excluded.stored_sha256,
         stored_bytes = excluded.stored_bytes, audio_expires_ms = excluded.audio_expires_ms, wire_hash = excluded.wire_hash,
         last_seen_ms = excluded.last_seen_ms, observed_ms = excluded.observed_ms
       where sightings.observed_ms <= excluded.observed_ms`,
      page.discovery.id,
      page.nowMs,
      page.observedMs,
    ),
    // What was stored of it before a failure stays known.
    ...forRows(
      page.failed.filter(({ isTried }) => isTried),
      `insert into sightings (${columns})
       select value ->> 'id', value ->> 'dateString', ?2, 'failed', '', '', null, 0, null, '', ?3, ?3, ?4
       from json_each(?1) where true
       on conflict (source_id) do update set state = excluded.state, last_seen_ms = excluded.last_seen_ms,
         observed_ms = excluded.observed_ms where sightings.observed_ms <= excluded.observed_ms`,
      page.discovery.id,
      page.nowMs,
      page.observedMs,
    ),
  ];
}

function quarantine(page: PageCommit): Statement[] {
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
    page.discovery.id,
  );
}

function discovery({ discovery: d }: PageCommit): Statement {
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
