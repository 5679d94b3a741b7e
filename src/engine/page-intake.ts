import { readRecord } from "../core/mapping/notion-record.ts";
import { sha256Hex } from "../core/identity.ts";
import { MERGE_TRIES_MAX } from "../core/policy.ts";
import type { NotionPage } from "../ports/notion.ts";
import type { KnownPage, PageChange, Row, TableCommit } from "../ports/table-store.ts";
import { fail } from "./durably.ts";
import { notionOf, type TableContext, type TableStep } from "./notion-schema.ts";
import { withoutHidden } from "./hidden-relations.ts";
import { withWholeLists } from "./whole-lists.ts";
import { bindingsOf, type Planned, type Unbound } from "./page-bindings.ts";
import { changeOf, isUntouched, type Merged, type SeenPage, type View } from "./page-changes.ts";
import type { RunContext } from "./run-context.ts";

/** A page as it was read, with what tells whose it is. */
export type ReadPage = SeenPage & { readonly marker: string | null; readonly isOurs: boolean };

/**
 * Read pages as records, with the lists and texts whole that a reply cut.
 *
 * @param observedMs instant that these replies are known to show, world ms
 */
export async function readPages(
  step: TableStep,
  shown: readonly NotionPage[],
  observedMs: number,
): Promise<ReadPage[]> {
  const { context, table } = step;
  const { tables } = context.ports;
  const pages = await withWholeLists(step, shown);
  const { country } = notionOf(context);
  const relationIds = pages.flatMap(({ properties }) => relationsIn(table, properties));
  const records =
    table.table.relations === null || relationIds.length === 0
      ? new Map<string, string>()
      : await tables.recordsOf(table.table.relations, relationIds);
  const around = { records, names: table.names, markerId: table.markerId, country };
  return Promise.all(
    pages.map(async (page) => {
      const reading = readRecord(table.table, table.mapped, page.properties, around);
      const problems = reading.problems.map(({ column, problem }) => [column, problem]);
      const said = [reading.values, reading.derived, problems, reading.extra];
      const marker = page.properties[table.markerId ?? ""]?.read;
      const mark = marker !== undefined && "value" in marker ? marker.value : null;
      return {
        pageId: page.id,
        view: viewOf(table, page),
        reading,
        hash: await sha256Hex(JSON.stringify(said)),
        editedMs: page.editedMs,
        isEditedByUs: page.editedBy === table.botId,
        observedMs,
        marker: typeof mark === "string" && mark !== "" ? mark : null,
        isOurs: page.createdBy === table.botId,
      };
    }),
  );
}

function viewOf({ dataSourceId }: TableContext, page: NotionPage): View {
  if (page.isTrashed) return "trashed";
  return page.isArchived || page.dataSourceId !== dataSourceId ? "moved" : "live";
}

function relationsIn({ table, mapped }: TableContext, properties: NotionPage["properties"]): string[] {
  return Object.entries(table.columns)
    .filter(([, { kind }]) => kind === "relation")
    .flatMap(([name]) => {
      const read = properties[mapped[name]?.propertyId ?? ""]?.read;
      return read !== undefined && "value" in read && Array.isArray(read.value)
        ? (read.value as readonly string[])
        : [];
    });
}

/** A page that cannot be seen any more. */
export function absentPage(known: KnownPage, observedMs: number): ReadPage {
  return {
    pageId: known.pageId,
    view: "absent",
    reading: { values: {}, derived: {}, problems: [], extra: "{}" },
    hash: known.pageHash,
    editedMs: known.editedMs,
    isEditedByUs: false,
    observedMs,
    marker: null,
    isOurs: false,
  };
}

type Intake = Pick<TableCommit, "line" | "listing" | "broken"> & {
  /** Pages that a line of this run has counted: they get no second verdict. */
  readonly counted: ReadonlySet<string>;
  /** Pages that got a verdict of their own in this run: no line counts them. */
  readonly taken: ReadonlySet<string>;
};

/**
 * Merge pages that a listing showed, and write what became of them. A row that changed meanwhile is merged again.
 *
 * A listing may show what is older than what is known: such a page, and one with a push under way, is only marked to be
 * read by itself.
 *
 * @returns ids of pages with nothing to do that a line counts now, and of the others, broken ones among them
 */
export async function takePages(
  step: TableStep,
  pages: readonly ReadPage[],
  { line, listing, broken, counted, taken }: Intake,
): Promise<{ untouched: string[]; touched: string[] }> {
  const { context, scope, table } = step;
  const { tables, world } = context.ports;
  const { name } = table.table;
  const all = [...pages, ...broken].map(({ pageId }) => pageId);
  let left = pages;
  let untouched: string[] = [];
  for (let tries = 0; tries < MERGE_TRIES_MAX; tries += 1) {
    const known = await tables.pages(
      name,
      left.map(({ pageId }) => pageId),
    );
    const sorted = sortPages(table, left, known);
    const still = sorted.untouched;
    const merged = await mergePages(step, sorted.toMerge, { known, planned: null });
    const changes = [...sorted.toRead.map(readAgain), ...merged.map(({ change }) => change)];
    const { stale } = await scope.timed("record", () =>
      tables.commit(context.fence, {
        sync: name,
        runId: context.run.id,
        nowMs: world.nowMs(),
        changes: changes.map((change) =>
          counted.has(change.pageId) ? { ...change, verdict: null } : change,
        ),
        untouched: still,
        counted: still.filter((id) => counted.has(id) || taken.has(id)),
        broken: tries === 0 ? broken.filter(({ pageId }) => !counted.has(pageId)) : [],
        observedMs: Math.min(...left.map((page) => page.observedMs)),
        line: tries === 0 ? line : `${line}, try ${tries + 1}`,
        listing,
      }),
    );
    untouched = [...untouched, ...still.filter((id) => !taken.has(id))];
    if (stale.length === 0) return { untouched, touched: all.filter((id) => !untouched.includes(id)) };
    left = left.filter(({ pageId }) => stale.includes(pageId));
  }
  return fail({ kind: "locked", party: "d1", detail: "rows keep changing while they are merged" });
}

