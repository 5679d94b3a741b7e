import { Hono } from "hono";
import * as z from "zod";
import { readWebhooks } from "../../queries/webhooks.ts";
import type { Api } from "./api-environment.ts";
import { readBody } from "./start-request.ts";

const CONFIRM = z.strictObject({
  fingerprint: z.string({ error: "say which token: its fingerprint, as GET /api/webhooks shows it" }).max(64),
});

/** What the owner sees of webhooks, tokens that wait included, and says about them. Behind the API's token. */
export function webhookOwnerRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.get("/webhooks", async (c) =>
    c.json(await readWebhooks(c.var.ports, (c.env.FIREFLIES_WEBHOOK_SECRET ?? "") !== "")),
  );
  routes.post("/webhooks/notion/confirm", async (c) => {
    const body = await readBody(c.req.raw, CONFIRM);
    if ("error" in body) return c.json(body, 400);
    const { inbox, world } = c.var.ports;
    const { fingerprint } = body;
    if (await inbox.confirmToken(fingerprint, world.nowMs()))
      return c.json({ ok: true, confirmed: fingerprint });
    return c.json({ error: `no handshake waits by the name ${fingerprint}: see syncctl webhooks` }, 404);
  });
  routes.post("/webhooks/notion/reset", async (c) => {
    await c.var.ports.inbox.dropTokens();
    return c.json({ ok: true });
  });
  return routes;
}
