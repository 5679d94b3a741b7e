/** Codes of error replies and their HTTP statuses. Source: vendor docs, "Status codes"; reference 5.2. */
export const ERROR_STATUS = {
  invalid_json: 400,
  invalid_request_url: 400,
  invalid_request: 400,
  validation_error: 400,
  missing_version: 400,
  invalid_beta: 400,
  unauthorized: 401,
  restricted_resource: 403,
  object_not_found: 404,
  conflict_error: 409,
  rate_limited: 429,
  internal_server_error: 500,
  bad_gateway: 502,
  service_unavailable: 503,
  gateway_timeout: 504,
  service_overload: 529,
} as const;
export type ErrorCode = keyof typeof ERROR_STATUS;

/** A request that ends with an error reply. */
export class ApiFailure extends Error {
  readonly code: ErrorCode;
  readonly additional: Readonly<Record<string, unknown>>;
  /** Seconds that the client must wait, or null. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    more: { additional?: Readonly<Record<string, unknown>>; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.additional = more.additional ?? {};
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
  }
}

/** A body, query or path that breaks a rule; `path` is like `body.properties.Fee.number`. */
export function invalid(path: string, should: string, instead?: unknown): ApiFailure {
  const [part = "body"] = path.split(".");
  const shown = instead === undefined ? "" : `, instead was \`${shownValue(instead)}\``;
  return new ApiFailure(
    "validation_error",
    `${part} failed validation: ${path} should be ${should}${shown}.`,
  );
}

function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** 404 for what is not there, deleted for good or not shared: nobody can tell them apart. Source: reference 6.4. */
export function notFound(what: "page" | "database" | "data source" | "user", id: string): ApiFailure {
  const share = "Make sure the relevant pages and databases are shared with your connection.";
  return new ApiFailure("object_not_found", `Could not find ${what} with ID: ${id}. ${share}`);
}
