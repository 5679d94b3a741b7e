import { Hono, type Context } from "hono";
import { failureOf } from "../../core/errors.ts";
import { LIST_API_ROWS_MAX } from "../../core/policy.ts";
import { forgetEnded, reviveUnfinished, tick, untold } from "../../engine/tick.ts";
import { parseSearchRequest } from "../../core/search/request.ts";
import { search } from "../../queries/search.ts";
import { askForRebuild, continueRebuild } from "../../engine/rebuilding.ts";
import { readRebuild } from "../../queries/rebuild.ts";
import { readReport, readStatus } from "../../queries/status.ts";
import { awaitReadiness, composeEngine, composePorts } from "../compose.ts";
import { alertRoutes } from "./alert-routes.ts";
import type { Api } from "./api-environment.ts";
import { decisionRoutes } from "./decision-routes.ts";
import { deletionRoutes } from "./deletion-routes.ts";
import { lineageRoutes } from "./lineage-routes.ts";
import { proofRoutes } from "./proof-routes.ts";
import { parseRebuildRequest } from "./rebuild-request.ts";
import { reportRoutes } from "./report-routes.ts";
import { closedToOthers, isNonce, requireToken, tokenProof } from "./token.ts";
import { runRoutes } from "./run-routes.ts";
import { noteUntold } from "../untold.ts";
import { webhookOwnerRoutes } from "./webhook-owner-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";

/** The HTTP API. Everything but /healthz and the doors of webhooks needs the token; an unknown address and a fault are one sentence of JSON. */
export function createApi(): Hono<Api> {
  const app = new Hono<Api>();
  app.use("*", closedToOthers);
  app.get("/healthz", answerHealth);
  app.route("/webhooks", webhookRoutes());
  app.use("/api/*", requireToken);
  app.use("/api/*", async (c, next) => {
    await awaitReadiness(c.env);
    c.set("ports", await composePorts(c.env));
    await next();
  });
  app.get("/api/status", async (c) => c.json(await readStatus(c.var.ports)));
  app.get("/api/runs", answerRuns);
  app.get("/api/runs/:id", async (c) => found(c, await readReport(c.var.ports, c.req.param("id"))));
  app.get("/api/search", answerSearch);
  app.route("/api", alertRoutes());
  app.route("/api", runRoutes());
  app.route("/api", reportRoutes());
  app.route("/api", proofRoutes());
  app.post("/api/tick", beat);
  app.post("/api/rebuilds", rebuild);
  app.post("/api/rebuilds/:id/runs", goOn);
  app.get("/api/rebuilds/:id", async (c) => found(c, await readRebuild(c.var.ports, c.req.param("id"))));
  app.route("/api", decisionRoutes());
  app.route("/api", deletionRoutes());
  app.route("/api", webhookOwnerRoutes());
  app.route("/api", lineageRoutes());
  app.notFound((c) => c.json({ error: `there is nothing at ${c.req.path}` }, 404));
  app.onError(answerError);
  return app;
}

/** What is answered to a request that failed. Vendors send again what got no 2xx, so nothing that they announce is lost. */
export function answerError(error: Error, c: Context): Response {
  const { kind, detail } = failureOf(error);
  console.error(JSON.stringify({ event: "api_error", path: c.req.path, error: detail }));
  return kind === "storage_full"
    ? c.json({ error: "there is no room left and nothing was written: docs/runbook.md, storage_full" }, 507)
    : c.json({ error: "the request failed; the log of the runner says why" }, 500);
}

/** Open to everybody, and cheap. With `?nonce=` it proves that this is the server whose token the asker holds. */
async function answerHealth(c: Context<Api>): Promise<Response> {
  const nonce = c.req.query("nonce");
  const token = c.env.API_TOKEN ?? "";
  if (nonce === undefined || token === "") return c.json({ ok: true });
  if (!isNonce(nonce)) return c.json({ error: "nonce: 32 to 128 hexadecimal digits" }, 400);
  return c.json({ ok: true, proof: await tokenProof(token, nonce) });
}

async function answerRuns(c: Context<Api>): Promise<Response> {
  const limit = Number(c.req.query("limit") ?? LIST_API_ROWS_MAX);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_API_ROWS_MAX) {
    return c.json({ error: `limit must be a whole number from 1 to ${LIST_API_ROWS_MAX}` }, 400);
  }
  return c.json(await c.var.ports.runs.runs(limit));
}

async function answerSearch(c: Context<Api>): Promise<Response> {
  const request = await parseSearchRequest(new Map(Object.entries(c.req.query())));
  return "error" in request ? c.json(request, 400) : c.json(await search(c.var.ports, request));
}

function found<T extends object>(c: Context<Api>, value: T | null): Response {
  return value === null ? c.json({ error: `there is nothing at ${c.req.path}` }, 404) : c.json(value);
}

/** The clock; `?after=restart` only takes up what a restart left, `?after=runs` only drops what ended runs left, `?after=end` only tells of alerts. */
async function beat(c: Context<Api>): Promise<Response> {
  const { ports } = c.var;
  const engine = composeEngine(c.env);
  const after = c.req.query("after");
  if (after === "runs") return c.json({ ok: true, forgotten: await forgetEnded(ports, engine) });
  if (after === "end") noteUntold({ untold: await untold(ports) });
  else if (after === "restart") await reviveUnfinished(ports, engine, { afterRestart: true });
  else noteUntold(await tick(ports, engine));
  return c.json({ ok: true });
}

async function rebuild(c: Context<Api>): Promise<Response> {
  const wish = await parseRebuildRequest(c.req.raw);
  if ("error" in wish) return c.json(wish, 400);
  const answer = await askForRebuild(c.var.ports, composeEngine(c.env), wish);
  if ("refused" in answer) return c.json({ error: answer.refused }, answer.never ? 400 : 409);
  const { run, created } = answer;
  return c.json({ run_id: run.id, rebuild_id: run.rebuild?.id, created }, 202);
}

/** The next run of a rebuild, now instead of at the next tick. */
async function goOn(c: Context<Api>): Promise<Response> {
  const { ports } = c.var;
  const open = await ports.rebuilds.open();
  const isOpen = open !== null && open.id === c.req.param("id");
  const run = isOpen ? await continueRebuild(ports, composeEngine(c.env), open) : null;
  return run === null
    ? c.json({ error: "there is no rebuild of that id that goes on" }, 404)
    : c.json({ run_id: run.id }, 202);
}
