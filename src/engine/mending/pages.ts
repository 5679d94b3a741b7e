import { DELETIONS_MAX, DELETIONS_SHARE_MAX, MENDS_PER_RUN } from "../../core/policy.ts";
import type { Finding } from "../../core/proof.ts";
import { durably } from "../durably.ts";
import { call, notionOf, type TableContext } from "../notion-schema.ts";
import { absentPage, readPages, takePages } from "../page-intake.ts";
import type { Listed } from "../page-listing.ts";
import type { RunContext } from "../run-context.ts";
import { isOfOnePage, skipPage } from "../skipped-page.ts";

/**
 * Mend what proofs found about pages: each is read by itself and merged like one that a listing shows. Those that no listing
 * shows any more are so few a run as may be deleted without a person's word.
 */
export async function mendPages(context: RunContext, table: TableContext, listed: Listed): Promise<void> {
  const { tables, proofs, world } = context.ports;
  const { name } = table.table;
  const found = await durably(context, "mends", async () => {
    const { items } = await proofs.toMend(name, world.nowMs(), MENDS_PER_RUN);
    const { bound } = await tables.totals(name);
    const unlistedMax = Math.max(DELETIONS_MAX, Math.floor(bound * DELETIONS_SHARE_MAX));
    const isUnlisted = ({ kind }: Finding): boolean => kind === "page_unlisted";
    return [...items.filter((one) => !isUnlisted(one)), ...items.filter(isUnlisted).slice(0, unlistedMax)];
  });
  for (const one of found) {
    try {
      await mendPage(context, table, listed, one);
    } catch (error) {
      if (!isOfOnePage(error)) throw error;
      const { id, subject: pageId } = one;
      await skipPage(context, table, { pageId, isCounted: listed.counted.has(pageId) }, error);
      const words = "could not be read";
      await durably(context, `unmended:${id}`, () =>
        proofs.noteRepair(context.fence, { ids: [id], words, isDone: false, nowMs: world.nowMs() }),
      );
    }
  }
}

function mendPage(
  context: RunContext,
  table: TableContext,
  listed: Listed,
  { id, subject: pageId }: Finding & { readonly id: string },
): Promise<void> {
  const { tables, proofs, world } = context.ports;
  const { name } = table.table;
  return durably(context, `mend:${id}`, async (scope) => {
    const readMs = world.nowMs();
    const known = (await tables.pages(name, [pageId])).get(pageId);
    const page = await call(context, scope, "read", (ms) => notionOf(context).tables.page(pageId, ms));
    const step = { context, scope, table };
    const absent = page === null && known !== undefined ? [absentPage(known, readMs)] : [];
    const read = [...(await readPages(step, page === null ? [] : [page], readMs)), ...absent];
    await takePages(step, read, { line: `mend:${id}`, listing: null, broken: [], ...listed });
    const words = "read again by itself and merged with its row";
    await proofs.noteRepair(context.fence, { ids: [id], words, isDone: true, nowMs: world.nowMs() });
  });
}
