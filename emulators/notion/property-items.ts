import { ApiFailure, invalid } from "./api-errors.ts";
import { type Endpoint, type EndpointContext, visiblePage } from "./endpoint.ts";
import { checkQuery, pageOfList, pagingOf } from "./list-reply.ts";
import type { Page, Property, RichRun } from "./model.ts";
import { findProperty } from "./page-view.ts";
import { peopleOf, propertyView, rollupParts, visibleTargets } from "./property-view.ts";
import { isShown } from "./schema-view.ts";
import { accessOf, dataSourceOf } from "./world.ts";

/** GET /v1/pages/{id}/properties/{property_id}: whole values, however long. Source: reference 2.8. */
export const propertyItemEndpoint: Endpoint = {
  name: "page_property",
  method: "GET",
  path: ["pages", "*", "properties", "*"],
  needs: "read",
  isWrite: false,
  handle(context, [pageId = "", propertyRef = ""]) {
    checkQuery(context.call, ["page_size", "start_cursor"]);
    const page = visiblePage(context, pageId);
    const property = findProperty(dataSourceOf(context.world, page), propertyRef);
    if (!property || !isShown(context.world, property) || accessOf(context.world, page) !== "full") {
      throw new ApiFailure("object_not_found", `Could not find property with ID: ${propertyRef}.`);
    }
    const items = itemsOf(context, page, property);
    return items === null
      ? singleItem(context, page, property)
      : listOfItems(context, { page, property, items });
  },
};

function singleItem(context: EndpointContext, page: Page, property: Property): Record<string, unknown> {
  const { cursor } = pagingOf(context.call);
  if (cursor !== null) throw invalid("query.start_cursor", "not present: the value is no list", cursor);
  return { object: "property_item", ...propertyView(context, page, property) };
}

/** The elements of a value that is a list here; null for values that are one item. */
function itemsOf(context: EndpointContext, page: Page, property: Property): Record<string, unknown>[] | null {
  switch (property.type) {
    case "title":
    case "rich_text":
      return ((page.values[property.id] ?? []) as readonly RichRun[]).map((run) => ({
        type: property.type,
        [property.type]: run,
      }));
    case "relation":
      return visibleTargets(context.world, page, property).map((id) => ({
        type: "relation",
        relation: { id },
      }));
    case "people":
      return peopleOf(context, page.values[property.id] ?? null).map((people) => ({
        type: "people",
        people,
      }));
    case "rollup":
      return rollupParts(context, page, property);
    default:
      return null;
  }
}

type Items = { readonly page: Page; readonly property: Property; readonly items: Record<string, unknown>[] };

function listOfItems(context: EndpointContext, { page, property, items }: Items): Record<string, unknown> {
  const paging = pagingOf(context.call);
  const list = pageOfList(items, `${page.id}/${property.id}`, paging);
  const { id, type } = property;
  const next = `page_size=${paging.pageSize}&start_cursor=${list.next_cursor}`;
  return {
    object: "list",
    type: "property_item",
    property_item: {
      id,
      type,
      [type]: type === "rollup" ? aggregate(list.has_more) : {},
      next_url: list.has_more ? `https://api.notion.com/v1/pages/${page.id}/properties/${id}?${next}` : null,
    },
    ...list,
    results: list.results.map((item) => ({ object: "property_item", id, ...item })),
  };
}

/** The aggregate of a rollup that lists: final only on the last page. Source: reference 2.8. */
function aggregate(hasMore: boolean): Record<string, unknown> {
  const shared = { function: "show_original" };
  return hasMore
    ? { type: "incomplete", incomplete: {}, ...shared }
    : { type: "array", array: [], ...shared };
}
