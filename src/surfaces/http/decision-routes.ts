import { Hono, type Context } from "hono";
import * as z from "zod";
import { LIST_API_ROWS_MAX } from "../../core/policy.ts";
import type { TableName } from "../../core/records/table.ts";
import {
  decideReview,
  historyOf,
  resolveConflict,
  restoreValue,
  type Refusal,
} from "../../engine/decisions.ts";
import type { Api } from "./api-environment.ts";
import { readBody } from "./start-request.ts";

const TAKE = z.strictObject({
  take: z.enum(["notion", "d1"], { error: 'say which value is taken: "notion" or "d1"' }),
});
const RECORD = z.strictObject({
  record: z.string({ error: 'say which record it is: an id, or "new"' }).min(1).max(100),
});

/**
 * What people look at and decide: conflicts, doubtful pages, and what was replaced. These doors show values, for they are
 * the owner's own and behind the token; no log does. A decision is carried out by the next run of its sync.
 */
export function decisionRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.get("/conflicts", async (c) =>
    c.json(await c.var.ports.decisions.conflicts(LIST_API_ROWS_MAX, c.req.query("all") !== undefined)),
  );
  routes.post("/conflicts/:id/resolve", async (c) => {
    const body = await readBody(c.req.raw, TAKE);
    if ("error" in body) return c.json(body, 400);
    return answer(c, await resolveConflict(c.var.ports, c.req.param("id"), body.take));
  });
  routes.get("/reviews", async (c) => c.json(await c.var.ports.decisions.reviews(LIST_API_ROWS_MAX)));
  routes.post("/reviews/:id/decide", async (c) => {
    const body = await readBody(c.req.raw, RECORD);
    if ("error" in body) return c.json(body, 400);
    return answer(c, await decideReview(c.var.ports, c.req.param("id"), body.record));
  });
  routes.get("/history", async (c) => {
    const sync = tableNamed(c.req.query("sync"));
    const record = c.req.query("record") ?? "";
    if (sync === null) return c.json({ error: "sync: projects or clients" }, 400);
    if (record === "") return c.json({ error: "record: the id of a record" }, 400);
    return answer(c, await historyOf(c.var.ports, sync, record));
  });
  routes.post("/history/:id/restore", async (c) =>
    answer(c, await restoreValue(c.var.ports, c.req.param("id"))),
  );
  return routes;
}

function tableNamed(name: string | undefined): TableName | null {
  return name === "projects" || name === "clients" ? name : null;
}

function answer(c: Context<Api>, said: Refusal | object): Response {
  if (!("refused" in said)) return c.json(said);
  return c.json({ error: said.refused }, said.why === "unknown" ? 404 : 409);
}
