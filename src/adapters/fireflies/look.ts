import type { LookReply, LookRequest } from "../../ports/sources.ts";
import type { BoundedReply } from "../http/bounded-fetch.ts";
import { errorsIn, failureIn, field, quotaIn, raise, type GraphqlError } from "./failures.ts";
import { LIVE_ALIAS, LOOKED_ALIAS, lookQuery } from "./query.ts";

type Message = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
type Call = (
  message: Message,
  timeoutMs: number,
) => Promise<{ reply: BoundedReply; body: unknown; nowMs: number }>;

/**
 * Look for meetings beside one that is there, in one request. What the source calls not found is told apart from every other
 * reason why a meeting does not come: only the first is evidence.
 */
export function createLook(call: Call): (request: LookRequest) => Promise<LookReply> {
  return async ({ ids, liveId, timeoutMs }) => {
    const asked = Object.fromEntries(ids.map((id, n) => [`id${n}`, id]));
    const variables = { live: liveId, ...asked };
    const { reply, body, nowMs } = await call({ query: lookQuery(ids.length), variables }, timeoutMs);
    const errors = errorsIn(body);
    // Beside errors, data may be there, null or absent.
    const data = field(body, "data") ?? (errors.length > 0 ? {} : null);
    const ofOneField = errors.filter(isOfOneField);
    const failure = failureIn(reply, body, nowMs);
    // Errors that each name one of the meetings are answers; any other one is the reply's.
    if (
      failure !== null &&
      (ofOneField.length < errors.length || errors.length === 0 || !isAnswer(failure.kind))
    )
      raise(failure);
    if (typeof data !== "object" || data === null)
      raise({ kind: "unreachable", party: "fireflies", detail: "reply without data" });
    const isShown = (alias: string, id: string): boolean => field(field(data, alias), "id") === id;
    const missing = new Set(
      ofOneField.filter(({ code }) => code === "object_not_found").map(({ path }) => String(path[0])),
    );
    return {
      isLiveShown: isShown(LIVE_ALIAS, liveId),
      shown: ids.filter((id, n) => isShown(`asked${n}`, id)),
      notFound: ids.filter((_, n) => missing.has(`asked${n}`) && (field(data, `asked${n}`) ?? null) === null),
      quota: quotaIn(reply.headers, nowMs),
    };
  };
}

/** Whether an error is about one meeting of the request. */
function isOfOneField({ path }: GraphqlError): boolean {
  const [root] = path;
  return path.length === 1 && typeof root === "string" && (root === LIVE_ALIAS || LOOKED_ALIAS.test(root));
}

/** How the kinds read that a missing meeting alone makes of a reply: HTTP 404, or 403 for one that may not be read. */
function isAnswer(kind: string): boolean {
  return kind === "defect" || kind === "denied";
}
