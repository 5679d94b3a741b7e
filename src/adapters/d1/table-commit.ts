import type { TableName } from "../../core/records/table.ts";
import { sha256Hex } from "../../core/identity.ts";
import { announcedPages } from "./announced-rows.ts";
import type { PageChange, TableCommit } from "../../ports/table-store.ts";
import { forRows, statement, type Statement } from "./database.ts";
import { conflictRows, historyRows, keptStatements, type KeptEntry } from "./kept-values.ts";
import { checkpoint as checkpointStatement, VERDICT_CONFLICT } from "./page-commit.ts";
import { basesJson, columnsOf } from "./table-columns.ts";

/** Holds for the changes of this batch whose row stands as it was read; `item` is a change as JSON. */
const APPLIES = `exists (select 1 from applied where batch = ?2 and page_id = item.value ->> 'pageId')`;

type Item = {
  readonly pageId: string;
  readonly recordId: string | null;
  readonly history: readonly KeptEntry[];
  readonly conflicts: readonly KeptEntry[];
  readonly [name: string]: unknown;
};

/**
 * One batch that writes what became of pages. First it is noted which rows stand as they were read; everything else is
 * written for these alone, and the note is taken away again.
 *
 * @param batchId unique for this commit
 * @returns statements, of which the one before the last gives the ids of the pages that were written
 */
export async function commitStatements(batchId: string, commit: TableCommit): Promise<Statement[]> {
  const { sync, runId, nowMs } = commit;
  const items = await Promise.all(commit.changes.map((change) => itemOf(sync, change)));
  const values = [batchId, sync, runId, nowMs];
  const each = (sql: string, rows: readonly Item[] = items): Statement[] =>
    forRows(
      rows.map((item) => only(item, namedIn(sql))),
      sql,
      ...values.slice(0, highest(sql) - 1),
    );
  return [
    ...each(
      `insert into applied (batch, page_id) select ?2, item.value ->> 'pageId' from json_each(?1) as item
       where item.value ->> 'recordId' is null or (item.value ->> 'rowVersion') is
         (select version from row_versions where sync = ?3 and record_id = item.value ->> 'recordId')`,
    ),
    ...verdicts(each),
    ...keptStatements(
      {
        history: items.flatMap(({ pageId, history }) => history.map((entry) => ({ ...entry, pageId }))),
        conflicts: items.flatMap(({ pageId, conflicts }) => conflicts.map((entry) => ({ ...entry, pageId }))),
      },
      { sync, runId, nowMs },
      {
        sql: "exists (select 1 from applied where batch = ?5 and page_id = entry.value ->> 'pageId')",
        values: [batchId],
      },
    ),
    ...rows(sync, items, each),
    ...each(PAGES),
    ...aside(each, items),
    ...brokenStatements(commit),
    ...listingStatements(batchId, commit),
    ...announcedPages(commit, batchId, APPLIES),
    statement("select page_id from applied where batch = ?1", batchId),
    statement("delete from applied where batch = ?1", batchId),
  ];
}

/** The last numbered parameter of a statement: D1 takes no value that none stands for. */
function highest(sql: string): number {
  return Math.max(1, ...Array.from(sql.matchAll(/\?(\d+)/g), ([, number]) => Number(number)));
}

