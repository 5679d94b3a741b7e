import { Hono, type Context } from "hono";
import { sha256Hex } from "../../core/identity.ts";
import { WEBHOOK_BYTES_MAX, WEBHOOK_TOKENS_WAITING_MAX } from "../../core/policy.ts";
import { firefliesEvent } from "../../core/webhooks/fireflies-event.ts";
import { fingerprintOf, handshakeToken, notionEvent } from "../../core/webhooks/notion-event.ts";
import { receiveMeeting, receivePage, type Received } from "../../engine/webhook-intake.ts";
import { awaitReadiness, composeInbox } from "../compose.ts";
import type { Env } from "../env.ts";
import { parseBytes, readBytes } from "./webhook-body.ts";
import { isSigned } from "./webhook-signature.ts";

type Door = { Bindings: Env };

/**
 * Where vendors announce what is new. Open to everybody, so that nothing is believed that is not signed, and nothing a stranger
 * sends costs more than a digest of at most WEBHOOK_BYTES_MAX bytes, or for Notion one read of D1 beside it.
 *
 * @param compose makes what an event needs, once it is worth it
 */
export function webhookRoutes(compose = composeInbox): Hono<Door> {
  const routes = new Hono<Door>();
  routes.post("/fireflies", (c) => answerFireflies(c, compose));
  routes.post("/notion", (c) => answerNotion(c, compose));
  return routes;
}

async function answerFireflies(c: Context<Door>, compose: typeof composeInbox): Promise<Response> {
  const secret = c.env.FIREFLIES_WEBHOOK_SECRET ?? "";
  if (secret === "" || (c.env.FIREFLIES_API_KEY ?? "") === "")
    return refuse(c, 404, "no webhook of Fireflies is set up here: docs/deploy.md, Webhooks");
  const body = await readBytes(c.req.raw, WEBHOOK_BYTES_MAX);
  if ("error" in body) return refuse(c, body.status, body.error);
  if (!(await isSigned(body.bytes, c.req.header("x-hub-signature"), secret)))
    return refuse(
      c,
      401,
      "the signature does not fit: this is not from Fireflies, or its secret is not FIREFLIES_WEBHOOK_SECRET",
    );
  const json = parseBytes(body.bytes);
  if ("error" in json) return refuse(c, json.status, json.error);
  const event = firefliesEvent(json.value, await sha256Hex(body.bytes));
  if ("error" in event) return refuse(c, 400, event.error);
  await awaitReadiness(c.env);
  return answer(c, await receiveMeeting(compose(c.env), event));
}

async function answerNotion(c: Context<Door>, compose: typeof composeInbox): Promise<Response> {
  if ((c.env.NOTION_TOKEN ?? "") === "") return refuse(c, 404, "Notion is off here: no NOTION_TOKEN is set");
  const body = await readBytes(c.req.raw, WEBHOOK_BYTES_MAX);
  if ("error" in body) return refuse(c, body.status, body.error);
  await awaitReadiness(c.env);
  const door = compose(c.env);
  const { items } = await door.inbox.tokens();
  const confirmed = items.find(({ confirmedMs }) => confirmedMs !== null);
  const signature = c.req.header("x-notion-signature");
  if (confirmed !== undefined && (await isSigned(body.bytes, signature, confirmed.token))) {
    const json = parseBytes(body.bytes);
    if ("error" in json) return refuse(c, json.status, json.error);
    // The handshake once more, which changes nothing.
    if (handshakeToken(json.value) === confirmed.token) return answer(c, { kept: false });
    const event = notionEvent(json.value);
    return "error" in event ? refuse(c, 400, event.error) : answer(c, await receivePage(door, event));
  }
  const json = parseBytes(body.bytes);
  const token = "value" in json ? handshakeToken(json.value) : null;
  if (token !== null) return shakeHands(c, door, { token, bytes: body.bytes });
  return confirmed === undefined
    ? refuse(c, 404, "no webhook of Notion is set up here yet: docs/deploy.md, Webhooks")
    : refuse(c, 401, "the signature does not fit: this is not from Notion, or from another subscription");
}

/**
 * A verification token comes before anything could prove whose it is. So it only waits, for the owner to find it accepted by
 * Notion and to confirm it; and once one is confirmed, none takes its place until the owner has dropped it.
 */
async function shakeHands(
  c: Context<Door>,
  { inbox, world }: ReturnType<typeof composeInbox>,
  { token, bytes }: { token: string; bytes: Uint8Array<ArrayBuffer> },
): Promise<Response> {
  const signature = c.req.header("x-notion-signature");
  // Signed with itself or not at all: the vendor's own sources differ.
  if (signature !== undefined && !(await isSigned(bytes, signature, token)))
    return refuse(c, 401, "the handshake is not signed with the token that it brings");
  const fingerprint = await fingerprintOf(token);
  const offered = { fingerprint, token, receivedMs: world.nowMs() };
  const state = await inbox.offerToken(offered, WEBHOOK_TOKENS_WAITING_MAX);
  if (state === "set up")
    return refuse(
      c,
      409,
      "webhooks of Notion are set up already: for another subscription, syncctl webhooks reset first",
    );
  if (state === "full")
    return refuse(
      c,
      409,
      `${WEBHOOK_TOKENS_WAITING_MAX} handshakes wait already: see them with syncctl webhooks, drop them with syncctl webhooks reset`,
    );
  return c.json({ ok: true, waits: fingerprint });
}

function answer(c: Context<Door>, received: Received): Response {
  return "error" in received ? refuse(c, 400, received.error) : c.json({ ok: true, kept: received.kept });
}

function refuse(c: Context<Door>, status: 400 | 401 | 404 | 409 | 413, error: string): Response {
  return c.json({ error }, status);
}
