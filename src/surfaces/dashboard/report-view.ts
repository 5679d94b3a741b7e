import { VERDICTS } from "../../core/report.ts";
import type { AttemptRow } from "../../ports/run-store.ts";
import type { RunReport } from "../../queries/status.ts";
import { firstOnlyLines, moreLines, setAsideCount } from "../cut-lists.ts";
import { waitingForPerson } from "../for-a-person.ts";
import { itemTitle } from "../run-titles.ts";
import { make, timeElement } from "./dom.ts";
import { reasonWords, wordsOf, type Formats } from "./formats.ts";
import { progressWords, untilWords } from "./sentences.ts";

/** The present that a report is read in: world time, and the meetings in quarantine, of whatever run. */
export type Present = { readonly nowMs: number; readonly quarantined: number };

/** Everything about one run, for people: what came, what was set aside and why, where the time went, what was retried. */
export function reportElement(report: RunReport, formats: Formats, present: Present): HTMLElement {
  const { run, troubles } = report;
  const { nowMs } = present;
  const { result } = run;
  const goesOn = run.state === "parked" ? `Goes on ${untilWords(run, formats, nowMs)}.` : null;
  return make(
    "div",
    { class: "report" },
    run.detail === null ? null : make("p", { class: "detail" }, `${reasonWords(run.detail)}.`),
    goesOn === null ? null : make("p", {}, goesOn),
    itemsPart(report, formats),
    listPart(
      "Findings",
      (result?.findings ?? []).map((finding) => make("li", {}, finding)),
    ),
    setAsidePart(report, present.quarantined),
    listPart(
      "Waits for a person",
      waitingForPerson([report]).map((line) => make("li", {}, line)),
    ),
    listPart(
      "Checks that did not hold",
      (result?.checks ?? [])
        .filter(({ ok }) => !ok)
        .map(({ name, actual, expected }) => make("li", {}, `${name}: ${actual}, expected ${expected}`)),
    ),
    timePart(report, formats),
    listPart("Errors and what was done", [
      ...troubles.map((row) => troubleElement(row, formats, nowMs)),
      ...firstOnlyLines(troubles.length).map((line) => make("li", {}, line)),
    ]),
    make("p", { class: "small" }, `Run ${run.id}, trigger ${run.trigger}, ${callsWords(report, formats)}.`),
  );
}

function callsWords({ run: { result } }: RunReport, { counted }: Formats): string {
  if (result === null) return "no account of its calls yet";
  return `${counted(result.apiCalls, "vendor call")}, ${result.retries === 1 ? "1 retry" : `${result.retries} retries`}`;
}

function itemsPart({ run, counts, progress }: RunReport, formats: Formats): HTMLElement {
  const given = (["seen", ...VERDICTS] as const).filter((name) => counts[name] > 0);
  const totals = given.map((name) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, formats.count(counts[name]))),
  );
  const words =
    run.endedMs === null
      ? `Under way: ${progressWords(progress, formats)}.`
      : `${formats.items(run, counts)}.`;
  return part(
    "Items",
    totals.length === 0 ? null : make("dl", { class: "totals" }, ...totals),
    run.endedMs === null || totals.length === 0 ? make("p", {}, words) : null,
  );
}

function setAsidePart(report: RunReport, quarantined: number): HTMLElement | null {
  const { setAside } = report;
  if (setAside.length === 0) return null;
  const rows = setAside.map(({ itemId, verdict, reason }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", {}, itemId)),
      make("td", {}, verdict),
      make("td", {}, reason ?? "no reason was given"),
    ),
  );
  return part(
    "Set aside",
    table("stacked", [headOf(report), "State", "Reason"], rows),
    ...moreLines(setAside.length, setAsideCount(report, quarantined)).map((line) =>
      make("p", {}, `${line}.`),
    ),
  );
}

/** What the ids in the first column are of. */
function headOf({ run }: RunReport): string {
  const title = itemTitle(run);
  return title === "" ? "Meeting" : title.charAt(0).toUpperCase() + title.slice(1);
}

function timePart({ run }: RunReport, { count, duration }: Formats): HTMLElement | null {
  const operations = Object.entries(run.result?.operations ?? {}).toSorted(([, a], [, b]) => b.ms - a.ms);
  if (operations.length === 0) return null;
  const rows = operations.map(([name, { times, ms }]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, name),
      make("td", {}, count(times)),
      make("td", {}, duration(ms)),
    ),
  );
  return part("Where the time went", table("figures", ["Operation", "Times", "Together"], rows));
}

function troubleElement(row: AttemptRow, formats: Formats, nowMs: number): HTMLElement {
  const next = row.next ?? "interrupted";
  const until = row.nextMs === null ? [] : [" until ", timeElement(formats.moment(row.nextMs, nowMs))];
  const what = `${row.step}: ${wordsOf(row.outcome)} (${row.detail ?? row.party}), then ${next}`;
  return make("li", {}, timeElement(formats.moment(row.atMs, nowMs)), ` ${what}`, ...until);
}

/** @param kind `figures` has numbers in all columns but the first; `stacked` has rows that stand on end where it is narrow */
function table(
  kind: "figures" | "stacked",
  heads: readonly string[],
  rows: readonly HTMLElement[],
): HTMLElement {
  const head = make("tr", {}, ...heads.map((title) => make("th", { scope: "col" }, title)));
  return make("table", { class: kind }, make("thead", {}, head), make("tbody", {}, ...rows));
}

function listPart(title: string, items: readonly HTMLElement[]): HTMLElement | null {
  return items.length === 0 ? null : part(title, make("ul", {}, ...items));
}

function part(title: string, ...content: readonly (HTMLElement | null)[]): HTMLElement {
  return make("section", {}, make("h3", {}, title), ...content);
}
