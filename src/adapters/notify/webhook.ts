import type { AlertMessage } from "../../core/alert-message.ts";
import { FailureError, type FailureKind } from "../../core/errors.ts";
import { sha256Hex } from "../../core/identity.ts";
import { ALERT_REPLY_BYTES_MAX, ALERT_SEND_MS } from "../../core/policy.ts";
import type { AlertChannel } from "../../ports/alert-channel.ts";
import type { World } from "../../ports/world.ts";
import { boundedFetch, type BoundedReply, type Fetch } from "../http/bounded-fetch.ts";
import { retryAtMs } from "../http/retry-after.ts";

/**
 * An incoming webhook as Slack has them; Mattermost, Rocket.Chat and others take the same. The whole message stands in
 * `text` too, for those that know no blocks.
 */
export async function createWebhookChannel(options: {
  /** Secret: whoever knows it may write into the channel. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly world: Pick<World, "nowMs" | "timeout">;
}): Promise<AlertChannel> {
  const { url, fetch, world } = options;
  return {
    kind: "webhook",
    name: `webhook:${(await sha256Hex(url)).slice(0, 16)}`,
    note: null,
    send: async (message) => {
      const request = new Request(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(payloadOf(message)),
        // Followed, a redirect would carry the message to somebody nobody named.
        redirect: "manual",
      });
      const reply = await boundedFetch(fetch, request, {
        party: "alert-webhook",
        signal: world.timeout(ALERT_SEND_MS),
        bytesMax: ALERT_REPLY_BYTES_MAX,
      });
      if (reply.status < 200 || reply.status > 299) throw failureIn(reply, world.nowMs());
    },
  };
}

/** What to do about a channel that refuses: the sentence that status, page and list show. */
const SET_ANOTHER = "set another ALERT_WEBHOOK_URL, or make it work and run: syncctl alerts test";

/** What a status calls for. The body is not read: what it quotes is not ours to know. Source: Slack's changelog of 2016-05-17, errors of incoming webhooks. */
function failureIn({ status, headers }: BoundedReply, nowMs: number): FailureError {
  const failed = (kind: FailureKind, detail: string, notBeforeMs?: number): FailureError =>
    new FailureError({
      kind,
      party: "alert-webhook",
      detail,
      ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    });
  if (status === 429)
    return failed("rate_limited", "HTTP 429", retryAtMs([headers.get("retry-after")], nowMs));
  if (status === 408) return failed("timed_out", "HTTP 408");
  if (status >= 500) return failed("unreachable", `HTTP ${status}`);
  if (status < 400)
    return failed("denied", `the webhook redirects (HTTP ${status}), which is not followed: ${SET_ANOTHER}`);
  if ([401, 403, 404, 410].includes(status))
    return failed("denied", `the webhook takes no messages any more (HTTP ${status}): ${SET_ANOTHER}`);
  return failed("refused", `the webhook does not take the message (HTTP ${status})`);
}

/** Source: Slack docs, Block Kit: a header of at most 150 characters, at most 50 blocks of at most 3,000 characters. */
const HEADER_CHARS_MAX = 150;
const BLOCK_CHARS_MAX = 3_000;

function payloadOf({ subject, parts, notes }: AlertMessage): object {
  const sections = parts.map(({ title, lines, command }) =>
    [
      `*${escaped(title)}*`,
      ...lines.map(escaped),
      ...(command === null ? [] : [`Run: \`${escaped(command)}\``]),
    ].join("\n"),
  );
  const whole = [...sections, ...notes.map(escaped)];
  return {
    text: [escaped(subject), ...whole].join("\n\n"),
    blocks: [
      {
        type: "header",
        text: { type: "plain_text", text: subject.slice(0, HEADER_CHARS_MAX), emoji: false },
      },
      ...whole.map((text) => ({
        type: "section",
        text: { type: "mrkdwn", text: text.slice(0, BLOCK_CHARS_MAX) },
      })),
    ],
  };
}

/** Slack's three: without them a detail could call a whole channel. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
