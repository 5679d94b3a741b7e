import { readRecord } from "../core/mapping/notion-record.ts";
import { sha256Hex } from "../core/identity.ts";
import { MERGE_TRIES_MAX } from "../core/policy.ts";
import type { NotionPage } from "../ports/notion.ts";
import type { KnownPage, PageChange, Row, TableCommit } from "../ports/table-store.ts";
import { fail } from "./durably.ts";
import { notionOf, type TableContext, type TableStep } from "./notion-schema.ts";
import { withoutHidden } from "./hidden-relations.ts";
import { bindingsOf, type Planned, type Unbound } from "./page-bindings.ts";
import { changeOf, isUntouched, type Merged, type SeenPage, type View } from "./page-changes.ts";
import type { RunContext } from "./run-context.ts";

/** A page as it was read, with what tells whose it is. */
export type ReadPage = SeenPage & { readonly marker: string | null; readonly isOurs: boolean };

/**
 * Read pages as records.
 *
 * @param observedMs instant that these replies are known to show, world ms
 */
export async function readPages(
  context: RunContext,
  table: TableContext,
  pages: readonly NotionPage[],
  observedMs: number,
): Promise<ReadPage[]> {
  const { tables } = context.ports;
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

type Intake = Pick<TableCommit, "line" | "listing"> & {
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
 * @returns ids of pages with nothing to do that a line counts now, and of the others
 */
export async function takePages(
  step: TableStep,
  pages: readonly ReadPage[],
  { line, listing, counted, taken }: Intake,
): Promise<{ untouched: string[]; touched: string[] }> {
  const { context, scope, table } = step;
  const { tables, world } = context.ports;
  const { name } = table.table;
  const all = pages.map(({ pageId }) => pageId);
  let left = pages;
  let untouched: string[] = [];
  for (let tries = 0; tries < MERGE_TRIES_MAX; tries += 1) {
    const known = await tables.pages(
      name,
      left.map(({ pageId }) => pageId),
    );
    const touched = left.filter((page) => !isUntouched(table, page, known.get(page.pageId) ?? null));
    const still = left.filter((page) => !touched.includes(page)).map(({ pageId }) => pageId);
    const shown = await withoutHidden(step, touched, known);
    const changes = await changesOf(context, table, shown, known);
    const { stale } = await scope.timed("record", () =>
      tables.commit(context.fence, {
        sync: name,
        runId: context.run.id,
        nowMs: world.nowMs(),
        changes: changes.map((change) =>
          counted.has(change.pageId) ? { ...change, verdict: null } : change,
        ),
        untouched: still.filter((id) => !counted.has(id) && !taken.has(id)),
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

async function changesOf(
  context: RunContext,
  table: TableContext,
  pages: readonly ReadPage[],
  known: ReadonlyMap<string, KnownPage>,
): Promise<PageChange[]> {
  const toRead: KnownPage[] = [];
  const toMerge: ReadPage[] = [];
  for (const page of pages) {
    const before = known.get(page.pageId);
    if (before !== undefined && saysNothing(page, before)) toRead.push(before);
    else toMerge.push(page);
  }
  const merged = await mergePages(context, table, toMerge, { known, planned: null });
  return [...toRead.map(readAgain), ...merged.map(({ change }) => change)];
}

/** Whether a listing shows what is older than what is known, or a page with a push under way: it must be read by itself. */
export function saysNothing(page: ReadPage, known: KnownPage): boolean {
  const looksOther = page.hash !== known.pageHash || known.state !== "bound";
  const isOld = page.observedMs < known.observedMs && looksOther;
  return isOld || known.openPush !== null;
}

/**
 * Merge pages with what is known of them; nothing is written.
 *
 * @param planned what a preview has found before, if it is one
 * @returns each with the row that it was merged with; null where there is none
 */
export async function mergePages(
  context: RunContext,
  table: TableContext,
  pages: readonly ReadPage[],
  { known, planned }: { readonly known: ReadonlyMap<string, KnownPage>; readonly planned: Planned | null },
): Promise<(Merged & { readonly row: Row | null })[]> {
  const unbound: Unbound[] = pages
    .filter(({ pageId, view }) => view === "live" && known.get(pageId)?.recordId == null)
    .map((page) => ({ ...page, seen: page, known: known.get(page.pageId) ?? null }));
  const bindings = await bindingsOf(context, table, unbound, planned);
  return pages.map((page) => {
    const before = known.get(page.pageId) ?? null;
    const binding = bindings.get(page.pageId) ?? null;
    const now = { nowMs: context.ports.world.nowMs(), d1EditedMs: worldMsOf(context, before?.changedRealMs) };
    const row = before?.row ?? (binding?.to === "row" ? binding.row : null);
    return { ...changeOf(table, page, { known: before, binding, now }), row };
  });
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
