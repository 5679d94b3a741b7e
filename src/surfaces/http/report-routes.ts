import { Hono, type Context } from "hono";
import { parseWeek } from "../../core/report-week.ts";
import { readRunReport, readWeekReport } from "../../queries/report.ts";
import { markdownOf } from "../report/markdown.ts";
import { runDocument } from "../report/run-document.ts";
import { weekDocument } from "../report/week-document.ts";
import type { Api } from "./api-environment.ts";

/**
 * Reports: as JSON, or as Markdown where `Accept` asks for it. The page is made from the JSON by `syncctl report --html`: the
 * library that draws has no room in this Worker.
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
  return wantsMarkdown(c) ? c.text(markdownOf(runDocument(report))) : c.json(report);
}

async function ofWeek(c: Context<Api>): Promise<Response> {
  const asked = parseWeek(
    { until: c.req.query("until"), sync: c.req.query("sync") },
    c.var.ports.world.nowMs(),
  );
  if ("error" in asked) return c.json(asked, 400);
  const report = await readWeekReport(c.var.ports, asked.week, (c.env.FIREFLIES_WEBHOOK_SECRET ?? "") !== "");
  return wantsMarkdown(c) ? c.text(markdownOf(weekDocument(report))) : c.json(report);
}

function wantsMarkdown(c: Context<Api>): boolean {
  return (c.req.header("accept") ?? "").includes("text/markdown");
}
