import { Hono } from "hono";
import { readLineage } from "../../queries/lineage.ts";
import type { Api } from "./api-environment.ts";

/**
 * The life of one record. It shows values that were replaced, for they are the owner's own and behind the token; no log
 * does.
 */
export function lineageRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.get("/why/:kind/:id", async (c) => {
    const life = await readLineage(c.var.ports, c.req.param("kind"), c.req.param("id"));
    return "refused" in life ? c.json({ error: life.refused }, 404) : c.json(life);
  });
  return routes;
}
