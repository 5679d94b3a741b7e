import { FailureError, type Failure, type FailureKind } from "../../core/errors.ts";
import { PARK_ABOVE_MS, UNNAMED_RATE_WAIT_MS } from "../../core/policy.ts";
import type { QuotaReading } from "../../core/quota.ts";

/** One entry of `errors` in a reply, as far as it can be read. */
export type GraphqlError = {
  readonly code: string;
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly retryAfterMs: number | null;
};

/** What each error code of Fireflies calls for. Source: Fireflies docs, "Error codes"; docs/vendors/fireflies.md. */
const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  auth_failed: "denied",
  forbidden: "denied",
  not_in_team: "denied",
  require_elevated_privilege: "denied",
  account_cancelled: "denied",
  invalid_arguments: "defect",
  args_required: "defect",
  GRAPHQL_VALIDATION_FAILED: "defect",
  GRAPHQL_PARSE_FAILED: "defect",
  request_timeout: "unreachable",
  invariant_violation: "unreachable",
};

/** Read the `errors` list of a reply body, whatever its shape. */
export function errorsIn(body: unknown): GraphqlError[] {
  const errors = field(body, "errors");
  if (!Array.isArray(errors)) return [];
  return errors.map((entry: unknown) => {
    const extensions = field(entry, "extensions");
    const retryAfter = field(field(extensions, "metadata"), "retryAfter");
    const path = field(entry, "path");
    return {
      code: String(field(entry, "code") ?? field(extensions, "code") ?? "unknown"),
      message: String(field(entry, "message") ?? ""),
      path: Array.isArray(path)
        ? path.filter((part) => typeof part === "string" || typeof part === "number")
        : [],
      retryAfterMs: typeof retryAfter === "number" ? retryAfter : null,
    };
  });
}

/**
 * Classify a reply that is not a success. Every reply is looked at twice, by its status and by its body, because an
 * error may come inside HTTP 200.
 *
 * @param nowMs world time, from which the vendor's seconds are counted
 * @returns the failure; null if neither status nor body reports one, and also if every error names a field inside data
 *   that is there: what that means, the caller knows
 */
export function failureIn(
  reply: { status: number; headers: Headers },
  body: unknown,
  nowMs: number,
): Failure | null {
  const errors = errorsIn(body);
  const limited = errors.find((error) => error.code === "too_many_requests");
  if (reply.status === 429 || limited !== undefined) {
    return rateLimited(reply.headers, limited?.retryAfterMs ?? errors[0]?.retryAfterMs ?? null, nowMs);
  }
  const gated = errors.find((error) => error.code === "paid_required");
  if (gated !== undefined) return failure("plan_gated", gated.code, gated);
  if (isInsideData(errors, body)) return null;
  const known = errors.find((error) => KIND_OF_CODE[error.code] !== undefined);
  if (known !== undefined) return failure(KIND_OF_CODE[known.code] ?? "defect", known.code, known);
  // 403 also means a field above the plan (paid_required); which of the two, only a whole body tells.
  const isRefused = reply.status === 401 || (reply.status === 403 && body !== undefined);
  if (isRefused) return failure("denied", `HTTP ${reply.status}`);
  if (reply.status === 408 || reply.status >= 500) return failure("unreachable", `HTTP ${reply.status}`);
  if (body === undefined) return failure("unreachable", `HTTP ${reply.status} with a body that is not JSON`);
  if (reply.status >= 400) return failure("defect", `HTTP ${reply.status} ${errors[0]?.code ?? ""}`.trim());
  return null;
}

/** Whether the errors concern parts of data that is otherwise there: one meeting's sentences, say. */
function isInsideData(errors: readonly GraphqlError[], body: unknown): boolean {
  if (errors.length === 0 || !errors.every((error) => error.path.length >= 2)) return false;
  return errors.every((error) => (field(field(body, "data"), String(error.path[0])) ?? null) !== null);
}

/** Fields that a plan may lack. Source: Fireflies docs, "Schema", Transcript. */
const GATED_FIELD = /audio_url|video_url/;

function failure(kind: FailureKind, detail: string, error?: GraphqlError): Failure {
  if (kind === "denied") {
    const told = `the key was refused (${detail}): set another FIREFLIES_API_KEY`;
    return { kind, party: "fireflies", detail: told };
  }
  if (kind !== "plan_gated") return { kind, party: "fireflies", detail };
  // A request that is refused as a whole names the operation in its path, not the field.
  const named = [...(error?.path ?? []), error?.message].map((part) => GATED_FIELD.exec(String(part))?.[0]);
  return { kind, party: "fireflies", detail, field: named.find((name) => name !== undefined) ?? "audio_url" };
}

/** The later of the two times the vendor names; calling earlier lengthens the block. */
function rateLimited(headers: Headers, metadataMs: number | null, nowMs: number): Failure {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const headerMs = Number.isFinite(seconds) ? nowMs + seconds * 1_000 : 0;
  const reading = quotaIn(headers, nowMs);
  const resetMs = reading.remaining === 0 ? (reading.windowEndsMs ?? 0) : 0;
  const namedMs = Math.max(headerMs, metadataMs ?? 0) || resetMs;
  const notBeforeMs = namedMs || nowMs + UNNAMED_RATE_WAIT_MS;
  const kind = notBeforeMs - nowMs > PARK_ABOVE_MS ? "quota" : "rate_limited";
  return { kind, party: "fireflies", detail: "too_many_requests", notBeforeMs };
}

/** Budget figures in reply headers, in both spellings. Absent means unknown. */
export function quotaIn(headers: Headers, nowMs: number): QuotaReading {
  const read = (name: string): number | null => {
    const text = headers.get(`x-ratelimit-${name}-api`) ?? headers.get(`x-ratelimit-${name}`);
    const value = Number(text ?? Number.NaN);
    return text !== null && Number.isFinite(value) ? value : null;
  };
  const resetSeconds = read("reset");
  return {
    limit: read("limit"),
    remaining: read("remaining"),
    windowEndsMs: resetSeconds === null ? null : nowMs + resetSeconds * 1_000,
  };
}

/** Turn a failure into what adapters throw. */
export function raise(reported: Failure): never {
  throw new FailureError(reported);
}

/** A member of something that may be an object; undefined otherwise. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
