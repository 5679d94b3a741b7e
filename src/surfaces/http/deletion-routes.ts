import { Hono } from "hono";
import * as z from "zod";
import { approveEvidence, readDeletions, restoreMeeting } from "../../engine/deletion-decisions.ts";
import { composeEngine } from "../compose.ts";
import type { Api } from "./api-environment.ts";
import { readBody } from "./start-request.ts";

const EVIDENCE = z.strictObject({
  evidence: z
    .string({ error: "say which evidence is approved: syncctl deletions (GET /api/deletions) names it" })
    .regex(/^[0-9a-f]{16}$/, {
      error: "it has 16 hexadecimal digits, as syncctl deletions (GET /api/deletions) names it",
    }),
});

/** Meetings that are gone from the source: what is missing, what was taken for deleted, and a person's word on both. */
export function deletionRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.get("/deletions", async (c) => c.json(await readDeletions(c.var.ports)));
  routes.post("/deletions/approve", async (c) => {
    const body = await readBody(c.req.raw, EVIDENCE);
    if ("error" in body) return c.json(body, 400);
    const said = await approveEvidence(c.var.ports, composeEngine(c.env), body.evidence);
    return "refused" in said
      ? c.json({ error: said.refused }, said.why === "unknown" ? 404 : 409)
      : c.json({ approved: said.approved, run_id: said.runId }, 202);
  });
  routes.post("/deletions/:id/restore", async (c) => {
    const said = await restoreMeeting(c.var.ports, c.req.param("id"));
    return "refused" in said ? c.json({ error: said.refused }, 404) : c.json(said);
  });
  return routes;
}
