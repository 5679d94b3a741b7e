import { z } from "zod";
import { checked } from "./body-check.ts";
import { flooredMs } from "./dates.ts";
import { type Endpoint, type EndpointContext } from "./endpoint.ts";
import { PAGE_SIZE_MAX } from "./limits.ts";
import { checkQuery, pageOfList, pageSizeSchema } from "./list-reply.ts";
import { listedView, titleOf } from "./page-view.ts";
import { dataSourceView } from "./schema-view.ts";
import { accessOf, isVisible } from "./world.ts";

const bodySchema = z.strictObject({
  query: z.string().optional(),
  sort: z
    .union([
      z.strictObject({
        timestamp: z.literal("last_edited_time"),
        direction: z.enum(["ascending", "descending"]),
      }),
      z.strictObject({ property: z.literal("relevance") }),
    ])
    .optional(),
  filter: z
    .union([
      z.strictObject({
        property: z.literal("object"),
        value: z.enum(["page", "data_source"]),
        in_trash: z.boolean().optional(),
      }),
      z.strictObject({ in_trash: z.boolean() }),
    ])
    .optional(),
  start_cursor: z.string().optional(),
  page_size: pageSizeSchema.optional(),
});
type SearchBody = z.infer<typeof bodySchema>;

/** POST /v1/search: by title, among what is shared. Source: SDK 5.26; reference 2. */
export const searchEndpoint: Endpoint = {
  name: "search",
  method: "POST",
  path: ["search"],
  needs: "read",
  isWrite: false,
  handle(context) {
    checkQuery(context.call, []);
    const body = checked(bodySchema, context.body, "body");
    const hits = hitsOf(context, body);
    const identity = JSON.stringify([body.query, body.sort, body.filter]);
    const paging = { pageSize: body.page_size ?? PAGE_SIZE_MAX, cursor: body.start_cursor ?? null };
    const list = pageOfList(hits, identity, paging);
    return {
      object: "list",
      type: "page_or_data_source",
      page_or_data_source: {},
      ...list,
      results: list.results.map(({ view }) => view()),
    };
  },
};

type Hit = { title: string; editedMs: number; view: () => Record<string, unknown> };

function hitsOf(context: EndpointContext, { query = "", sort, filter }: SearchBody): Hit[] {
  const { world, nowMs, version } = context;
  const isTrashed = filter?.in_trash === true;
  const kind = filter && "value" in filter ? filter.value : null;
  const tables = world.catalog
    .dataSources()
    .filter(
      (dataSource) => kind !== "page" && isVisible(world, dataSource) && dataSource.isTrashed === isTrashed,
    )
    .map((dataSource): Hit => ({
      title: dataSource.title,
      editedMs: dataSource.editedMs,
      view: () => dataSourceView(world, version, dataSource),
    }));
  const at = { nowMs, lagMs: world.state.behaviour.indexLagMs };
  const rows = world.catalog
    .dataSources()
    .flatMap((dataSource) => (kind === "data_source" ? [] : world.pages.indexed(dataSource.id, at)))
    .flatMap((page): Hit[] => {
      const current = world.pages.get(page.id);
      if (!current || page.isTrashed !== isTrashed || accessOf(world, current) === "none") return [];
      return [{ title: titleOf(page), editedMs: page.editedMs, view: () => listedView(context, page) }];
    });
  const wanted = query.toLowerCase();
  const hits = [...tables, ...rows].filter(({ title }) => title.toLowerCase().includes(wanted));
  const sign = sort && "direction" in sort && sort.direction === "ascending" ? 1 : -1;
  return hits.sort((a, b) => sign * (flooredMs(a.editedMs) - flooredMs(b.editedMs)));
}
