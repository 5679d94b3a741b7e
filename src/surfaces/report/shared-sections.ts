import { headroomWords } from "../../core/headroom.ts";
import type { CountsRow, OperationRow, WaitRow } from "../../core/report-figures.ts";
import { RESOLUTION_WORDS } from "../../core/resolutions.ts";
import { stageOf } from "../../core/report-stages.ts";
import { IDS_SHOWN_MAX } from "../../core/policy.ts";
import type { FullRunReport, ResolvedError, StageFigures, WeekReport } from "../../queries/report.ts";
import { budgetLine, forecastLine } from "../forecast-lines.ts";
import { tableOf, text, type Block, type Section } from "./document.ts";
import { count, countOrNone, duration, moment } from "./words.ts";

/** Advice, each with its figure; that there is none is said as well, or nobody knows that it was looked for. */
export function recommendationSection({ recommendations }: Pick<WeekReport, "recommendations">): Section {
  const items = recommendations.map(({ text: words, query }) => `${words} [${query}]`);
  const none = text("None: no figure is beyond the threshold of a rule.");
  return { title: "Recommendations", blocks: items.length === 0 ? [none] : [{ kind: "list", items }] };
}

/** Where the time went, by the stages of the work and by operation. */
export function workBlocks(
  stages: readonly StageFigures[],
  operations: readonly OperationRow[],
  query: string,
): Block[] {
  if (stages.length === 0) return [text("No operation was measured yet.")];
  const table = tableOf(
    ["stage", "operation", "#times", "#time"],
    operations.map(({ operation, times, ms }) => [stageOf(operation), operation, count(times), duration(ms)]),
    query,
  );
  const longest = stages.toSorted((a, b) => b.ms - a.ms)[0];
  return [
    {
      kind: "chart",
      chart: {
        name: "stages",
        title: "Time by stage",
        summary: `Most of the measured time, ${duration(longest?.ms ?? 0)}, went into the stage "${longest?.stage}".`,
        form: "across",
        unit: "seconds",
        categories: stages.map(({ stage }) => stage),
        series: [{ name: "time", values: stages.map(({ ms }) => ms / 1_000) }],
        table: tableOf(
          ["stage", "#times", "#time"],
          stages.map(({ stage, times, ms }) => [stage, count(times), duration(ms)]),
          query,
        ),
      },
    },
    { kind: "table", table },
  ];
}

/** Calls by what came of them, and waits by reason. */
export function callSection(
  calls: FullRunReport["figures"]["run_calls"],
  waits: readonly WaitRow[],
  span: "run" | "week",
): Section {
  const callTable = tableOf(
    ["party", "operation", "outcome", "#calls", "#time"],
    calls.map((row) => [row.party, row.operation, row.outcome, count(row.calls), duration(row.ms)]),
    `${span}_calls`,
  );
  const waitTable = tableOf(
    ["party", "reason", "#waits", "#of them retries", "#waited"],
    waits.map((row) => [row.party, row.reason, count(row.waits), count(row.retries), duration(row.waitedMs)]),
    `${span}_waits`,
  );
  return {
    title: "API calls, retries and waits",
    blocks: [
      calls.length === 0 ? text("No call was made.") : { kind: "table", table: callTable },
      waits.length === 0
        ? text("Nothing was tried again or waited for.")
        : { kind: "table", table: waitTable },
    ],
  };
}

/** Errors and how each was resolved. `isOfWeek` names the sync and the run as well. */
export function errorSection(errors: readonly ResolvedError[], span: "run" | "week"): Section {
  const title = "Errors and what was done";
  if (errors.length === 0) return { title, blocks: [text("No errors.")] };
  const rows = errors.map((error) => [
    moment(error.atMs),
    span === "week" ? `${error.sync} ${error.runId}` : error.id,
    `${error.step}: ${error.outcome} (${error.party})${error.detail === null ? "" : `: ${error.detail}`}`,
    `${error.next ?? "interrupted"}${error.nextMs === null ? "" : ` until ${moment(error.nextMs)}`}`,
    `${RESOLUTION_WORDS[error.resolution.how]}${error.resolution.id === null ? "" : ` ${error.resolution.id}`}`,
  ]);
  const heads = ["at", span === "week" ? "run" : "attempt", "error", "what was done", "resolved by"];
  const table = tableOf(heads, rows, `${span}_errors`);
  const cut = errors.length >= IDS_SHOWN_MAX ? [text(`Only the newest ${IDS_SHOWN_MAX} are named.`)] : [];
  return { title, blocks: [{ kind: "table", table }, ...cut] };
}

const COUNTS = [
  "sourceBefore",
  "sourceAfter",
  "destinationBefore",
  "destinationAfter",
  "rowsBefore",
  "rowsAfter",
] as const;

/** Ids, accounted items and rows, before and after. */
export function countSection(rows: readonly CountsRow[], query: string): Section {
  const title = "Source and destination";
  if (rows.every((row) => COUNTS.every((name) => row[name] === null)))
    return { title, blocks: [text("Nothing was counted on either side.")] };
  const table = tableOf(
    ["sync", "#source before", "#after", "#accounted before", "#after", "#rows before", "#after"],
    rows.map((row) => [
      row.sync,
      countOrNone(row.sourceBefore),
      countOrNone(row.sourceAfter),
      countOrNone(row.destinationBefore),
      countOrNone(row.destinationAfter),
      countOrNone(row.rowsBefore),
      countOrNone(row.rowsAfter),
    ]),
    query,
  );
  const note = text(
    "Source: ids that it lists. Accounted: records and what is kept aside. Each is the newest count; a dash: nothing was counted.",
  );
  return { title, blocks: [{ kind: "table", table }, note] };
}

/** What may run out: room, calls, time until a backfill is done. */
export function outlookSection({
  storage,
  budgets,
  forecast,
}: Pick<WeekReport, "storage" | "budgets" | "forecast">): Section {
  const items = [
    ...storage.map((headroom) => `Storage: ${headroomWords(headroom)}`),
    ...budgets.map((budget) => `Calls: ${budgetLine(budget)}`),
    forecast === null ? "Backfill: none is under way" : `Backfill: ${forecastLine(forecast)}`,
  ];
  return { title: "Forecast and room", blocks: [{ kind: "list", items }] };
}

/** Reasons of what stands in quarantine. */
export function reasonBlocks(
  reasons: FullRunReport["figures"]["run_quarantine_reasons"],
  query: string,
): Block[] {
  if (reasons.length === 0) return [];
  const rows = reasons.map(({ reason, items }) => [reason, count(items)]);
  return [{ kind: "table", table: tableOf(["reason", "#items"], rows, query) }];
}
