import type { D1Database, D1Result } from "@cloudflare/workers-types";
import type { Base, FieldValue } from "../../core/merge.ts";
import type { Cut, MeetingFacts, PageFacts } from "../../core/lineage.ts";
import type { TableName } from "../../core/records/table.ts";
import type { LineageStore, PageSubject } from "../../ports/lineage-store.ts";
import { createDatabase, statement, type Database, type Statement } from "./database.ts";

/** What people call a record of each table. */
const NAMES: Readonly<Record<TableName, string>> = { projects: "title", clients: "company_name" };

/** What the ledger says of one record. Each life is read in one batch, so it is of one instant. */
export function createLineageStore(d1: D1Database): LineageStore {
  const database = createDatabase(d1);
  return {
    meeting: (id, limit) => meetingFacts(database, id, limit),
    page: (sync, subject, limit) => pageFacts(database, { sync, subject, limit }),
    pageSubjects: async (sync, id, limit) => ({
      items: await database.rows<PageSubject>(subjectsOf(sync), id, sync, limit),
      cursor: null,
    }),
    idsLike: async (kind, prefix, limit) => {
      const rows = await database.rows<{ id: string }>(
        `select id from (${kind === "meetings" ? "select source_id as id from sightings" : `select id from ${kind}`})
         where id >= ?1 and id < ?1 || char(1114111) order by id limit ?2`,
        prefix,
        limit,
      );
      return { items: rows.map(({ id }) => id), cursor: null };
    },
    liveVectors: async (documentId, limit) => {
      const rows = await database.rows<{ id: string }>(
        `select id from chunks where document_id = ?1 and state = 'live' and ${OF_LIVE_INDEX} order by position, id limit ?2`,
        documentId,
        limit,
      );
      return { items: rows.map(({ id }) => id), cursor: null };
    },
  };
}

const OF_LIVE_INDEX = "model = (select model from indexes where state = 'live')";

/** ?1 an id or job number, ?2 the sync, ?3 how many. A page that is bound to a row is one subject with it. */
function subjectsOf(sync: TableName): string {
  const record = `select id as recordId, page_id as pageId, ${NAMES[sync]} as name, deleted_ms as deletedMs
    from ${sync} left join notion_pages as page on page.sync = ?2 and page.record_id = ${sync}.id`;
  const byJob =
    sync === "projects" ? `union ${record} where lower(job_number) = lower(?1) and trim(?1) <> ''` : "";
  return `select recordId, pageId, name from (
      ${record} where id = ?1
      union
      select page.record_id, page.page_id, ${NAMES[sync]}, deleted_ms from notion_pages as page
        left join ${sync} on ${sync}.id = page.record_id
        where page.sync = ?2 and (page.page_id = ?1 or page.record_id = ?1)
      ${byJob})
    order by deletedMs is not null, recordId, pageId limit ?3`;
}

/** Rows of a list, read newest first, each with the length of the whole list; given oldest first. */
function cutOf<Row extends object, T>(result: D1Result | undefined, read: (row: Row) => T): Cut<T> {
  const rows = (result?.results ?? []) as (Row & { total: number })[];
  return {
    items: rows.map(read).toReversed(),
    total: rows[0]?.total ?? 0,
  };
}

/** Rows that are given as they are read. */
function plainCut<T extends object>(result: D1Result | undefined): Cut<T> {
  return cutOf(result, (row: T) => row);
}

/** What runs said of items ?1 and ?2. */
const VERDICTS = `select run_id as runId, runs.sync as sync, trigger, verdict, reason,
    coalesce(ended_ms, started_ms, queued_ms) as atMs, count(*) over () as total
  from run_items join runs on runs.id = run_id where item_id in (?1, ?2) order by atMs desc, run_id desc limit ?3`;

/** Tries that did not succeed: of steps of these items alone, and those of runs in which one of them failed. */
const ATTEMPTS = `with told as (select run_id, verdict from run_items where item_id in (?1, ?2))
  select run_id as runId, party, operation, outcome, detail, next, next_ms as nextMs, at_ms as atMs, count(*) over () as total
  from attempts where run_id in (select run_id from told) and outcome not in ('ok', 'started')
    and (instr(step, ?1) > 0 or instr(step, ?2) > 0 or run_id in (select run_id from told where verdict = 'failed'))
  order by at_ms desc, id desc limit ?3`;

