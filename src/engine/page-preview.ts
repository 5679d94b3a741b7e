import { NOTION_INDEX_LAG_MS, PREVIEW_QUERIES_MAX, PREVIEW_UNSEEN_MAX } from "../core/policy.ts";
import { planTableListing, type TableCursor } from "../core/table-listing.ts";
import type { FieldValue } from "../core/merge.ts";
import type { PlanItem } from "../core/preview.ts";
import type { NotionPage, PageList } from "../ports/notion.ts";
import type { KnownPage } from "../ports/table-store.ts";
import { durably, type StepScope } from "./durably.ts";
import { call, notionOf, type TableContext, type TableStep } from "./notion-schema.ts";
import { actionsOf, type Previewed } from "./page-actions.ts";
import { absentPage, mergePages, readPages, sortPages, type ReadPage } from "./page-intake.ts";
import { isUntouched } from "./page-changes.ts";
import { afterList, brokenPage, endless, NOTHING_LISTED, queryPages } from "./page-listing.ts";
import { pagesOf, valuesOf } from "./page-writes.ts";
import { isOfOnePage } from "./skipped-page.ts";
import { takeShare, writeShare, type Draft, type Share } from "./plan-draft.ts";
import { plannedRows, type PlannedRow } from "./planned-rows.ts";
import type { RunContext } from "./run-context.ts";

/** What a preview knows of rows once it has looked at every page. */
export type RowsSeen = {
  /** Whether a page will be bound to this row, or whether that will wait for a person. */
  readonly isSpokenFor: (recordId: string) => boolean;
};

/** Longer texts tell no record from another. */
const KEY_CHARS_MAX = 500;

/** What one step found beyond things to do. */
type PageShare = Share & { readonly rows: readonly PlannedRow[]; readonly doubtful: readonly string[] };

type Preview = {
  readonly context: RunContext;
  readonly table: TableContext;
  readonly draft: Draft;
  readonly planned: ReturnType<typeof plannedRows>;
  readonly doubtful: Set<string>;
};

/**
 * Look at every page as a run would, and write nothing but what it would do: all that the data source lists, then the
 * pages that are known and were not listed, each by itself.
 */
export async function previewPages(
  context: RunContext,
  table: TableContext,
  draft: Draft,
): Promise<RowsSeen> {
  const planned = plannedRows();
  const doubtful = new Set<string>();
  const preview = { context, table, draft, planned, doubtful };
  await previewUnseen(preview, await previewListed(preview));
  return { isSpokenFor: (recordId) => planned.isTaken(recordId) || doubtful.has(recordId) };
}

/** What the listing of a preview came to: pages that it merged, and those that it showed as something old. */
type PreviewListed = { readonly seen: Set<string>; readonly old: Set<string> };

async function previewListed(preview: Preview): Promise<PreviewListed> {
  const { context, table } = preview;
  const { world } = context.ports;
  const [seen, old] = [new Set<string>(), new Set<string>()];
  let partial = 0;
  let at: TableCursor = await durably(context, "preview, plan", async () => {
    const now = { id: world.newId(), startedMs: world.nowMs(), ceilingMs: context.run.ceilingMs };
    return planTableListing(NOTHING_LISTED, now);
  });
  for (let n = 1; at.listing.completedMs === null; n += 1) {
    if (n > PREVIEW_QUERIES_MAX) endless(table);
    const before = at;
    const step = await durably(context, `preview, pages:${n}`, (scope) =>
      previewOne(preview, scope, before, seen),
    );
    at = step.at;
    partial += step.partial;
    for (const id of step.ids) seen.add(id);
    for (const id of step.old) old.add(id);
    take(preview, step);
  }
  if (partial > 0) preview.draft.notes.push(`${partial} pages are shown to this token in part only`);
  return { seen, old };
}

async function previewOne(
  preview: Preview,
  scope: StepScope,
  at: TableCursor,
  seen: ReadonlySet<string>,
): Promise<PageShare & { at: TableCursor; ids: string[]; old: string[]; partial: number }> {
  const { context, table } = preview;
  const { tables, world } = context.ports;
  const askedMs = world.nowMs();
  const list = await queryPages(context, scope, table, at);
  const after = afterList(table, at, list, world.nowMs());
  if (list === null)
    return { at: after, ids: [], old: [], partial: 0, digests: [], counts: {}, rows: [], doubtful: [] };
  // A query that was begun anew shows its last moment again.
  const fresh = list.items.filter(({ id }) => !seen.has(id));
  const step = { context, scope, table };
  const pages = await readPages(step, fresh, askedMs - NOTION_INDEX_LAG_MS);
  const known = await tables.pages(
    table.table.name,
    pages.map(({ pageId }) => pageId),
  );
  const unread = list.broken.filter(({ id }) => !seen.has(id));
  const aside = await brokenItems(preview, unread);
  const { untouched, toRead, toMerge } = sortPages(table, pages, known);
  const share = await previewSome(preview, step, toMerge, {
    known,
    wire: new Map(fresh.map((page) => [page.id, page])),
    aside,
  });
  // What is shown in part counts as not listed: a run asks for it by itself.
  const merged = toMerge.map(({ pageId }) => pageId);
  const ids = [...untouched, ...merged, ...list.broken.map(({ id }) => id)];
  const old = toRead.map(({ pageId }) => pageId);
  return { ...share, at: after, ids, old, partial: list.partial.length };
}

