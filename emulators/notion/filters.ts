import { z } from "zod";
import { ApiFailure, invalid } from "./api-errors.ts";
import { checked } from "./body-check.ts";
import {
  checkboxTest,
  dateTest,
  emptinessTest,
  listTest,
  numberTest,
  optionTest,
  pageIdIn,
  type Test,
  textTest,
} from "./conditions.ts";
import { flooredMs, instantOf } from "./dates.ts";
import { CONDITIONS_MAX, FILTER_DEPTH_MAX } from "./limits.ts";
import type { DataSource, Page, Property, PropertyOf, RichRun, StoredDate } from "./model.ts";
import { defaultStatus, findOption, type OptionProperty } from "./options.ts";
import { findProperty } from "./page-view.ts";
import { doubled, rolledUp } from "./plain-values.ts";
import { textOf } from "./rich-text.ts";
import { isShown } from "./schema-view.ts";
import type { World } from "./world.ts";

export type FilterContext = {
  readonly world: World;
  readonly dataSource: DataSource;
  readonly nowMs: number;
};

/**
 * The predicate of a filter.
 *
 * @param depth compounds around it
 * @throws ApiFailure for anything that the vendor's documentation does not describe
 */
export function readFilter(
  context: FilterContext,
  filter: unknown,
  path = "body.filter",
  depth = 0,
): Test<Page> {
  const given = checked(z.record(z.string(), z.unknown()), filter, path);
  if ("and" in given || "or" in given) return compound(context, given, path, depth);
  if ("timestamp" in given) return timestampFilter(context, given, path);
  if (!("property" in given))
    throw invalid(path, "a filter with `and`, `or`, `property` or `timestamp`", filter);
  return propertyFilter(context, given, path);
}

function compound(
  context: FilterContext,
  given: Record<string, unknown>,
  path: string,
  depth: number,
): Test<Page> {
  const [name = "", ...others] = Object.keys(given);
  if (others.length > 0) throw invalid(`${path}.${others[0]}`, "not present beside a compound");
  if (depth >= FILTER_DEPTH_MAX) throw invalid(path, `nested at most ${FILTER_DEPTH_MAX} levels deep`);
  const parts = checked(z.array(z.unknown()).min(1).max(CONDITIONS_MAX), given[name], `${path}.${name}`);
  const tests = parts.map((part, index) => readFilter(context, part, `${path}.${name}.${index}`, depth + 1));
  return name === "and"
    ? (page) => tests.every((test) => test(page))
    : (page) => tests.some((test) => test(page));
}

const timestampSchema = z.strictObject({
  timestamp: z.enum(["created_time", "last_edited_time"]),
  type: z.string().optional(),
  created_time: z.unknown().optional(),
  last_edited_time: z.unknown().optional(),
});

function timestampFilter({ nowMs }: FilterContext, given: Record<string, unknown>, path: string): Test<Page> {
  const { timestamp, ...rest } = checked(timestampSchema, given, path);
  const other = timestamp === "created_time" ? "last_edited_time" : "created_time";
  if (rest[other] !== undefined) throw invalid(`${path}.${other}`, "not present");
  const test = dateTest(rest[timestamp], `${path}.${timestamp}`, nowMs);
  return timestamp === "created_time"
    ? (page) => test(flooredMs(page.createdMs))
    : (page) => test(flooredMs(page.editedMs));
}

function propertyFilter(context: FilterContext, given: Record<string, unknown>, path: string): Test<Page> {
  const ref = checked(z.string(), given["property"], `${path}.property`);
  const property = findProperty(context.dataSource, ref);
  if (!property || !isShown(context.world, property)) {
    throw new ApiFailure(
      "validation_error",
      `Could not find property with name or id: ${ref} (${path}.property).`,
    );
  }
  const keys = Object.keys(given).filter((key) => key !== "property" && key !== "type");
  const [kind] = keys;
  if (keys.length !== 1 || kind === undefined)
    throw invalid(path, "a property with one kind of condition", given);
  if (kind !== property.type) {
    const both = `database property ${property.type} does not match filter ${kind}`;
    throw new ApiFailure("validation_error", `${both} (${path}).`);
  }
  return conditionOn(context, property, given[kind], `${path}.${kind}`);
}

/** The test of one condition on one property. */
function conditionOn(
  context: FilterContext,
  property: Property,
  condition: unknown,
  path: string,
): Test<Page> {
  switch (property.type) {
    case "formula":
      return formulaFilter(property, condition, path);
    case "rollup":
      return rollupFilter(context, property, condition, path);
    case "relation":
    case "people":
    case "created_by":
    case "last_edited_by":
      return listFilter(context, property, condition, path);
    case "select":
    case "status":
    case "multi_select":
      return optionFilter(property, condition, path);
    case "date":
    case "created_time":
    case "last_edited_time":
      return dateFilter(context, property, condition, path);
    default:
      return simpleFilter(property, condition, path);
  }
}

type SimpleType =
  | "title"
  | "rich_text"
  | "email"
  | "phone_number"
  | "url"
  | "number"
  | "unique_id"
  | "checkbox"
  | "files";