/** ?1 the meeting. Who first saw it: the listing and the run that had begun last by then. */
const SIGHTING = `select state, date_string as dateString, content_hash as contentHash, revision_key as revisionKey,
    first_seen_ms as firstSeenMs, last_seen_ms as lastSeenMs, discovery_id as vouchedBy,
    found.id as foundBy, found.kind as foundKind, run.id as runId, run.trigger as trigger
  from sightings left join discoveries as found on found.id = (select id from discoveries
      where sync = 'fireflies' and started_ms <= first_seen_ms order by started_ms desc, id desc limit 1)
    left join (select id, trigger from runs) as run on run.id = (select id from runs
      where sync = 'fireflies' and rebuild_id is null and started_ms <= first_seen_ms order by started_ms desc, id desc limit 1)
  where source_id = ?1`;

const RECORD = `select title, content_hash as contentHash, r2_key as revisionKey, summary_state as summaryState,
    indexed_hash as indexedHash, vectors_owed_since as owedMs, deleted_ms as deletedMs, created_at as createdAt,
    updated_at as updatedAt from meetings where id = ?1`;

const QUARANTINE = `select problems, first_ms as firstMs, last_ms as lastMs, resolved_ms as resolvedMs, run_id as runId
  from quarantine where kind = 'meeting' and source_id = ?1`;

const CHUNK_STATES = `select state, coalesce(${OF_LIVE_INDEX}, 0) as isLive, count(*) as count from chunks
  where document_id = ?1 group by 1, 2 order by 2 desc, 1`;

const chunkStep = (step: string): string =>
  `select '${step}' as step, ${step}_ms as atMs, count(*) as count from chunks
   where document_id = ?1 and ${step}_ms is not null group by ${step}_ms`;

const CHUNK_STEPS = `select *, count(*) over () as total from (
  ${["planned", "sent", "live", "dead"].map(chunkStep).join(" union all ")}) order by atMs desc limit ?2`;

const ABSENCE = `select first_ms as firstMs, second_ms as secondMs, approved_ms as approvedMs from absences where source_id = ?1`;

const DELETIONS = `select first_ms as firstMs, second_ms as secondMs, looked_ms as lookedMs, decided_by as decidedBy,
    deleted_ms as atMs, run_id as runId, restored_ms as restoredMs, seen_ms as seenMs, count(*) over () as total
  from deletions where source_id = ?1 order by deleted_ms desc limit ?2`;

async function meetingFacts(database: Database, id: string, limit: number): Promise<MeetingFacts | null> {
  const results = await database.batch([
    statement(SIGHTING, id),
    statement(RECORD, id),
    statement(QUARANTINE, id),
    statement("select reason, retry_ms as retryMs from refusals where document_id = ?1", id),
    statement(CHUNK_STATES, id),
    statement(CHUNK_STEPS, id, limit),
    statement(VERDICTS, id, id, limit),
    statement(ATTEMPTS, id, id, limit),
    statement(ABSENCE, id),
    statement(DELETIONS, id, limit),
  ]);
  const [sightings, records, quarantined, refusals, states, steps, verdicts, attempts, absence, deletions] =
    results;
  const first = <T>(result: D1Result | undefined): T | null => (result?.results[0] as T | undefined) ?? null;
  const sighting = first<MeetingFacts["sighting"]>(sightings);
  if (sighting === null) return null;
  const quarantine = first<NonNullable<MeetingFacts["quarantine"]> & { problems: unknown }>(quarantined);
  return {
    sighting,
    record: first(records),
    quarantine:
      quarantine === null ? null : { ...quarantine, problems: JSON.parse(String(quarantine.problems)) },
    refusal: first(refusals),
    chunks: ((states?.results ?? []) as { state: string; isLive: number; count: number }[]).map((row) => ({
      ...row,
      isLive: row.isLive === 1,
    })),
    chunkSteps: plainCut(steps),
    absence: first(absence),
    deletions: plainCut(deletions),
    verdicts: plainCut(verdicts),
    attempts: plainCut(attempts),
  };
}

type Asked = { readonly sync: TableName; readonly subject: PageSubject; readonly limit: number };

/** ?1 the sync, ?2 the record, ?3 how many. */
const HISTORY = `select column_name as column, side, value, replaced_by as replacedBy, run_id as runId, at_ms as atMs,
    count(*) over () as total
  from history where sync = ?1 and record_id = ?2 order by at_ms desc, id limit ?3`;

const PUSHES = `select kind, (select json_group_array(key) from json_each(fields)) as columns, run_id as runId,
    sent_ms as atMs, settled_ms as settledMs, outcome, is_forced as isForced, count(*) over () as total
  from pushes where sync = ?1 and record_id = ?2 order by sent_ms desc, id limit ?3`;

