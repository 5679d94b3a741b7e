import { DAY_MS } from "../../core/durations.ts";
import { LOGS_KEPT_MS } from "../../core/policy.ts";
import { daysOf } from "../../core/report-week.ts";
import { VERDICTS } from "../../core/report.ts";
import type { Metric } from "../../core/success-metrics.ts";
import type { WeekReport } from "../../queries/report.ts";
import {
  strong,
  tableOf,
  text,
  type Block,
  type Fact,
  type ReportDocument,
  type Section,
} from "./document.ts";
import {
  callSection,
  countSection,
  errorSection,
  outlookSection,
  reasonBlocks,
  recommendationSection,
  workBlocks,
} from "./shared-sections.ts";
import { ageChart, durationChart, errorChart, itemChart } from "./week-charts.ts";
import { storageSection } from "./storage-section.ts";
import { count, counted, duration, durationOrNone, moment, percent } from "./words.ts";

/** The report of a week, for people. */
export function weekDocument(report: WeekReport): ReportDocument {
  const { figures, week } = report;
  const whose = week.sync === null ? "all syncs" : week.sync;
  const runs = figures.week_runs.reduce((sum, row) => sum + row.runs, 0);
  return {
    title: `Weekly report: ${whose}`,
    lead: [
      text(`${spanWords(week)}; ${counted(runs, "run")} ended.`),
      ...(report.isCut
        ? [
            strong(
              `Logs older than ${LOGS_KEPT_MS / DAY_MS} days are deleted: figures here are what is left of these days.`,
            ),
          ]
        : []),
      ...(runs === 0 ? [text("No run ended in these days: what depends on one is not measured.")] : []),
    ],
    sections: [
      metricSection(report),
      recommendationSection(report),
      runSection(report),
      { title: "Items", blocks: itemBlocks(report) },
      { title: "Data age", blocks: ageBlocks(report) },
      { title: "Time", blocks: workBlocks(report.stages, figures.week_operations, "week_operations") },
      callSection(figures.week_calls, figures.week_waits, "week"),
      { ...errorSection(report.errors, "week"), blocks: errorBlocks(report) },
      countSection(figures.week_counts, "week_counts"),
      { title: "Quarantine", blocks: quarantineBlocks(report) },
      { title: "Alerts", blocks: alertBlocks(report) },
      storageSection(figures.week_storage, week),
      outlookSection(report),
      ...(report.isCut ? [keptSection(report)] : []),
    ],
    queries: report.queries,
  };
}

/** Which hours it is about. A day of it ends when it ends, and not at midnight, unless it was asked for until a day. */
function spanWords({ fromMs, toMs }: WeekReport["week"]): string {
  const span = `${moment(fromMs)} to ${moment(toMs)}, seven days of 24 hours`;
  const ends = new Date(toMs).toISOString().slice(11, 16);
  return toMs % DAY_MS === 0 ? span : `${span}, each named by the date on which it ends, at ${ends} UTC`;
}

/** What cleanup counted before it deleted the logs. */
function keptSection({ figures }: WeekReport): Section {
  const rows = figures.kept_figures.map(({ sync, figure, name, value }) => [
    sync,
    figure,
    name,
    count(value),
  ]);
  const table = tableOf(["sync", "figure", "of", "#value"], rows, "kept_figures");
  return {
    title: "Counted before logs were deleted",
    blocks: rows.length === 0 ? [text("Nothing was counted.")] : [{ kind: "table", table }],
  };
}

/** A metric that nobody measured is not met, and not missed either. */
function metricSection({ metrics }: WeekReport): Section {
  const facts = metrics.map((metric) => metricFact(metric));
  const rows = metrics.map((metric) => [
    metric.name,
    metric.target,
    metricValue(metric),
    metric.isMet === null ? "not measured" : metric.isMet ? "met" : "NOT MET",
    metric.definition,
    metric.query,
  ]);
  return {
    title: "Success metrics",
    blocks: [
      { kind: "facts", facts, query: null },
      {
        kind: "table",
        folded: "What each means, and its query",
        table: tableOf(["metric", "target", "figure", "verdict", "definition", "query"], rows, null),
      },
    ],
  };
}

function metricFact(metric: Metric): Fact {
  const verdict = metric.isMet === null ? "not measured" : metric.isMet ? "met" : "not met";
  const tone = metric.isMet === null ? "none" : metric.isMet ? "good" : "bad";
  return {
    label: metric.name,
    value: metricValue(metric),
    note: `target ${metric.target}: ${verdict}; ${metric.detail}`,
    tone,
  };
}

function metricValue({ value, unit }: Metric): string {
  if (value === null) return "not measured";
  if (unit === "share01") return percent(value);
  return unit === "ms" ? duration(value) : count(value);
}

