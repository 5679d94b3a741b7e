import type { SeedProperty, SeedValue } from "./seed.ts";
import { optionsOf, problemOfValue } from "./seed-check.ts";

/** Values of one row, checked, or one clause that says which is wrong and why. */
type Taken = { readonly values: Readonly<Record<string, SeedValue>> } | { readonly problem: string };

/** Properties of a database that grow with the rows taken in. */
export type TableProperties = {
  /** Check the values of one row, by name of property. A row with a problem leaves the properties as they were. */
  take(row: Readonly<Record<string, unknown>>): Taken;
  /** The properties with which the database began, with further options, then those that rows added, in their order. */
  all(): readonly SeedProperty[];
};

/** Longest name of an option. Source: reference 4, "assume 100". */
const OPTION_CHARACTERS_MAX = 100;

/**
 * Begin with the properties of a database.
 *
 * Other names become properties of text, other names of options become options. A name that differs from a known one
 * only in case is a slip of the pen and refused, since it would silently leave the known one empty.
 *
 * @param mirrors names of properties that the relations of other databases fill
 */
export function createTableProperties(
  known: readonly SeedProperty[],
  mirrors: readonly string[],
): TableProperties {
  const properties = new Map(known.map((property) => [property.name, property]));
  const spelledAs = new Map([...properties.keys(), ...mirrors].map((name) => [name.toLowerCase(), name]));
  const optionsBy = new Map(known.filter(hasOptions).map((property) => [property.name, optionMap(property)]));

  const problemIn = (name: string, value: unknown): string | null => {
    const near = spelledAs.get(name.toLowerCase());
    if (name.trim() === "") return "is no name for a property";
    if (near !== undefined && near !== name) return `is spelled ${near}`;
    if (mirrors.includes(name)) return "is the other side of a relation and must be given over there";
    return problemOfProperty(properties.get(name) ?? { name, type: "rich_text" }, value);
  };
  const keep = (name: string, value: SeedValue): SeedValue => {
    const property = properties.get(name) ?? { name, type: "rich_text" };
    properties.set(name, property);
    spelledAs.set(name.toLowerCase(), name);
    const options = optionsBy.get(name);
    if (options !== undefined && value !== null) return spelled(value, options);
    return property.type === "date" ? spanOf(value) : value;
  };
  return {
    take(row) {
      const names = new Set<string>();
      for (const [name, value] of Object.entries(row)) {
        if (names.has(name.toLowerCase())) return { problem: `${name}: is there twice, in capitals and not` };
        names.add(name.toLowerCase());
        const problem = problemIn(name, value);
        if (problem !== null) return { problem: `${name}: ${problem}` };
      }
      const values = Object.entries(row).map(([name, value]) => [name, keep(name, value as SeedValue)]);
      return { values: Object.fromEntries(values) as Record<string, SeedValue> };
    },
    all: () =>
      [...properties.values()].map((property) =>
        withOptions(property, [...(optionsBy.get(property.name)?.values() ?? [])]),
      ),
  };
}

function hasOptions(property: SeedProperty): boolean {
  return optionsOf(property) !== null;
}

/** Options as they are spelled, by their name in small letters. */
function optionMap(property: SeedProperty): Map<string, string> {
  return new Map(optionsOf(property)?.map((option) => [option.toLowerCase(), option]));
}

function problemOfProperty(property: SeedProperty, value: unknown): string | null {
  const problem = problemOfValue(property.type, value);
  if (problem !== null || value === null || !hasOptions(property)) return problem;
  const names = Array.isArray(value) ? (value as string[]) : [value as string];
  if (names.some((name) => name.includes(","))) return "must not name an option with a comma";
  if (names.some((name) => name.length > OPTION_CHARACTERS_MAX))
    return `must not name an option of more than ${OPTION_CHARACTERS_MAX} characters`;
  return null;
}

/** Names of options as they are spelled; one that is not known is remembered as it stands. */
function spelled(value: SeedValue, options: Map<string, string>): SeedValue {
  const one = (name: string): string => {
    const option = options.get(name.toLowerCase()) ?? name;
    options.set(name.toLowerCase(), option);
    return option;
  };
  return Array.isArray(value) ? [...new Set((value as string[]).map(one))] : one(String(value));
}

function spanOf(value: SeedValue): SeedValue {
  if (typeof value === "string") return { start: value, end: null };
  if (value === null) return null;
  const { start, end } = value as { start: string; end?: string | null };
  return { start, end: end ?? null };
}

function withOptions(property: SeedProperty, options: readonly string[]): SeedProperty {
  if (property.type === "select" || property.type === "multi_select") return { ...property, options };
  if (property.type !== "status") return property;
  const known = new Set(optionsOf(property));
  const added = options.filter((option) => !known.has(option));
  const groups = property.groups.map((group) =>
    group.name === "In progress" ? { ...group, options: [...group.options, ...added] } : group,
  );
  return { ...property, groups };
}
