import { PREVIEW_ROWS_MAX, PREVIEW_ROWS_PER_STEP } from "../core/policy.ts";
import type { PlanItem } from "../core/preview.ts";
import type { FieldValue } from "../core/merge.ts";
import { durably } from "./durably.ts";
import { newPageOf, newPageValues } from "./new-page.ts";
import type { TableContext } from "./notion-schema.ts";
import type { RowsSeen } from "./page-preview.ts";
import { pagesOf } from "./page-writes.ts";
import { takeShare, writeShare, type Draft } from "./plan-draft.ts";
import type { RunContext } from "./run-context.ts";

/** What a run would do about rows that have no page and that no page of the listing is. */
export async function previewRows(
  context: RunContext,
  table: TableContext,
  draft: Draft,
  { isSpokenFor }: RowsSeen,
): Promise<void> {
  const { tables } = context.ports;
  const { name, isTwoWay } = table.table;
  if (!isTwoWay) return;
  if (table.markerId === null) {
    draft.notes.push(
      'no page is made until the database has a text property "Sync ID", so that none is made twice',
    );
    return;
  }
  const seen: string[] = [];
  while (seen.length < PREVIEW_ROWS_MAX) {
    const step = await durably(context, `preview, rows:${seen.length}`, async () => {
      const asked = { limit: PREVIEW_ROWS_PER_STEP, notIds: seen };
      const ids = (await tables.rowsWithoutPage(name, asked)).items;
      const items = await itemsOf(
        context,
        table,
        ids.filter((id) => !isSpokenFor(id)),
      );
      return { ids, ...(await writeShare(context, name, draft, items)) };
    });
    if (step.ids.length === 0) return;
    takeShare(draft, step);
    seen.push(...step.ids);
  }
  draft.notes.push(`more than ${PREVIEW_ROWS_MAX} rows have no page; these were looked at`);
}

async function itemsOf(
  context: RunContext,
  table: TableContext,
  ids: readonly string[],
): Promise<PlanItem[]> {
  if (ids.length === 0) return [];
  const { items } = await context.ports.tables.candidates(table.table.name, { id: ids });
  const rows = items.map(({ row }) => ({ id: row.id, values: newPageValues(table, row) }));
  const pages = await pagesOf(
    context,
    table,
    rows.map(({ values }) => values),
  );
  return rows.flatMap(({ id, values }) => {
    const { problems, fields } = newPageOf(table, values, pages);
    const named = { recordId: id, pageId: null };
    const aside = problems.map(({ column, problem, value }): PlanItem => {
      const before = value as FieldValue;
      return { ...named, action: "set aside", column, before, after: problem };
    });
    if (fields === null) return aside;
    return [
      { ...named, action: "create page", column: null, before: null, after: fields } as const,
      ...aside,
    ];
  });
}