function runSection({ figures, week }: WeekReport): Section {
  const table = tableOf(
    [
      "sync",
      "#runs",
      "#succeeded",
      "#with findings",
      "#parked",
      "#failed",
      "#with changes",
      "#mean",
      "#longest",
    ],
    figures.week_runs.map((row) => [
      row.sync,
      count(row.runs),
      count(row.succeeded),
      count(row.findings),
      count(row.parked),
      count(row.failed),
      count(row.withChanges),
      durationOrNone(row.meanMs),
      durationOrNone(row.maxMs),
    ]),
    "week_runs",
  );
  if (figures.week_runs.length === 0) return { title: "Runs", blocks: [text("No run ended.")] };
  const chart = durationChart(figures.week_days, daysOf(week));
  return {
    title: "Runs",
    blocks: [
      { kind: "chart", chart },
      { kind: "table", table },
    ],
  };
}

function itemBlocks({ figures, week }: WeekReport): Block[] {
  const syncs = [...new Set(figures.week_items.map(({ sync }) => sync))].toSorted();
  // A proof takes nothing on, and what saw nothing at all has nothing to tell here.
  const rows = syncs.flatMap((sync) => {
    const own = figures.week_items.filter((row) => row.sync === sync);
    const sums = VERDICTS.map((verdict) => own.reduce((sum, row) => sum + row[verdict], 0));
    return sums.every((sum) => sum === 0) ? [] : [[sync, ...sums.map(count)]];
  });
  if (rows.length === 0) return [text("No run counted any item.")];
  const table = tableOf(["sync", ...VERDICTS.map((verdict) => `#${verdict}`)], rows, "week_items");
  const chart = itemChart(figures.week_items, daysOf(week));
  return [
    { kind: "chart", chart },
    { kind: "table", table },
    text(
      "Counted once for each run that saw it: what is unchanged, pending or in quarantine is seen again by every run that lists it.",
    ),
  ];
}

function ageBlocks({ figures, week }: WeekReport): Block[] {
  const all = figures.week_data_age_all[0];
  if (all === undefined || all.meetings === 0)
    return [
      text(
        "Not measured: no meeting that ended in these days, after the first listing, can be found yet. Older ones came with the backfill.",
      ),
    ];
  const facts: Fact[] = [
    {
      label: "Half within",
      value: durationOrNone(all.p50Ms),
      note: `of ${counted(all.meetings, "meeting")}`,
      tone: "none",
    },
    { label: "95 % within", value: durationOrNone(all.p95Ms), note: "nearest rank", tone: "none" },
    { label: "Longest", value: durationOrNone(all.maxMs), note: "", tone: "none" },
  ];
  return [
    text(
      "From the end of a meeting until its first passage can be found. Meetings of the time before the first listing are left out.",
    ),
    { kind: "facts", facts, query: "week_data_age_all" },
    { kind: "chart", chart: ageChart(figures.week_data_age, daysOf(week)) },
  ];
}

function errorBlocks({ figures, errors, week }: WeekReport): Block[] {
  const { blocks } = errorSection(errors, "week");
  if (figures.week_errors_by_day.length === 0) return [...blocks];
  return [{ kind: "chart", chart: errorChart(figures.week_errors_by_day, daysOf(week)) }, ...blocks];
}

function quarantineBlocks({ figures }: WeekReport): Block[] {
  const rows = figures.week_quarantine.map(({ day, opened, cured, kept }) => [
    day,
    count(opened),
    count(cured),
    count(kept),
  ]);
  const trend: Block =
    rows.length === 0
      ? text(
          "No meeting went into quarantine or left it, and no value of a page that stands aside is of these days.",
        )
      : {
          kind: "table",
          table: tableOf(
            ["day", "#meetings put aside", "#cured", "#values of pages put aside, not cured yet"],
            rows,
            "week_quarantine",
          ),
        };
  const standing = figures.quarantine_standing.reduce((sum, { items }) => sum + items, 0);
  return [
    trend,
    text(`Standing now: ${count(standing)}.`),
    ...reasonBlocks(figures.quarantine_standing, "quarantine_standing"),
  ];
}

function alertBlocks({ figures }: WeekReport): Block[] {
  if (figures.week_alerts.length === 0) return [text("No alert was open.")];
  const rows = figures.week_alerts.map((alert) => [
    alert.kind,
    alert.subject,
    moment(alert.openedMs),
    alert.closedMs === null ? "open" : moment(alert.closedMs),
    duration(alert.openForMs),
  ]);
  return [
    { kind: "table", table: tableOf(["alert", "of", "opened", "closed", "#open for"], rows, "week_alerts") },
  ];
}
