/** What a bench found out. `target` says what `value` should be; `ok` whether it is (absent without a target). */
export type BenchResult = {
  name: string;
  /** What `--json` prints instead of the rows if this bench was asked for alone. */
  detail?: object;
  rows: { what: string; value: number; unit: string; target?: string; ok?: boolean }[];
};
