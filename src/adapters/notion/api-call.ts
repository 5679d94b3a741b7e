import { Client } from "@notionhq/client";
import { FailureError } from "../../core/errors.ts";
import { inTime } from "../../core/in-time.ts";
import { LIST_REPLY_BYTES_MAX } from "../../core/policy.ts";
import type { World } from "../../ports/world.ts";
import { boundedFetch, textOf, type BoundedReply, type Fetch } from "../http/bounded-fetch.ts";
import { brokenReply, troubleIn, type Call, type Trouble } from "./failures.ts";
import { unveiled } from "./path-segment.ts";
import { textIn } from "./wire-fields.ts";

/** The version whose shapes this adapter reads and writes. */
const NOTION_VERSION = "2026-03-11";

/** The longest that a timer can be: the client's own neither ends the request nor is the world's, so it never acts. */
const NEVER_MS = 2 ** 31 - 1;

export type Connection = {
  /** Base address, without `/v1` and without a slash at its end. */
  readonly url: string;
  readonly token: string;
  readonly fetch: Fetch;
  readonly world: Pick<World, "nowMs" | "timer">;
};

/** What came of one call: Notion's object, or why there is none. */
export type Answer = { readonly body: unknown } | { readonly trouble: Trouble };

/**
 * Make one call by Notion's client, within a time and a size. Nothing is retried, waited for or logged, and nothing is
 * thrown but by a defect of ours.
 *
 * @param send the call; a client belongs to one call, for it gives its fetch no word of which call it is
 */
export async function ask(
  connection: Connection,
  call: Call,
  timeoutMs: number,
  send: (client: Client) => Promise<unknown>,
): Promise<Answer> {
  const client = new Client({
    auth: connection.token,
    baseUrl: connection.url,
    notionVersion: NOTION_VERSION,
    retry: false,
    timeoutMs: NEVER_MS,
    // It would log addresses, and messages and bodies of errors, which quote values.
    logger: () => undefined,
    fetch: async (url, init) => {
      const { body } = init ?? {};
      const request = requestOf(url, {
        method: init?.method ?? "GET",
        headers: init?.headers ?? {},
        ...(typeof body === "string" ? { body } : {}),
      });
      return asClientReads(await fetchInTime(connection, request, timeoutMs));
    },
  });
  try {
    const body = await send(client);
    // Every reply of Notion names what it is.
    return textIn(body, "object") === null
      ? { trouble: brokenReply("a reply that is not Notion's") }
      : { body };
  } catch (thrown) {
    return { trouble: troubleIn(thrown, call, connection.world.nowMs()) };
  }
}

function requestOf(url: string, init: RequestInit): Request {
  try {
    // Followed, a redirect would carry the token and the values to somebody nobody named.
    return new Request(unveiled(url), { ...init, redirect: "manual" });
  } catch {
    // The runtime's own words quote the header.
    const detail = "the token holds characters that cannot be sent: set another NOTION_TOKEN";
    throw new FailureError({ kind: "denied", party: "notion", detail });
  }
}

/** A fetch that minds its signal ends by it; one that does not is left behind. */
function fetchInTime(
  { fetch, world }: Connection,
  request: Request,
  timeoutMs: number,
): Promise<BoundedReply> {
  const timer = world.timer(timeoutMs);
  const bounds = { party: "notion", signal: timer.signal, bytesMax: LIST_REPLY_BYTES_MAX } as const;
  const late = () =>
    new FailureError({ kind: "timed_out", party: "notion", detail: "no complete reply in time" });
  return inTime(boundedFetch(fetch, request, bounds), timer, late);
}

function asClientReads(reply: BoundedReply) {
  return {
    ok: reply.status >= 200 && reply.status < 300,
    status: reply.status,
    headers: reply.headers,
    text: async () => textOf(reply),
  };
}
