import { Hono, type Context } from "hono";
import * as z from "zod";
import { askForProof } from "../../engine/proving/asking.ts";
import { readProof } from "../../queries/proof.ts";
import { composeEngine } from "../compose.ts";
import type { Api } from "./api-environment.ts";
import { readBody } from "./start-request.ts";

const PROOF_REQUEST = z.strictObject({ complete: z.boolean().default(false) });

/** The whole ledger of proof, and asking for one. */
export function proofRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.get("/proof", read);
  routes.post("/proof", ask);
  return routes;
}

async function read(c: Context<Api>): Promise<Response> {
  const since = c.req.query("since");
  if (since !== undefined && !/^\d{1,15}$/.test(since))
    return c.json({ error: "since: a world time in milliseconds" }, 400);
  return c.json(await readProof(c.var.ports, since === undefined ? null : Number(since)));
}

async function ask(c: Context<Api>): Promise<Response> {
  const body = await readBody(c.req.raw, PROOF_REQUEST);
  if ("error" in body) return c.json(body, 400);
  const { proof, run, created } = await askForProof(c.var.ports, composeEngine(c.env), body.complete);
  return c.json({ run_id: run.id, proof_id: proof.id, created }, 202);
}
