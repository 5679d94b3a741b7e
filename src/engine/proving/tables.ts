import { planTableListing, type TableCursor } from "../../core/table-listing.ts";
import { NOTION_INDEX_LAG_MS, PREVIEW_QUERIES_MAX, PREVIEW_UNSEEN_MAX } from "../../core/policy.ts";
import type { Fault } from "../../core/proof.ts";
import type { TableName } from "../../core/records/table.ts";
import type { NotionPage } from "../../ports/notion.ts";
import type { KnownPage } from "../../ports/table-store.ts";
import { durably, type StepScope } from "../durably.ts";
import { slicesOf } from "../looking.ts";
import { call, knowTable, notionOf, type TableContext } from "../notion-schema.ts";
import { isUntouched } from "../page-changes.ts";
import { absentPage, readPages, type ReadPage } from "../page-intake.ts";
import { afterList, NOTHING_LISTED, queryPages } from "../page-listing.ts";
import { withoutHidden } from "../hidden-relations.ts";
import type { RunContext } from "../run-context.ts";
import type { Proved } from "./proved.ts";
import { figure, NOTHING } from "./stores.ts";

/**
 * Hold a data source against its table: every page is listed, read as a record, and must be the one that was last read, with
 * a row that holds what was agreed on; what is owed on either side is on its way and no fault. Pages that the ledger expects
 * and the listing lacks are asked for by themselves. What seems wrong is read once more by itself.
 */
export async function proveTable(context: RunContext, name: TableName): Promise<Proved> {
  const table = await knowTable(context, name, "proof");
  const begun = await durably(context, `${name} begins`, async () => {
    const { world } = context.ports;
    const now = { id: world.newId(), startedMs: world.nowMs(), ceilingMs: context.run.ceilingMs };
    return planTableListing(NOTHING_LISTED, now);
  });
  const listed = new Set<string>();
  const suspects: string[] = [];
  let [at, partial, queries] = [begun, 0, 0];
  while (at.listing.completedMs === null && queries < PREVIEW_QUERIES_MAX) {
    queries += 1;
    const before: TableCursor = at;
    const step = await durably(context, `${name} pages:${queries}`, (scope) =>
      listOnce(context, scope, table, before),
    );
    for (const id of step.ids) listed.add(id);
    suspects.push(...step.suspects);
    partial += step.partial;
    at = step.at;
  }
  const isWhole = at.listing.completedMs !== null;
  const missing = isWhole ? await missingOf(context, table, listed, at.listing.startedMs) : [];
  const asked = [...new Set([...suspects, ...missing])];
  const faults: Fault[] = [];
  let waiting = 0;
  for (const [n, ids] of slicesOf(asked.slice(0, PREVIEW_UNSEEN_MAX), LOOKS_PER_STEP).entries()) {
    const step = await durably(context, `${name} again:${n + 1}`, (scope) =>
      lookAgain(context, scope, table, ids),
    );
    faults.push(...step.faults);
    waiting += step.waiting;
  }
  return proved(
    { name, listed: listed.size, missing: missing.length, faults, waiting, partial, isWhole },
    asked.length,
    queries,
  );
}

const LOOKS_PER_STEP = 20;

type Counted = {
  readonly name: TableName;
  readonly listed: number;
  readonly missing: number;
  readonly faults: readonly Fault[];
  readonly waiting: number;
  readonly partial: number;
  readonly isWhole: boolean;
};

function proved(
  { name, listed, missing, faults, waiting, partial, isWhole }: Counted,
  asked: number,
  queries: number,
): Proved {
  const unlisted = faults.filter(({ kind }) => kind === "page_unlisted").length;
  const unknown = faults.filter(({ kind }) => kind === "page_unknown").length;
  const counted = { ledger: listed + missing - unknown, store: listed, ok: unlisted + unknown === 0 };
  return {
    ...NOTHING,
    faults,
    calls: queries * CALLS_PER_QUERY + asked * CALLS_PER_PAGE,
    looked: isWhole && asked <= PREVIEW_UNSEEN_MAX ? [name] : [],
    figures: isWhole ? [figure(name, "pages listed by Notion", counted)] : [],
    notes: [
      ...(isWhole ? [] : [`${name} has more pages than one proof lists`]),
      ...(asked > PREVIEW_UNSEEN_MAX
        ? [`${asked} pages of ${name} seem to differ; ${PREVIEW_UNSEEN_MAX} of them were read again`]
        : []),
      ...(waiting > 0 ? [`${waiting} pages of ${name} have something on its way`] : []),
      ...(partial > 0 ? [`${partial} pages of ${name} are shown to this token in part only`] : []),
    ],
  };
}

/** Measured: one query, and one page read by itself, with what is asked of D1 around it. */
const CALLS_PER_QUERY = 15;
const CALLS_PER_PAGE = 10;

