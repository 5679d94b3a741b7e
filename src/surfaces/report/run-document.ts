import { runName } from "../../core/rebuild.ts";
import { COUNTED, VERDICTS } from "../../core/report.ts";
import type { FullRunReport } from "../../queries/report.ts";
import { moreLines, setAsideCount } from "../cut-lists.ts";
import { waitingForPerson } from "../for-a-person.ts";
import { itemTitle } from "../run-titles.ts";
import {
  listSection,
  strong,
  tableOf,
  text,
  type Block,
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
import { count, counted, duration, durationOrNone, moment, percent } from "./words.ts";

/** The report of one run, for people. */
export function runDocument(report: FullRunReport): ReportDocument {
  const { run, figures } = report;
  const title = `${runName(run)}: ${run.state.replaceAll("_", " ")}`;
  const findings = run.result?.findings ?? [];
  return {
    title,
    lead: leadOf(report),
    sections: [
      { title: "Items", blocks: itemBlocks(report) },
      ...listSection("Findings", findings),
      ...listSection("Waits for a person", waitingForPerson([report])),
      recommendationSection(report),
      {
        title: "Time",
        blocks: [
          ...timeBlocks(report),
          ...workBlocks(report.stages, figures.run_operations, "run_operations"),
        ],
      },
      callSection(figures.run_calls, figures.run_waits, "run"),
      errorBlock(report),
      countSection(figures.run_counts, "run_counts"),
      ...setAside(report),
      { title: "Quarantine", blocks: quarantineBlocks(report) },
      ...checkSection(report),
      outlookSection(report),
    ],
    queries: report.queries,
  };
}

/** A run can end before anything was tried: then what its checks found is the error. */
function errorBlock({ run, errors }: FullRunReport): Section {
  const section = errorSection(errors, "run");
  if (errors.length > 0 || run.state !== "failed") return section;
  return { ...section, blocks: [text(`No step failed; the run ended with: ${run.detail ?? "no reason"}`)] };
}

/** What comes before everything else: what a person has to know of this run. */
function leadOf({ run, figures, againMs }: FullRunReport): Block[] {
  const [time] = figures.run_time;
  const approvals = (run.result?.checks ?? []).filter(({ name }) => name === COUNTED.approval);
  const started = run.startedMs === null ? "not started yet" : `started ${moment(run.startedMs)}`;
  const took =
    run.endedMs === null
      ? `under way for ${durationOrNone(time?.elapsedMs ?? null)}`
      : `took ${run.durationMs === null ? "no time that is known" : duration(run.durationMs)}`;
  return [
    ...approvals.map(({ actual }) => strong(String(actual))),
    text(
      `Run ${run.id}, trigger ${run.trigger}, ${started}, ${run.startedMs === null && run.endedMs === null ? "waits for its lane" : took}.`,
    ),
    ...(run.detail === null ? [] : [strong(run.detail)]),
    ...(run.notBeforeMs === null ? [] : [text(`Goes on at ${moment(run.notBeforeMs)}.`)]),
    ...(againMs === null ? [] : [text(`Because it failed, it is tried again at ${moment(againMs)}.`)]),
    ...unfinishedWords(run),
  ];
}

function unfinishedWords({ endedMs, result }: FullRunReport["run"]): Block[] {
  if (endedMs === null) return [text("It has not ended: what follows is what is known so far.")];
  if (result !== null) return [];
  return [
    strong(
      "It ended without a result: it was broken off before it could write one. What follows is what is known.",
    ),
  ];
}

function itemBlocks({ figures, counts }: FullRunReport): Block[] {
  const items = new Map(figures.run_items.map((row) => [row.verdict, row.items]));
  if (items.size === 0) return [text("No item has a verdict.")];
  const present = VERDICTS.filter((verdict) => (items.get(verdict) ?? 0) > 0);
  const rows = [
    ...present.map((verdict) => [verdict, count(items.get(verdict) ?? 0)]),
    ["seen", count(counts.seen)],
  ];
  const values = present.map((verdict) => items.get(verdict) ?? 0);
  const table = tableOf(["verdict", "#items"], rows, "run_items");
  const summary = `${counted(counts.seen, "item")}: ${present.map((verdict) => `${count(items.get(verdict) ?? 0)} ${verdict}`).join(", ")}.`;
  const series = [{ name: "items", values }];
  const chart = {
    name: "items",
    title: "Items by verdict",
    summary,
    form: "across",
    unit: "items",
    categories: present,
    series,
    table,
  } as const;
  return [{ kind: "chart", chart }];
}

function setAside(report: FullRunReport): Section[] {
  const { run, setAside: aside, figures } = report;
  const quarantined = figures.run_quarantine[0]?.standing ?? 0;
  const named = itemTitle(run) === "" ? "" : `${itemTitle(run)} `;
  return listSection("Set aside", [
    ...aside.map(({ itemId, verdict, reason }) => `${verdict} ${named}${itemId}: ${reason}`),
    ...moreLines(aside.length, setAsideCount(report, quarantined)),
  ]);
}

/** Waiting apart from working. */
function timeBlocks({ figures, stages }: FullRunReport): Block[] {
  const [time] = figures.run_time;
  if (time === undefined || time.elapsedMs === null)
    return [text("It has not begun, so there is no time to tell of.")];
  const measuredMs = stages.filter(({ stage }) => stage !== "wait").reduce((sum, { ms }) => sum + ms, 0);
  const share = time.elapsedMs > 0 ? percent(Math.min(1, time.waitedMs / time.elapsedMs)) : percent(0);
  const facts = [
    { label: "Took", value: durationOrNone(time.tookMs), note: "real time from lease to end", tone: "none" },
    {
      label: "Working",
      value: duration(measuredMs),
      note: "in measured operations; those side by side count each",
      tone: "none",
    },
    {
      label: "Waiting",
      value: duration(time.waitedMs),
      note: `${share} of the time from start to end`,
      tone: "none",
    },
    {
      label: "Waited for its lane",
      value: durationOrNone(time.queuedForMs),
      note: "before it began",
      tone: "none",
    },
    ...(time.parkedMs === null
      ? []
      : [
          {
            label: "Parked",
            value: duration(time.parkedMs),
            note: "after it, until a named time",
            tone: "none",
          } as const,
        ]),
  ] as const;
  return [{ kind: "facts", facts, query: "run_time" }];
}

function quarantineBlocks({ figures }: FullRunReport): Block[] {
  const { newItems, standing, fields } = figures.run_quarantine[0] ?? { newItems: 0, standing: 0, fields: 0 };
  const rows = [
    ["new in this run", count(newItems)],
    ["standing", count(standing)],
    ["values kept aside", count(fields)],
  ];
  return [
    { kind: "table", table: tableOf(["quarantine", "#items"], rows, "run_quarantine") },
    ...reasonBlocks(figures.run_quarantine_reasons, "run_quarantine_reasons"),
  ];
}

function checkSection({ run }: FullRunReport): Section[] {
  return listSection(
    "Checks",
    (run.result?.checks ?? []).map(
      (check) =>
        `${check.ok ? "ok" : "NOT OK"} ${check.name}: ${check.actual}${check.expected === "" ? "" : ` (expected ${check.expected})`}`,
    ),
  );
}
