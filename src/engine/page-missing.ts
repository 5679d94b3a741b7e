import {
  DELETIONS_MAX,
  DELETIONS_SHARE_MAX,
  NOTION_INDEX_LAG_MS,
  PREVIEW_UNSEEN_MAX,
} from "../core/policy.ts";
import { durably } from "./durably.ts";
import { call, notionOf, type TableContext } from "./notion-schema.ts";
import { absentPage, readPages, takePages } from "./page-intake.ts";
import type { RunContext } from "./run-context.ts";
import { isOfOnePage, skipPage } from "./skipped-page.ts";

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Pages that the last complete listing did not show are asked for by themselves, so many a run: in the trash is deleted,
 * elsewhere is moved, and what cannot be seen is not gone. Those are asked for once more after each such listing. Source: protocols 4, last sentence.
 *
 * @returns what is left for the next runs, in a sentence
 */
export async function lookForMissing(
  context: RunContext,
  table: TableContext,
  counted: ReadonlySet<string>,
): Promise<string[]> {
  const { tables } = context.ports;
  const { name } = table.table;
  const { ids, total } = await durably(context, "missing", async () => {
    const { lastFull } = await tables.listings(name);
    if (lastFull === null) return { ids: [], total: 0 };
    const { bound } = await tables.totals(name);
    // A plan names every page, and a person has read it; it was made from all that the listing did not show.
    const isPlanned = context.run.preview !== null;
    const { items, total } = await tables.missingPages(name, {
      listingId: lastFull.id,
      beforeMs: lastFull.startedMs - (isPlanned ? 0 : NOTION_INDEX_LAG_MS),
      limit: isPlanned
        ? PREVIEW_UNSEEN_MAX
        : Math.max(DELETIONS_MAX, Math.floor(bound * DELETIONS_SHARE_MAX)),
    });
    return { ids: items.map(({ pageId }) => pageId), total };
  });
  for (const pageId of ids) {
    try {
      await takeMissing(context, table, pageId, counted);
    } catch (error) {
      if (!isOfOnePage(error)) throw error;
      await skipPage(context, table, { pageId, isCounted: counted.has(pageId) }, error);
    }
  }
  if (total <= ids.length) return [];
  return [
    `${total} pages of ${name} are missing from the last listing; ${ids.length} were asked for in this run`,
  ];
}

async function takeMissing(
  context: RunContext,
  table: TableContext,
  pageId: string,
  counted: ReadonlySet<string>,
): Promise<void> {
  const { tables, world } = context.ports;
  await durably(context, `missing:${pageId}`, async (scope) => {
    const known = (await tables.pages(table.table.name, [pageId])).get(pageId);
    if (known === undefined) return;
    const readMs = world.nowMs();
    const notion = notionOf(context).tables;
    const page = await call(context, scope, "read", (ms) => notion.page(pageId, ms));
    const step = { context, scope, table };
    const read = page === null ? [absentPage(known, readMs)] : await readPages(step, [page], readMs);
    const line = `missing:${pageId}`;
    await takePages(step, read, { line, listing: null, broken: [], counted, taken: NOBODY });
  });
}