async function listOnce(
  context: RunContext,
  scope: StepScope,
  table: TableContext,
  at: TableCursor,
): Promise<{ at: TableCursor; ids: string[]; suspects: string[]; partial: number }> {
  const { world, tables } = context.ports;
  const askedMs = world.nowMs();
  const list = await queryPages(context, scope, table, at);
  const after = afterList(table, at, list, world.nowMs());
  if (list === null) return { at: after, ids: [], suspects: [], partial: 0 };
  const known = await tables.pages(
    table.table.name,
    list.items.map(({ id }) => id),
  );
  const shown = await shownPages({ context, scope, table }, list.items, known, askedMs);
  const suspects = shown.filter((page) => !isUntouched(table, page, known.get(page.pageId) ?? null));
  return {
    at: after,
    ids: [...[...list.items, ...list.broken].map(({ id }) => id), ...list.partial],
    suspects: suspects.map(({ pageId }) => pageId),
    partial: list.partial.length,
  };
}

async function shownPages(
  step: { readonly context: RunContext; readonly scope: StepScope; readonly table: TableContext },
  pages: readonly NotionPage[],
  known: ReadonlyMap<string, KnownPage>,
  observedMs: number,
): Promise<ReadPage[]> {
  const read = await readPages(step, pages, observedMs);
  return withoutHidden(step, read, new Map(known));
}

/** Pages that the listing should have shown: a query shows what was true some minutes ago. */
async function missingOf(
  context: RunContext,
  { table: { name } }: TableContext,
  listed: ReadonlySet<string>,
  startedMs: number,
): Promise<string[]> {
  const { tables } = context.ports;
  return durably(context, `${name} missing`, async () => {
    const unseen = (await tables.pageIds(name)).items.filter((id) => !listed.has(id));
    const known = await tables.pages(name, unseen.slice(0, MISSING_LOOKED_MAX));
    return [...known.values()]
      .filter(({ state }) => state === "bound" || state === "quarantined" || state === "review")
      .filter(({ observedMs }) => observedMs < startedMs - NOTION_INDEX_LAG_MS)
      .map(({ pageId }) => pageId);
  });
}

/** Expected pages that are looked up at once. */
const MISSING_LOOKED_MAX = 1_000;

/** Read pages by themselves, which shows what is true now, and hold them against what is known then. */
async function lookAgain(
  context: RunContext,
  scope: StepScope,
  table: TableContext,
  ids: readonly string[],
): Promise<{ faults: Fault[]; waiting: number }> {
  const { tables, world } = context.ports;
  const { name } = table.table;
  const notion = notionOf(context).tables;
  const faults: Fault[] = [];
  let waiting = 0;
  for (const pageId of ids) {
    const askedMs = world.nowMs();
    const page = await call(context, scope, "read", (ms) => notion.page(pageId, ms));
    const known = (await tables.pages(name, [pageId])).get(pageId) ?? null;
    const around = new Map(known === null ? [] : [[pageId, known]]);
    const [read = known === null ? undefined : absentPage(known, askedMs)] = await shownPages(
      { context, scope, table },
      page === null ? [] : [page],
      around,
      askedMs,
    );
    if (read === undefined) continue;
    const fault = faultOf(table, read, known);
    if (fault === "on its way") waiting += 1;
    else if (fault !== null) faults.push({ domain: name, subject: pageId, ...fault });
  }
  return { faults, waiting };
}

type PageFault = Pick<Fault, "kind" | "cause">;

function faultOf(
  table: TableContext,
  read: ReadPage,
  known: KnownPage | null,
): PageFault | "on its way" | null {
  if (known === null)
    return read.view === "live"
      ? { kind: "page_unknown", cause: "Notion lists it, and no listing had shown it" }
      : null;
  if (isUntouched(table, read, known)) return null;
  const isMerged = known.recordId === null || known.rowVersion === known.version;
  if (known.isOwed || known.openPush !== null || known.observedMs > read.observedMs || !isMerged)
    return "on its way";
  if (read.view !== "live") {
    const isExpected = known.state === "bound" || known.state === "quarantined" || known.state === "review";
    return isExpected ? { kind: "page_unlisted", cause: WHERE[read.view] } : null;
  }
  if (read.hash !== known.pageHash) {
    const edited = new Date(read.editedMs).toISOString();
    return {
      kind: "page_differs",
      cause: `it was last edited at ${edited} and shows other values than were last read`,
    };
  }
  if (known.state !== "bound")
    return { kind: "page_differs", cause: `it is listed again, and known as ${known.state}` };
  return known.row === null
    ? { kind: "row_missing", cause: "its row is gone, and nothing had noticed" }
    : {
        kind: "row_differs",
        cause: "its row holds something else than was agreed on, and nothing had noticed",
      };
}

const WHERE = {
  trashed: "it is in Notion's trash",
  moved: "it was moved or archived",
  absent: "this token does not see it any more",
} as const;
