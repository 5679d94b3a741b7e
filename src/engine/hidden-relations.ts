import { call, notionOf, type TableStep } from "./notion-schema.ts";
import type { ReadPage } from "./page-intake.ts";
import { unlessOfOnePage } from "./skipped-page.ts";
import type { KnownPage } from "../ports/table-store.ts";

/**
 * Relations that seem to have been cleared and may only point at what is not shared any more: Notion shows both as empty.
 * The page that the relation named is asked for; one that cannot be seen keeps the column from being merged. Source:
 * reference of the Notion API, 6.7; law 7.
 */
export async function withoutHidden(
  step: TableStep,
  pages: readonly ReadPage[],
  known: ReadonlyMap<string, KnownPage>,
): Promise<ReadPage[]> {
  const { table } = step.table;
  const columns = Object.keys(table.columns).filter((name) => table.columns[name]?.kind === "relation");
  const named = (page: ReadPage, column: string): string | null => {
    const before = known.get(page.pageId)?.bases[column]?.notion ?? null;
    return page.reading.values[column] === null && before !== null ? String(before) : null;
  };
  const records = pages.flatMap((page) => columns.map((column) => named(page, column)));
  const hidden = await hiddenOf(step, new Set(records.filter((id) => id !== null)));
  if (hidden.size === 0) return [...pages];
  return pages.map((page) => {
    const lost = columns.filter((column) => hidden.has(named(page, column) ?? ""));
    if (lost.length === 0) return page;
    const values = Object.entries(page.reading.values).filter(([column]) => !lost.includes(column));
    const problems = lost.map((column) => ({
      column,
      problem: "names a page that is not shared any more",
      value: null,
    }));
    const reading = {
      ...page.reading,
      values: Object.fromEntries(values),
      problems: [...page.reading.problems, ...problems],
    };
    // What it shows may come to mean something else without changing: it is merged again whenever it is listed.
    return { ...page, reading, hash: `${page.hash}, hidden` };
  });
}

/** Records whose page cannot be seen, or read: as long as that is so, nothing is known of what names it. */
async function hiddenOf(step: TableStep, records: ReadonlySet<string>): Promise<Set<string>> {
  const { context, scope, table } = step;
  const hidden = new Set<string>();
  const { relations } = table.table;
  if (relations === null || records.size === 0) return hidden;
  const pages = await context.ports.tables.pagesOf(relations, [...records]);
  const notion = notionOf(context).tables;
  for (const [record, pageId] of pages) {
    const page = await unlessOfOnePage(step, () =>
      call(context, scope, "read", (ms) => notion.page(pageId, ms)),
    );
    if (page === null || page.value === null) hidden.add(record);
  }
  return hidden;
}
