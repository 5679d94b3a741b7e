import { LIST_ITEM_PAGES_MAX } from "../core/policy.ts";
import type { PlainValue } from "../core/records/plain-value.ts";
import type { NotionPage } from "../ports/notion.ts";
import { call, notionOf, type TableStep } from "./notion-schema.ts";
import { unlessOfOnePage } from "./skipped-page.ts";

/**
 * Pages with the mapped lists and texts whole that a reply cut at 25 references. Each costs a call or more, so only what
 * is a column is asked for; one that does not come to its end within the bound, or at all, stays cut. Source: Notion docs,
 * "Retrieve a page property item".
 */
export async function withWholeLists(step: TableStep, pages: readonly NotionPage[]): Promise<NotionPage[]> {
  const mapped = new Set(Object.values(step.table.mapped).map((column) => column?.propertyId));
  const whole: NotionPage[] = [];
  for (const page of pages) {
    const cut = Object.entries(page.properties).filter(
      ([id, { read }]) => mapped.has(id) && "truncated" in read && read.truncated,
    );
    const properties = { ...page.properties };
    for (const [id, { type }] of cut) {
      const items = await itemsOf(step, page.id, id);
      if (items === null) continue;
      const value: PlainValue = type === "title" || type === "rich_text" ? items.join("") : items;
      properties[id] = { type, read: { value, truncated: false } };
    }
    whole.push(cut.length === 0 ? page : { ...page, properties });
  }
  return whole;
}

type Items = { readonly items: readonly string[]; readonly cursor: string | null };

/** All items of one property; null if there are more than may be asked for, or Notion does not give them. */
async function itemsOf(step: TableStep, pageId: string, propertyId: string): Promise<string[] | null> {
  const { context, scope } = step;
  const { tables } = notionOf(context);
  const all: string[] = [];
  let cursor: string | null = null;
  for (let n = 0; n < LIST_ITEM_PAGES_MAX; n += 1) {
    const asked: Parameters<typeof tables.listItems>[0] = { pageId, propertyId, cursor };
    const reply = await unlessOfOnePage<Items>(step, () =>
      call(context, scope, "read list", (ms) => tables.listItems(asked, ms)),
    );
    if (reply === null) return null;
    all.push(...reply.value.items);
    cursor = reply.value.cursor;
    if (cursor === null) return all;
  }
  return null;
}
