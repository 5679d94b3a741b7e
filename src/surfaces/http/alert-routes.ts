import { Hono } from "hono";
import * as z from "zod";
import { ACK_NAME_CHARS_MAX, ACK_NOTE_CHARS_MAX } from "../../core/policy.ts";
import { acknowledgeAlert } from "../../engine/acknowledging.ts";
import { testChannels } from "../../engine/telling.ts";
import { readAlerts } from "../../queries/alerts.ts";
import type { Api } from "./api-environment.ts";
import { readBody } from "./start-request.ts";

/** One line of what somebody wrote. */
const line = (charactersMax: number) =>
  z
    .string()
    .max(charactersMax, { error: `at most ${charactersMax} characters` })
    .transform((text) => text.replaceAll(/\p{C}|\s+/gu, " ").trim());

const WORD = z.strictObject({
  by: line(ACK_NAME_CHARS_MAX)
    .transform((by) => by || "the owner")
    .default("the owner"),
  note: line(ACK_NOTE_CHARS_MAX)
    .transform((note) => note || null)
    .nullable()
    .default(null),
});

/** Alerts, who has them in hand, and how people are told of them. */
export function alertRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.get("/alerts", async (c) => c.json(await readAlerts(c.var.ports)));
  routes.post("/alerts/test", async (c) => c.json({ items: await testChannels(c.var.ports) }));
  routes.post("/alerts/:id/ack", async (c) => {
    const word = await readBody(c.req.raw, WORD);
    if ("error" in word) return c.json(word, 400);
    const said = await acknowledgeAlert(c.var.ports, c.req.param("id"), word);
    return "refused" in said
      ? c.json({ error: said.refused }, said.why === "unknown" ? 404 : 409)
      : c.json(said.alert);
  });
  return routes;
}
