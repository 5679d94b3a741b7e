import { z } from "zod";
import { rollOf } from "../world/random.ts";
import { ApiFailure, invalid } from "./api-errors.ts";
import { checked } from "./body-check.ts";
import { type Comparable, compared, sortValue } from "./comparable.ts";
import { flooredMs } from "./dates.ts";
import { type Endpoint, type EndpointContext, visibleDataSource } from "./endpoint.ts";
import { readFilter } from "./filters.ts";
import { CONDITIONS_MAX, PAGE_SIZE_MAX } from "./limits.ts";
import { checkQuery, hashOf, makeCursor, pageSizeSchema, readCursor } from "./list-reply.ts";
import type { DataSource, Page } from "./model.ts";
import { findProperty, listedView } from "./page-view.ts";
import type { RankedRow } from "./query-cache.ts";
import { isShown } from "./schema-view.ts";
import { shownProperties } from "./shown-properties.ts";
import { accessOf } from "./world.ts";

const direction = z.enum(["ascending", "descending"]);
const sortSchema = z.union([
  z.strictObject({ property: z.string(), direction }),
  z.strictObject({ timestamp: z.enum(["created_time", "last_edited_time"]), direction }),
]);
type Sort = z.infer<typeof sortSchema>;

const bodySchema = z.strictObject({
  filter: z.unknown().optional(),
  sorts: z.array(sortSchema).max(CONDITIONS_MAX).optional(),
  start_cursor: z.string().optional(),
  page_size: pageSizeSchema.optional(),
  result_type: z.enum(["page", "data_source"]).optional(),
  is_archived: z.boolean().optional(),
  /** Listed by SDK types, not supported for queries by the documentation: only what changes nothing is let pass. */
  in_trash: z.literal(false).optional(),
});
const olderBodySchema = bodySchema.extend({ archived: z.literal(false).optional() });
type QueryBody = z.infer<typeof bodySchema>;

/** Where a page of a scan ended: the rank of its last row, how many rows came so far, and the order of this scan. */
type Position = { readonly after: readonly Comparable[]; readonly count: number; readonly nonce: number };

/** POST /v1/data_sources/{id}/query. Source: reference 2.4. */
export const queryEndpoint: Endpoint = {
  name: "query",
  method: "POST",
  path: ["data_sources", "*", "query"],
  needs: "read",
  isWrite: false,
  handle(context, [id = ""]) {
    checkQuery(context.call, ["filter_properties"]);
    const dataSource = visibleDataSource(context, id);
    if (dataSource.isTrashed)
      throw new ApiFailure("validation_error", "The data source is in the trash; restore it first.");
    const schema = context.version < "2026-03-11" ? olderBodySchema : bodySchema;
    const body = checked(schema as z.ZodType<QueryBody>, context.body, "body");
    const only = shownProperties(dataSource, context.call);
    return replyOf(context, dataSource, body, only);
  },
};

function replyOf(
  context: EndpointContext,
  dataSource: DataSource,
  body: QueryBody,
  only: ReadonlySet<string> | undefined,
): Record<string, unknown> {
  const { world, requestIndex } = context;
  const { behaviour, seed } = world.state;
  const identity = JSON.stringify([
    dataSource.id,
    body.filter,
    body.sorts,
    body.is_archived,
    body.result_type,
  ]);
  const position = positionOf(context, identity, body.start_cursor);
  const rows =
    body.result_type === "data_source"
      ? []
      : rankedRows(context, dataSource, body, { identity, nonce: position.nonce });
  const from = firstAfter(rows, position.after, body.sorts ?? []);
  const isCapped = rows.length > behaviour.resultCap;
  const left = Math.min(rows.length - from, behaviour.resultCap - position.count);
  const asked = Math.min(body.page_size ?? PAGE_SIZE_MAX, left);
  const size =
    isShort(context) && asked > 1 ? Math.ceil(asked * rollOf(seed, `short ${requestIndex}`)) || 1 : asked;
  const results = rows.slice(from, from + size);
  const last = results.at(-1);
  const count = position.count + results.length;
  const hasMore = last !== undefined && results.length < left;
  return {
    object: "list",
    type: "page_or_data_source",
    page_or_data_source: {},
    results: results.map(({ page }) => listedView(context, page, only)),
    next_cursor: hasMore
      ? makeCursor(hashOf(identity), { after: last.rank, count, nonce: position.nonce })
      : null,
    has_more: hasMore,
    // Said on every page of a capped result, and absent otherwise. Source: reference 2.4.
    ...(isCapped
      ? { request_status: { type: "incomplete", incomplete_reason: "query_result_limit_reached" } }
      : {}),
  };
}

