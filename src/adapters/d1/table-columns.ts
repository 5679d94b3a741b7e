import type { FieldValue } from "../../core/merge.ts";
import type { Bases, KnownPage, Push, Row } from "../../ports/table-store.ts";
import { TABLES, writtenColumns, type TableName } from "../../core/records/table.ts";

/** Columns of a table, and how a row of it is read as JSON in SQL; names in SQL come from here and from nowhere else. */
export function columnsOf(sync: TableName): { names: readonly string[]; rowJson: string } {
  const names = writtenColumns(TABLES[sync]);
  const pairs = names.map((name) => `'${name}', record.${name}`).join(", ");
  return { names, rowJson: `json_object(${pairs})` };
}

/** Pushes of a page that are remembered as ours: an older one cannot land any more, it would have within a minute. */
const PUSHES_REMEMBERED = 10;
/** Longer ones are given for one page only: a hundred pages are read at once. */
const PUSH_CHARS_SHOWN = 1_500;

/** What was last sent to `page`, newest first; a condition on it may follow. */
const LAST_SENT = `select push.fields from pushes as push where push.sync = page.sync and push.record_id = page.record_id
  and push.page_id = page.page_id order by push.sent_ms desc limit ${PUSHES_REMEMBERED}`;

/** Selects what was sent to page ?2 of sync ?1. */
export const SENT_TO = `select (select json_group_array(json(fields)) from (${LAST_SENT})) as sent
  from notion_pages as page where page.sync = ?1 and page.page_id = ?2`;

/** What a query of pages gives. */
export type PageRow = {
  page_id: string;
  record_id: string | null;
  state: KnownPage["state"];
  bases: string;
  page_hash: string;
  version: number;
  observed_ms: number;
  edited_ms: number;
  owed: number;
  put_off_ms: number | null;
  row_id: string | null;
  row_values: string;
  extra: string | null;
  deleted_ms: number | null;
  row_version: number | null;
  changed_real_ms: number | null;
  open_push: string | null;
  sent: string;
  decisions: string;
  notion_id: string | null;
  binding: string | null;
};

/** A push as JSON in SQL, from a row of `pushes` named `push`. */
export const PUSH_JSON = `json_object('id', push.id, 'recordId', push.record_id, 'pageId', push.page_id, 'kind', push.kind,
  'fields', json(push.fields), 'sentMs', push.sent_ms, 'readMs', push.read_ms, 'isForced', json(iif(push.is_forced, 'true', 'false')),
  'looks', push.looks)`;

/** Selects everything that is known of pages; a condition on `page` follows. */
export function selectPages(sync: TableName): string {
  return `select page.*, record.id as row_id, ${columnsOf(sync).rowJson} as row_values, record.extra, record.deleted_ms,
      record.notion_id, versions.version as row_version, versions.changed_real_ms,
      (select ${PUSH_JSON} from pushes as push where push.sync = page.sync and push.record_id = page.record_id
         and push.settled_ms is null order by push.sent_ms desc limit 1) as open_push,
      (select json_group_array(json(iif(length(fields) > ${PUSH_CHARS_SHOWN}, 'null', fields))) from (${LAST_SENT})) as sent,
      (select json_group_array(json_object('column', column_name, 'notion', notion -> '$', 'd1', d1 -> '$', 'take', taken))
         from conflicts where conflicts.sync = page.sync and conflicts.record_id = page.record_id
         and by_person = 1 and taken is not null) as decisions,
      (select decision from reviews where reviews.sync = page.sync and reviews.page_id = page.page_id
         and (decision is not null or page.record_id is not null)
         order by iif(page.record_id is null, decided_ms, at_ms) desc limit 1) as binding
    from notion_pages as page
      left join ${sync} as record on record.id = page.record_id
      left join row_versions as versions on versions.sync = page.sync and versions.record_id = page.record_id
    where page.sync = '${sync}'`;
}

/** Values by column of what was sent; `isCut` if some was left out for its length. */
export function sentOf(text: string): { readonly sent: KnownPage["sent"]; readonly isCut: boolean } {
  const pushes = JSON.parse(text) as (Push["fields"] | null)[];
  const sent: Record<string, FieldValue[]> = {};
  for (const fields of pushes)
    for (const [column, { value }] of Object.entries(fields ?? {})) (sent[column] ??= []).push(value);
  return { sent, isCut: pushes.includes(null) };
}

/** A row of pages as the port names it. */
export function knownPageOf(row: PageRow): KnownPage {
  const { sent, isCut } = sentOf(row.sent);
  return {
    pageId: row.page_id,
    recordId: row.record_id,
    state: row.state,
    bases: basesOf(row.bases),
    pageHash: row.page_hash,
    version: row.version,
    observedMs: row.observed_ms,
    editedMs: row.edited_ms,
    isOwed: row.owed === 1,
    putOffMs: row.put_off_ms,
    row: row.row_id === null ? null : rowOf({ ...row, id: row.row_id }),
    rowVersion: row.row_version,
    changedRealMs: row.changed_real_ms,
    openPush: row.open_push === null ? null : (JSON.parse(row.open_push) as Push),
    sent,
    isSentCut: isCut,
    decisions: JSON.parse(row.decisions) as KnownPage["decisions"],
    binding: row.binding,
  };
}

/** A row of a table as the port names it. */
export function rowOf(row: {
  id: string;
  row_values: string;
  extra: string | null;
  notion_id: string | null;
  deleted_ms: number | null;
}): Row {
  return {
    id: row.id,
    values: JSON.parse(row.row_values) as Row["values"],
    extra: row.extra ?? "{}",
    notionId: row.notion_id,
    deletedMs: row.deleted_ms,
  };
}

/** Bases as they are stored: pairs by column. */
export function basesJson(bases: Bases): Record<string, readonly [FieldValue, FieldValue]> {
  return Object.fromEntries(Object.entries(bases).map(([column, { notion, d1 }]) => [column, [notion, d1]]));
}

function basesOf(text: string): Bases {
  const pairs = JSON.parse(text) as Record<string, [FieldValue, FieldValue]>;
  return Object.fromEntries(Object.entries(pairs).map(([column, [notion, d1]]) => [column, { notion, d1 }]));
}