/** Pages that cannot be read; those that have stood aside for it are not said again. */
async function brokenItems({ context, table }: Preview, broken: PageList["broken"]): Promise<PlanItem[]> {
  if (broken.length === 0) return [];
  const pages = broken.map(brokenPage);
  const known = await context.ports.tables.pages(
    table.table.name,
    pages.map(({ pageId }) => pageId),
  );
  return pages.flatMap(({ pageId, reason }): PlanItem[] => {
    const before = known.get(pageId);
    const isSaid = before?.state === "quarantined" && before.pageHash === "";
    const named = { recordId: before?.recordId ?? null, pageId, column: null };
    return isSaid ? [] : [{ ...named, action: "set aside", before: null, after: reason }];
  });
}

/** Pages that are known and were not listed as they are; those that a listing should show first. */
async function previewUnseen(preview: Preview, { seen, old }: PreviewListed): Promise<void> {
  const { context, table, draft } = preview;
  const { tables } = context.ports;
  const { name } = table.table;
  const { ids, total } = await durably(context, "preview, unseen", async () => {
    const { items } = await tables.pageIds(name);
    const unseen = [...new Set([...old, ...items])].filter((id) => !seen.has(id));
    return { ids: unseen.slice(0, PREVIEW_UNSEEN_MAX), total: unseen.length };
  });
  let unread = 0;
  for (const pageId of ids) {
    try {
      take(preview, await previewUnlisted(preview, pageId));
    } catch (error) {
      if (!isOfOnePage(error)) throw error;
      unread += 1;
    }
  }
  if (unread > 0) draft.notes.push(`${unread} pages could not be read; nothing is planned for them`);
  if (total > ids.length)
    draft.notes.push(
      `${total} pages are known and were not listed; ${ids.length} of them were looked at by themselves`,
    );
}

/** One page, read by itself. */
function previewUnlisted(preview: Preview, pageId: string): Promise<PageShare> {
  const { context, table } = preview;
  const { tables, world } = context.ports;
  return durably(context, `preview, page:${pageId}`, async (scope) => {
    const known = await tables.pages(table.table.name, [pageId]);
    const before = known.get(pageId);
    if (before === undefined) return { digests: [], counts: {}, rows: [], doubtful: [] };
    const readMs = world.nowMs();
    const page = await call(context, scope, "read", (ms) => notionOf(context).tables.page(pageId, ms));
    const step = { context, scope, table };
    const read = page === null ? [absentPage(before, readMs)] : await readPages(step, [page], readMs);
    // A page with a push under way is merged as it stands, as a run does once the push has had its time.
    const touched = read.filter((one) => !isUntouched(table, one, before));
    const wire = new Map(page === null ? [] : [[pageId, page]]);
    return previewSome(preview, step, touched, { known, wire, aside: [] });
  });
}

type Around = {
  readonly known: ReadonlyMap<string, KnownPage>;
  readonly wire: ReadonlyMap<string, NotionPage>;
  /** Things found beside these pages. */
  readonly aside: readonly PlanItem[];
};

/** Merge pages, write down what would be done about them, and tell what later batches must know of it. */
async function previewSome(
  { context, table, draft, planned }: Preview,
  step: TableStep,
  pages: readonly ReadPage[],
  { known, wire, aside }: Around,
): Promise<PageShare> {
  const merged = await mergePages(step, pages, { known, planned });
  const all = merged.map(({ seen, ...one }): Previewed => {
    const { pageId } = seen;
    return { seen, merged: one, page: wire.get(pageId) ?? null, known: known.get(pageId) ?? null };
  });
  const owed = all.map((one) => valuesOf(one.merged.plan?.toNotion ?? {}));
  const related = await pagesOf(context, table, owed);
  const items = [...aside, ...all.flatMap((one) => actionsOf(table, one, related))];
  return {
    ...(await writeShare(context, table.table.name, draft, items)),
    rows: all.flatMap((one) => plannedOf(table, one)),
    doubtful: all.flatMap((one) => one.merged.change.review?.candidates ?? []),
  };
}

/** What the pages of later batches must find: a row that will be there, or that will have a page or other keys. */
function plannedOf(table: TableContext, { seen, known, merged }: Previewed): PlannedRow[] {
  const { row, recordId } = merged.change;
  const isKnown = known !== null && known.recordId !== null;
  if (recordId === null || row === null || (isKnown && Object.keys(row.set).length === 0)) return [];
  const columns = new Set(table.table.keys.flat());
  const keys = Object.entries(row.set).filter(([column, value]) => columns.has(column) && isKey(value));
  const isNew = row.isNew && !isKnown;
  return [{ id: recordId, pageId: seen.pageId, keys: Object.fromEntries(keys), isNew }];
}

function isKey(value: FieldValue): boolean {
  return typeof value !== "string" || value.length <= KEY_CHARS_MAX;
}

function take({ draft, planned, doubtful }: Preview, share: PageShare): void {
  takeShare(draft, share);
  planned.note(share.rows);
  for (const id of share.doubtful) doubtful.add(id);
}
