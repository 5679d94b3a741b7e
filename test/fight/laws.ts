import { statusOf } from "../../src/core/mapping/project-status.ts";
import type { FightEstate } from "./estate.ts";
import { nameIn, TYPED_COLUMNS } from "./people.ts";
import type { Typed, TypedValues } from "./typed.ts";

type Row = Record<string, string | number | null>;

/** What the laws look at: Notion as it is, and D1 by plain SQL. */
export type Sides = Pick<FightEstate, "notion" | "rows">;

/** Whether both sides are equal, and what is not, once nobody edits and nothing waits. */
export async function equalityBreaches(estate: Sides): Promise<string[]> {
  const { notion, rows } = estate;
  const pages = notion.pages("projects");
  const bound = await rows<{ page_id: string; record_id: string; state: string }>(
    "select page_id, record_id, state from notion_pages where sync = 'projects' and record_id is not null",
  );
  const records = new Map((await rows<Row>("select * from projects")).map((row) => [String(row["id"]), row]));
  const breaches: string[] = [];
  const seen = new Map<string, number>();
  for (const { page_id: pageId, record_id: recordId } of bound) {
    seen.set(recordId, (seen.get(recordId) ?? 0) + 1);
    const page = pages.find(({ id }) => id === pageId);
    // What cannot be seen is left as it is, on both sides.
    if (page === undefined || !page.isShared) continue;
    const row = records.get(recordId);
    const isGone = row === undefined || row["deleted_ms"] !== null;
    if (page.isTrashed !== isGone) {
      breaches.push(
        `page ${pageId} is ${page.isTrashed ? "trashed" : "live"}, and its row is ${isGone ? "gone" : "live"}`,
      );
      continue;
    }
    if (row === undefined || page.isTrashed) continue;
    for (const [column, shown] of comparedOf(estate, page.values)) {
      const held = row[column] ?? null;
      if (shown !== undefined && shown !== held)
        breaches.push(
          `${column} of ${recordId}: Notion shows ${JSON.stringify(shown)}, D1 holds ${JSON.stringify(held)}`,
        );
    }
  }
  for (const [recordId, times] of seen)
    if (times > 1) breaches.push(`${recordId} is bound to ${times} pages`);
  const boundPages = new Set(bound.map(({ page_id: id }) => id));
  const aside = new Set(
    (await rows<{ page_id: string }>("select page_id from notion_pages where record_id is null")).map(
      ({ page_id: id }) => id,
    ),
  );
  for (const page of pages)
    if (!page.isTrashed && page.isShared && !boundPages.has(page.id) && !aside.has(page.id))
      breaches.push(`page ${page.id} is bound to nothing and set aside nowhere`);
  const seenPages = new Set(
    (
      await rows<{ id: string }>(
        "select page_id as id from notion_pages union select page_id from pushes where page_id is not null",
      )
    ).map(({ id }) => id),
  );
  const marks = new Map<string, number>();
  for (const { id, isTrashed, isShared, createdBy, values } of pages) {
    const mark = String(values["Sync ID"] ?? "");
    // A page whose making was never answered and that a person hid at once is seen by no search: it is made again.
    const wasSeen = isShared || seenPages.has(id);
    if (!isTrashed && wasSeen && createdBy === "bot" && mark !== "")
      marks.set(mark, (marks.get(mark) ?? 0) + 1);
  }
  for (const [mark, times] of marks) if (times > 1) breaches.push(`${times} pages were made for ${mark}`);
  const paged = new Set(bound.map(({ record_id: id }) => id));
  for (const [id, row] of records)
    if (row["deleted_ms"] === null && !paged.has(id)) breaches.push(`row ${id} has no page`);
  return breaches;
}

/** Pages that somebody took out of the trash and that are there again, though nobody has deleted them since. */
export function trashedAgain({ notion }: Sides, restored: ReadonlySet<string>): string[] {
  return notion
    .pages("projects")
    .filter(({ id, isTrashed, isShared }) => restored.has(id) && isTrashed && isShared)
    .map(({ id }) => `page ${id} was taken out of the trash by a person and is there again`);
}

function comparedOf(
  { notion }: Sides,
  values: Readonly<Record<string, unknown>>,
): [string, string | number | null | undefined][] {
  const texts = (Object.keys(TYPED_COLUMNS) as (keyof typeof TYPED_COLUMNS)[]).map(
    (column): [string, string | null] => [column, (values[nameIn(notion, column)] as string | null) || null],
  );
  const label = values["Phase"];
  const start = values["Start Date"] as { start: string } | string | null;
  return [
    ...texts,
    ["estimated_value", (values["Est Revenue"] as number | null) ?? null],
    // An unknown label is set aside; D1 keeps what it had.
    ["status", typeof label === "string" ? (statusOf(label) ?? undefined) : undefined],
    ["start_date", start === null || typeof start === "string" ? start : start.start],
  ];
}