/** What is to be done about pages that a listing showed. */
type Sorted = {
  /** Ids of those with nothing to do. */
  readonly untouched: readonly string[];
  /** What is known of those that must be read by themselves. */
  readonly toRead: readonly KnownPage[];
  readonly toMerge: readonly ReadPage[];
};

/** Sort pages that a listing showed, for a run and for a plan alike. */
export function sortPages(
  table: TableContext,
  pages: readonly ReadPage[],
  known: ReadonlyMap<string, KnownPage>,
): Sorted {
  const untouched: string[] = [];
  const toRead: KnownPage[] = [];
  const toMerge: ReadPage[] = [];
  for (const page of pages) {
    const before = known.get(page.pageId) ?? null;
    if (isUntouched(table, page, before)) untouched.push(page.pageId);
    else if (before !== null && saysNothing(page, before)) toRead.push(before);
    else toMerge.push(page);
  }
  return { untouched, toRead, toMerge };
}

/** Whether a listing shows what is older than what is known, or a page with a push under way: it must be read by itself. */
function saysNothing(page: ReadPage, known: KnownPage): boolean {
  const looksOther = page.hash !== known.pageHash || known.state !== "bound";
  const isOld = page.observedMs < known.observedMs && looksOther;
  return isOld || known.openPush !== null;
}

/** A page that was merged as it was understood, and the row it was merged with; null where there is none. */
export type MergedPage = Merged & { readonly seen: ReadPage; readonly row: Row | null };

/**
 * Merge pages with what is known of them; nothing is written. A relation that only seems to have been cleared is left out.
 *
 * @param planned what a preview has found before, if it is one
 * @returns in the order of the pages
 */
export async function mergePages(
  step: TableStep,
  shown: readonly ReadPage[],
  { known, planned }: { readonly known: ReadonlyMap<string, KnownPage>; readonly planned: Planned | null },
): Promise<MergedPage[]> {
  const { context, table } = step;
  const pages = await withoutHidden(step, shown, known);
  const unbound: Unbound[] = pages
    .filter(({ pageId, view }) => view === "live" && known.get(pageId)?.recordId == null)
    .map((page) => ({ ...page, seen: page, known: known.get(page.pageId) ?? null }));
  const bindings = await bindingsOf(context, table, unbound, planned);
  const late = await withLongSent(context, table, pages, known);
  return pages.map((page) => {
    const before = late.get(page.pageId) ?? known.get(page.pageId) ?? null;
    const binding = bindings.get(page.pageId) ?? null;
    const now = { nowMs: context.ports.world.nowMs(), d1EditedMs: worldMsOf(context, before?.changedRealMs) };
    const row = before?.row ?? (binding?.to === "row" ? binding.row : null);
    return { ...changeOf(table, page, { known: before, binding, now }), seen: page, row };
  });
}

/** Pages that our bot edited last, with the long values too that we sent: one of them may have landed late. */
async function withLongSent(
  { ports }: RunContext,
  { table }: TableContext,
  pages: readonly ReadPage[],
  known: ReadonlyMap<string, KnownPage>,
): Promise<Map<string, KnownPage>> {
  const whole = new Map<string, KnownPage>();
  for (const { pageId, isEditedByUs } of pages) {
    const before = known.get(pageId);
    if (before === undefined || !before.isSentCut || !isEditedByUs) continue;
    whole.set(pageId, { ...before, sent: await ports.tables.sentTo(table.name, pageId), isSentCut: false });
  }
  return whole;
}

/** World time of a moment by the clock of the database. */
function worldMsOf({ ports }: RunContext, realMs: number | null | undefined): number | null {
  if (realMs == null) return null;
  const { world } = ports;
  const nowMs = world.nowMs();
  const realPerWorld = (world.realAtMs(nowMs + 1_000) - world.realAtMs(nowMs)) / 1_000;
  return nowMs - (world.realNowMs() - realMs) / (realPerWorld || 1);
}

/** Everything as it is, but that the page is to be read by itself. */
function readAgain(known: KnownPage): PageChange {
  return {
    pageId: known.pageId,
    recordId: known.recordId,
    state: known.state,
    rowVersion: known.recordId === null ? null : known.rowVersion,
    row: null,
    bases: known.bases,
    pageHash: known.pageHash,
    observedMs: known.observedMs,
    editedMs: known.editedMs,
    isOwed: true,
    putOffMs: known.putOffMs,
    againMs: null,
    history: [],
    conflicts: [],
    problems: null,
    review: null,
    verdict: null,
    reason: null,
    settled: null,
  };
}
