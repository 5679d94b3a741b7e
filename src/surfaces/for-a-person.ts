import { COUNTED } from "../core/report.ts";
import type { Run } from "../ports/run-store.ts";
import type { RunReport } from "../queries/status.ts";

/** What each count asks of a person, and the command that shows it; the number comes first. */
const ASKS: Readonly<Record<string, (said: string, sync: Run["sync"]) => string>> = {
  [COUNTED.approval]: (said, sync) => `${sync}: ${said}`,
  [COUNTED.plan]: (said, sync) => `${sync}: ${said}`,
  [COUNTED.reviews]: (count, sync) =>
    `${sync}: ${count} may be somebody known already: npm run -s syncctl -- reviews`,
  [COUNTED.conflicts]: (count, sync) =>
    `${sync}: ${count} edited differently on both sides: npm run -s syncctl -- conflicts`,
  [COUNTED.held]: (said) => `${said}: npm run -s syncctl -- deletions`,
  [COUNTED.rows]: (said, sync) => `${sync}: rows without a page: ${said}`,
};

/** What waits for a person after runs, each once: the newest run of a sync knows it. */
export function waitingForPerson(reports: readonly Pick<RunReport, "run">[]): string[] {
  const newest = new Map(reports.map(({ run }) => [run.sync, run]));
  return [...newest.values()].flatMap(({ sync, result }) =>
    (result?.checks ?? []).flatMap(({ name, actual }) => ASKS[name]?.(String(actual), sync) ?? []),
  );
}
