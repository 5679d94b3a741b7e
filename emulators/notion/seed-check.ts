import type { NotionSeed, SeedDatabase, SeedProperty, SeedValue } from "./seed.ts";

/** Types whose values Notion makes by itself; a seed gives none. */
const COMPUTED = new Set<SeedProperty["type"]>([
  "unique_id",
  "created_time",
  "last_edited_time",
  "created_by",
  "last_edited_by",
  "formula",
  "rollup",
]);

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-][01]\d:[0-5]\d)$/;

/**
 * Why a value does not fit a property of this type, as a clause that follows the name of the property; null if it
 * fits. Null fits every type. Options and keys are not looked up here.
 */
export function problemOfValue(type: SeedProperty["type"], value: unknown): string | null {
  if (value === null) return null;
  if (COMPUTED.has(type)) return "is filled by Notion itself";
  switch (type) {
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? null : "must be a number";
    case "checkbox":
      return typeof value === "boolean" ? null : "must be true or false";
    case "multi_select":
    case "people":
    case "files":
    case "relation":
      return areTexts(value) ? null : "must be a list of texts";
    case "date":
      return problemOfDate(value);
    case "title":
    case "rich_text":
      return typeof value === "string" ? null : "must be text";
    default:
      return typeof value === "string" && value !== "" ? null : "must be text that is not empty, or null";
  }
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
}

function problemOfDate(value: unknown): string | null {
  const span = typeof value === "string" ? { start: value, end: null } : value;
  if (typeof span !== "object" || span === null || !("start" in span)) return "must be an ISO 8601 date";
  const { start, end = null } = span as { start: unknown; end?: unknown };
  for (const text of end === null ? [start] : [start, end]) {
    if (typeof text !== "string" || !isDayOrMoment(text))
      return "must be an ISO 8601 day, or a moment with its offset from UTC";
  }
  if (end === null) return null;
  if (DAY.test(String(start)) !== DAY.test(String(end))) return "must not mix a day and a moment";
  return Date.parse(String(start)) <= Date.parse(String(end)) ? null : "must not end before it starts";
}

/** Whether a text is an ISO 8601 day of the calendar, or a moment of such a day with its offset from UTC. */
export function isDayOrMoment(text: string): boolean {
  const [, year, month, day] = DAY.exec(MOMENT.exec(text)?.[1] ?? text) ?? [];
  // Date.parse takes a day that the month does not have for one of the next month.
  const instant = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return instant.getUTCMonth() === Number(month) - 1 && instant.getUTCDate() === Number(day);
}

/** Names of the options of a property, in Notion's order; null for a type that has none. */
export function optionsOf(property: SeedProperty): readonly string[] | null {
  if (property.type === "status") return property.groups.flatMap(({ options }) => options);
  return property.type === "select" || property.type === "multi_select" ? property.options : null;
}

/**
 * Hold a whole seed against what Notion demands of a workspace: one title each, values that fit their types, options
 * that exist, relations, formulas and rollups that point at something.
 *
 * @returns sentences without a full stop, each naming database, row and property; none if the seed is sound
 */
export function problemsIn(seed: NotionSeed): string[] {
  const keysOf = new Map(seed.databases.map(({ key, rows }) => [key, new Set(rows.map((row) => row.key))]));
  return [
    ...repeated(seed.databases.map(({ key }) => key)).map((key) => `two databases have the key ${key}`),
    ...seed.databases.flatMap((database) => [
      ...problemsOfProperties(database, seed),
      ...problemsOfRows(database, keysOf),
    ]),
  ];
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.has(name) || !seen.add(name));
}

function problemsOfProperties({ key, properties }: SeedDatabase, seed: NotionSeed): string[] {
  const find = (database: SeedDatabase | undefined, name: string): SeedProperty | undefined =>
    database?.properties.find((property) => property.name === name);
  const database = seed.databases.find((other) => other.key === key);
  const titles = properties.filter(({ type }) => type === "title").length;
  const broken = properties.filter((property) => {
    if (property.type === "relation") return !seed.databases.some((other) => other.key === property.target);
    if (property.type === "formula") return find(database, property.doubles)?.type !== "number";
    if (property.type !== "rollup") return false;
    const relation = find(database, property.relation);
    const target = relation?.type === "relation" ? relation.target : null;
    return !find(
      seed.databases.find((other) => other.key === target),
      property.property,
    );
  });
  return [
    ...(titles === 1 ? [] : [`${key} has ${titles} title properties`]),
    ...repeated(properties.map(({ name }) => name)).map((name) => `${key} has two properties named ${name}`),
    ...properties
      .filter((property) => new Set(optionsOf(property)).size !== (optionsOf(property)?.length ?? 0))
      .map(({ name }) => `${key}: an option of ${name} occurs twice`),
    ...broken.map(({ name }) => `${key}: ${name} points at nothing`),
  ];
}

function problemsOfRows(
  { key, properties, rows }: SeedDatabase,
  keysOf: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const byName = new Map(
    properties.map((property) => [property.name, { property, known: knownIn(property, keysOf) }]),
  );
  const problems = repeated(rows.map((row) => row.key)).map(
    (name) => `two rows of ${key} have the key ${name}`,
  );
  for (const row of rows) {
    if (!(row.createdMs <= row.editedMs))
      problems.push(`${key}: row ${row.key} was edited before it was created`);
    for (const [name, value] of Object.entries(row.values)) {
      const named = byName.get(name);
      const problem = named ? problemOf(named, value) : "is no property";
      if (problem !== null) problems.push(`${key}: ${name} of row ${row.key} ${problem}`);
    }
  }
  return problems;
}

/** Names that values of this property may hold: its options or the keys of the rows over there; null for any. */
function knownIn(
  property: SeedProperty,
  keysOf: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> | null {
  if (property.type === "relation") return keysOf.get(property.target) ?? new Set();
  const options = optionsOf(property);
  return options === null ? null : new Set(options);
}

function problemOf(
  { property, known }: { property: SeedProperty; known: ReadonlySet<string> | null },
  value: SeedValue,
): string | null {
  const problem = problemOfValue(property.type, value);
  if (problem !== null || known === null || value === null) return problem;
  const unknown = (Array.isArray(value) ? value : [value]).find((name) => !known.has(String(name)));
  if (unknown === undefined) return null;
  const what = property.type === "relation" ? `a row of ${property.target}` : "an option";
  return `names ${String(unknown)}, which is not ${what}`;
}
