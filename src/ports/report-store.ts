import type { Queried, RunRows, Week, WeekRows } from "../core/report-figures.ts";

/**
 * What reports are made of: the ledger, asked by queries that are shown with their answers. All of a report is read at one
 * instant. Writes nothing. Fails with party "d1", kinds as in RunStore.
 */
export type ReportStore = {
  /** @param nowMs world ms, up to which a run that goes on is reported */
  run(runId: string, nowMs: number): Promise<Queried<RunRows>>;
  /** Lists are cut to REPORT_ROWS_MAX rows. */
  week(week: Week): Promise<Queried<WeekRows>>;
};
