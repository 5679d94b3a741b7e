import { createHash } from "node:crypto";
import { minuteOf, shownDate } from "./dates.ts";
import type { Page, Property, PropertyOf, RichRun, StoredDate, StoredFile, StoredValue } from "./model.ts";
import { defaultStatus } from "./options.ts";
import { doubled, rolledUp } from "./plain-values.ts";
import { withUnresolvedMentions } from "./rich-text.ts";
import { accessOf, isVisible, type World } from "./world.ts";

/** What a view depends on beside the page itself. */
export type ViewContext = {
  readonly world: World;
  readonly nowMs: number;
  readonly version: string;
  /** Index of the request: signed URLs of files differ from read to read. */
  readonly requestIndex: number;
};

/** References that page and query replies carry for one property. Source: vendor docs, "Retrieve a page". */
const REFERENCES_MAX = 25;

/** How long a signed URL of a hosted file is good. Source: vendor docs, "Page properties". */
const FILE_URL_MS = 3_600_000;

/** A property of a page as page and query replies show it. */
export function propertyView(context: ViewContext, page: Page, property: Property): Record<string, unknown> {
  return { id: property.id, ...typedView(context, page, property) };
}

/** Type, value, and for relations whether the value was cut. */
function typedView(context: ViewContext, page: Page, property: Property): Record<string, unknown> {
  if (property.type === "relation") {
    const ids = visibleTargets(context.world, page, property);
    const relation = ids.slice(0, REFERENCES_MAX).map((id) => ({ id }));
    return { type: "relation", relation, has_more: ids.length > REFERENCES_MAX };
  }
  return { type: property.type, [property.type]: valueView(context, page, property) };
}

function valueView(
  context: ViewContext,
  page: Page,
  property: Exclude<Property, { type: "relation" }>,
): unknown {
  const value = page.values[property.id] ?? null;
  switch (property.type) {
    case "title":
    case "rich_text":
      return withUnresolvedMentions((value ?? []) as readonly RichRun[]);
    case "people":
      return peopleOf(context, value).slice(0, REFERENCES_MAX);
    case "created_time":
      return minuteOf(page.createdMs);
    case "last_edited_time":
      return minuteOf(page.editedMs);
    case "created_by":
      return userView(context.world, page.createdBy);
    case "last_edited_by":
      return userView(context.world, page.editedBy);
    case "formula":
      return formulaView(context.world, page, property);
    case "rollup":
      return rollupView(context, page, property);
    default:
      return simpleView(context, page, property);
  }
}

type SimpleProperty = Exclude<
  Property,
  { type: "relation" | "title" | "rich_text" | "people" | "formula" | "rollup" | "created_time" }
>;

function simpleView(context: ViewContext, page: Page, property: SimpleProperty): unknown {
  const value = page.values[property.id] ?? null;
  switch (property.type) {
    case "checkbox":
      return value === true;
    case "date":
      return value === null ? null : dateView(value as StoredDate);
    case "select":
      return optionView(property, value as string | null);
    case "status":
      return optionView(property, (value as string | null) ?? defaultStatus(property)?.id ?? null);
    case "multi_select":
      return ((value ?? []) as readonly string[]).flatMap((id) => optionView(property, id) ?? []);
    case "files":
      return ((value ?? []) as readonly StoredFile[]).map((file) => fileView(context, page, file));
    case "unique_id":
      return { prefix: property.prefix, number: value };
    default:
      return value;
  }
}

/** Targets of a relation that the connection can see; the others are left out. Source: reference 6.7. */
export function visibleTargets(
  world: World,
  page: Page,
  property: PropertyOf<"relation">,
): readonly string[] {
  if (!isVisible(world, world.catalog.dataSource(property.dataSourceId))) return [];
  const ids = (page.values[property.id] ?? []) as readonly string[];
  return ids.filter((id) => {
    const target = world.pages.get(id);
    return target !== undefined && accessOf(world, target) !== "none";
  });
}

export function peopleOf({ world }: ViewContext, value: StoredValue): Record<string, unknown>[] {
  return ((value ?? []) as readonly string[]).map((id) => userView(world, id));
}

/** A user; without the capability to read users only its id. Source: reference 6.7. */
export function userView(world: World, id: string): Record<string, unknown> {
  const { users, botId, capabilities } = world.state;
  const name = id === botId ? "Sync" : users.find((user) => user.id === id)?.name;
  if (!capabilities.users || name === undefined) return { object: "user", id };
  if (id === botId) return { object: "user", id, name, avatar_url: null, type: "bot", bot: {} };
  const email = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, ".")}@workspace.example`;
  return { object: "user", id, name, avatar_url: null, type: "person", person: { email } };
}

function formulaView(world: World, page: Page, property: PropertyOf<"formula">): unknown {
  if (world.state.behaviour.computed === "unsupported") return { type: "unsupported", unsupported: {} };
  return { type: "number", number: doubled(page, property) };
}

function rollupView(context: ViewContext, page: Page, property: PropertyOf<"rollup">): unknown {
  const shared = { function: "show_original" };
  if (context.world.state.behaviour.computed === "unsupported") {
    return { type: "unsupported", unsupported: {}, ...shared };
  }
  return { type: "array", array: rollupParts(context, page, property).slice(0, REFERENCES_MAX), ...shared };
}

/** The parts of a rollup, one per related page that the connection can see. */
export function rollupParts(
  context: ViewContext,
  page: Page,
  property: PropertyOf<"rollup">,
): Record<string, unknown>[] {
  return rolledUp(context.world, page, property)
    .filter(({ page }) => accessOf(context.world, page) === "full")
    .map(({ page, property }) => typedView(context, page, property));
}

function dateView({ start, end, time_zone }: StoredDate): Record<string, unknown> {
  return {
    start: shownDate(start, time_zone),
    end: end === null ? null : shownDate(end, time_zone),
    time_zone,
  };
}

function optionView(
  { options }: PropertyOf<"select" | "multi_select" | "status">,
  optionId: string | null,
): { id: string; name: string; color: string } | null {
  const option = options.find(({ id }) => id === optionId);
  return option ? { id: option.id, name: option.name, color: option.color } : null;
}

/** Hosted files come with a URL signed for an hour, another one each time. Source: reference 8. */
function fileView(context: ViewContext, page: Page, { name, url }: StoredFile): Record<string, unknown> {
  if (url !== null) return { name, type: "external", external: { url } };
  const expiryMs = context.nowMs + FILE_URL_MS;
  const signed = `${page.id}/${name}/${expiryMs}/${context.requestIndex}`;
  const signature = createHash("sha256").update(signed).digest("hex");
  return {
    name,
    type: "file",
    file: {
      url: `${hostedUrl(page.id, name)}?X-Amz-Expires=3600&X-Amz-Signature=${signature}`,
      expiry_time: new Date(expiryMs).toISOString(),
    },
  };
}

/** Where a hosted file of a page is, less its signature. */
export function hostedUrl(pageId: string, name: string): string {
  return `https://files.notion.example/${pageId}/${encodeURIComponent(name)}`;
}
