import type { z } from "zod";
import { ApiFailure } from "./api-errors.ts";
import { checked } from "./body-check.ts";
import { addOptions, changePage, createPage, type PageMarks } from "./changes.ts";
import {
  changeOf,
  type Endpoint,
  type EndpointContext,
  visibleDataSource,
  visiblePage,
  writtenPage,
} from "./endpoint.ts";
import { checkQuery } from "./list-reply.ts";
import type { DataSource, Page } from "./model.ts";
import { moveTo } from "./moves.ts";
import { createBody, moveBody, olderUpdateBody, updateBody, type UpdateBody } from "./page-bodies.ts";
import { pageView } from "./page-view.ts";
import { planProperties } from "./property-write.ts";
import { shownProperties } from "./shown-properties.ts";
import { accessOf, dataSourceOf } from "./world.ts";

/** GET /v1/pages/{id}: shows the page as it is now, in the trash too. Source: reference 2.5. */
const getPage: Endpoint = {
  name: "get_page",
  method: "GET",
  path: ["pages", "*"],
  needs: "read",
  isWrite: false,
  handle(context, [id = ""]) {
    checkQuery(context.call, ["filter_properties"]);
    const page = visiblePage(context, id);
    return pageView(context, page, shownProperties(dataSourceOf(context.world, page), context.call));
  },
};

/** POST /v1/pages. No key makes a repeated one harmless. Source: reference 2.6. */
const create: Endpoint = {
  name: "create_page",
  method: "POST",
  path: ["pages"],
  needs: "insert",
  isWrite: true,
  handle(context) {
    checkQuery(context.call, ["filter_properties"]);
    const body = checked(createBody, context.body, "body");
    refuseContent(body, ["children", "content", "markdown", "template", "position"]);
    const dataSource = parentIn(context, body.parent);
    shownProperties(dataSource, context.call);
    const plan = planProperties({ world: context.world, dataSource, page: null }, body.properties ?? {});
    const change = changeOf(context);
    const current = addOptions(context.world, dataSource, plan.added, change);
    const page = createPage(context.world, current, change, { values: plan.values, marks: dressOf(body) });
    return writtenPage(context, page);
  },
};

/** PATCH /v1/pages/{id}: update, trash, restore, archive. Source: reference 2.7. */
const update: Endpoint = {
  name: "update_page",
  method: "PATCH",
  path: ["pages", "*"],
  needs: "update",
  isWrite: true,
  handle(context, [id = ""]) {
    checkQuery(context.call, ["filter_properties"]);
    const page = editablePage(context, id);
    const schema = context.version < "2026-03-11" ? olderUpdateBody : updateBody;
    const body = checked(schema as z.ZodType<UpdateBody>, context.body, "body");
    refuseContent(body, ["template"]);
    refuseTrashed(page, body);
    const dataSource = dataSourceOf(context.world, page);
    shownProperties(dataSource, context.call);
    const { values, added } = planProperties(
      { world: context.world, dataSource, page },
      body.properties ?? {},
    );
    const marks = { ...dressOf(body), ...marksOf(body) };
    if (Object.keys(values).length + Object.keys(marks).length === 0) return writtenPage(context, page);
    addOptions(context.world, dataSource, added, changeOf(context));
    return writtenPage(context, changePage(context.world, page, changeOf(context), { values, marks }));
  },
};

/** POST /v1/pages/{id}/move. Source: reference 2. */
const move: Endpoint = {
  name: "move_page",
  method: "POST",
  path: ["pages", "*", "move"],
  needs: "update",
  isWrite: true,
  handle(context, [id = ""]) {
    checkQuery(context.call, []);
    const page = editablePage(context, id);
    const { parent } = checked(moveBody, context.body, "body");
    const target = parentIn(context, parent);
    refuseTrashed(page, {});
    return writtenPage(context, moveTo(context.world, page, target, changeOf(context)));
  },
};

export const PAGE_ENDPOINTS: readonly Endpoint[] = [getPage, create, update, move];

/** A page of which the connection sees more than that it is there. */
function editablePage(context: EndpointContext, id: string): Page {
  const page = visiblePage(context, id);
  if (accessOf(context.world, page) === "full") return page;
  throw new ApiFailure("restricted_resource", "The connection may not edit this page.");
}

function parentIn(
  context: EndpointContext,
  parent: { data_source_id: string } | { page_id: string },
): DataSource {
  if (!("data_source_id" in parent)) {
    throw new ApiFailure(
      "invalid_request",
      "This workspace has rows of data sources only; name a data_source_id.",
    );
  }
  const dataSource = visibleDataSource(context, parent.data_source_id);
  if (!dataSource.isTrashed) return dataSource;
  throw new ApiFailure("validation_error", "Can't add to a data source that is archived; restore it first.");
}

/** A page in the trash takes nothing but its restoring. Source: reference 2.7. */
function refuseTrashed(page: Page, body: UpdateBody): void {
  const isRestored = body.in_trash === false && Object.keys(body).length === 1;
  if (!page.isTrashed || isRestored) return;
  throw new ApiFailure(
    "validation_error",
    "Can't edit block that is archived. You must unarchive the block before editing.",
  );
}

/** Blocks are no part of this stand-in; better refused than silently lost. */
function refuseContent(body: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const isEmpty = (part: unknown): boolean =>
    part === undefined || (Array.isArray(part) && part.length === 0);
  const named = names.find((name) => !isEmpty(body[name]));
  if (named !== undefined) throw new ApiFailure("invalid_request", `body.${named} is not supported here.`);
}

function dressOf({ icon, cover }: Pick<UpdateBody, "icon" | "cover">): PageMarks {
  const typed = (given: Record<string, unknown> | null): unknown =>
    given && { type: "emoji" in given ? "emoji" : "external", ...given };
  return {
    ...(icon === undefined ? {} : { icon: typed(icon) }),
    ...(cover === undefined ? {} : { cover: typed(cover) }),
  };
}

function marksOf({ in_trash, is_archived, is_locked }: UpdateBody): PageMarks {
  return {
    ...(in_trash === undefined ? {} : { isTrashed: in_trash }),
    ...(is_archived === undefined ? {} : { isArchived: is_archived }),
    ...(is_locked === undefined ? {} : { isLocked: is_locked }),
  };
}
