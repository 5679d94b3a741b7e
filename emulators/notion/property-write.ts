import { ApiFailure, invalid, notFound } from "./api-errors.ts";
import { checked } from "./body-check.ts";
import { shownDate } from "./dates.ts";
import type { DataSource, Page, Property, PropertyOf, RichRun, StoredFile, StoredValue } from "./model.ts";
import { defaultStatus, findOption, type NewOptions, type OptionProperty, planOption } from "./options.ts";
import { findProperty, titleOf } from "./page-view.ts";
import { hostedUrl } from "./property-view.ts";
import { PLAIN_ANNOTATIONS } from "./rich-text.ts";
import { isShown } from "./schema-view.ts";
import { VALUE_SCHEMAS, type WrittenFile, type WrittenOption, type WrittenRun } from "./value-schemas.ts";
import { accessOf, type World } from "./world.ts";

/** What a write will do to a page, checked and decided, nothing of it done. */
export type PlannedWrite = { readonly values: Record<string, StoredValue>; readonly added: NewOptions };

type Target = {
  readonly world: World;
  readonly dataSource: DataSource;
  /** Null for a page that is being created. */
  readonly page: Page | null;
};

/** Decide the `properties` of a create or update body. @throws ApiFailure that names the path of the first breach */
export function planProperties(target: Target, properties: Readonly<Record<string, unknown>>): PlannedWrite {
  const added: NewOptions = new Map();
  const values: Record<string, StoredValue> = {};
  for (const [ref, given] of Object.entries(properties)) {
    const path = `body.properties.${ref}`;
    const property = findProperty(target.dataSource, ref);
    if (!property || !isShown(target.world, property)) {
      if (target.world.state.behaviour.unknownProperty === "ignore") continue;
      throw new ApiFailure("validation_error", `${ref} is not a property that exists. (${path})`);
    }
    if (property.id in values) throw invalid(path, "named once, not by name and by id");
    values[property.id] = plannedValue(target, property, writtenValue(property, given, path), {
      path,
      added,
    });
  }
  return { values, added };
}

type WritableType = keyof typeof VALUE_SCHEMAS;

/** The part under the key of the property's type, of the right shape. */
function writtenValue(property: Property, given: unknown, path: string): unknown {
  const { type } = property;
  if (!(type in VALUE_SCHEMAS)) throw invalid(path, `not present: a property of type ${type} is read-only`);
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalid(path, "an object", given);
  const value = given as Record<string, unknown>;
  if (value["type"] !== undefined && value["type"] !== type) {
    throw invalid(`${path}.type`, `\`"${type}"\`: ${property.name} is expected to be ${type}`, value["type"]);
  }
  const foreign = Object.keys(value).find((key) => key !== "type" && key !== type);
  if (foreign !== undefined)
    throw invalid(`${path}.${foreign}`, `not present: ${property.name} is expected to be ${type}`);
  return checked<unknown>(VALUE_SCHEMAS[type as WritableType], value[type], `${path}.${type}`);
}

type Place = { readonly path: string; readonly added: NewOptions };

