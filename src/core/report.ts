export const VERDICTS = [
  "created",
  "updated",
  "unchanged",
  "deleted",
  "pending",
  "quarantined",
  "failed",
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Law 1: seen is the sum of the verdicts, exactly, when a run ends. */
export type RunCounts = { readonly seen: number } & Readonly<Record<Verdict, number>>;

const NO_COUNTS: RunCounts = {
  seen: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  pending: 0,
  quarantined: 0,
  failed: 0,
};

/** Something that was expected and looked at; both sides are shown, never only the verdict. */
export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string | number;
  readonly actual: string | number;
};

/** Checks that are counts and not judgements, by what they count: reports say them in words of their own. */
export const COUNTED = {
  fields: "fields kept aside",
  reviews: "reviews open",
  conflicts: "conflicts open",
  rows: "rows without a page",
  approval: "a first plan",
  plan: "plan to carry out",
  sweep: "sweep",
  missing: "missing meetings",
  held: "deletions that wait",
  suspected: "pushes over which a person may have typed",
} as const;

/** Name of the check of rows, which decides the verdict of a run. */
export const ROWS_KEPT = "rows before and after";

/** What is frozen into the ledger when a run ends. Durations are real ms. */
export type RunResult = {
  readonly counts: RunCounts;
  readonly apiCalls: number;
  readonly retries: number;
  readonly embeddedChunks: number;
  readonly checks: readonly Check[];
  readonly operations: Readonly<Record<string, { readonly times: number; readonly ms: number }>>;
  readonly findings: readonly string[];
  /** Rows of its table when it began and when it ended; null where a run writes none, or never came so far. */
  readonly rows: { readonly before: number; readonly after: number } | null;
};

/** Totals from groups of verdicts. Counted, never incremented: a repeated step cannot raise them. */
export function countsOf(groups: Iterable<{ verdict: Verdict; items: number }>): RunCounts {
  const counts = { ...NO_COUNTS };
  for (const { verdict, items } of groups) {
    counts[verdict] += items;
    counts.seen += items;
  }
  return counts;
}

/** Add up the time that the steps of a run spent, by operation. */
export function sumOperations(
  parts: readonly Readonly<Record<string, { times: number; ms: number }>>[],
): Record<string, { times: number; ms: number }> {
  const total: Record<string, { times: number; ms: number }> = {};
  for (const part of parts) {
    for (const [name, { times, ms }] of Object.entries(part)) {
      const sum = (total[name] ??= { times: 0, ms: 0 });
      sum.times += times;
      sum.ms += ms;
    }
  }
  return total;
}