function simpleFilter(property: PropertyOf<SimpleType>, condition: unknown, path: string): Test<Page> {
  const { id, type } = property;
  switch (type) {
    case "title":
    case "rich_text": {
      const test = textTest(condition, path);
      return ({ values }) => test(textOf((values[id] ?? []) as readonly RichRun[]) || null);
    }
    case "email":
    case "phone_number":
    case "url": {
      const test = textTest(condition, path);
      return ({ values }) => test((values[id] ?? null) as string | null);
    }
    case "number":
    case "unique_id": {
      const test = numberTest(condition, path, type === "number");
      return ({ values }) => test((values[id] ?? null) as number | null);
    }
    case "checkbox": {
      const test = checkboxTest(condition, path);
      return ({ values }) => test(values[id] === true);
    }
    default: {
      const test = emptinessTest(condition, path);
      return ({ values }) => test((values[id] ?? []) as readonly unknown[]);
    }
  }
}

function optionFilter(property: OptionProperty, condition: unknown, path: string): Test<Page> {
  const { id } = property;
  const idOf = (ref: string, at: string): string => {
    const option = findOption(property, { name: ref }) ?? findOption(property, { id: ref });
    if (option) return option.id;
    throw new ApiFailure(
      "validation_error",
      `${property.type} option "${ref}" not found for property "${property.name}" (${at}).`,
    );
  };
  if (property.type === "multi_select") {
    const test = listTest(condition, path, idOf);
    return ({ values }) => test((values[id] ?? []) as readonly string[]);
  }
  const test = optionTest(condition, path, idOf);
  const empty = property.type === "status" ? (defaultStatus(property)?.id ?? null) : null;
  return ({ values }) => test((values[id] ?? empty) as string | null);
}

function listFilter(
  { world }: FilterContext,
  property: PropertyOf<"relation" | "people" | "created_by" | "last_edited_by">,
  condition: unknown,
  path: string,
): Test<Page> {
  const { id, type } = property;
  const userIdIn = (ref: string, at: string): string =>
    ref === "me" ? world.state.botId : pageIdIn(ref, at);
  const test = listTest(condition, path, type === "relation" ? pageIdIn : userIdIn);
  if (type === "created_by") return (page) => test([page.createdBy]);
  if (type === "last_edited_by") return (page) => test([page.editedBy]);
  return ({ values }) => test((values[id] ?? []) as readonly string[]);
}

function dateFilter(
  { nowMs }: FilterContext,
  { id, type }: PropertyOf<"date" | "created_time" | "last_edited_time">,
  condition: unknown,
  path: string,
): Test<Page> {
  const test = dateTest(condition, path, nowMs);
  if (type === "created_time") return (page) => test(flooredMs(page.createdMs));
  if (type === "last_edited_time") return (page) => test(flooredMs(page.editedMs));
  return ({ values }) => {
    const date = (values[id] ?? null) as StoredDate | null;
    return test(date === null ? null : instantOf(date.start));
  };
}

const formulaSchema = z.strictObject({
  number: z.unknown().optional(),
  string: z.unknown().optional(),
  checkbox: z.unknown().optional(),
  date: z.unknown().optional(),
});

/** Formulas of this stand-in are numbers; a condition of another type never holds, as with Notion. */
function formulaFilter(property: PropertyOf<"formula">, condition: unknown, path: string): Test<Page> {
  const given = checked(formulaSchema, condition, path);
  if (Object.keys(given).length !== 1)
    throw invalid(path, "one of string, checkbox, number or date", condition);
  if (given.number === undefined) return () => false;
  const test = numberTest(given.number, `${path}.number`);
  return (page) => test(doubled(page, property));
}

const rollupSchema = z.strictObject({
  any: z.record(z.string(), z.unknown()).optional(),
  every: z.record(z.string(), z.unknown()).optional(),
  none: z.record(z.string(), z.unknown()).optional(),
});

function rollupFilter(
  { world, dataSource, nowMs }: FilterContext,
  property: PropertyOf<"rollup">,
  condition: unknown,
  path: string,
): Test<Page> {
  const given = checked(rollupSchema, condition, path);
  const [entry, ...others] = Object.entries(given);
  if (!entry || others.length > 0) throw invalid(path, "one of any, every or none", condition);
  const [quantifier, nested] = entry;
  const relation = dataSource.properties.find(({ id }) => id === property.relationId);
  const far = relation?.type === "relation" ? world.catalog.dataSource(relation.dataSourceId) : undefined;
  const target = far?.properties.find(({ id }) => id === property.propertyId);
  if (!far || !target) return () => false;
  const kinds = Object.keys(nested ?? {});
  if (kinds.length !== 1 || kinds[0] !== target.type) {
    throw invalid(`${path}.${quantifier}`, `a condition of type ${target.type}`, nested);
  }
  const at = `${path}.${quantifier}.${target.type}`;
  const test = conditionOn({ world, dataSource: far, nowMs }, target, nested?.[target.type], at);
  const partsOf = (page: Page): Page[] => rolledUp(world, page, property).map((part) => part.page);
  if (quantifier === "any") return (page) => partsOf(page).some(test);
  if (quantifier === "every") return (page) => partsOf(page).every(test);
  return (page) => !partsOf(page).some(test);
}