/** What a statement reads of an item: it is given that and nothing else, since SQLite parses all it is given. */
function namedIn(sql: string): ReadonlySet<string> {
  return new Set(Array.from(sql.matchAll(/item\.value ->>? '(?:\$\.)?(\w+)/g), ([, name]) => name ?? ""));
}

function only(item: Item, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

type Each = (sql: string, rows?: readonly Item[]) => Statement[];

function verdicts(each: Each): Statement[] {
  return each(
    `insert into run_items (run_id, item_id, verdict, reason)
     select ?4, coalesce(item.value ->> 'recordId', item.value ->> 'pageId'), item.value ->> 'verdict', item.value ->> 'reason'
     from json_each(?1) as item where item.value ->> 'verdict' is not null and ${APPLIES} ${VERDICT_CONFLICT}`,
  );
}

/** Rows that are new, and columns of those that are there: never more of them than changed. */
function rows(sync: TableName, items: readonly Item[], each: Each): Statement[] {
  const { names } = columnsOf(sync);
  const written = items.filter(({ row }) => row !== null);
  const isNew = (item: Item): boolean => (item["row"] as { isNew: boolean }).isNew;
  const set = names.map(
    (name) => `${name} = iif(json_type(item.value, '$.row.set.${name}') is null,
      ${sync}.${name}, item.value ->> '$.row.set.${name}')`,
  );
  return [
    ...each(
      `insert into ${sync} (id, ${names.join(", ")}, notion_id, extra, deleted_ms, created_at, updated_at)
       select item.value ->> 'recordId', ${names.map((name) => `item.value ->> '$.row.set.${name}'`).join(", ")},
         item.value ->> 'pageId', coalesce(item.value ->> '$.row.extra', '{}'), item.value ->> '$.row.deletedMs',
         strftime('%Y-%m-%dT%H:%M:%fZ', ?5 / 1000.0, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%fZ', ?5 / 1000.0, 'unixepoch')
       from json_each(?1) as item where ${APPLIES}`,
      written.filter(isNew),
    ),
    ...each(
      `update ${sync} set ${set.join(", ")}, notion_id = item.value ->> 'pageId',
         extra = coalesce(item.value ->> '$.row.extra', ${sync}.extra), deleted_ms = item.value ->> '$.row.deletedMs',
         updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', ?5 / 1000.0, 'unixepoch')
       from json_each(?1) as item where ${sync}.id = item.value ->> 'recordId' and ${APPLIES}`,
      written.filter((item) => !isNew(item)),
    ),
  ];
}

/** After the rows: the version that the triggers have just made is the one that was merged. */
const PAGES = `insert into notion_pages (sync, page_id, record_id, state, bases, page_hash, version, observed_ms, edited_ms, owed,
    put_off_ms, again_ms)
  select ?3, item.value ->> 'pageId', item.value ->> 'recordId', item.value ->> 'state', item.value -> 'bases',
    item.value ->> 'pageHash', coalesce((select version from row_versions where sync = ?3
      and record_id = item.value ->> 'recordId'), 0), item.value ->> 'observedMs', item.value ->> 'editedMs',
    item.value ->> 'owed', item.value ->> 'putOffMs', item.value ->> 'againMs'
  from json_each(?1) as item where ${APPLIES}
  on conflict (sync, page_id) do update set record_id = excluded.record_id, state = excluded.state, bases = excluded.bases,
    page_hash = excluded.page_hash, version = excluded.version, observed_ms = excluded.observed_ms,
    edited_ms = excluded.edited_ms, owed = excluded.owed, put_off_ms = excluded.put_off_ms, again_ms = excluded.again_ms`;

/** Values and pages that are kept aside, the end of those that are not any more, and of a push that a reading settles. */
function aside(each: Each, items: readonly Item[]): Statement[] {
  return [
    ...each(
      `delete from quarantined_fields where sync = ?3
         and page_id in (select item.value ->> 'pageId' from json_each(?1) as item where ${APPLIES})
         and (page_id, column_name) not in (select item.value ->> 'pageId', entry.value ->> 'column'
           from json_each(?1) as item, json_each(item.value -> 'problems') as entry)`,
      items.filter(({ problems }) => problems !== null),
    ),
    ...each(
      `insert into quarantined_fields (sync, page_id, column_name, problem, value, run_id, first_ms)
       select ?3, item.value ->> 'pageId', entry.value ->> 'column', entry.value ->> 'problem', entry.value -> 'value', ?4, ?5
       from json_each(?1) as item, json_each(item.value -> 'problems') as entry where ${APPLIES}
       on conflict (sync, page_id, column_name) do update set problem = excluded.problem, value = excluded.value,
         run_id = excluded.run_id`,
      items.filter(({ problems }) => problems !== null && (problems as unknown[]).length > 0),
    ),
    ...each(
      `insert into reviews (id, sync, page_id, candidates, reason, at_ms)
       select item.value ->> 'reviewId', ?3, item.value ->> 'pageId', item.value -> '$.review.candidates',
         item.value ->> '$.review.reason', ?5
       from json_each(?1) as item where ${APPLIES} on conflict (id) do nothing`,
      items.filter(({ review }) => review !== null),
    ),
    ...each(
      `update pushes set settled_ms = ?5, outcome = item.value ->> '$.settled.outcome'
       from json_each(?1) as item where pushes.id = item.value ->> '$.settled.id' and settled_ms is null and ${APPLIES}`,
      items.filter(({ settled }) => settled !== null),
    ),
  ];
}

/** Pages that could not be read: a verdict each, and a place aside for those that nothing is known of. */
function brokenStatements({ sync, runId, nowMs, broken }: TableCommit): Statement[] {
  return [
    ...forRows(
      broken,
      `insert into notion_pages (sync, page_id, record_id, state, bases, page_hash, version, observed_ms, edited_ms, owed,
         put_off_ms, again_ms)
       select ?2, value ->> 'pageId', null, 'quarantined', '{}', '', 0, 0, 0, 0, null, null from json_each(?1) where true
       on conflict (sync, page_id) do nothing`,
      sync,
    ),
    ...forRows(
      broken,
      `insert into quarantined_fields (sync, page_id, column_name, problem, value, run_id, first_ms)
       select ?2, page_id, 'page', substr(value ->> 'reason', length('page ') + 1), 'null', ?3, ?4 from json_each(?1), notion_pages
       where sync = ?2 and page_id = value ->> 'pageId' and record_id is null
       on conflict (sync, page_id, column_name) do update set problem = excluded.problem, run_id = excluded.run_id`,
      sync,
      runId,
      nowMs,
    ),
    ...forRows(
      broken,
      `insert into run_items (run_id, item_id, verdict, reason)
       select ?3, coalesce(record_id, page_id), 'quarantined', value ->> 'reason' from json_each(?1), notion_pages
       where sync = ?2 and page_id = value ->> 'pageId' ${VERDICT_CONFLICT}`,
      sync,
      runId,
    ),
  ];
}

/** What was counted or looked at; and the listing that showed it. */
function listingStatements(batchId: string, commit: TableCommit): Statement[] {
  const { sync, runId, nowMs, untouched, counted, line, listing } = commit;
  const before = new Set(counted);
  // Only those that have no verdict in this run: a page that was committed and whose reply was lost looks untouched now.
  const counts = forRows(
    untouched.filter((id) => !before.has(id)),
    `insert into run_items (run_id, item_id, verdict, items)
     select ?2, ?3 || ':unchanged', 'unchanged', items from (select count(*) as items from json_each(?1) as page where not exists (
       select 1 from run_items where run_id = ?2 and item_id in (page.value,
         (select record_id from notion_pages where sync = ?4 and page_id = page.value)))) where items > 0
     on conflict (run_id, item_id) do nothing`,
    runId,
    line,
    sync,
  );
  // A page that was asked for by itself was seen now, even if there is nothing to do about it.
  const looked = forRows(
    listing === null ? untouched : [],
    "update notion_pages set observed_ms = max(observed_ms, ?3) where sync = ?2 and page_id in (select value from json_each(?1))",
    sync,
    nowMs,
  );
  if (listing === null) return [...counts, ...looked];
  return [...counts, ...seenStatements(batchId, listing, commit)];
}

/**
 * What a listing has shown: its own row with the number of its ids, its mark on their pages, which tells later what it did
 * not show, and where it goes on. Written with the last of a reply's pages: one whose row changed meanwhile comes in
 * another batch, and until then the reply has not been taken.
 */
function seenStatements(
  batchId: string,
  { listing: seen, checkpoint, shown }: NonNullable<TableCommit["listing"]>,
  { sync, runId, nowMs, changes }: TableCommit,
): Statement[] {
  const isWhole = (first: number): string =>
    `(select count(*) from applied where batch = ?${first}) = ?${first + 1}`;
  const whole = [batchId, new Set(changes.map(({ pageId }) => pageId)).size];
  // Only a listing of everything tells what is missing from it.
  const ids = seen.kind === "backfill" ? shown : [];
  return [
    statement(
      `insert into discoveries (id, sync, kind, floor_ms, ceiling_ms, started_ms, completed_ms, pages, rows_seen, end_reason)
       select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 where ${isWhole(11)}
       on conflict (id) do update set completed_ms = excluded.completed_ms, pages = excluded.pages,
         rows_seen = excluded.rows_seen, end_reason = excluded.end_reason`,
      seen.id,
      sync,
      seen.kind,
      seen.floorMs,
      seen.ceilingMs,
      seen.startedMs,
      seen.completedMs,
      seen.pages,
      seen.rowsSeen,
      seen.endReason,
      ...whole,
    ),
    // Before the mark, so that what was shown twice, or is written twice, counts once.
    ...forRows(
      ids,
      `update discoveries set ids_listed = ids_listed + (select count(distinct shown.value) from json_each(?1) as shown
         where not exists (select 1 from notion_pages where sync = ?2 and page_id = shown.value and sweep = ?3))
       where id = ?3 and ${isWhole(4)}`,
      sync,
      seen.id,
      ...whole,
    ),
    ...forRows(
      ids,
      `update notion_pages set sweep = ?3 where sync = ?2 and page_id in (select value from json_each(?1)) and ${isWhole(4)}`,
      sync,
      seen.id,
      ...whole,
    ),
    checkpointStatement(sync, { runId, nowMs, checkpoint }, isWhole(5), ...whole),
  ];
}

async function itemOf(sync: TableName, change: PageChange): Promise<Item> {
  const { pageId, recordId, bases, isOwed, review, history, conflicts, ...rest } = change;
  return {
    ...rest,
    pageId,
    recordId,
    bases: basesJson(bases),
    owed: isOwed ? 1 : 0,
    review,
    reviewId: review === null ? null : await reviewId(sync, pageId, review),
    history: await historyRows(sync, recordId ?? "", change.observedMs, history),
    conflicts: await conflictRows(sync, recordId ?? "", conflicts),
  };
}

/** Named by what is in doubt, so that the same doubt in every run is one row. */
async function reviewId(
  sync: TableName,
  pageId: string,
  { candidates, rowVersion }: NonNullable<PageChange["review"]>,
): Promise<string> {
  const deletion = rowVersion === null ? [] : [rowVersion];
  return sha256Hex(JSON.stringify([sync, pageId, candidates, ...deletion]));
}
