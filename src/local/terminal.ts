import { createLogUpdate } from "log-update";
import { VERDICTS } from "../core/report.ts";
import type { Run } from "../ports/run-store.ts";
import { isLeftBy } from "../core/proof.ts";
import { findingLines } from "../surfaces/proof-lines.ts";
import type { RunReport } from "../queries/status.ts";
import { firstOnlyLines, moreLines, setAsideCount } from "../surfaces/cut-lists.ts";
import { waitingForPerson } from "../surfaces/for-a-person.ts";
import { forecastLine } from "../surfaces/forecast-lines.ts";
import { counted } from "../surfaces/report/words.ts";
import { itemTitle, runTitle } from "../surfaces/run-titles.ts";
import type { OneShot, Proof, Watcher } from "./one-shot.ts";
import type { OutcomeJson } from "./outcome.ts";

/** Characters of a bar. */
const BAR_WIDTH = 30;

/** Whether bars can be drawn: a terminal that does not tell its size has no line to draw them on. */
export function isDrawable(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.columns > 0 && stream.rows > 0;
}

/**
 * A bar per run on a terminal: counts, rate, and the time left where the total is known. It only writes: keys are left
 * to the terminal, so that none of them ends the program but the one that sends a signal.
 */
export function barWatcher(stream: NodeJS.WriteStream): Watcher {
  // A hidden cursor would have to be shown again by whatever ends the process.
  const draw = createLogUpdate(stream, { showCursor: true });
  let shown = 0;
  let startedMs = 0;
  let isForetold = false;
  return {
    started: (run) => {
      shown = 0;
      startedMs = performance.now();
      draw(`${barOf(0)} ${runTitle(run)}: starting`);
    },
    progressed: (report) => {
      const { done, total } = report.progress ?? { done: 0, total: null };
      const seconds = Math.max(0.001, (performance.now() - startedMs) / 1_000);
      // A total that grows must not make the bar go back.
      shown = Math.max(shown, total === null || total === 0 ? 0 : Math.min(1, done / total));
      if (isTold(report) && !isForetold) {
        isForetold = true;
        draw.persist(foretold(report));
      }
      draw(`${barOf(shown)} ${liveLine(report, seconds)}`);
    },
    ended: (report) => {
      draw.persist(endLine(report));
    },
  };
}

