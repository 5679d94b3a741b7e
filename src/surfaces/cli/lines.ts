import { DAY_MS } from "../../core/durations.ts";
import { headroomWords } from "../../core/headroom.ts";
import { runName } from "../../core/rebuild.ts";
import type { Run } from "../../ports/run-store.ts";
import type { RebuildStatus } from "../../queries/rebuild.ts";
import type { SyncSchedule } from "../../queries/schedule.ts";
import { acknowledgedWords, channelTroubles } from "../alert-lines.ts";
import { budgetLine, forecastLine } from "../forecast-lines.ts";
import type { Status, TableTotals } from "../../queries/status.ts";
import { waitingInTables } from "../for-a-person.ts";
import { syncTitle } from "../run-titles.ts";

/** One run on one line. */
export function runLines(run: Run): string {
  const counts = run.result?.counts;
  // A proof takes nothing on, and a cleanup that found nothing old has nothing to count.
  const isSilent = counts?.seen === 0 && (run.sync === "verify" || run.sync === "cleanup");
  const seen =
    counts === undefined || isSilent
      ? ""
      : `  ${counts.seen} seen, ${counts.created} created, ${counts.updated} updated`;
  const detail = run.detail === null ? "" : `  ${run.detail}`;
  const name = run.preview?.mode === "dry_run" ? `${runName(run)}, dry run` : runName(run);
  return `${run.id}  ${name.padEnd(9)}  ${run.state.padEnd(23)}${seen}${detail}`;
}

/** How far a rebuild has come, on one line. */
export function rebuildLine({ rebuild, words, phase, done, total }: RebuildStatus): string {
  const model = rebuild.model === null ? "" : ` (${rebuild.model})`;
  if (phase === "emptying")
    return `${words}${model}: all ${total} meetings; the new index answers, the old one (${rebuild.liveModel}) is taken away`;
  const waits =
    rebuild.notBeforeMs === null ? "" : `, waits until ${new Date(rebuild.notBeforeMs).toISOString()}`;
  return `${words}${model}: ${done} of ${total} meetings${waits}`;
}

/** When a sync is due, what holds it back, what was asked for and when it ran last; nothing about one that is off. */
function scheduleLines(
  { sync, dueMs, isRetry, held, requests }: SyncSchedule,
  { nowMs, last, off }: Status,
): string[] {
  if (off.some((one) => one.sync === sync)) return [];
  const when = (ms: number): string => new Date(ms).toISOString();
  const due = dueMs === null ? "when something is owed" : dueMs <= nowMs ? "now" : when(dueMs);
  const ran = last.find((run) => run.sync === sync);
  const parts = [
    `due ${due}${isRetry ? " (another try, for the last one failed)" : ""}`,
    ...(ran === undefined ? ["never ran"] : [`last ${when(ran.queuedMs)} (${ran.state})`]),
    ...(held === null ? [] : [held]),
    ...requests.map(
      ({ priority, trigger, askedMs }) => `asked for (${priority}, ${trigger}) at ${when(askedMs)}`,
    ),
  ];
  return [`  ${sync.padEnd(9)}  ${parts.join("; ")}`];
}

/** How far back everything was listed again, and when. */
function sweepLine({ periodMs, completedMs, window }: Status["sweep"]): string {
  const when = (ms: number): string => new Date(ms).toISOString();
  const from = window === null || window.fromMs === null ? "the first meeting" : when(window.fromMs);
  const under =
    window === null || (window.completedMs !== null && window.fromMs === null)
      ? ""
      : `; under way, from ${from} on`;
  const last = completedMs === null ? "not completed yet" : `last completed ${when(completedMs)}`;
  return `Sweep of the past: every ${periodMs / DAY_MS} days, ${last}${under}`;
}

/** Pages and rows of a table, and what stands aside of them; nothing of one that never had any. */
function tableLines({ sync, bound, rows, setAside, fieldsQuarantined }: TableTotals): string[] {
  if (bound + rows + setAside === 0) return [];
  return [
    `${syncTitle(sync)}: ${rows} rows; ${bound} pages bound, ${setAside} set aside (unreadable, or they wait for a person); ${fieldsQuarantined} fields kept aside`,
  ];
}

function inHand(alert: Status["alerts"][number]): string {
  const words = acknowledgedWords(alert);
  return words === null ? "" : ` (${words})`;
}

/** Status for people: alerts first. */
export function statusLines(status: Status): string[] {
  const when = (ms: number): string => new Date(ms).toISOString();
  const waiting = status.lanes.filter((lane) => lane.reason !== null);
  return [
    status.alerts.length === 0
      ? "No open alerts."
      : `${status.alerts.length} open ${status.alerts.length === 1 ? "alert" : "alerts"}:`,
    ...status.alerts.map(
      (alert) =>
        `  ${alert.kind} (${alert.subject}) since ${when(alert.openedMs)}: ${alert.detail}${inHand(alert)}`,
    ),
    ...channelTroubles(status.channels),
    `World time ${when(status.nowMs)}`,
    `Source: ${status.source.ids} meetings${status.source.asOfMs === null ? "" : ` as of ${when(status.source.asOfMs)}`}`,
    `Records of meetings: ${status.totals.records}; pending ${status.totals.pending}; quarantined ${status.totals.quarantined}; live chunks ${status.totals.liveChunks}; documents owed ${status.owedDocuments}`,
    ...status.tables.flatMap(tableLines),
    ...waitingInTables(status.tables).map((line) => `For you: ${line}`),
    sweepLine(status.sweep),
    ...status.indexes.map(
      (index) => `Vectors: ${index.model} (${index.dimensions} dimensions, ${index.binding}): ${index.state}`,
    ),
    ...(status.rebuild === null ? [] : [`Rebuilding: ${rebuildLine(status.rebuild)}`]),
    ...status.budgets.map((budget) => `Calls: ${budgetLine(budget)}`),
    ...status.headroom.map((headroom) => `Storage: ${headroomWords(headroom)}`),
    ...(status.forecast === null ? [] : [`Backfill: ${forecastLine(status.forecast)}`]),
    ...waiting.map(
      (lane) =>
        `Waiting: ${lane.lane}: ${lane.reason}${lane.notBeforeMs === null ? "" : ` until ${when(lane.notBeforeMs)}`}`,
    ),
    ...status.off.map(({ reason }) => `Off: ${reason}`),
    "Next:",
    ...status.schedule.flatMap((one) => scheduleLines(one, status)),
    "Running:",
    ...(status.unfinished.length === 0
      ? ["  nothing"]
      : status.unfinished.map((run) => `  ${runLines(run)}`)),
    "Last:",
    ...status.last.map((run) => `  ${runLines(run)}`),
  ];
}
