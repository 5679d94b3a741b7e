import { COUNTED } from "../core/report.ts";
import type { Run } from "../ports/run-store.ts";
import type { RunReport, TableTotals } from "../queries/status.ts";

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

/** What waits for a person as the tables stand now. */
export function waitingInTables(tables: readonly TableTotals[]): string[] {
  return tables.flatMap(({ sync, reviewsOpen, conflictsOpen }) =>
    ([COUNTED.reviews, COUNTED.conflicts] as const).flatMap((name) => {
      const count = name === COUNTED.reviews ? reviewsOpen : conflictsOpen;
      return count === 0 ? [] : (ASKS[name]?.(String(count), sync) ?? []);
    }),
  );
}

/** What waits for a person after runs, each once: the newest run of a sync knows it. */
export function waitingForPerson(reports: readonly Pick<RunReport, "run">[]): string[] {
  const newest = new Map(reports.map(({ run }) => [run.sync, run]));
  return [...newest.values()].flatMap(({ sync, result }) =>
    (result?.checks ?? []).flatMap(({ name, actual }) => ASKS[name]?.(String(actual), sync) ?? []),
  );
}
