import { failureOf } from "../core/errors.ts";
import { LIST_PAGES_MAX, NOTION_INDEX_LAG_MS, NOTION_QUERY_ROWS, RUN_ITEMS_MAX } from "../core/policy.ts";
import { afterQuery, planTableListing, type TableCursor } from "../core/table-listing.ts";
import type { PageList } from "../ports/notion.ts";
import type { TableCommit } from "../ports/table-store.ts";
import { durably, fail, type StepScope } from "./durably.ts";
import { yieldIfAsked } from "./making-way.ts";
import { call, notionOf, type TableContext } from "./notion-schema.ts";
import { readPages, takePages } from "./page-intake.ts";
import type { RunContext } from "./run-context.ts";

/** The state of a table of which nothing was ever listed. */
export const NOTHING_LISTED = {
  lastFullMs: null,
  lastCeilingMs: null,
  open: null,
  checkpoint: null,
} as const;

/** What a run listed. */
export type Listed = {
  /** Pages with nothing to do, which a line counts. */
  readonly counted: ReadonlySet<string>;
  /** Pages that got a verdict of their own. */
  readonly taken: ReadonlySet<string>;
  /** The listing as it stands; complete if it came to its end. */
  readonly at: TableCursor;
  /** Pages that this token sees in part only. */
  readonly partial: number;
};

/**
 * List a data source page by page; each page is merged and written before the next is asked for.
 *
 * @returns what was listed; not complete if there is more than one run may take on
 */
export async function listPages(context: RunContext, table: TableContext): Promise<Listed> {
  const { tables, world } = context.ports;
  const counted = new Set<string>();
  const taken = new Set<string>();
  let partial = 0;
  let at = await durably(context, "plan", async () => {
    const { checkpoint, ...state } = await tables.listings(table.table.name);
    const now = { id: world.newId(), startedMs: world.nowMs(), ceilingMs: context.run.ceilingMs };
    // A plan was made from everything.
    if (context.run.preview !== null) return planTableListing(NOTHING_LISTED, now);
    return planTableListing({ ...state, checkpoint: checkpoint as TableCursor | null }, now);
  });
  // Where it goes on is a moment: a run that ends within the moment it began with would begin with it again, for ever.
  const beganMs = at.sinceMs ?? -1;
  const isStuck = (): boolean => (at.lastMs ?? beganMs) <= beganMs;
  for (let n = 1, rows = 0; at.listing.completedMs === null && (rows < RUN_ITEMS_MAX || isStuck()); n += 1) {
    if (n > LIST_PAGES_MAX) endless(table);
    if (n > 1 && !isStuck() && (await yieldIfAsked(context, `pages ${n}`))) break;
    const before = at;
    const step = await durably(context, `pages:${n}`, (scope) =>
      takeOne(context, scope, table, { at: before, line: `pages:${n}`, counted, taken }),
    );
    at = step.at;
    rows += step.rows;
    partial += step.partial;
    for (const id of step.untouched) counted.add(id);
    for (const id of step.touched) taken.add(id);
  }
  return { counted, taken, at, partial };
}

type One = {
  readonly at: TableCursor;
  readonly line: string;
  readonly counted: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
};

async function takeOne(
  context: RunContext,
  scope: StepScope,
  table: TableContext,
  { at, line, counted, taken }: One,
): Promise<{ at: TableCursor; untouched: string[]; touched: string[]; rows: number; partial: number }> {
  const { world } = context.ports;
  const askedMs = world.nowMs();
  const list = await queryPages(context, scope, table, at);
  const after = afterList(table, at, list, world.nowMs());
  if (list === null) return { at: after, untouched: [], touched: [], rows: 0, partial: 0 };
  const pages = await readPages({ context, scope, table }, list.items, askedMs - NOTION_INDEX_LAG_MS);
  const { untouched, touched } = await takePages({ context, scope, table }, pages, {
    line,
    counted,
    taken,
    broken: list.broken.map(brokenPage),
    listing: {
      listing: after.listing,
      checkpoint: after,
      shown: [...list.items, ...list.broken].map(({ id }) => id),
    },
  });
  const rows = rowsOf(list);
  return { at: after, untouched, touched, rows, partial: list.partial.length };
}

/** A page whose row of a listing cannot be read, with the reason why it stands aside. */
export function brokenPage({ id, lacks }: PageList["broken"][number]): TableCommit["broken"][number] {
  return { pageId: id, reason: `page breaks Notion's contract: it comes without ${lacks}` };
}

function rowsOf({ items, partial, broken }: PageList): number {
  return items.length + partial.length + broken.length;
}

/** Where a listing goes on after a reply. Where its query is over, it goes on from the last moment it saw. */
export function afterList(
  table: TableContext,
  at: TableCursor,
  list: PageList | null,
  nowMs: number,
): TableCursor {
  if (list === null) return { ...at, cursor: null, sinceMs: at.lastMs ?? at.sinceMs };
  const momentOf = orderOf(at) === "created" ? "createdMs" : "editedMs";
  const moments = list.items.map((page) => page[momentOf]);
  const reply = {
    rows: rowsOf(list),
    cursor: list.cursor,
    isCapped: list.isCapped,
    lastMs: moments.length === 0 ? null : Math.max(...moments),
  };
  return afterQuery(at, reply, nowMs) ?? endless(table);
}

function orderOf({ listing }: TableCursor): "created" | "edited" {
  return listing.kind === "backfill" ? "created" : "edited";
}

/** Ask for the next pages of a listing. Null if Notion does not know the cursor any more. */
export async function queryPages(
  context: RunContext,
  scope: StepScope,
  table: TableContext,
  at: TableCursor,
): Promise<PageList | null> {
  const { tables } = notionOf(context);
  const asked = {
    dataSourceId: table.dataSourceId,
    since: { by: orderOf(at), atMs: at.sinceMs },
    cursor: at.cursor,
    rows: NOTION_QUERY_ROWS,
  };
  try {
    return await call(context, scope, "query", (ms) => tables.query(asked, ms));
  } catch (error) {
    if (at.cursor !== null && failureOf(error).kind === "partial") return null;
    throw error;
  }
}

/** More is listed than can be proven to be all. */
export function endless({ table }: TableContext): never {
  return fail({
    kind: "listing_order",
    party: "notion",
    detail: `a listing of ${table.name} does not come to an end: more rows share one minute than a query shows`,
  });
}
