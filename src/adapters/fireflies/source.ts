import { sha256Hex } from "../../core/identity.ts";
import { revisionOf } from "../../core/mapping/fireflies-revision.ts";
import { LIST_REPLY_BYTES_MAX } from "../../core/policy.ts";
import type {
  Account,
  ListReply,
  ListRequest,
  ListedMeeting,
  ListedRow,
  MeetingReply,
  MeetingRequest,
  MeetingSource,
} from "../../ports/sources.ts";
import type { World } from "../../ports/world.ts";
import { boundedFetch, textOf, type BoundedReply, type Fetch } from "../http/bounded-fetch.ts";
import { errorsIn, failureIn, field, quotaIn, raise, type GraphqlError } from "./failures.ts";
import { createLook } from "./look.ts";
import { ACCOUNT_QUERY, firstFieldOf, lightListQuery, listQuery, meetingQuery } from "./query.ts";
import { wireRowsOf, type WireRow } from "./wire-rows.ts";

export type FirefliesOptions = {
  /** Base address, without `/graphql`. */
  readonly url: string;
  readonly key: string;
  /** Whose key it is, where keys do not differ by account: emulators all take the same one. */
  readonly keyOf?: string;
  readonly fetch: Fetch;
  readonly world: World;
};

/** Fireflies over its GraphQL API. One method is one call; nothing is retried or waited for here. */
export async function createFirefliesSource(options: FirefliesOptions): Promise<MeetingSource> {
  const keyName = `fireflies:${(await sha256Hex(`${options.key}${options.keyOf ?? ""}`)).slice(0, 16)}`;
  return {
    keyName,
    account: (timeoutMs) => account(options, timeoutMs),
    listMeetings: (request) => listMeetings(options, request),
    getMeeting: (request) => getMeeting(options, request),
    lookFor: createLook(async (message, timeoutMs) => {
      const { reply, body } = await call(options, message, timeoutMs);
      return { reply, body, nowMs: options.world.nowMs() };
    }),
    latencyMs: (timeoutMs) => latencyMs(options, timeoutMs),
  };
}

async function account(options: FirefliesOptions, timeoutMs: number): Promise<Account> {
  const { reply, body } = await call(options, { query: ACCOUNT_QUERY }, timeoutMs);
  const failure = failureIn(reply, body, options.world.nowMs());
  if (failure !== null) raise(failure);
  const accountId = field(field(field(body, "data"), "user"), "user_id");
  if (typeof accountId !== "string") {
    raise({ kind: "unreachable", party: "fireflies", detail: "reply without data.user.user_id" });
  }
  const count = field(field(field(body, "data"), "user"), "num_transcripts");
  const meetings = typeof count === "number" ? count : null;
  return { accountId, meetings, quota: quotaIn(reply.headers, options.world.nowMs()) };
}

async function listMeetings(options: FirefliesOptions, request: ListRequest): Promise<ListReply> {
  const { untilMs } = request;
  const isUntil = untilMs !== null;
  const query = request.light ? lightListQuery(isUntil) : listQuery(request.withoutFields, isUntil);
  const until = isUntil ? { toDate: new Date(untilMs).toISOString() } : {};
  const variables = { limit: request.rows, skip: request.skip, ...until };
  const reply = await post(options, { query, variables }, request.timeoutMs);
  const nowMs = options.world.nowMs();
  const wireRows =
    request.light || reply.status !== 200
      ? null
      : wireRowsOf(reply.body, firstFieldOf(request.withoutFields));
  const items =
    wireRows === null ? parsedRows(reply, request, nowMs) : await Promise.all(wireRows.map(wireRow));
  return { items, cursor: null, replyBytes: reply.body.byteLength, quota: quotaIn(reply.headers, nowMs) };
}

async function wireRow({ content, json, audioUrl }: WireRow): Promise<ListedRow> {
  const wireHash = await sha256Hex(content);
  return { wireHash, audioUrl, read: () => ({ ...listed(parsedRow(json()), []), audioUrl, wireHash }) };
}

function parsedRow(json: string): unknown {
  return (
    parsed(json) ?? raise({ kind: "unreachable", party: "fireflies", detail: "a row of the list is no JSON" })
  );
}

function parsedRows(reply: BoundedReply, request: ListRequest, nowMs: number): ListedRow[] {
  const body = parsed(textOf(reply));
  const failure = failureIn(reply, body, nowMs);
  if (failure !== null) raise(failure);

  const rows = field(field(body, "data"), "transcripts");
  const errors = errorsIn(body);
  if (!Array.isArray(rows)) {
    raise({ kind: "unreachable", party: "fireflies", detail: "reply without data.transcripts" });
  }
  const unreadable = unreadableFields(errors);
  if (errors.length > 0 && (!request.acceptUnreadable || unreadable === null)) {
    raise({
      kind: "partial",
      party: "fireflies",
      detail: `${errors.length} errors beside data: ${errors[0]?.code}`,
    });
  }
  return rows
    .map((row: unknown, index) => listed(row, unreadable?.get(index) ?? []))
    .map((item) => ({ wireHash: null, audioUrl: item.audioUrl, read: () => item }));
}

