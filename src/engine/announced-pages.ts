import { ANNOUNCED_TAKEN_MAX, ANNOUNCED_WAITS_MS } from "../core/policy.ts";
import type { TableName } from "../core/records/table.ts";
import type { Announced } from "../ports/webhook-inbox.ts";
import { durably } from "./durably.ts";
import { call, notionOf, type TableContext } from "./notion-schema.ts";
import { absentPage, readPages, takePages } from "./page-intake.ts";
import type { RunContext } from "./run-context.ts";
import { isOfOnePage, skipPage } from "./skipped-page.ts";

const NOBODY: ReadonlySet<string> = new Set();

/** What a run has to look at because webhooks said so. */
export type AnnouncedHere = { readonly pages: readonly Announced[] };

/**
 * What webhooks have announced of a table. If its schema is said to have changed it is read again, whatever its age. A run that
 * carries out a plan looks at nothing but that.
 */
export async function announcedOf(context: RunContext, name: TableName): Promise<AnnouncedHere> {
  if (context.run.preview !== null) return { pages: [] };
  const { inbox, world } = context.ports;
  return durably(context, "announced", async () => {
    const nowMs = world.nowMs();
    const { items } = await inbox.open(name, { nowMs, limit: ANNOUNCED_TAKEN_MAX });
    if (items.some(isOfSchema)) await inbox.forgetSchema(context.fence, name, nowMs);
    return { pages: items.filter((one) => !isOfSchema(one)) };
  });
}

function isOfSchema({ kind }: Announced): boolean {
  return kind.startsWith("data_source.");
}

/**
 * Read the pages that webhooks have named, one by one: a query may not show them yet. Each is merged as if a listing had shown
 * it, and what announced it is closed with what is written. Source: protocols 5, "Discovery".
 *
 * @param counted pages that a line of this run has counted: they get no second verdict
 */
export async function readAnnounced(
  context: RunContext,
  table: TableContext,
  { pages }: AnnouncedHere,
  counted: ReadonlySet<string>,
): Promise<void> {
  for (const one of pages) {
    const { subject: pageId } = one;
    try {
      await durably(context, `announced:${pageId}`, (scope) =>
        takeAnnounced({ context, scope, table }, one, counted),
      );
    } catch (error) {
      if (!isOfOnePage(error)) throw error;
      await skipPage(context, table, { pageId, isCounted: counted.has(pageId) }, error);
      const waitMs = waitOf(one);
      await durably(context, `left:${pageId}`, () =>
        leave(context, pageId, { observedMs: context.ports.world.nowMs(), waitMs }),
      );
    }
  }
}

/** How long until a page is asked for again; null: no more, it is left to the listings. */
function waitOf({ tries }: Announced): number | null {
  return ANNOUNCED_WAITS_MS[tries] ?? null;
}

async function leave(
  { ports: { inbox, world }, run, fence }: RunContext,
  subject: string,
  { observedMs, waitMs }: { readonly observedMs: number; readonly waitMs: number | null },
): Promise<void> {
  const againMs = waitMs === null ? null : observedMs + waitMs;
  const left = { runId: run.id, subject, observedMs, nowMs: world.nowMs(), againMs, reason: null };
  await inbox.putOff(fence, left);
}

async function takeAnnounced(
  step: Parameters<typeof takePages>[0],
  one: Announced,
  counted: ReadonlySet<string>,
): Promise<void> {
  const { context, scope, table } = step;
  const { subject: pageId } = one;
  const { tables, world } = context.ports;
  const known = (await tables.pages(table.table.name, [pageId])).get(pageId);
  const readMs = world.nowMs();
  const page = await call(context, scope, "read", (ms) => notionOf(context).tables.page(pageId, ms));
  const isOurs = page !== null && page.dataSourceId === table.dataSourceId;
  if (known === undefined && !isOurs) {
    // Seen by nobody here: it may not be shared with us, or have left before it was ever listed. Of another table, it is none of ours.
    return leave(context, pageId, { observedMs: readMs, waitMs: page === null ? waitOf(one) : null });
  }
  const absent = known === undefined ? [] : [absentPage(known, readMs)];
  const read = page === null ? absent : await readPages(step, [page], readMs);
  const line = `announced:${pageId}`;
  await takePages(step, read, { line, listing: null, broken: [], counted, taken: NOBODY });
}
