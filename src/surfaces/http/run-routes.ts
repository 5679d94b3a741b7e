import { Hono, type Context } from "hono";
import { LIST_API_ROWS_MAX, SYNC_NAMES } from "../../core/policy.ts";
import { isPlanHash } from "../../core/preview.ts";
import { TABLES } from "../../core/records/table.ts";
import { startRun } from "../../engine/tick.ts";
import type { Preview, Run, SyncName } from "../../ports/run-store.ts";
import { offSyncs, waitsSentence } from "../../queries/schedule.ts";
import { composeEngine } from "../compose.ts";
import type { Api } from "./api-environment.ts";
import { parseStartRequest } from "./start-request.ts";

/**
 * Runs that people ask for, and the plans that dry runs make. A plan shows values: they are the owner's own and behind the
 * token.
 */
export function runRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.post("/syncs/:sync/runs", start);
  routes.get("/plans/:hash", plan);
  return routes;
}

async function start(c: Context<Api>): Promise<Response> {
  const sync = SYNC_NAMES.find((name) => name === c.req.param("sync"));
  if (sync === undefined)
    return c.json(
      { error: `there is no sync "${c.req.param("sync")}"; there are ${SYNC_NAMES.join(", ")}` },
      404,
    );
  const request = await parseStartRequest(c.req.raw);
  if ("error" in request) return c.json(request, 400);
  const { priority, preview } = request;
  if (preview !== null && !(sync in TABLES))
    return c.json({ error: `${sync} has no plans; ${Object.keys(TABLES).join(" and ")} have` }, 400);
  if (preview?.mode === "plan" && (await c.var.ports.plans.plan(preview.planHash))?.sync !== sync)
    return c.json({ error: `${sync} has no plan of that hash: make one with a dry run` }, 404);
  const off = offSyncs(c.var.ports).find((one) => one.sync === sync);
  if (off !== undefined) return c.json({ error: off.reason }, 409);
  const asked = { sync, trigger: "manual", priority, preview } as const;
  const { run, created, request: noted } = await startRun(c.var.ports, composeEngine(c.env), asked);
  // Another run in its place would not be what was asked for.
  if (!created && preview !== null && !isSame(run, preview)) return c.json({ error: inTheWay(sync) }, 409);
  const lane = await c.var.ports.runs.lane(sync);
  const waits = waitsSentence(lane, c.var.ports.world.nowMs());
  return c.json({ run_id: run.id, request_id: noted?.id ?? null, created, waits }, 202);
}

function isSame({ preview }: Run, asked: Preview): boolean {
  return preview?.mode === asked.mode && (asked.mode === "dry_run" || preview.planHash === asked.planHash);
}

function inTheWay(sync: SyncName): string {
  return `another run of ${sync} is under way; ask again when it is over`;
}

/** A plan and some of what it says, from `?cursor=` on. */
async function plan(c: Context<Api>): Promise<Response> {
  const hash = c.req.param("hash") ?? "";
  const cursor = c.req.query("cursor") ?? "-1";
  if (!isPlanHash(hash)) return c.json({ error: "hash: 64 digits, 0 to 9 and a to f" }, 400);
  if (!/^-?\d{1,9}$/.test(cursor)) return c.json({ error: "cursor: one that an answer gave" }, 400);
  const { plans } = c.var.ports;
  const found = await plans.plan(hash);
  if (found === null)
    return c.json({ error: "there is no plan of that hash: it was never made, or is too old" }, 404);
  const { items, cursor: next } = await plans.items(found, Number(cursor), LIST_API_ROWS_MAX);
  return c.json({ plan: found, items, cursor: next });
}
