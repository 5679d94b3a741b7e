import { flooredMs } from "./dates.ts";
import type { Page, Property, PropertyOf, RichRun, StoredDate, StoredFile, StoredValue } from "./model.ts";
import type { SeedValue } from "./seed.ts";
import { defaultStatus } from "./options.ts";
import { textOf } from "./rich-text.ts";
import { dataSourceOf, type World } from "./world.ts";

/**
 * The plain form of a value: what people at the controls, seeds and tests speak.
 *
 * Empty is null, whatever the type, but for checkboxes, and for statuses, which have a default. Relations are keys of rows, or ids of rows without a key;
 * people are names; files are URLs, or names if Notion hosts them.
 */
export function plainOf(world: World, page: Page, property: Property): SeedValue {
  switch (property.type) {
    case "created_time":
      return new Date(flooredMs(page.createdMs)).toISOString();
    case "last_edited_time":
      return new Date(flooredMs(page.editedMs)).toISOString();
    case "created_by":
      return page.createdBy;
    case "last_edited_by":
      return page.editedBy;
    case "formula":
      return doubled(page, property);
    case "rollup":
      return listOrNull(rolledUp(world, page, property).map(({ plain }) => textForm(plain)));
    default:
      return plainStored(world, property, page.values[property.id] ?? null);
  }
}

/** The plain form of a stored value. */
export function plainStored(world: World, property: Property, value: StoredValue): SeedValue {
  if (property.type === "checkbox") return value === true;
  if (property.type === "status")
    return optionName(property, (value as string | null) ?? defaultStatus(property)?.id ?? "");
  if (value === null) return null;
  switch (property.type) {
    case "title":
    case "rich_text":
      return textOf(value as readonly RichRun[]) || null;
    case "date": {
      const { start, end } = value as StoredDate;
      return end === null ? start : { start, end };
    }
    case "select":
      return optionName(property, value as string);
    case "multi_select":
      return listOrNull((value as readonly string[]).map((id) => optionName(property, id) ?? id));
    case "relation":
      return listOrNull((value as readonly string[]).map((id) => world.pages.get(id)?.key ?? id));
    case "people":
      return listOrNull((value as readonly string[]).map((id) => userName(world, id)));
    case "files":
      return listOrNull((value as readonly StoredFile[]).map(({ name, url }) => url ?? name));
    default:
      return value as number | string;
  }
}

/** The number that a formula property shows: twice another one. */
export function doubled(page: Page, property: PropertyOf<"formula">): number | null {
  const base = page.values[property.doublesId];
  return typeof base === "number" ? base * 2 : null;
}

/** What a rollup lists: the target property of every related page that is still there. */
export function rolledUp(
  world: World,
  page: Page,
  { relationId, propertyId }: PropertyOf<"rollup">,
): { page: Page; property: Property; plain: SeedValue }[] {
  const ids = (page.values[relationId] ?? []) as readonly string[];
  return ids.flatMap((id) => {
    const related = world.pages.get(id);
    const property = related && dataSourceOf(world, related).properties.find(({ id }) => id === propertyId);
    // A rollup of a rollup is refused by Notion, and would never end here if it went round in a circle.
    if (!related || !property || property.type === "rollup") return [];
    return [{ page: related, property, plain: plainOf(world, related, property) }];
  });
}

/** A plain value as one text, for lists and for changes of type. */
export function textForm(plain: SeedValue): string {
  if (plain === null) return "";
  if (typeof plain === "string") return plain;
  if (typeof plain === "object" && "start" in plain)
    return [plain.start, plain.end].filter(Boolean).join(" - ");
  return typeof plain === "object" ? plain.join(", ") : String(plain);
}

function listOrNull(names: readonly string[]): readonly string[] | null {
  return names.length === 0 ? null : names;
}

function optionName(
  { options }: PropertyOf<"select" | "multi_select" | "status">,
  id: string,
): string | null {
  return options.find((option) => option.id === id)?.name ?? null;
}

function userName(world: World, id: string): string {
  return world.state.users.find((user) => user.id === id)?.name ?? id;
}
