/**
 * Which property of a Notion data source each column is, and what changed there since the last look. A column is
 * remembered by the id of its property, which survives renames; trouble with one column costs that column, never the
 * table. Pure. Source of the schema's facts: Notion's documentation of data sources and property ids.
 */
import type { Column, NotionType } from "../records/column.ts";
import { normaliseLabel } from "./label.ts";

/** A property of the live schema. `options` are the names of a status or select in their order, else none. */
export type NotionProperty = {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly options: readonly string[];
};

/** The property of a column. What Notion computes itself (a formula, a unique id) is read and never written. */
export type MappedColumn = {
  readonly propertyId: string;
  readonly name: string;
  readonly type: NotionType;
  readonly options: readonly string[];
  readonly isWritable: boolean;
};

/** What is remembered of a column between runs, as JSON: the property as last used. */
export type StoredColumn = {
  readonly propertyId: string;
  readonly name: string;
  readonly type: string;
  readonly options: readonly string[];
  /** The name in the configuration at that time: another one there now outweighs the remembered id. */
  readonly configured: string | null;
  /** Could not be used since; Notion may have emptied or converted its values meanwhile. */
  readonly hasLapsed: boolean;
};

/**
 * What is different from what was remembered or configured, one column at a time. All but `renamed`, `new_option`,
 * `replaced` and a `retyped` that is usable come again in every run until they are mended.
 * - `no_longer_shared`: a relation is missing, as Notion leaves one out whose target it may not show. Not a removal
 * - `replaced`: another property has taken its place, by configuration or by name
 * - `not_found`, `unusable`: the property that the configuration names does not exist (or serves another column), or has a
 *   type that the column cannot be read from. The column stays with what it had
 */
export type Drift<Name extends string = string> = { readonly column: Name } & (
  | { readonly kind: "renamed" | "replaced"; readonly from: string; readonly to: string }
  | { readonly kind: "retyped"; readonly from: string; readonly to: string; readonly isUsable: boolean }
  | { readonly kind: "removed" | "no_longer_shared" | "not_found"; readonly name: string }
  | { readonly kind: "unusable"; readonly name: string; readonly type: string }
  | { readonly kind: "new_option"; readonly option: string }
);

/**
 * - `columns`: those that can be synced
 * - `missing`: required columns that cannot; the table waits for a person
 * - `adopt`: columns whose property is not the one, or not of the type, that their bases were made with. These bases are
 *   dropped before the merge: a new, empty property must not look as if somebody had cleared every value
 * - `stored`: what to remember for the next run, of every column ever found
 */
export type ColumnMap<Name extends string> = {
  readonly columns: Readonly<Partial<Record<Name, MappedColumn>>>;
  readonly drift: readonly Drift<Name>[];
  readonly missing: readonly Name[];
  readonly adopt: readonly Name[];
  readonly stored: Readonly<Partial<Record<Name, StoredColumn>>>;
};

/** Types whose values Notion makes itself; writing one is refused with `validation_error`. */
const READ_ONLY_TYPES: ReadonlySet<string> = new Set<NotionType>(["formula", "unique_id"]);

/**
 * Map the columns of a table: by remembered id (unless the configuration has changed), then by configured name, then by
 * synonyms and type. A property serves one column. A configured name that cannot be used is reported, and no guess is
 * made for its column.
 *
 * @param schema properties in the order of the reply
 * @param columns the table of a record, most important first
 * @param configured names of properties from the configuration
 * @param stored the `stored` of the last run; empty at first
 */
export function mapColumns<Name extends string>(
  schema: readonly NotionProperty[],
  columns: Readonly<Record<Name, Column>>,
  configured: Readonly<Partial<Record<Name, string>>>,
  stored: Readonly<Partial<Record<Name, StoredColumn>>>,
): ColumnMap<Name> {
  const names = Object.keys(columns) as Name[];
  const places = findPlaces(schema, columns, configured, stored);
  const looks = names.map((name) =>
    lookAt(name, columns[name], {
      property: places.get(name) ?? null,
      before: stored[name] ?? null,
      configured: configured[name] ?? null,
      named: findNamed(schema, configured[name] ?? "") ?? null,
    }),
  );
  const mapped = looks.flatMap(({ name, mapped }) => (mapped === null ? [] : [[name, mapped] as const]));
  const remembered = looks.flatMap(({ name, stored }) => (stored === null ? [] : [[name, stored] as const]));
  return {
    columns: Object.fromEntries(mapped) as Partial<Record<Name, MappedColumn>>,
    drift: looks.flatMap(({ drift }) => drift),
    missing: looks
      .filter(({ name, mapped }) => mapped === null && columns[name].isRequired)
      .map(({ name }) => name),
    adopt: looks.filter(({ beginsAnew }) => beginsAnew).map(({ name }) => name),
    stored: Object.fromEntries(remembered) as Partial<Record<Name, StoredColumn>>,
  };
}

/**
 * The property of each column, in rounds, so that a guess never takes a known property. Only a remembered one may be of a
 * type that the column cannot be read from.
 */
