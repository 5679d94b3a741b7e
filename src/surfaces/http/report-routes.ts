import { Hono, type Context } from "hono";
import { parseWeek } from "../../core/report-week.ts";
import { readRunReport, readWeekReport } from "../../queries/report.ts";
import type { Api } from "./api-environment.ts";

/**
 * Reports, as JSON. What people read, Markdown and a page with plots, `syncctl report` makes from it: the Worker has no room for
 * words that only a person needs.
 */
export function reportRoutes(): Hono<Api> {
  const routes = new Hono<Api>();
  routes.get("/runs/:id/report", ofRun);
  routes.get("/report/week", ofWeek);
  return routes;
}

async function ofRun(c: Context<Api>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const report = await readRunReport(c.var.ports, id);
  if (report === null)
    return c.json(
      { error: `there is no run ${id.slice(0, 40)}; npm run -s syncctl -- runs names the latest` },
      404,
    );
  return c.json(report);
}

async function ofWeek(c: Context<Api>): Promise<Response> {
  const asked = parseWeek(
    { until: c.req.query("until"), sync: c.req.query("sync") },
    c.var.ports.world.nowMs(),
  );
  if ("error" in asked) return c.json(asked, 400);
  const report = await readWeekReport(c.var.ports, asked.week, (c.env.FIREFLIES_WEBHOOK_SECRET ?? "") !== "");
  return c.json(report);
}