async function getMeeting(options: FirefliesOptions, request: MeetingRequest): Promise<MeetingReply> {
  const query = meetingQuery(request.withoutFields);
  const { reply, body } = await call(options, { query, variables: { id: request.id } }, request.timeoutMs);
  const nowMs = options.world.nowMs();
  const quota = quotaIn(reply.headers, nowMs);
  const errors = errorsIn(body);
  // Unknown, deleted, hidden, not permitted: for this key the meeting is not there.
  if (errors.some((error) => NOT_SHOWN.has(error.code) && error.path.length < 2))
    return { item: null, quota };
  const failure = failureIn(reply, body, nowMs);
  if (failure !== null) raise(failure);
  const data = field(body, "data");
  const row = field(data, "transcript");
  if (row === null && errors.length === 0) return { item: null, quota };
  const unreadable = errors.map(({ path }) => String(path[1] ?? "the meeting"));
  if (row === null || row === undefined || (errors.length > 0 && !request.acceptUnreadable)) {
    const detail = `reply without a whole transcript: ${errors[0]?.code ?? "no data"}`;
    raise({ kind: "partial", party: "fireflies", detail });
  }
  return { item: listed(row, unreadable), quota };
}

const NOT_SHOWN: ReadonlySet<string> = new Set(["object_not_found", "forbidden"]);

/** Row index -> fields that an error names; null if an error cannot be ascribed to a field of one row. */
function unreadableFields(errors: readonly GraphqlError[]): Map<number, string[]> | null {
  const fields = new Map<number, string[]>();
  for (const { path } of errors) {
    const [root, row, name] = path;
    if (root !== "transcripts" || typeof row !== "number" || name === undefined) return null;
    fields.set(row, [...(fields.get(row) ?? []), String(name)]);
  }
  return fields;
}

function listed(row: unknown, unreadable: readonly string[]): ListedMeeting {
  const id = field(row, "id");
  if (typeof id !== "string" || id === "") {
    raise({ kind: "defect", party: "fireflies", detail: "a row of the list has no id" });
  }
  const audioUrl = field(row, "audio_url");
  return {
    id,
    dateString: placeOf(row),
    revision: revisionOf(row as Record<string, unknown>),
    audioUrl: typeof audioUrl === "string" && audioUrl !== "" ? audioUrl : null,
    unreadable,
    wireHash: null,
  };
}

/** Years 0 to 9999: within these, ISO 8601 sorts as text in the order of time. */
const PLACE_MS = { min: Date.parse("0000-01-01T00:00:00.000Z"), max: Date.parse("9999-12-31T23:59:59.999Z") };

/**
 * The place of a row in the listing: the exact moment, or the rounded one if the exact one is missing or no date; the
 * empty string sorts as the oldest. A date out of all bounds is drawn to the nearest one that sorts, for one broken row
 * must not make the whole listing look disordered; what the record says of its date is judged elsewhere.
 */
function placeOf(row: unknown): string {
  const exact = field(row, "dateString");
  const exactMs = typeof exact === "string" && ISO_MOMENT.test(exact) ? Date.parse(exact) : Number.NaN;
  const ms = Number.isNaN(exactMs) ? Number(field(row, "date") ?? Number.NaN) : exactMs;
  if (Number.isNaN(ms)) return "";
  return new Date(Math.min(Math.max(ms, PLACE_MS.min), PLACE_MS.max)).toISOString();
}

const ISO_MOMENT = /^[+-]?\d{4,6}-\d{2}-\d{2}T/;

type Message = { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> };

async function call(
  options: FirefliesOptions,
  message: Message,
  timeoutMs: number,
): Promise<{ reply: BoundedReply; body: unknown }> {
  const reply = await post(options, message, timeoutMs);
  return { reply, body: parsed(textOf(reply)) };
}

function post(options: FirefliesOptions, message: Message, timeoutMs: number): Promise<BoundedReply> {
  const request = new Request(`${options.url}/graphql`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${options.key}`,
      "content-type": "application/json",
      accept: "application/json",
      "accept-encoding": "gzip",
    },
    body: JSON.stringify(message),
  });
  const signal = options.world.timeout(timeoutMs);
  return boundedFetch(options.fetch, request, {
    party: "fireflies",
    signal,
    bytesMax: LIST_REPLY_BYTES_MAX,
  });
}

/** The reply's JSON, or undefined: gateways answer in HTML, and a body may be cut in the middle. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function latencyMs(options: FirefliesOptions, timeoutMs: number): Promise<number> {
  const started = options.world.realNowMs();
  const request = new Request(`${options.url}/`, { method: "HEAD" });
  const signal = options.world.timeout(timeoutMs);
  await boundedFetch(options.fetch, request, { party: "fireflies", signal, bytesMax: 64 * 1024 });
  return options.world.realNowMs() - started;
}
