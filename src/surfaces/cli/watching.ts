import timers from "node:timers/promises";
import type { RunReport } from "../../queries/status.ts";
import type { ApiClient } from "../client.ts";
import { forecastLine } from "../forecast-lines.ts";
import { runTitle } from "../run-titles.ts";

/** Between two looks at a run that is watched. */
export const LOOK_MS = 300;

/**
 * Look at a run until it is over.
 *
 * @param show told how far it is whenever that changes, and once when a backfill will be done
 */
export async function watchToEnd(
  client: ApiClient,
  id: string,
  show: (line: string) => void,
): Promise<RunReport> {
  let shown = "";
  let isForetold = false;
  let report = await client.run(id);
  while (report.run.endedMs === null) {
    if (report.forecast !== null && report.forecast.meetings !== null && !isForetold) {
      isForetold = true;
      show(`${runTitle(report.run)}: ${forecastLine(report.forecast)}`);
    }
    const line = progressLine(report);
    if (line !== shown) show(line);
    shown = line;
    await timers.setTimeout(LOOK_MS);
    report = await client.run(id);
  }
  return report;
}

function progressLine({ run, progress }: RunReport): string {
  // What a plan has looked at is counted nowhere: it is no item of a run.
  if (run.preview?.mode === "dry_run") return `${runTitle(run)}: reading everything, writing nothing`;
  const { done, total, unit } = progress ?? { done: 0, total: null, unit: "items" };
  return `${runTitle(run)}: ${done}${total === null ? "" : ` of about ${Math.max(total, done)}`} ${unit}`;
}

/** Nothing is said against a run that is not over. */