function isShort({ world, requestIndex }: EndpointContext): boolean {
  const { behaviour, seed } = world.state;
  return rollOf(seed, `shortness ${requestIndex}`) < behaviour.shortPages;
}

function positionOf(
  { world, requestIndex }: EndpointContext,
  identity: string,
  cursor: string | undefined,
): Position {
  if (cursor !== undefined) return readCursor(hashOf(identity), cursor) as Position;
  const isReshuffled = world.state.behaviour.order === "shuffled_each_query";
  return { after: [], count: 0, nonce: isReshuffled ? requestIndex + 1 : 0 };
}

/** Every row of the query in its order, as the index knows them. */
function rankedRows(
  context: EndpointContext,
  dataSource: DataSource,
  body: QueryBody,
  { identity, nonce }: { identity: string; nonce: number },
): readonly RankedRow[] {
  const { world, nowMs } = context;
  const { behaviour } = world.state;
  const test = body.filter === undefined ? () => true : readFilter({ world, dataSource, nowMs }, body.filter);
  const ranksOf = (body.sorts ?? []).map((sort, index) =>
    rankBy(context, dataSource, sort, `body.sorts.${index}`),
  );
  const at = { nowMs, lagMs: behaviour.indexLagMs };
  const versions = [
    world.pages.version(at),
    world.catalog.version(),
    nonce,
    behaviour.order,
    behaviour.archivedRows,
  ];
  // Filters by today and the like depend on the time as well.
  const isRelative = /"(?:today|tomorrow|yesterday|one_|this_|past_|next_)/.test(identity);
  return world.queries.of(JSON.stringify([identity, ...versions, isRelative ? nowMs : 0]), () => {
    const isListed = (page: Page): boolean => {
      const current = world.pages.get(page.id);
      if (page.isTrashed || !current || accessOf(world, current) === "none") return false;
      if (body.is_archived === true) return page.isArchived;
      return !page.isArchived || (body.is_archived === undefined && behaviour.archivedRows === "listed");
    };
    const rows = world.pages.indexed(dataSource.id, at).filter((page) => isListed(page) && test(page));
    const ranked = rows.map((page) => ({
      page,
      rank: [...ranksOf.map((rank) => rank(page)), ...tieBreak(context, page, nonce)],
    }));
    return ranked.sort((a, b) => comparedRanks(a.rank, b.rank, body.sorts ?? []));
  });
}

/** The order among rows that the sorts leave equal: arbitrary, but the same for every page of a scan. */
function tieBreak({ world }: EndpointContext, page: Page, nonce: number): readonly Comparable[] {
  const { behaviour, seed } = world.state;
  const first = behaviour.order === "created" ? page.createdMs : rollOf(`${seed}/${nonce}`, page.id);
  return [first, page.id];
}

function rankBy(
  { world }: EndpointContext,
  dataSource: DataSource,
  sort: Sort,
  path: string,
): (page: Page) => Comparable {
  if ("timestamp" in sort) {
    return sort.timestamp === "created_time"
      ? (page) => flooredMs(page.createdMs)
      : (page) => flooredMs(page.editedMs);
  }
  const property = findProperty(dataSource, sort.property);
  if (!property || !isShown(world, property)) {
    throw invalid(`${path}.property`, "the name or id of a property that exists", sort.property);
  }
  return (page) => sortValue(world, page, property);
}

function comparedRanks(a: readonly Comparable[], b: readonly Comparable[], sorts: readonly Sort[]): number {
  for (let i = 0; i < a.length; i += 1) {
    const order = compared(a[i] ?? null, b[i] ?? null, sorts[i]?.direction === "descending");
    if (order !== 0) return order;
  }
  return 0;
}

/** Index of the first row behind a rank: rows that moved before it are missed, rows that moved behind it come again. */
function firstAfter(
  rows: readonly RankedRow[],
  after: readonly Comparable[],
  sorts: readonly Sort[],
): number {
  if (after.length === 0) return 0;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const isBehind = comparedRanks((rows[middle] as RankedRow).rank, after, sorts) > 0;
    if (isBehind) high = middle;
    else low = middle + 1;
  }
  return low;
}
