import type { GraphQLError } from "graphql";
import { apiError } from "./api-errors.ts";
import { graphqlError, type GraphQLRequest, type Operation, readOperation } from "./execute.ts";

/** Largest request body taken, in bytes; a sync's queries are a few kilobytes. */
const REQUEST_BYTES_MAX = 1_000_000;

/** A request that reached the API, read but not yet decided upon. */
export type ApiCall = {
  /** The key sent as bearer, or null. */
  key: string | null;
  /** The operation, or the errors that validation found. */
  operation: Operation | readonly GraphQLError[];
  acceptEncoding: string | null;
  /** An error that stops the call before GraphQL and before the key is looked at, with its HTTP status. */
  refusal: { status: number; error: GraphQLError } | null;
};

/** Read a request to the API: the CSRF guard first, then body and operation. Never throws for what a client sent. */
export async function readCall(request: Request): Promise<ApiCall> {
  const call: ApiCall = {
    key: /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null,
    operation: [],
    acceptEncoding: request.headers.get("accept-encoding"),
    refusal: null,
  };
  const contentType = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (request.method !== "POST" || contentType !== "application/json") {
    const message =
      "This operation has been blocked as a potential Cross-Site Request Forgery (CSRF). " +
      "Send a POST with content-type application/json.";
    return { ...call, refusal: { status: 400, error: graphqlError(message, "BAD_REQUEST") } };
  }
  const text = await request.text();
  if (text.length > REQUEST_BYTES_MAX) {
    return {
      ...call,
      refusal: { status: 413, error: graphqlError("Request body is too large.", "BAD_REQUEST") },
    };
  }
  const read = readBody(text);
  if (typeof read === "string")
    return { ...call, refusal: { status: 400, error: graphqlError(read, "BAD_REQUEST") } };
  return { ...call, operation: readOperation(read) };
}

/** The request in a body, or what is wrong with it. */
function readBody(text: string): GraphQLRequest | string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return "Request body is not JSON.";
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return "Request body must be a JSON object.";
  const { query, variables, operationName } = body as Record<string, unknown>;
  if (typeof query !== "string" || query.trim() === "")
    return "GraphQL operations must contain a non-empty `query`.";
  if (!isAbsent(variables) && (typeof variables !== "object" || Array.isArray(variables))) {
    return "`variables` in a request body must be an object.";
  }
  if (!isAbsent(operationName) && typeof operationName !== "string")
    return "`operationName` must be a string.";
  return {
    query,
    variables: (variables ?? {}) as Record<string, unknown>,
    operationName: (operationName as string | null | undefined) ?? null,
  };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The operation if the call holds a valid one. */
export function operationOf(call: ApiCall): Operation | null {
  return "document" in call.operation ? call.operation : null;
}

/** `auth_failed`: missing, malformed and revoked keys look the same. */
export function authFailed(): GraphQLError {
  return apiError("auth_failed", "Invalid credentials");
}

const VARIABLE_CHARACTERS_MAX = 200;

/** Variables as the log keeps them: long texts cut. */
export function loggedVariables(variables: Record<string, unknown>): Record<string, unknown> {
  const cut = (value: unknown): unknown =>
    typeof value === "string" && value.length > VARIABLE_CHARACTERS_MAX
      ? `${value.slice(0, VARIABLE_CHARACTERS_MAX)}…`
      : value;
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, cut(value)]));
}

/** True if an `accept-encoding` value allows gzip. */
export function allowsGzip(acceptEncoding: string | null): boolean {
  for (const part of (acceptEncoding ?? "").split(",")) {
    const [name = "", ...parameters] = part.trim().toLowerCase().split(";");
    const isRefused = parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter));
    if ((name.trim() === "gzip" || name.trim() === "*") && !isRefused) return true;
  }
  return false;
}
