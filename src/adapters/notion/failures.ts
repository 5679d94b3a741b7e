import { APIResponseError, UnknownHTTPResponseError } from "@notionhq/client";
import { FailureError, type Failure, type FailureKind } from "../../core/errors.ts";
import type { NotionTables } from "../../ports/notion.ts";
import { field, textIn } from "./wire-fields.ts";
import { retryAtMs } from "../http/retry-after.ts";

/** The call that an error belongs to, for the same status means different things to different calls. */
export type Call = {
  readonly method: Exclude<keyof NotionTables, "keyName">;
  /** It goes on from a cursor, which Notion may not know any more. */
  readonly resumes: boolean;
};

/** What came of a call that brought no answer. */
export type Trouble = {
  readonly failure: Failure;
  /** Notion shows no such thing to this token: absent, deleted for good, or not shared. */
  readonly isMissing: boolean;
  /** If the call was a write: it may have been carried out, or may yet be. */
  readonly mayBeDone: boolean;
  /** What a write made before its reply failed, where the reply names it. */
  readonly madeId: string | null;
};

/** What each call needs and what it means if its object is not there. Source: Notion docs; docs/vendors/notion.md. */
const CALLS = {
  me: { capability: "read", missing: "defect" },
  dataSourcesOf: { capability: "read", missing: "denied" },
  schema: { capability: "read", missing: "denied" },
  query: { capability: "read", missing: "denied" },
  queryEqual: { capability: "read", missing: "denied" },
  page: { capability: "read", missing: "denied" },
  // The page was there a moment ago, when it was found that its list is long.
  listItems: { capability: "read", missing: "partial" },
  create: { capability: "insert", missing: "refused" },
  update: { capability: "update", missing: "refused" },
  setTrashed: { capability: "update", missing: "refused" },
} as const satisfies Record<Call["method"], { capability: string; missing: FailureKind }>;

/**
 * Classify whatever the client threw. Notion's message is never repeated, for it may quote values; only its code, the
 * HTTP status and the id of the request are.
 *
 * @param nowMs world time, from which the vendor's seconds are counted
 */
export function troubleIn(thrown: unknown, call: Call, nowMs: number): Trouble {
  if (thrown instanceof FailureError) {
    const { failure } = thrown;
    return { failure, isMissing: false, mayBeDone: NO_ANSWER.has(failure.kind), madeId: null };
  }
  if (
    APIResponseError.isAPIResponseError(thrown) ||
    UnknownHTTPResponseError.isUnknownHTTPResponseError(thrown)
  ) {
    return troubleInReply(thrown, call, nowMs);
  }
  // The client's own words for a body that breaks off quote it.
  if (thrown instanceof SyntaxError) return brokenReply("a reply that is not JSON");
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return trouble("defect", `${name} in Notion's client`);
}

/** A reply that came with HTTP 200 and is none of Notion's: a gateway's page, or a body cut in the middle. */
export function brokenReply(detail: string): Trouble {
  return { ...trouble("unreachable", detail), mayBeDone: true };
}

const NO_ANSWER: ReadonlySet<FailureKind> = new Set(["unreachable", "timed_out", "too_large"]);

type ErrorReply = { readonly status: number; readonly headers: unknown; readonly body: string };

function troubleInReply({ status, headers, body }: ErrorReply, call: Call, nowMs: number): Trouble {
  // Read anew: of codes that the client does not know it drops what stands beside them.
  const parsed = parse(body);
  const code = shown(textIn(parsed, "code"));
  const data = field(parsed, "additional_data");
  const requestId = textIn(parsed, "request_id") ?? headerIn(headers, "x-notion-request-id");
  const told = toldOf(status, code, shown(requestId));

  if (status === 429 || status === 529) {
    if (field(data, "rate_limit_reason") === "public_api_request_blocked") return trouble("denied", BLOCKED);
    const notBeforeMs = retryAtMs([headerIn(headers, "retry-after"), field(data, "retry_after")], nowMs);
    return trouble("rate_limited", told, notBeforeMs);
  }
  if (status === 413) return trouble("too_large", told);
  // Without a code it is a gateway that speaks, whatever the status: its 404 says nothing about a page.
  if (code === null || status >= 500 || status === 408) {
    return { ...brokenReply(told), madeId: shown(textIn(data, "committed_resource_id")) };
  }
  if (status === 400) return notTaken(call, code, told);
  if (status === 401) return trouble("denied", `the token was refused (${told}): set another NOTION_TOKEN`);
  if (status === 403) return trouble("denied", forbidden(call, data, told));
  if (status === 404 && code === "object_not_found") return missing(call, told);
  return trouble(status === 409 ? "locked" : "defect", told);
}

const BLOCKED =
  "Notion blocks the requests of this token (public_api_request_blocked): waiting does not help, ask Notion's support";

function notTaken(call: Call, code: string, told: string): Trouble {
  if (CALLS[call.method].capability !== "read") return trouble("refused", told);
  if (!call.resumes || code !== "validation_error") return trouble("defect", told);
  return trouble("partial", `the cursor was not taken (${told}): the scan starts again from its beginning`);
}

function forbidden(call: Call, data: unknown, told: string): string {
  if (field(data, "block_limit") !== undefined) {
    return `the workspace is at its limit of blocks (${told}): free some, or choose a larger plan`;
  }
  const { capability } = CALLS[call.method];
  return `the connection may not ${capability} content (${told}): give it that capability in its settings in Notion`;
}

function missing(call: Call, told: string): Trouble {
  const kind = CALLS[call.method].missing;
  const what = kind === "refused" ? "the page, or something it names," : "what was asked for";
  const detail = `${what} is gone or not shared with the connection (${told}): share it with the connection in Notion`;
  return { ...trouble(kind, detail), isMissing: true };
}

function trouble(kind: FailureKind, detail: string, notBeforeMs?: number): Trouble {
  const failure = { kind, party: "notion", detail } as const;
  const named = notBeforeMs === undefined ? failure : { ...failure, notBeforeMs };
  return { failure: named, isMissing: false, mayBeDone: false, madeId: null };
}

function toldOf(status: number, code: string | null, requestId: string | null): string {
  return `HTTP ${status}${code === null ? "" : ` ${code}`}${requestId === null ? "" : `, request ${requestId}`}`;
}

/** Only what has the form of a code or an id is repeated or believed. */
function shown(text: string | null): string | null {
  return text !== null && /^[A-Za-z0-9_-]{1,64}$/.test(text) ? text : null;
}

function headerIn(headers: unknown, name: string): string | null {
  return headers instanceof Headers ? headers.get(name) : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
