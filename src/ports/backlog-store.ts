/** How far the first listing of the whole history has come. */
export type BacklogStore = {
  /**
   * Pages that are done and rows that were on them, rows that two pages share counted twice; null once a listing of the
   * whole history is complete. One read. Fails with party "d1" and kind locked, unreachable or defect.
   */
  backfill(): Promise<{ readonly pages: number; readonly rows: number } | null>;
};
