import { GraphQLError } from "graphql";

/** Error codes and their HTTP status. Source: reference: Fireflies docs, "Error codes". */
export const API_ERROR_STATUS = {
  auth_failed: 401,
  invalid_arguments: 400,
  args_required: 400,
  object_not_found: 404,
  forbidden: 403,
  paid_required: 403,
  not_in_team: 403,
  require_elevated_privilege: 403,
  account_cancelled: 403,
  too_many_requests: 429,
  request_timeout: 408,
  invariant_violation: 500,
} as const;
export type ApiErrorCode = keyof typeof API_ERROR_STATUS;

/** An error of the service itself: `code` and `status` travel in `extensions`, as on the wire. */
export function apiError(
  code: ApiErrorCode,
  message: string,
  metadata?: Record<string, unknown>,
): GraphQLError {
  return new GraphQLError(message, {
    extensions: {
      code,
      status: API_ERROR_STATUS[code],
      helpUrls: ["https://docs.fireflies.ai/miscellaneous/error-codes"],
      ...(metadata ? { metadata } : {}),
    },
  });
}

/** `object_not_found`: unknown, deleted and invisible objects look the same. */
export function notFound(objectType: string, objectId: string): GraphQLError {
  return apiError("object_not_found", `Object(${objectType.toLowerCase()}) not found`, {
    objectType,
    objectId,
  });
}

/** One broken rule of an argument, as listed in `metadata.fields` of `invalid_arguments`. */
export type FieldProblem = { name: string; message: string; type: string };

/** `invalid_arguments` with every broken rule in `metadata.fields`. */
export function invalidArguments(problems: readonly FieldProblem[]): GraphQLError {
  const fields = problems.map(({ name, message, type }) => ({
    name,
    message,
    constraints: [{ type, message }],
  }));
  return apiError("invalid_arguments", "One or more arguments provided to the API are invalid.", { fields });
}

/** The HTTP status that matches an error, or undefined if the error is none of the service's own. */
export function statusOf(error: GraphQLError): number | undefined {
  const status = error.extensions["status"];
  return typeof status === "number" ? status : undefined;
}

/**
 * An error in the envelope of the service: `code` twice, `friendly`, `extensions.status`, `correlationId`.
 *
 * Errors of GraphQL itself (validation, coercion) keep the shape of Apollo Server: message, locations, extensions.code.
 */
export function wireError(error: GraphQLError, correlationId: string): Record<string, unknown> {
  const path = error.path ? { path: error.path } : {};
  const code = error.extensions["code"];
  if (typeof code === "string" && statusOf(error) !== undefined) {
    const extensions = { ...error.extensions, correlationId };
    return { message: error.message, friendly: true, code, ...path, extensions };
  }
  return {
    message: error.message,
    ...(error.locations ? { locations: error.locations } : {}),
    ...path,
    extensions: { code: "INTERNAL_SERVER_ERROR", ...error.extensions },
  };
}
