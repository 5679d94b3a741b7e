import { runName } from "../../core/rebuild.ts";
import { COUNTED, VERDICTS } from "../../core/report.ts";
import type { RunReport } from "../../queries/status.ts";
import { waitingForPerson } from "../for-a-person.ts";
import { forecastLine } from "../forecast-lines.ts";
import { itemTitle } from "../run-titles.ts";
import { firstOnlyLines, moreLines, setAsideCount } from "../cut-lists.ts";

/**
 * A run's report for people: what came, what was set aside and why, where the time went, what was retried.
 *
 * @param quarantined meetings in quarantine now, of whatever run
 */
export function markdownReport(report: RunReport, quarantined: number): string {
  const { run, counts, setAside, troubles } = report;
  const result = run.result;
  const named = itemTitle(run) === "" ? "" : `${itemTitle(run)} `;
  const rows = VERDICTS.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `| ${verdict} | ${counts[verdict]} |`,
  );
  const operations = Object.entries(result?.operations ?? {}).toSorted(([, a], [, b]) => b.ms - a.ms);
  const sections = [
    `# ${runName(run)}: ${run.state.replaceAll("_", " ")}`,
    ...(result?.checks ?? [])
      .filter(({ name }) => name === COUNTED.approval)
      .map(({ actual }) => `**${actual}**`),
    `Run ${run.id}, trigger ${run.trigger}, started ${iso(run.startedMs)}, took ${seconds(run.durationMs)}.`,
    run.detail === null ? "" : `**${run.detail}**`,
    run.notBeforeMs === null ? "" : `Goes on at ${iso(run.notBeforeMs)}.`,
    report.forecast === null ? "" : `Backfill: ${forecastLine(report.forecast)}.`,
    `## Items\n\n| verdict | items |\n| --- | --- |\n${[...rows, `| seen | ${counts.seen} |`].join("\n")}`,
    list("Findings", result?.findings ?? []),
    list("Set aside", [
      ...setAside.map(({ itemId, verdict, reason }) => `${verdict} ${named}${itemId}: ${reason}`),
      ...moreLines(setAside.length, setAsideCount(report, quarantined)),
    ]),
    list("Waits for a person", waitingForPerson([report])),
    list(
      "Checks",
      (result?.checks ?? []).map(
        (check) =>
          `${check.ok ? "ok" : "NOT OK"} ${check.name}: ${check.actual}${check.expected === "" ? "" : ` (expected ${check.expected})`}`,
      ),
    ),
    list(
      "Time",
      operations.map(([name, { times, ms }]) => `${name}: ${seconds(ms)} in ${times} calls`),
    ),
    list("Errors and what was done", [
      ...troubles.map(
        (row) =>
          `${iso(row.atMs)} ${row.step} ${row.outcome} (${row.party}): ${row.detail ?? ""} -> ${row.next ?? "interrupted"}${row.nextMs === null ? "" : ` until ${iso(row.nextMs)}`}`,
      ),
      ...firstOnlyLines(troubles.length),
    ]),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `## ${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}`;
}

function iso(ms: number | null): string {
  return ms === null ? "not yet" : new Date(ms).toISOString();
}

function seconds(ms: number | null): string {
  return ms === null ? "no time yet" : `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
