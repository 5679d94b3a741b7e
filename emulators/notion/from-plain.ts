import { isDay, isMoment } from "./dates.ts";
import { readId } from "./ids.ts";
import type { Property, PropertyOf, StoredFile, StoredValue } from "./model.ts";
import { findOption, type NewOptions, type OptionProperty, planOption } from "./options.ts";
import { Refused } from "./refused.ts";
import { runsOf } from "./rich-text.ts";
import type { SeedValue } from "./seed.ts";
import { userFor, type World } from "./world.ts";

/** Finds a row of a data source by key or id, or nothing. */
export type FindRow = (dataSourceId: string, keyOrId: string) => string | null;

/**
 * The stored form of a plain value, as a person enters it: options that are missing are made, but for statuses.
 *
 * @param added receives the options to make
 * @throws Refused if the value does not fit the property
 */
export function storedOf(
  world: World,
  property: Property,
  plain: SeedValue,
  { findRow, added }: { findRow: FindRow; added: NewOptions },
): StoredValue {
  if (plain === null) return null;
  switch (property.type) {
    case "title":
    case "rich_text":
      return runsOf(textIn(property, plain));
    case "email":
    case "phone_number":
    case "url":
      return textIn(property, plain) || null;
    case "number":
      return fitting(property, plain, typeof plain === "number", "a number");
    case "checkbox":
      return fitting(property, plain, typeof plain === "boolean", "true or false");
    case "date":
      return dateIn(property, plain);
    case "select":
    case "status":
      return optionIn(world, property, textIn(property, plain), added);
    case "multi_select":
      return listIn(property, plain).map((name) => optionIn(world, property, name, added));
    case "people":
      return listIn(property, plain).map((name) => userFor(world, name).id);
    case "files":
      return listIn(property, plain).map(fileOf);
    case "relation":
      return listIn(property, plain).map((key) => rowIn(property, key, findRow));
    default:
      throw new Refused(`${property.name} is of type ${property.type}, which nobody can set.`);
  }
}

function fitting<T extends SeedValue>(
  property: Property,
  plain: T,
  fits: boolean,
  wanted: string,
): T & StoredValue {
  if (!fits)
    throw new Refused(`${property.name} (${property.type}) takes ${wanted}, not ${JSON.stringify(plain)}.`);
  return plain as T & StoredValue;
}

function textIn(property: Property, plain: SeedValue): string {
  return fitting(property, plain, typeof plain === "string", "a text") as string;
}

function listIn(property: Property, plain: SeedValue): readonly string[] {
  return fitting(property, plain, Array.isArray(plain), "a list of texts") as readonly string[];
}

function dateIn(property: Property, plain: SeedValue): StoredValue {
  const span =
    typeof plain === "string"
      ? { start: plain, end: null }
      : typeof plain === "object" && plain !== null && "start" in plain
        ? plain
        : { start: "", end: null };
  const isDate = (text: string | null): boolean => text === null || isDay(text) || isMoment(text);
  fitting(property, plain, isDate(span.start) && isDate(span.end), "an ISO date, or a span of dates");
  return { start: span.start, end: span.end, time_zone: null };
}

function optionIn(world: World, property: OptionProperty, name: string, added: NewOptions): string {
  const found = findOption(property, { name }, added);
  if (found) return found.id;
  if (property.type === "status") throw new Refused(`${property.name} has no status "${name}".`);
  if (name === "" || name.includes(",")) throw new Refused(`"${name}" cannot be the name of an option.`);
  return planOption(world, property, name, added).id;
}

function rowIn(property: PropertyOf<"relation">, key: string, findRow: FindRow): string {
  const id = findRow(property.dataSourceId, readId(key) ?? key) ?? findRow(property.dataSourceId, key);
  if (id === null) throw new Refused(`${property.name} points at ${key}, which is not there.`);
  return id;
}

function fileOf(urlOrName: string): StoredFile {
  if (!/^https?:\/\//.test(urlOrName)) return { name: urlOrName, url: null };
  return { name: urlOrName.split("/").at(-1) || urlOrName, url: urlOrName };
}
