import type { ApiCall } from "./api-call.ts";
import { ApiFailure } from "./api-errors.ts";
import { parseBody } from "./body-check.ts";
import { type Endpoint, missingCapability } from "./endpoint.ts";
import { PAGE_ENDPOINTS } from "./page-endpoints.ts";
import { propertyItemEndpoint } from "./property-items.ts";
import { queryEndpoint } from "./query.ts";
import { SCHEMA_ENDPOINTS } from "./schema-endpoints.ts";
import { searchEndpoint } from "./search.ts";
import { USER_ENDPOINTS } from "./user-endpoints.ts";
import type { World } from "./world.ts";

/** Versions that differ in nothing but what reference 1 lists. */
export const VERSIONS = ["2025-09-03", "2026-03-11"] as const;

const ENDPOINTS: readonly Endpoint[] = [
  ...USER_ENDPOINTS,
  ...SCHEMA_ENDPOINTS,
  queryEndpoint,
  ...PAGE_ENDPOINTS,
  propertyItemEndpoint,
  searchEndpoint,
];

/** The endpoint of a request and the parameters of its path; undefined if there is none. */
export function findEndpoint(call: ApiCall): { endpoint: Endpoint; parameters: string[] } | undefined {
  const endpoint = ENDPOINTS.find(
    ({ method, path }) =>
      method === call.method &&
      path.length === call.segments.length &&
      path.every((part, at) => part === call.segments[at] || (part === "*" && call.segments[at] !== "")),
  );
  return endpoint && { endpoint, parameters: call.segments.filter((_, at) => endpoint.path[at] === "*") };
}

/**
 * Carry out a request that was let in: checks, effect, body of the reply.
 *
 * @param nowMs the moment at which it takes effect
 * @throws ApiFailure; then nothing has changed
 */
export function carryOut(
  world: World,
  call: ApiCall,
  at: { nowMs: number; requestIndex: number },
): Record<string, unknown> {
  const version = checkedVersion(call);
  const found = findEndpoint(call);
  if (!found)
    throw new ApiFailure("invalid_request_url", `Invalid request URL: ${call.method} ${call.path}.`);
  const { endpoint, parameters } = found;
  if (endpoint.needs !== null && !world.state.capabilities[endpoint.needs])
    throw missingCapability(endpoint.needs);
  if (call.body !== null && !/^application\/json\b/i.test(call.contentType ?? "")) {
    throw new ApiFailure("invalid_json", "Send the body as JSON, with content-type application/json.");
  }
  const parsed = parseBody(call.body, call.bodyBytes);
  // An absent body is an empty one; null is a wrong one.
  const body = parsed === undefined ? {} : parsed;
  return endpoint.handle({ world, call, body, version, ...at }, parameters);
}

function checkedVersion({ version, beta }: ApiCall): string {
  if (version === null) {
    throw new ApiFailure(
      "missing_version",
      "Notion-Version header should be defined, instead was `undefined`.",
    );
  }
  if (!VERSIONS.some((known) => known === version)) {
    const known = VERSIONS.map((known) => `\`"${known}"\``).join(", or ");
    throw new ApiFailure(
      "validation_error",
      `Notion-Version header should be ${known}, instead was \`"${version}"\`.`,
    );
  }
  if (beta !== null) throw new ApiFailure("invalid_beta", `Unknown beta: ${beta}.`);
  return version;
}