function findPlaces<Name extends string>(
  schema: readonly NotionProperty[],
  columns: Readonly<Record<Name, Column>>,
  configured: Readonly<Partial<Record<Name, string>>>,
  stored: Readonly<Partial<Record<Name, StoredColumn>>>,
): ReadonlyMap<Name, NotionProperty> {
  const names = Object.keys(columns) as Name[];
  const places = new Map<Name, NotionProperty>();
  const taken = new Set<string>();
  const round = (find: (name: Name, free: readonly NotionProperty[]) => NotionProperty | undefined): void => {
    for (const name of names) {
      if (places.has(name)) continue;
      const free = schema.filter((property) => !taken.has(property.id));
      const property = find(name, free);
      if (property === undefined) continue;
      places.set(name, property);
      taken.add(property.id);
    }
  };
  const isNew = (name: Name): boolean => configured[name] !== (stored[name]?.configured ?? undefined);
  const usable = (name: Name, free: readonly NotionProperty[]): readonly NotionProperty[] =>
    free.filter((property) => usableType(columns[name], property) !== null);
  const byName = (name: Name, free: readonly NotionProperty[]): NotionProperty | undefined => {
    const wanted = configured[name];
    return wanted === undefined ? undefined : findNamed(usable(name, free), wanted);
  };
  const byId = (name: Name, free: readonly NotionProperty[]): NotionProperty | undefined =>
    free.find((property) => property.id === stored[name]?.propertyId);
  // What the configuration gave to a column stays with it. What a person has just written there outweighs what was
  // remembered of a guess, whichever column that was for; and what is in use outweighs what has lapsed.
  round((name, free) => (configured[name] !== undefined && !isNew(name) ? byId(name, free) : undefined));
  round((name, free) => (isNew(name) ? byName(name, free) : undefined));
  round((name, free) => (stored[name]?.hasLapsed === false ? byId(name, usable(name, free)) : undefined));
  round((name, free) => byId(name, usable(name, free)));
  round(byId);
  round(byName);
  round((name, free) => (configured[name] === undefined ? guess(free, columns[name]) : undefined));
  return places;
}

/** A property by its name as written, else by its name as compared. */
function findNamed(properties: readonly NotionProperty[], name: string): NotionProperty | undefined {
  return (
    properties.find((property) => property.name === name) ??
    properties.find((property) => isNamed(property, name))
  );
}

function isNamed(property: NotionProperty, name: string): boolean {
  return normaliseLabel(property.name) === normaliseLabel(name);
}

/** By type in the order of preference, and of one type by synonym. The one title of a data source needs no name. */
function guess(free: readonly NotionProperty[], column: Column): NotionProperty | undefined {
  for (const type of column.notionTypes) {
    const fitting = free.filter((property) => property.type === type);
    if (type === "title" && fitting.length > 0) return fitting[0];
    for (const synonym of column.synonyms) {
      const named = findNamed(fitting, synonym);
      if (named !== undefined) return named;
    }
  }
  return undefined;
}

type Found = {
  readonly property: NotionProperty | null;
  readonly before: StoredColumn | null;
  readonly configured: string | null;
  /** Which property the configured name is of, taken or not. */
  readonly named: NotionProperty | null;
};

/** One column: what it is now, what changed, what to remember. */
function lookAt<Name extends string>(name: Name, column: Column, found: Found) {
  const { property, before, configured } = found;
  const drift = driftOf(column, found).map((drift) => ({ column: name, ...drift }));
  const type = property === null ? null : usableType(column, property);
  if (property === null || type === null) {
    // A hidden relation comes back as it was; anything else may come back emptied or converted.
    const isHidden = property === null && before?.type === "relation";
    const stored = before === null || isHidden ? before : { ...before, hasLapsed: true };
    return { name, mapped: null, drift, stored, beginsAnew: false };
  }
  const { id: propertyId, options } = property;
  const mapped = { propertyId, name: property.name, type, options, isWritable: !READ_ONLY_TYPES.has(type) };
  // A name that is not followed stays new, and so is reported again.
  const isFollowed = configured === null || isNamed(property, configured);
  const stored = {
    propertyId,
    name: property.name,
    type,
    options,
    configured: isFollowed || before === null ? configured : before.configured,
    hasLapsed: false,
  };
  const isAsBefore = before?.propertyId === propertyId && before.type === type && !before.hasLapsed;
  return { name, mapped, drift, stored, beginsAnew: !isAsBefore };
}

/** Omit that keeps the members of a union apart. */
type WithoutColumn<T> = T extends unknown ? Omit<T, "column"> : never;

function driftOf(column: Column, found: Found): WithoutColumn<Drift>[] {
  const { property, before, configured, named } = found;
  const isIgnored = configured !== null && (property === null || !isNamed(property, configured));
  if (!isIgnored || configured === before?.configured) return changesOf(column, property, before);
  const isReadable = named === null || usableType(column, named) !== null;
  const ignored: WithoutColumn<Drift> = isReadable
    ? { kind: "not_found", name: configured }
    : { kind: "unusable", name: named.name, type: named.type };
  return [ignored, ...changesOf(column, property, before)];
}

function changesOf(
  column: Column,
  property: NotionProperty | null,
  before: StoredColumn | null,
): WithoutColumn<Drift>[] {
  if (before === null) return [];
  if (property === null) {
    return [{ kind: before.type === "relation" ? "no_longer_shared" : "removed", name: before.name }];
  }
  const { name, type } = property;
  if (before.propertyId !== property.id) return [{ kind: "replaced", from: before.name, to: name }];
  const renamed: WithoutColumn<Drift>[] =
    before.name === name ? [] : [{ kind: "renamed", from: before.name, to: name }];
  if (before.type !== type) {
    const isUsable = usableType(column, property) !== null;
    return [...renamed, { kind: "retyped", from: before.type, to: type, isUsable }];
  }
  const added = property.options.filter((option) => !before.options.includes(option));
  return [...renamed, ...added.map((option) => ({ kind: "new_option" as const, option }))];
}

function usableType(column: Column, property: NotionProperty): NotionType | null {
  return column.notionTypes.find((type) => type === property.type) ?? null;
}
