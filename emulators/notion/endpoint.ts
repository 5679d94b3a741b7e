import type { ApiCall } from "./api-call.ts";
import { ApiFailure, invalid, notFound } from "./api-errors.ts";
import type { Change } from "./changes.ts";
import { readId } from "./ids.ts";
import type { DataSource, Page } from "./model.ts";
import { pageView } from "./page-view.ts";
import type { ViewContext } from "./property-view.ts";
import { shownProperties } from "./shown-properties.ts";
import { accessOf, dataSourceOf, isVisible } from "./world.ts";
import type { Capabilities } from "./world-state.ts";

/** One request on its way through an endpoint. `nowMs` is the moment at which it takes effect. */
export type EndpointContext = ViewContext & {
  readonly call: ApiCall;
  /** The parsed body; an empty object if there was none. */
  readonly body: unknown;
};

/** An endpoint of the API. */
export type Endpoint = {
  /** How the log names it. */
  readonly name: string;
  readonly method: string;
  /** Segments after `/v1/`; a star is a parameter. */
  readonly path: readonly string[];
  readonly needs: keyof Capabilities | null;
  readonly isWrite: boolean;
  /** @returns the body of the reply, less `request_id` @throws ApiFailure */
  handle(context: EndpointContext, parameters: readonly string[]): Record<string, unknown>;
};

/** The change that a request makes: by the connection's bot, now. */
export function changeOf({ world, nowMs }: EndpointContext): Change {
  return { by: world.state.botId, atMs: nowMs };
}

/** An id of the path. @throws ApiFailure if it is none */
export function pathId(name: string, text: string): string {
  const id = readId(text);
  if (id === null) throw invalid(`path.${name}`, "a valid uuid", text);
  return id;
}

/** A page that the connection can see. @throws ApiFailure */
export function visiblePage({ world }: EndpointContext, text: string): Page {
  const id = pathId("page_id", text);
  const page = world.pages.get(id);
  if (!page || accessOf(world, page) === "none") throw notFound("page", id);
  return page;
}

/** A data source that the connection can see. @throws ApiFailure */
export function visibleDataSource({ world }: EndpointContext, text: string): DataSource {
  const id = pathId("data_source_id", text);
  const dataSource = world.catalog.dataSource(id);
  if (!isVisible(world, dataSource)) throw notFound("data source", id);
  return dataSource;
}

/** The reply of a write: the page as it is now, or no more than its id if the connection may not read. */
export function writtenPage(context: EndpointContext, page: Page): Record<string, unknown> {
  const { world, call } = context;
  if (!world.state.capabilities.read) return { object: "page", id: page.id };
  return pageView(context, page, shownProperties(dataSourceOf(world, page), call));
}

/** 403 for a capability that the connection lacks. Source: reference 6.7. */
export function missingCapability(needs: keyof Capabilities): ApiFailure {
  return new ApiFailure(
    "restricted_resource",
    `Insufficient permissions for this endpoint: the connection lacks the capability to ${needs} content.`,
  );
}
