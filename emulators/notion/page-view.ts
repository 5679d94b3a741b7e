import { minuteOf } from "./dates.ts";
import { decoded } from "./ids.ts";
import type { DataSource, Page, Property, RichRun } from "./model.ts";
import { propertyView, type ViewContext } from "./property-view.ts";
import { textOf } from "./rich-text.ts";
import { accessOf, dataSourceOf } from "./world.ts";

/** The property that a client names by its name or id, URL-encoded or not. */
export function findProperty(dataSource: DataSource, ref: string): Property | undefined {
  const { properties } = dataSource;
  const bare = decoded(ref);
  return (
    properties.find(({ id }) => id === ref) ??
    properties.find(({ name }) => name === ref) ??
    properties.find(({ id, name }) => decoded(id) === bare || name === bare)
  );
}

/** A page as a query shows it: what the index knows of it, but who sees it is decided now. */
export function listedView(
  context: ViewContext,
  indexed: Page,
  only?: ReadonlySet<string> | undefined,
): Record<string, unknown> {
  const access = context.world.pages.get(indexed.id)?.access ?? "none";
  return pageView(context, { ...indexed, access }, only);
}

/** The title of a page as text. */
export function titleOf(page: Page): string {
  return textOf((page.values["title"] ?? []) as readonly RichRun[]);
}

/**
 * A page as replies show it; `{object, id}` only, if the connection sees no more.
 *
 * @param only the properties to show, absent: all of them
 */
export function pageView(
  context: ViewContext,
  page: Page,
  only?: ReadonlySet<string> | undefined,
): Record<string, unknown> {
  if (accessOf(context.world, page) === "partial") return { object: "page", id: page.id };
  const dataSource = dataSourceOf(context.world, page);
  const shown = dataSource.properties.filter(({ id }) => only === undefined || only.has(id));
  return {
    object: "page",
    id: page.id,
    created_time: minuteOf(page.createdMs),
    last_edited_time: minuteOf(page.editedMs),
    created_by: { object: "user", id: page.createdBy },
    last_edited_by: { object: "user", id: page.editedBy },
    ...trashView(context.version, page.isTrashed),
    is_archived: page.isArchived,
    is_locked: page.isLocked,
    icon: page.icon,
    cover: page.cover,
    parent: {
      type: "data_source_id",
      data_source_id: dataSource.id,
      database_id: dataSource.databaseId,
    },
    properties: Object.fromEntries(
      shown.map((property) => [property.name, propertyView(context, page, property)]),
    ),
    url: urlOf(titleOf(page), page.id),
    public_url: null,
  };
}

/** Whether something is in the trash, by both names before version 2026-03-11. Source: reference 1. */
export function trashView(version: string, isTrashed: boolean): Record<string, boolean> {
  return version < "2026-03-11" ? { in_trash: isTrashed, archived: isTrashed } : { in_trash: isTrashed };
}

/** Address of a page or table; it holds the title, so a rename changes it. Source: reference 1. */
export function urlOf(title: string, id: string): string {
  const slug = title
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 60);
  return `https://app.notion.com/p/${slug === "" ? "" : `${encodeURIComponent(slug)}-`}${id.replaceAll("-", "")}`;
}
