import { createMiddleware } from "hono/factory";
import type { Env } from "../env.ts";

const ENCODER = new TextEncoder();

/** What a browser says of a request that our own page made, or that a person typed. Source: Fetch Metadata, Sec-Fetch-Site. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/**
 * Refuse what another site's page asks of us, token or not, and let no answer be kept or framed. No CORS header is ever
 * sent, so a browser hands no answer to another origin either.
 */
export const closedToOthers = createMiddleware(async (c, next) => {
  const site = c.req.header("sec-fetch-site");
  if (site === undefined || OWN_SITES.has(site)) await next();
  else c.res = c.json({ error: "pages of other sites may not ask" }, 403);
  c.header("cache-control", "no-store");
  c.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  c.header("cross-origin-resource-policy", "same-origin");
  c.header("referrer-policy", "no-referrer");
  c.header("x-content-type-options", "nosniff");
});

/** Let a request through only with the owner's token, compared in constant time. Without a token set, nobody enters. */
export const requireToken = createMiddleware<{ Bindings: Env }>(async (c, next) => {
  const given = /^Bearer (\S+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
  const expected = c.env.API_TOKEN ?? "";
  if (expected === "" || !(await sameSecret(given, expected))) {
    return c.json(
      { error: "a token is needed: Authorization: Bearer <content of the file token in the data directory>" },
      401,
    );
  }
  return next();
});

/** Compare digests byte by byte without an early end, so that the time taken tells nothing about either text. */
async function sameSecret(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [given, expected].map(
      async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", ENCODER.encode(text))),
    ),
  );
  if (a === undefined || b === undefined) return false;
  return a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0;
}

/** Whether a text may be asked to be proven with: long enough never to come twice by chance, short enough to be cheap. */
export function isNonce(text: string): boolean {
  return /^[0-9a-f]{32,128}$/.test(text);
}

/**
 * What only a holder of the token can say of a nonce, and what does not tell the token: a client asks for it before it
 * sends the token to a port that may be somebody else's by now.
 *
 * @returns HMAC-SHA-256, as hex
 */
export async function tokenProof(token: string, nonce: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", ENCODER.encode(token), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, ENCODER.encode(`healthz ${nonce}`)));
  return [...signature].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