function barOf(share01: number): string {
  const full = Math.floor(share01 * BAR_WIDTH);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)}`;
}

/** A line per run on anything but a terminal. */
export function lineWatcher(write: (line: string) => void): Watcher {
  let isForetold = false;
  return {
    started: (run: Run) => write(`${runTitle(run)}: run ${run.id} started`),
    progressed: (report) => {
      if (!isTold(report) || isForetold) return;
      isForetold = true;
      write(foretold(report));
    },
    ended: (report) => write(endLine(report)),
  };
}

/** Whether the end of a backfill can be said at its start: how much there is, the account tells. */
function isTold({ forecast }: RunReport): boolean {
  return forecast !== null && forecast.meetings !== null;
}

function foretold({ run, forecast }: RunReport): string {
  return `${runTitle(run)}: ${forecast === null ? "" : forecastLine(forecast)}`;
}

function liveLine({ run, progress }: RunReport, seconds: number): string {
  const { done, total, unit } = progress ?? { done: 0, total: null, unit: "items" };
  const rate = done / seconds;
  const left =
    total !== null && rate > 0 ? `, about ${Math.max(0, Math.ceil((total - done) / rate))} s left` : "";
  const of = total === null ? "" : ` of about ${Math.max(total, done)}`;
  return `${runTitle(run)}: ${done}${of} ${unit}, ${rate.toFixed(0)}/s${left}`;
}

function endLine({ run, counts }: RunReport): string {
  const verdicts = VERDICTS.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `${counts[verdict]} ${verdict}`,
  );
  const seconds = ((run.durationMs ?? 0) / 1_000).toFixed(1);
  const why = run.detail === null ? "" : `: ${run.detail}`;
  // A proof takes nothing on: what it looked at stands under "Proof".
  const seen =
    run.sync === "verify" ? "" : `, ${counts.seen} seen (${verdicts.join(", ") || "nothing to do"})`;
  return `${runTitle(run)}: ${run.state.replaceAll("_", " ")}${seen} in ${seconds} s${why}`;
}

/** The report at the end: what came, what was set aside and why, where the time went, what was retried, and the proof. */
export function finalReport(
  { reports, proof, findings, notes, quarantined, untold }: OneShot,
  outcome: OutcomeJson,
): string {
  const parked = reports.filter(({ run }) => run.state === "parked" || run.notBeforeMs !== null);
  const foreseen = parked.flatMap(({ forecast }) => (forecast === null ? [] : [forecastLine(forecast)]));
  const blocks = [
    block("What came", reports.map(endLine)),
    block(
      "Set aside",
      reports.flatMap((report) => setAsideLines(report, quarantined)),
    ),
    block("Waits for a person (npm start, then in another terminal)", waitingForPerson(reports)),
    block("Where the time went (up to six calls at once, added up)", reports.flatMap(timeLines)),
    block("Retried", reports.flatMap(troubleLines)),
    block(
      "Waiting",
      parked.map(
        ({ run }) =>
          `${run.sync}: ${run.detail ?? "its share of the calls is used up"}; goes on ${run.notBeforeMs === null ? "when the cause is removed" : `at ${new Date(run.notBeforeMs).toISOString()}`}`,
      ),
    ),
    block("Backfill", foreseen),
    block(
      "Failed",
      reports.filter(({ run }) => run.state === "failed").map(({ run }) => `${run.sync}: ${run.detail}`),
    ),
    block(
      "Left out",
      outcome.off.map(({ reason }) => reason),
    ),
    block("Input lines left out", outcome.problems),
    block("Open alerts", [
      ...outcome.alerts.map(({ kind, subject, detail }) => `${kind} (${subject}): ${detail}`),
      ...untold,
    ]),
    block("Proof", [...proofLines(proof, parked), ...notes, ...findingLines(findings)]),
  ];
  return blocks.filter((text) => text !== "").join("\n");
}

/** What a parked sync has not come to is no difference: it is counted and not named. */
function proofLines(proof: Proof, parked: readonly RunReport[]): string[] {
  const isAwaited = (difference: string): boolean => parked.some(({ run }) => isLeftBy(run.sync, difference));
  const named = proof.unexplained.filter((difference) => !isAwaited(difference));
  // The gravest come first, so a list that was cut within what is awaited lacks nothing else.
  const awaited = named.length < proof.unexplained.length ? proof.unexplained_count - named.length : 0;
  const source =
    proof.source_as_of === null ? "source not listed to its end yet; so far" : `source ${proof.source} =`;
  return [
    `${source} records ${proof.records} + pending ${proof.pending} + quarantined ${proof.quarantined}; raw revisions ${proof.raw} (bytes hashed again)`,
    `chunks ${proof.chunks} = vectors ${proof.vectors} (read back); unexplained ${proof.unexplained_count - awaited}`,
    ...(awaited > 0 ? [`${awaited} wait for the sync that parked`] : []),
    ...named,
    ...moreLines(named.length, proof.unexplained_count - awaited),
  ];
}

function setAsideLines(report: RunReport, quarantined: number): string[] {
  const { setAside, run } = report;
  const what = itemTitle(run);
  const named = what === "" ? "" : `${what} `;
  return [
    ...setAside.map(({ itemId, verdict, reason }) => `${verdict.padEnd(11)} ${named}${itemId}  ${reason}`),
    ...moreLines(setAside.length, setAsideCount(report, quarantined)),
  ];
}

function block(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${title}\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

function timeLines({ run }: RunReport): string[] {
  const operations = Object.entries(run.result?.operations ?? {}).toSorted(([, a], [, b]) => b.ms - a.ms);
  return operations.map(
    ([name, { times, ms }]) =>
      `${run.sync.padEnd(10)} ${name.padEnd(22)} ${(ms / 1_000).toFixed(2).padStart(7)} s in ${counted(times, "call")}`,
  );
}

function troubleLines({ run, troubles }: RunReport): string[] {
  const lines = troubles.map(
    (row) =>
      `${run.sync} ${row.step}: ${row.outcome.replaceAll("_", " ")} (${row.detail ?? row.party}), then ${row.next ?? "interrupted"}${row.nextMs === null ? "" : ` until ${new Date(row.nextMs).toISOString()}`}`,
  );
  return [...lines, ...firstOnlyLines(troubles.length)];
}