const CONFLICTS = `select column_name as column, notion, d1, base, taken, by_person as isByPerson, run_id as runId,
    at_ms as atMs, resolved_ms as resolvedMs, count(*) over () as total
  from conflicts where sync = ?1 and record_id = ?2 order by at_ms desc, id limit ?3`;

/** ?1 the sync, ?2 the page, ?3 how many. */
const REVIEWS = `select reason, at_ms as atMs, decision, decided_ms as decidedMs, count(*) over () as total
  from reviews where sync = ?1 and page_id = ?2 order by at_ms desc, id limit ?3`;

const FIELDS = `select column_name as column, problem, run_id as runId, first_ms as atMs, count(*) over () as total
  from quarantined_fields where sync = ?1 and page_id = ?2 order by first_ms desc, column_name limit ?3`;

const PAGE = `select state, observed_ms as observedMs, edited_ms as editedMs, owed as isOwed, again_ms as againMs, sweep as listedBy,
    (select count(*) from json_each(bases)) as agreed
  from notion_pages where sync = ?1 and page_id = ?2`;

function pageStatements({ sync, subject, limit }: Asked): Statement[] {
  // What is not known is asked for by a word that is no id.
  const [recordId, pageId] = [subject.recordId ?? "", subject.pageId ?? ""];
  const either = [recordId || pageId, pageId || recordId] as const;
  const row = `select ${NAMES[sync]} as name, deleted_ms as deletedMs, created_at as createdAt,
      version, cast(changed_real_ms as integer) as changedRealMs
    from ${sync} left join row_versions on sync = ?1 and record_id = id where id = ?2`;
  return [
    statement(PAGE, sync, pageId),
    statement(row, sync, recordId),
    statement(FIELDS, sync, pageId, limit),
    statement(HISTORY, sync, recordId, limit),
    statement(PUSHES, sync, recordId, limit),
    statement(CONFLICTS, sync, recordId, limit),
    statement(REVIEWS, sync, pageId, limit),
    statement(VERDICTS, ...either, limit),
    statement(ATTEMPTS, ...either, limit),
  ];
}

type PageRow = Omit<NonNullable<PageFacts["page"]>, "isOwed"> & { readonly isOwed: number };
type HistoryText = {
  value: string;
  replacedBy: string;
  column: string;
  side: string;
  runId: string;
  atMs: number;
};
type Push = PageFacts["pushes"]["items"][number];
type PushRow = Omit<Push, "columns" | "isForced"> & { readonly columns: string; readonly isForced: number };
type Conflict = PageFacts["conflicts"]["items"][number];
type ConflictRow = Omit<Conflict, "notion" | "d1" | "base" | "isByPerson"> & {
  readonly notion: string;
  readonly d1: string;
  readonly base: string | null;
  readonly isByPerson: number;
};

async function pageFacts(database: Database, asked: Asked): Promise<PageFacts> {
  const results = await database.batch(pageStatements(asked));
  const [pages, rows, fields, history, pushes, conflicts, reviews, verdicts, attempts] = results;
  const [page] = (pages?.results ?? []) as PageRow[];
  const [record] = (rows?.results ?? []) as NonNullable<PageFacts["record"]>[];
  return {
    page: page === undefined ? null : { ...page, isOwed: page.isOwed === 1 },
    record: record ?? null,
    fields: plainCut(fields),
    history: cutOf(history, (row: HistoryText) => ({
      ...row,
      value: JSON.parse(row.value) as FieldValue,
      replacedBy: JSON.parse(row.replacedBy) as FieldValue,
    })),
    pushes: cutOf(pushes, (row: PushRow) => ({
      ...row,
      columns: JSON.parse(row.columns) as string[],
      isForced: row.isForced === 1,
    })),
    conflicts: cutOf(conflicts, conflictOf),
    reviews: plainCut(reviews),
    verdicts: plainCut(verdicts),
    attempts: plainCut(attempts),
  };
}

function conflictOf({ notion, d1, base, isByPerson, ...row }: ConflictRow): Conflict {
  const [inNotion = null, inD1 = null] = base === null ? [] : (JSON.parse(base) as FieldValue[]);
  const agreed: Base | null = base === null ? null : { notion: inNotion, d1: inD1 };
  return {
    ...row,
    notion: JSON.parse(notion) as FieldValue,
    d1: JSON.parse(d1) as FieldValue,
    base: agreed,
    isByPerson: isByPerson === 1,
  };
}
