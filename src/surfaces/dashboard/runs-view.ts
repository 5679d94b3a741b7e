import { PAGE_RUNS_STEP, LIST_API_ROWS_MAX } from "../../core/policy.ts";
import type { Run } from "../../ports/run-store.ts";
import type { RunReport } from "../../queries/status.ts";
import { byId, keyedList, make, setText, timeElement, type Row } from "./dom.ts";
import { wordsOf, type Formats } from "./formats.ts";
import { runTitle } from "../run-titles.ts";
import { progressWords } from "./sentences.ts";
import { reportElement, type Present } from "./report-view.ts";

/** What the list of runs is drawn from. */
type RunsShown = Present & {
  readonly runs: readonly Run[];
  /** Reports of unfinished and of opened runs that came with this refresh. */
  readonly reports: ReadonlyMap<string, RunReport>;
};

export type RunsView = {
  show(shown: RunsShown): void;
  /** How many runs are asked for. */
  limit(): number;
  /** Runs whose report is open and may still change, or has not come yet. */
  wanted(): readonly string[];
};

type RowState = { isOpen: boolean; report: RunReport | null };

/**
 * The list of runs, newest first, each with its report to be opened.
 *
 * @param wake asks for a refresh now
 */
export function createRunsView(formats: Formats, wake: () => void): RunsView {
  const states = new Map<string, RowState>();
  let shown: RunsShown = { nowMs: 0, quarantined: 0, runs: [], reports: new Map() };
  let limit = PAGE_RUNS_STEP;
  const empty = byId("runs-empty", HTMLElement);
  const more = byId("runs-more", HTMLButtonElement);
  const list = keyedList<Run>(
    byId("runs", HTMLElement),
    ({ id }) => id,
    (run) => {
      const state: RowState = { isOpen: false, report: null };
      states.set(run.id, state);
      return runRow(run, { state, formats, wake, shown: () => shown });
    },
  );
  more.addEventListener("click", () => {
    limit = Math.min(LIST_API_ROWS_MAX, limit + PAGE_RUNS_STEP);
    wake();
  });
  return {
    limit: () => limit,
    wanted: () =>
      [...states]
        .filter(([, { isOpen, report }]) => isOpen && (report === null || report.run.endedMs === null))
        .map(([id]) => id),
    show: (now) => {
      shown = now;
      list.show(now.runs);
      for (const id of states.keys()) if (!now.runs.some((run) => run.id === id)) states.delete(id);
      setText(empty, "There has been no run yet: press Sync now.");
      empty.hidden = now.runs.length > 0;
      more.hidden = now.runs.length < limit || limit >= LIST_API_ROWS_MAX;
    },
  };
}

type RowContext = {
  readonly state: RowState;
  readonly formats: Formats;
  readonly wake: () => void;
  readonly shown: () => RunsShown;
};

function runRow(first: Run, { state, formats, wake, shown }: RowContext): Row<Run> {
  const when = make("span", { class: "when" });
  const stateName = make("span", { class: "state" });
  const items = make("span", { class: "items" });
  const took = make("span", { class: "took" });
  const reportId = `report-${first.id}`;
  const button = make(
    "button",
    { class: "run line", type: "button", "aria-expanded": "false", "aria-controls": reportId },
    when,
    make("span", { class: "what" }, make("span", { class: "sync" }, runTitle(first)), stateName),
    items,
    took,
  );
  const report = make("div", { class: "opened", id: reportId, hidden: true });
  button.addEventListener("click", () => {
    state.isOpen = !state.isOpen;
    button.setAttribute("aria-expanded", String(state.isOpen));
    report.hidden = !state.isOpen;
    if (!state.isOpen || state.report !== null) return;
    report.replaceChildren(make("p", { role: "status" }, "The report is being fetched."));
    wake();
  });
  let drawn = "";
  return {
    element: make("li", {}, button, report),
    update: (run) => {
      const { nowMs, reports } = shown();
      const fresh = reports.get(run.id);
      const moment = formats.moment(run.startedMs ?? run.queuedMs, nowMs);
      if (when.textContent !== moment.text) when.replaceChildren(timeElement(moment));
      setText(stateName, wordsOf(run.state));
      stateName.dataset["state"] = run.state;
      setText(items, itemsWords(run, fresh, formats));
      setText(took, run.durationMs === null ? "" : formats.duration(run.durationMs));
      if (fresh === undefined || !state.isOpen) return;
      state.report = fresh;
      const text = JSON.stringify(fresh);
      if (text !== drawn) report.replaceChildren(reportElement(fresh, formats, shown()));
      drawn = text;
    },
  };
}

function itemsWords(run: Run, report: RunReport | undefined, formats: Formats): string {
  if (run.result !== null) return formats.items(run, run.result.counts);
  if (run.endedMs !== null) return "no account of its items";
  return report === undefined ? "" : progressWords(report.progress, formats);
}
