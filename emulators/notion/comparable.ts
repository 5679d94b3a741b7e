import { flooredMs, instantOf } from "./dates.ts";
import type { Page, Property, RichRun, StoredDate } from "./model.ts";
import { defaultStatus } from "./options.ts";
import { doubled, plainOf, textForm } from "./plain-values.ts";
import { textOf } from "./rich-text.ts";
import type { World } from "./world.ts";

/** A value that filters and sorts can compare; null is empty. */
export type Comparable = string | number | boolean | null;

/** What a property of a page sorts by: words in lower case, instants, numbers, positions of options. */
export function sortValue(world: World, page: Page, property: Property): Comparable {
  const value = page.values[property.id] ?? null;
  switch (property.type) {
    case "created_time":
      return flooredMs(page.createdMs);
    case "last_edited_time":
      return flooredMs(page.editedMs);
    case "checkbox":
      return value === true ? 1 : 0;
    case "number":
    case "unique_id":
      return value as number | null;
    case "date":
      return value === null ? null : instantOf((value as StoredDate).start);
    case "title":
    case "rich_text":
      return sortText(textOf((value ?? []) as readonly RichRun[]));
    case "select":
    case "status": {
      const id = value ?? (property.type === "status" ? defaultStatus(property)?.id : null);
      const at = property.options.findIndex((option) => option.id === id);
      return at === -1 ? null : at;
    }
    case "formula":
      return doubled(page, property);
    default:
      return sortText(textForm(plainOf(world, page, property)));
  }
}

/** Beginning of a text by which rows are sorted; cursors carry it. */
const SORT_TEXT_MAX = 200;

function sortText(text: string): string | null {
  return text === "" ? null : text.slice(0, SORT_TEXT_MAX).toLowerCase();
}

/** Negative if `a` comes first. Empty values come last in either direction. */
export function compared(a: Comparable, b: Comparable, isDescending: boolean): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b === isDescending ? 1 : -1;
}