/** Values that nobody replaced and that stand nowhere any more. */
export async function lostValues(
  estate: Sides,
  typed: TypedValues,
): Promise<{ lost: string[]; suspected: string[] }> {
  const { notion, rows } = estate;
  const kept = new Set<string>();
  for (const page of notion.pages("projects"))
    for (const value of Object.values(page.values)) kept.add(String(value));
  for (const row of await rows<Row>("select * from projects"))
    for (const value of Object.values(row)) kept.add(String(value));
  const spoken = [
    ...(await rows<{ value: string }>("select value from history")),
    ...(await rows<{ value: string }>(
      "select notion as value from conflicts union all select d1 from conflicts",
    )),
  ];
  for (const { value } of spoken) kept.add(String(JSON.parse(value)));
  const windows = new Set((await lostInWindows(estate, typed)).map(({ value }) => value));
  const gone = typed.all().filter(({ value, isReplaced }) => !isReplaced && !kept.has(value));
  const sentence = ({ value, column, place, side }: Typed): string =>
    `${value} (${column} of ${place}, ${side})`;
  return {
    lost: gone.filter(({ value }) => !windows.has(value)).map(sentence),
    suspected: gone.filter(({ value }) => windows.has(value)).map(sentence),
  };
}

/** Values that were typed between the reading that a push of the same field rests on and its latest possible landing. */
async function lostInWindows({ rows }: Sides, typed: TypedValues): Promise<Typed[]> {
  const pushes = await rows<{ page_id: string; fields: string; read_ms: number; sent_ms: number }>(
    "select page_id, fields, read_ms, sent_ms from pushes where kind = 'update'",
  );
  return typed
    .all()
    .filter(({ side, place, column, atMs }) =>
      pushes.some(
        (push) =>
          side === "notion" &&
          push.page_id === place &&
          column in (JSON.parse(push.fields) as object) &&
          push.read_ms <= atMs &&
          atMs <= push.sent_ms + 60_000,
      ),
    );
}

type Held = ReadonlyMap<string, Row>;

/** What D1 holds, by record. */
export async function heldValues({ rows }: Sides): Promise<Held> {
  return new Map((await rows<Row>("select * from projects")).map((row) => [String(row["id"]), row]));
}

/** Values that a run replaced in D1 and wrote down nowhere. Nobody else may have written meanwhile. */
export async function unrecorded(estate: Sides, before: Held): Promise<string[]> {
  const after = await heldValues(estate);
  const kept = await historyOf(estate, "d1");
  const breaches: string[] = [];
  for (const [id, row] of before)
    for (const column of Object.keys(TYPED_COLUMNS)) {
      const [was, is] = [row[column] ?? null, after.get(id)?.[column] ?? null];
      const isKept = kept.has(`${id} ${column} ${was}`);
      if (after.has(id) && was !== null && was !== is && !isKept)
        breaches.push(`${was} (${column} of ${id}) was replaced in D1 and stands in no history`);
    }
  return breaches;
}

/** Values that our bot replaced in Notion and that stand in no history, unless they were typed into a window of a push. */
export async function unrecordedPushes(estate: Sides, typed: TypedValues): Promise<string[]> {
  const { notion, rows } = estate;
  const kept = await historyOf(estate, "notion");
  const records = new Map(
    (await rows<{ page_id: string; record_id: string }>("select page_id, record_id from notion_pages")).map(
      ({ page_id: page, record_id: record }) => [page, record],
    ),
  );
  const inWindow = new Set((await lostInWindows(estate, typed)).map(({ value }) => value));
  const breaches: string[] = [];
  const writers = new Map<string, string>();
  for (const { pageId, propertyId, by, previous, value } of notion.edits()) {
    const place = `${pageId} ${propertyId}`;
    // What our own late write replaces is ours as well, and D1 holds it.
    const isOfPerson = writers.get(place) !== "bot" && /^v\d+$/.test(String(previous));
    writers.set(place, by);
    const isKept = inWindow.has(String(previous)) || kept.has(`${records.get(pageId)} ${String(previous)}`);
    if (by === "bot" && isOfPerson && previous !== value && !isKept)
      breaches.push(`${String(previous)} of page ${pageId} was replaced in Notion and stands in no history`);
  }
  return breaches;
}

async function historyOf({ rows }: Sides, side: "notion" | "d1"): Promise<Set<string>> {
  const entries = await rows<{ record_id: string; column_name: string; value: string }>(
    `select record_id, column_name, value from history where side = '${side}'`,
  );
  return new Set(
    entries.map(({ record_id: id, column_name: column, value }) =>
      side === "d1" ? `${id} ${column} ${JSON.parse(value)}` : `${id} ${JSON.parse(value)}`,
    ),
  );
}