function plannedValue(target: Target, property: Property, value: unknown, place: Place): StoredValue {
  if (value === null) return property.type === "status" ? (defaultStatus(property)?.id ?? null) : null;
  switch (property.type) {
    case "title":
    case "rich_text":
      return (value as WrittenRun[]).flatMap((run, index) =>
        storedRun(target.world, run, `${place.path}.${property.type}.${index}`),
      );
    case "date": {
      const {
        start,
        end = null,
        time_zone = null,
      } = value as { start: string; end?: string; time_zone?: string };
      return { start, end, time_zone };
    }
    case "select":
    case "status":
      return optionId(target.world, property, value as WrittenOption, place);
    case "multi_select":
      return unique(
        (value as WrittenOption[]).map((option) => optionId(target.world, property, option, place)),
      );
    case "people":
      return unique((value as { id: string }[]).map(({ id }) => knownUser(target.world, id)));
    case "relation":
      return unique(
        (value as { id: string }[]).map(({ id }) => relatedPage(target.world, property, id, place)),
      );
    case "files":
      return (value as WrittenFile[]).map((file, index) =>
        storedFile(target, property, file, `${place.path}.files.${index}`),
      );
    default:
      return value as number | string | boolean;
  }
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

/** A run as it will be shown; runs without any text vanish. */
function storedRun(world: World, run: WrittenRun, path: string): RichRun[] {
  const annotations = { ...PLAIN_ANNOTATIONS, ...run.annotations };
  if (run.text) {
    const link = run.text.link ? { url: run.text.link.url } : null;
    const { content } = run.text;
    if (content === "") return [];
    return [
      { type: "text", text: { content, link }, annotations, plain_text: content, href: link?.url ?? null },
    ];
  }
  if (run.equation) {
    const { equation } = run;
    return [{ type: "equation", equation, annotations, plain_text: equation.expression, href: null }];
  }
  const { mention, words } = mentioned(world, run.mention ?? {}, path);
  return [{ type: "mention", mention, annotations, plain_text: words, href: null }];
}

function mentioned(
  world: World,
  { user, page, database, date }: NonNullable<WrittenRun["mention"]>,
  path: string,
): { mention: Record<string, unknown>; words: string } {
  if (user) {
    const id = knownUser(world, user.id);
    const name = world.state.users.find((known) => known.id === id)?.name ?? "Sync";
    return { mention: { type: "user", user: { object: "user", id } }, words: `@${name}` };
  }
  if (page) {
    const found = world.pages.get(page.id);
    if (!found || accessOf(world, found) === "none") throw notFound("page", page.id);
    return { mention: { type: "page", page: { id: found.id } }, words: titleOf(found) || "Untitled" };
  }
  if (database) {
    const found = world.catalog.database(database.id);
    if (!found?.isShared) throw notFound("database", database.id);
    return { mention: { type: "database", database: { id: found.id } }, words: found.title };
  }
  if (!date) throw invalid(path, "a mention of something");
  const { start, end = null, time_zone = null } = date;
  const shown = { start: shownDate(start, time_zone), end: end && shownDate(end, time_zone), time_zone };
  return {
    mention: { type: "date", date: shown },
    words: end ? `${shown.start} → ${shown.end}` : shown.start,
  };
}

/** The id of an option; an unknown name of a select is planned, of a status refused. Source: reference 3. */
function optionId(
  world: World,
  property: OptionProperty,
  written: WrittenOption,
  { path, added }: Place,
): string {
  const found = findOption(property, written, added);
  if (found) {
    if (written.color !== undefined && written.color !== found.color) {
      throw invalid(
        `${path}.${property.type}.color`,
        `\`"${found.color}"\`: the color of an option cannot be changed here`,
      );
    }
    return found.id;
  }
  if (property.type === "status") {
    const named = written.name ?? written.id;
    throw new ApiFailure(
      "validation_error",
      `Invalid status option. Status option "${named}" does not exist. (${path}.status)`,
    );
  }
  if (written.id !== undefined || written.name === undefined) {
    throw invalid(`${path}.${property.type}.id`, "the id of an option that exists", written.id);
  }
  return planOption(world, property, written.name, added).id;
}

function knownUser(world: World, id: string): string {
  if (id !== world.state.botId && !world.state.users.some((user) => user.id === id))
    throw notFound("user", id);
  return id;
}

/** A page that may be related: shared, in the right data source. Source: reference 3. */
function relatedPage(world: World, property: PropertyOf<"relation">, id: string, { path }: Place): string {
  const page = world.pages.get(id);
  if (!page || accessOf(world, page) === "none") throw notFound("page", id);
  if (page.dataSourceId !== property.dataSourceId) {
    throw invalid(`${path}.relation`, `pages of data source ${property.dataSourceId}`, id);
  }
  return id;
}

/** An external file, or a hosted one that the page has already: this stand-in takes no uploads. */
function storedFile({ page }: Target, property: Property, file: WrittenFile, path: string): StoredFile {
  if ("external" in file) return { name: file.name, url: file.external.url };
  if ("file_upload" in file)
    throw invalid(`${path}.file_upload.id`, "the id of a file upload that exists", file.file_upload.id);
  const stored = (page?.values[property.id] ?? []) as readonly StoredFile[];
  const isKept = stored.some(
    ({ name, url }) => url === null && page && file.file.url.startsWith(hostedUrl(page.id, name)),
  );
  if (!isKept) throw invalid(`${path}.file.url`, "the URL of a file of this page", file.file.url);
  return { name: file.name, url: null };
}
